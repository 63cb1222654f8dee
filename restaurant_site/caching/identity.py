"""Microsoft Entra ID instead of a password: a token for Redis, renewed in time by a thread, used by every connection.

redis-entraid asks for the token. Its own provider is not used: it waits for the
identity service in the middle of a connection, gives up renewing after one
failure, and tells only the newest of several clients of a new token.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from redis.auth.token import TokenInterface
from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError as RedisConnectionError

logger = logging.getLogger("restaurant_site.cache")

RESOURCE = "https://redis.azure.com/"
FIRST = 0.25
"""Seconds that a connection waits for the first token; without one Redis is away."""
_REQUEST = 10.0
"""Seconds that the identity service may take, in a thread that nobody waits for."""
_AGAIN = 5.0
"""Seconds until it is asked again after a failure."""
_SOONEST = 1.0

Request = Callable[[], TokenInterface]


class Credentials(CredentialProvider):
    """The token in force, for redis-py and for connections that are open already. Any number of threads may ask."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._token: TokenInterface | None = None
        self._why = "There is no token of Entra ID yet."
        self._known = threading.Event()
        self._process: int | None = None
        self._lock = threading.Lock()

    def get_credentials(self) -> tuple[str, str]:
        """Return user and password for a new connection. Raises redis-py's ConnectionError where there is no token."""
        self._start()
        self._known.wait(FIRST)
        token = self._token
        if token is None:
            raise RedisConnectionError(self._why)
        if token.is_expired():
            raise RedisConnectionError("The token of Entra ID has expired, and no new one could be had.")
        return str(token.try_get("oid")), token.get_value()

    def on_connect(self, connection: Any) -> None:
        """Greet the server on a new connection, and note by which token: redis-py's ``redis_connect_func``."""
        # Taken before: if a new one comes in between, it is told once more.
        token = self._token
        connection.on_connect()
        connection.entra_token = token

    def refresh(self, connection: Any) -> None:
        """Tell the server a new token, before the next command on a connection that it knows by an older one."""
        token = self._token
        if connection is None or not connection.is_connected or token is None:
            return
        known: TokenInterface | None = getattr(connection, "entra_token", None)
        if known is token:
            return
        try:
            if known is None or known.is_expired():
                # The server has hung up, or is about to.
                connection.disconnect()
                return
            connection.send_command("AUTH", str(token.try_get("oid")), token.get_value())
            connection.read_response()
        except BaseException:
            connection.disconnect()
            raise
        connection.entra_token = token

    def _start(self) -> None:
        """Start the thread that renews, once a process: a forked child needs one of its own."""
        if self._process == os.getpid():
            return
        with self._lock:
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._renew, name="redis-identity", daemon=True).start()

    def _renew(self) -> None:
        while True:
            try:
                token = self._request()
                if token.is_expired():
                    # By this machine's clock: renewing at half of what is left bears one that is wrong by minutes.
                    self._why = "The token of Entra ID has expired as it comes."
                    raise RedisConnectionError(self._why)
            except Exception as error:
                # Whatever is wrong with it now: it is asked again.
                logger.warning("Entra ID gave no token for Redis: %s", type(error.__cause__ or error).__name__)
                time.sleep(_AGAIN)
                continue
            if self._token is None or token.get_value() != self._token.get_value():
                self._token = token
                self._known.set()
            # At half of what is left, again and again: an identity service keeps
            # handing out the same token until shortly before its end.
            time.sleep(max(_SOONEST, token.ttl() / 2000))


@functools.cache
def credentials(identity: str) -> Credentials:
    """Return the credentials of a managed identity: "system", or a client id. One object a process for each."""
    return Credentials(functools.partial(_requested, identity))


def _requested(identity: str) -> TokenInterface:
    token: TokenInterface = _provider(identity).request_token()
    return token


@functools.cache
def _provider(identity: str) -> Any:
    """Return redis-entraid's provider. Imported here, since it takes a second, and most sites have a password."""
    import requests
    from msal import ManagedIdentityClient, SystemAssignedManagedIdentity, UserAssignedManagedIdentity
    from redis_entraid.identity_provider import ManagedIdentityProvider

    class Patient(requests.Session):
        def request(self, *args: Any, **kwargs: Any) -> requests.Response:
            return super().request(*args, **{"timeout": _REQUEST, **kwargs})

    who = SystemAssignedManagedIdentity() if identity == "system" else UserAssignedManagedIdentity(client_id=identity)
    return ManagedIdentityProvider(ManagedIdentityClient(who, http_client=Patient()), RESOURCE)
