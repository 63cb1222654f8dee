"""What is wrong with a Redis, told from the error that its use ended in: what is seen, and what to do about it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_noop as _
from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.sentinel import MasterNotFoundError

from restaurant_site.caching.slots import Incomplete

ANOTHER: Final = _("Another server has taken over, or the same one was started anew.")
NOT_ASKED: Final = _("It was not asked yet.")


@dataclass(frozen=True, slots=True)
class _Sign:
    """A kind of error, words one of which its text has (in lower case; none where any will do), and what it tells."""

    kind: type[BaseException] | tuple[type[BaseException], ...]
    words: tuple[str, ...]
    tells: str


_SIGNS: Final = (
    _Sign(
        ssl.SSLCertVerificationError,
        ("mismatch",),
        _("Its certificate is of another name: the URL must have the name that the certificate has."),
    ),
    _Sign(
        ssl.SSLCertVerificationError,
        ("expired", "not yet valid"),
        _("Its certificate has expired or is not valid yet: renew it, or set this machine's clock."),
    ),
    _Sign(
        ssl.SSLCertVerificationError,
        (),
        _("Its certificate is signed by nobody who is known here: name the file of its authorities in ssl_ca_certs."),
    ),
    _Sign(
        ssl.SSLError,
        ("no_certificate_or_crl_found", "no certificate or crl found", "pem lib"),
        _("A file that the URL names for TLS holds no certificate or no key."),
    ),
    _Sign(
        ssl.SSLError, (), _("It speaks no TLS at this port, or wants a certificate: compare the URL with its settings.")
    ),
    _Sign(FileNotFoundError, (), _("A file that the URL names is not there: its socket, or one for TLS.")),
    _Sign(
        RedisError,
        ("token of entra id has expired",),
        _("The token of Entra ID has expired: the identity service does not answer, or this machine's clock is wrong."),
    ),
    _Sign(
        RedisError,
        ("no token of entra id",),
        _("Entra ID gave no token: the managed identity must be assigned to the app, and its client id be right."),
    ),
    _Sign(
        MasterNotFoundError,
        ("authentication",),
        _("The Sentinels refuse the password: set sentinel_password to theirs."),
    ),
    _Sign(
        MasterNotFoundError,
        (),
        _("No Sentinel names a primary that is up: compare the URL's hosts and service with SENTINEL MASTERS."),
    ),
    _Sign(
        (AuthenticationError, AuthenticationWrongNumberOfArgsError),
        (),
        _("It refuses the user, the password or the token: correct the URL, or give the identity access to it."),
    ),
    _Sign(NoPermissionError, (), _("Its user may not do all that is needed: give it every key and command.")),
    _Sign(
        (AskError, ClusterCrossSlotError),
        (),
        _("It is one node of a cluster: begin the URL with redis+cluster:// or rediss+cluster://."),
    ),
    _Sign(
        RedisError,
        ("cluster support disabled", "unknown command 'cluster", "unknown command `cluster"),
        _("It is no cluster: begin the URL with redis:// or rediss://."),
    ),
    _Sign(
        RedisError,
        ("unknown command 'sentinel", "unknown command `sentinel"),
        _("It is no Sentinel: begin the URL with redis:// or rediss://, or name the Sentinels' port."),
    ),
    _Sign(
        RedisError,
        ("unknown command 'set'", "unknown command `set`"),
        _("It is a Sentinel: begin the URL with redis+sentinel:// or rediss+sentinel://, and name the service."),
    ),
    _Sign((ClusterDownError, Incomplete), (), _("A part of the cluster has no primary: see CLUSTER INFO.")),
    # A failover that was just noticed, in the cache's own words, and in redis-py's of a primary that was.
    _Sign(
        RedisError,
        ("server that is not known yet", "name another server", "another primary", "previous master is now a slave"),
        ANOTHER,
    ),
    _Sign(ReadOnlyError, (), _("It is a replica, which takes no writes: name the primary, or the Sentinels.")),
    _Sign(RedisError, ("noreplicas",), _("It takes no writes, since it has lost its replicas.")),
    _Sign(
        OutOfMemoryError,
        (),
        _("It is full and drives nothing out: set its maxmemory-policy to volatile-lru."),
    ),
    _Sign(RedisError, ("misconf",), _('It takes no writes, since it can not save to its disk: set save "".')),
    _Sign(RedisError, ("db index is out of range",), _("It has no database of that number: most have 0 alone.")),
    _Sign(BusyLoadingError, (), _("It is still loading what it had on its disk.")),
    _Sign(
        RedisError, ("max number of clients",), _("It has as many connections as it may have: raise its maxclients.")
    ),
    _Sign(ConnectionRefusedError, (), _("Nothing listens at its host and port: is it started, and are they right?")),
    _Sign(
        OSError, ("name or service not known", "name resolution", "nodename nor"), _("Its host name is not known here.")
    ),
    _Sign(
        RedisError,
        ("connection closed", "connection reset"),
        _("It hung up: it was stopped, or wants TLS (rediss://)."),
    ),
    _Sign(RedisTimeoutError, (), _("It does not answer in time: it hangs, is far away, or only one side speaks TLS.")),
)


def told(error: BaseException) -> str:
    """Return what an error of Redis tells, as a message to be translated; its kind where nothing is known of it."""
    chain = list(_chain(error))
    for sign in _SIGNS:
        for one in chain:
            if isinstance(one, sign.kind) and (not sign.words or any(word in str(one).lower() for word in sign.words)):
                return sign.tells
    return type(error.__cause__ or error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__
