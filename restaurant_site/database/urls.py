"""What a database's URL means to Django: ``postgresql://`` and ``mssql://``, with every fault told in one line.

Pure: a URL in, settings out. Errors name the variable and the parameter, never
a password.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from psycopg import pq

from restaurant_site.database.waits import CONNECT
from restaurant_site.env import FALSE, TRUE

SCHEMES: Final = ("postgresql", "postgres", "mssql")

ENTRA: Final = ("ActiveDirectoryMSI", "ActiveDirectoryDefault")
"""Values of ``?authentication=``: the machine's managed identity; that, or whatever else signs in (`az login`)."""

_MOST_POOLED = 100
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

_ODBC = {
    name.lower(): name
    for name in (
        "Encrypt",
        "TrustServerCertificate",
        "HostNameInCertificate",
        "ServerCertificate",
        "ServerSPN",
        "Authentication",
        "MultiSubnetFailover",
        "ApplicationIntent",
        "ConnectRetryCount",
        "ConnectRetryInterval",
        "KeepAlive",
        "KeepAliveInterval",
        "IpAddressPreference",
        "PacketSize",
    )
}
"""What Microsoft's driver takes in a connection string, besides what the URL itself says."""

_ODBC_VALUES = {
    "Encrypt": ("yes", "mandatory", "strict", "no", "optional"),
    "TrustServerCertificate": ("yes", "no"),
    "Authentication": (*ENTRA, "SqlPassword", "ActiveDirectoryServicePrincipal"),
    "ApplicationIntent": ("ReadOnly", "ReadWrite"),
}


def database(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Return Django's settings of the database that a URL names; name is the variable that it comes from.

    Raises `ImproperlyConfigured` with one line for what is wrong, missing or contradictory.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        allowed = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise ImproperlyConfigured(f"{name} does not begin with one of {allowed}.")
    if parts.fragment or "#" in url:
        raise ImproperlyConfigured(f"{name} holds a #: write it as %23.")
    config = _server(parts, name)
    make = _mssql if parts.scheme == "mssql" else _postgresql
    return config | make(config, _parameters(parts.query, name), name)


def replica(url: str, *, of: str, name: str = "DATABASE_REPLICA_URL") -> dict[str, Any]:
    """Return the settings of a replica, which is only read, of the database that the URL of names.

    Raises `ImproperlyConfigured` for what can't be one: another kind of database, or the database itself.
    """
    config, primary = database(url, name), database(of)
    if config["ENGINE"] != primary["ENGINE"]:
        raise ImproperlyConfigured(f"{name} and DATABASE_URL are of different kinds: a replica is of the same kind.")
    options = dict(config["OPTIONS"])
    if config["ENGINE"] == "mssql":
        # The address is the database's own there: the intent leads to a readable secondary.
        extra = [part for part in options["extra_params"].split(";") if not part.startswith("ApplicationIntent=")]
        options["extra_params"] = ";".join([*extra, "ApplicationIntent=ReadOnly"])
    else:
        if all(config[key] == primary[key] for key in ("HOST", "PORT", "NAME")):
            raise ImproperlyConfigured(f"{name} names the same database as DATABASE_URL: leave it out.")
        # Also where it names no replica, by mistake: nothing is written there.
        options["options"] = f"-c default_transaction_read_only=on {options.get('options', '')}".strip()
    return config | {"OPTIONS": options}


def beside(url: str, database: str) -> str:
    """Return the URL of another database of the same server, by its name."""
    parts = urlsplit(url)
    # Not by geturl, which takes the // away where nothing stands behind it: the socket's folder comes as a parameter.
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{quote(database, safe='')}{query}"


def _server(parts: SplitResult, name: str) -> dict[str, Any]:
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} can't be read as a URL: its port is no number up to 65535.") from error
    # Not by urlsplit, which makes it lower-case: it may be a socket's folder.
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{port}").removesuffix(":").strip("[]")
    database = unquote(parts.path.removeprefix("/"))
    if not database:
        raise ImproperlyConfigured(f"{name} names no database: end it with /name.")
    if "/" in database:
        raise ImproperlyConfigured(f"{name} has a / in the database's name: one name follows the server.")
    return {
        "NAME": database,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(host),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 60,
        # Without the check, each worker's first request after a restart of the
        # database fails.
        "CONN_HEALTH_CHECKS": True,
    }


def _parameters(query: str, name: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=50)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} has parameters that can't be read: use ?name=value&name=value.") from error
    found: dict[str, str] = {}
    for key, value in pairs:
        if key.lower() in {known.lower() for known in found}:
            raise ImproperlyConfigured(f"{name} has the parameter {key} twice.")
        if not value:
            raise ImproperlyConfigured(f"{name} has the parameter {key} without a value.")
        found[key] = value
    return found


# --- PostgreSQL -------------------------------------------------------------

_INTEGERS = ("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count")
_OWN = (
    "authentication",
    "client_id",
    "pool",
    "prepare_threshold",
    "server_side_binding",
    "disable_server_side_cursors",
)
_SAID_BY_THE_URL = ("user", "password", "dbname", "passfile")


def _postgresql(config: dict[str, Any], given: dict[str, str], name: str) -> dict[str, Any]:
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} - set(_SAID_BY_THE_URL)
    for key in given:
        if key not in known and key not in _OWN:
            raise ImproperlyConfigured(f"{name} has a parameter {key}, which PostgreSQL's driver does not know.")
    _among(given, "sslmode", _SSL_MODES, name)
    options: dict[str, Any] = {key: value for key, value in given.items() if key not in _OWN}
    for key in (*_INTEGERS, "tcp_user_timeout"):
        if key in options:
            options[key] = _whole(options[key], key, 0, 2**31 - 1, name)
    found: dict[str, Any] = {
        # Django's, with bounded waits: docs/operations.md.
        "ENGINE": "restaurant_site.database.postgresql",
        # A socket's folder comes as a parameter; `manage.py dbshell` looks for it here.
        "HOST": _once(config["HOST"], options.pop("host", ""), "host", name),
        "PORT": _once(config["PORT"], options.pop("port", ""), "port", name),
        "DISABLE_SERVER_SIDE_CURSORS": _switch(given, "disable_server_side_cursors", False, name),
    }
    options = {
        "connect_timeout": CONNECT,
        # A machine that is gone says nothing: seconds until a connection to it counts as broken.
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        # The server plans a statement that comes again once a connection: planning is
        # most of what a booking's short statements cost it.
        "server_side_binding": _switch(given, "server_side_binding", True, name),
        "prepare_threshold": None
        if given.get("prepare_threshold") == "None"
        else _whole(given.get("prepare_threshold", "2"), "prepare_threshold", 0, 1000, name),
    } | options
    if "authentication" in given or "client_id" in given:
        options |= _postgresql_entra(config, given, found["HOST"], name)
    if "pool" in given:
        # A pool of this process, instead of a connection for each of its threads.
        most = _whole(given["pool"], "pool", 1, _MOST_POOLED, name)
        options["pool"] = {"min_size": 0, "max_size": most, "timeout": CONNECT}
        found["CONN_MAX_AGE"] = 0
    return found | {"OPTIONS": options}


def _postgresql_entra(config: dict[str, Any], given: dict[str, str], host: str, name: str) -> dict[str, Any]:
    """Return what makes each new connection come with a token of its own: `restaurant_site.database.entra`."""
    if "authentication" not in given:
        raise ImproperlyConfigured(f"{name} has a client_id without authentication={ENTRA[0]}.")
    _among(given, "authentication", ENTRA, name)
    _no_password(config, given["authentication"], name)
    if not config["USER"]:
        raise ImproperlyConfigured(f"{name} names no user: with a token, too, the role's name stands before the @.")
    mode = given.get("sslmode", "require")
    if mode in ("disable", "allow", "prefer"):
        raise ImproperlyConfigured(f"{name} would send a token without TLS: leave sslmode={mode} out.")
    if not host or host.startswith("/"):
        raise ImproperlyConfigured(f"{name} names no server for the token: it needs one that is reached by TLS.")
    return {"authentication": given["authentication"], "client_id": given.get("client_id", ""), "sslmode": mode}


# --- Azure SQL --------------------------------------------------------------


def _mssql(config: dict[str, Any], given: dict[str, str], name: str) -> dict[str, Any]:
    named: dict[str, str] = {}
    for key, value in given.items():
        if key.lower() not in _ODBC:
            raise ImproperlyConfigured(f"{name} has a parameter {key}, which Azure SQL's driver does not know.")
        if any(character in value for character in ";{}="):
            raise ImproperlyConfigured(f"{name} has a parameter {key} with one of ; {{ }} = in its value.")
        named[_ODBC[key.lower()]] = value
    for key, allowed in _ODBC_VALUES.items():
        _among(named, key, allowed, name)
    if not config["HOST"]:
        raise ImproperlyConfigured(f"{name} names no server: use mssql://user:password@server/name.")
    way = named.get("Authentication", "SqlPassword")
    if way in ENTRA:
        _no_password(config, way, name)
    elif not (config["USER"] and config["PASSWORD"]):
        raise ImproperlyConfigured(
            f"{name} needs a user with a password, or ?authentication={ENTRA[0]} for the machine's own identity."
        )
    if named.get("TrustServerCertificate") == "yes" and named.get("Encrypt") == "strict":
        raise ImproperlyConfigured(f"{name} has Encrypt=strict, which takes no TrustServerCertificate=yes.")
    named = {"Encrypt": "yes", "TrustServerCertificate": "no"} | named
    return {
        "ENGINE": "mssql",
        "OPTIONS": {
            # Microsoft's own driver; its ODBC part comes inside the wheel.
            "python_driver": "mssql_python",
            "connection_timeout": CONNECT,
            # Its own are five more attempts, five seconds apart.
            "connection_retries": 0,
            "extra_params": ";".join(f"{key}={value}" for key, value in named.items()),
        },
    }


# --- Both -------------------------------------------------------------------


def _no_password(config: dict[str, Any], way: str, name: str) -> None:
    if config["PASSWORD"]:
        raise ImproperlyConfigured(f"{name} has a password and authentication={way}: give one of them.")


def _once(first: str, second: str, what: str, name: str) -> str:
    if first and second and first != second:
        raise ImproperlyConfigured(f"{name} names two {what}s: {first} and ?{what}={second}.")
    return first or second


def _among(given: dict[str, str], key: str, allowed: tuple[str, ...], name: str) -> None:
    """Refuse a value that is none of these; one that differs in case is written as here."""
    if key in given:
        spelt = {value.lower(): value for value in allowed}
        if given[key].lower() not in spelt:
            raise ImproperlyConfigured(f"{name} has {key}={given[key]}: use one of {', '.join(allowed)}.")
        given[key] = spelt[given[key].lower()]


def _whole(value: str, key: str, low: int, high: int, name: str) -> int:
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 12 else low - 1
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name} has {key}={value}: use a whole number from {low} to {high}.")
    return number


def _switch(given: dict[str, str], key: str, default: bool, name: str) -> bool:
    value = given.get(key, "yes" if default else "no").lower()
    if value not in (*TRUE, *FALSE):
        raise ImproperlyConfigured(f"{name} has {key}={value}: use one of {', '.join(TRUE + FALSE)}.")
    return value in TRUE
