"""Where a Redis is and how it is spoken to, read from a URL: one server, a service of Sentinels, or an OSS cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

SINGLE = ("redis", "rediss", "unix")
SENTINEL = ("redis+sentinel", "rediss+sentinel")
CLUSTER = ("redis+cluster", "rediss+cluster")
SCHEMES = (*SINGLE, *SENTINEL, *CLUSTER)

TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
"""What a URL may say of TLS: redis-py's names, and those of an Address."""
_OPTIONS = {"client_name", "entra", *TLS}
_SENTINEL_OPTIONS = {"sentinel_username", "sentinel_password"}
_SECONDS = re.compile("timeout|retry|retries")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?\Z")
_CLIENT_ID = re.compile(r"[0-9a-fA-F-]{8,40}\Z")
_AZURE = ".redis.azure.net"


class BadAddress(ValueError):  # noqa: N818 - reads as what it is: an address that can't be used
    """The URL can't be used. The message says why in words that follow the variable's name; it shows no secret."""


@dataclass(frozen=True, slots=True)
class Address:
    """A Redis. hosts are the server, the Sentinels, or nodes of the cluster; of a socket there are none, but a path.

    entra is "" for a password or none, "system" for the machine's own managed
    identity, and else the client id of the one that a user assigned to it.
    """

    scheme: str
    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    username: str = ""
    password: str = ""
    database: int = 0
    service: str = ""
    sentinel_username: str = ""
    sentinel_password: str = ""
    client_name: str = ""
    entra: str = ""
    ssl_ca_certs: str = ""
    ssl_certfile: str = ""
    ssl_keyfile: str = ""

    @property
    def tls(self) -> bool:
        """Return whether everything that is said goes through TLS."""
        return self.scheme.startswith("rediss")

    @property
    def kind(self) -> str:
        """Return single, sentinel or cluster."""
        return "sentinel" if self.scheme in SENTINEL else "cluster" if self.scheme in CLUSTER else "single"


def read(url: str) -> Address:
    """Return the Redis of a URL. Raises BadAddress.

    `redis://user:password@host:6379/0`, `unix:///path?db=0`,
    `redis+sentinel://user:password@host:26379,host2:26379/service/0` and
    `redis+cluster://host:port,host:port`; with `rediss` all of it goes through
    TLS. Special characters of a password are written as %XX.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in SCHEMES:
        raise BadAddress(f"does not begin with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}.")
    if "#" in rest:
        raise BadAddress("has a #. Special characters of a password are written as %XX: that one as %23.")
    if not rest.isprintable() or " " in rest:
        raise BadAddress("holds a blank or an unprintable character.")
    rest, _, query = rest.partition("?")
    options = _options(scheme, query)
    place, slash, path = rest.partition("/")
    login, _, hosts = place.rpartition("@")
    username, _, password = login.partition(":")
    common: dict[str, Any] = {"scheme": scheme, "username": unquote(username), "password": unquote(password), **options}
    database = common.pop("db", "")
    if scheme == "unix":
        if hosts or not path:
            raise BadAddress("names no socket: use unix:///path.")
        return _checked(Address(**common, path=unquote(slash + path), database=_database(database)))
    found = tuple(_host(text, scheme) for text in hosts.split(","))
    service = ""
    if scheme in SENTINEL:
        service, _, path = path.partition("/")
        if not service:
            raise BadAddress(f"names no service: use {scheme}://host:26379,host2:26379/service/0.")
    elif scheme in SINGLE and len(found) > 1:
        raise BadAddress(f"names several hosts: use redis+sentinel:// or redis+cluster:// instead of {scheme}://.")
    if path and database:
        raise BadAddress("names its database twice.")
    number = _database(path or database)
    if scheme in CLUSTER and number:
        raise BadAddress("names a database: a cluster has none but 0.")
    return _checked(Address(**common, hosts=found, service=unquote(service), database=number))


def _checked(address: Address) -> Address:
    if not address.tls:
        if found := [name for name in TLS if getattr(address, name)]:
            raise BadAddress(
                f"has {found[0]} without TLS: begin it with {address.scheme.replace('redis', 'rediss')}://."
            )
        if address.entra:
            raise BadAddress("has entra without TLS, which would show the token to whoever listens.")
    if bool(address.ssl_certfile) != bool(address.ssl_keyfile):
        raise BadAddress("has one of ssl_certfile and ssl_keyfile: give both, or neither.")
    if address.username and not address.password:
        raise BadAddress("has a user without a password.")
    if address.sentinel_username and not address.sentinel_password:
        raise BadAddress("has a sentinel_username without a sentinel_password.")
    if address.entra and address.password:
        raise BadAddress("has a password and entra: the token is the password.")
    if address.entra and address.entra != "system" and not _CLIENT_ID.match(address.entra):
        raise BadAddress("has an entra that is neither system nor the client id of a managed identity.")
    return address


def _options(scheme: str, query: str) -> dict[str, str]:
    allowed = {*_OPTIONS, "db", *(_SENTINEL_OPTIONS if scheme in SENTINEL else ())}
    # No plus for a blank: a password or a path may have one.
    pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    for name, _value in pairs:
        if _SECONDS.search(name):
            raise BadAddress(f"sets {name}: how long Redis is waited for is the site's own.")
        if name not in allowed:
            raise BadAddress(f"has {name!r} behind its ?, which is none of {', '.join(sorted(allowed))}.")
    if len({name for name, _value in pairs}) < len(pairs):
        raise BadAddress("says something twice behind its ?.")
    return dict(pairs)


def _host(text: str, scheme: str) -> tuple[str, int]:
    match = _HOST.match(text)
    if not match:
        raise BadAddress(
            "can't be read as a URL. It has a host, or several with commas between them, each with its port. "
            "Special characters of its password are written as %XX: a slash as %2F."
        )
    host = match[1].strip("[]")
    port = int(match[2] or _usual_port(host, scheme))
    if not 0 < port < 65_536:
        raise BadAddress("has a port that is none.")
    return host, port


def _usual_port(host: str, scheme: str) -> int:
    if scheme in SENTINEL:
        return 26379
    return 10_000 if host.endswith(_AZURE) else 6379


def _database(text: str) -> int:
    text = text.strip("/")
    if text and not (text.isascii() and text.isdigit() and int(text) < 1000):
        raise BadAddress("names a database that is no number.")
    return int(text or 0)


# --- Service Connector ----------------------------------------------------------------------


def of_connector(given: Mapping[str, str]) -> str:
    """Return the URL of what Azure's Service Connector sets, by the names behind ``AZURE_REDIS_``; "" where nothing is.

    CONNECTIONSTRING is a URL, or a list as .NET has it; else HOST with
    PASSWORD, PORT, DATABASE and SSL, or with CLIENTID for a managed identity
    that a user assigned, or alone for the machine's own. Raises BadAddress.
    """
    if text := given.get("CONNECTIONSTRING", ""):
        return _of_url(text) if "://" in text else _of_list(text)
    host = given.get("HOST", "")
    if not host:
        return ""
    if given.get("CLIENTSECRET", ""):
        raise BadAddress("is a service principal's: use a managed identity, or the connection string.")
    password = given.get("PASSWORD", "")
    if password and given.get("CLIENTID", ""):
        raise BadAddress("comes with AZURE_REDIS_PASSWORD and AZURE_REDIS_CLIENTID: take one of the two away.")
    ssl = (given.get("SSL", "") or "true").lower()
    if ssl not in ("true", "false"):
        raise BadAddress("comes with an AZURE_REDIS_SSL that is neither true nor false.")
    port = given.get("PORT", "") or _azure_port(host)
    login = f":{quote(password, safe='')}@" if password else ""
    entra = "" if password else f"?entra={given.get('CLIENTID', '') or 'system'}"
    scheme = "rediss" if ssl == "true" else "redis"
    return f"{scheme}://{login}{host}:{port}/{given.get('DATABASE', '') or 0}{entra}"


def _azure_port(host: str) -> str:
    return "10000" if host.endswith(_AZURE) else "6380"


def _of_url(text: str) -> str:
    """Return a URL with its key escaped: Azure's keys may hold a slash, and are handed over as they are."""
    scheme, _, rest = text.partition("://")
    login, at, place = rest.rpartition("@")
    user, colon, key = login.partition(":")
    return f"{scheme}://{user}{colon}{quote(key, safe='%')}{at}{place}"


def _of_list(text: str) -> str:
    place, *parts = text.split(",")
    words = {name.strip().lower(): value.strip() for name, _, value in (part.partition("=") for part in parts)}
    scheme = "redis" if words.get("ssl", "false").lower() == "false" else "rediss"
    login = f":{quote(words['password'], safe='')}@" if words.get("password") else ""
    return f"{scheme}://{login}{place.strip()}/{words.get('defaultdatabase', '0')}"
