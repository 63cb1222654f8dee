"""Which database the environment names: ``DATABASE_URL``, or the variables that Azure's Service Connector sets.

These are turned into a URL, so that one reader, `restaurant_site.database.urls`,
judges whatever was given.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from restaurant_site import env
from restaurant_site.database.urls import ENTRA, SCHEMES

_POSTGRESQL_PARTS = {"host": "host", "port": "port", "dbname": "name", "user": "user", "password": "password"}
_SQL_PARTS = {
    "server": "host",
    "data source": "host",
    "database": "name",
    "initial catalog": "name",
    "uid": "user",
    "user id": "user",
    "pwd": "password",
    "password": "password",
}


def database_url() -> str:
    """Return the URL of the database; raises `ImproperlyConfigured` where none or more than one is named."""
    given = env.url("DATABASE_URL", SCHEMES, "")
    named = {"DATABASE_URL": given, "AZURE_POSTGRESQL_…": _postgresql(), "AZURE_SQL_…": _sql()}
    found = {name: url for name, url in named.items() if url}
    if len(found) > 1:
        raise ImproperlyConfigured(f"{' and '.join(found)} name a database each: set one of them.")
    # Without any, the reader says what is missing.
    return next(iter(found.values()), "") or env.url("DATABASE_URL", SCHEMES)


def is_given() -> bool:
    """Return whether the environment names a database, usable or not."""
    return bool(env.text("DATABASE_URL", "") or _postgresql() or _sql())


def _postgresql() -> str:
    text = env.text("AZURE_POSTGRESQL_CONNECTIONSTRING", "")
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(text).items()}
    except ProgrammingError:
        # Without the error itself, which quotes.
        raise ImproperlyConfigured("AZURE_POSTGRESQL_CONNECTIONSTRING can't be read.") from None
    found = {ours: parts.pop(theirs, "") for theirs, ours in _POSTGRESQL_PARTS.items()}
    found = _filled(
        found,
        {
            "host": env.text("AZURE_POSTGRESQL_HOST", ""),
            "port": env.text("AZURE_POSTGRESQL_PORT", ""),
            "name": env.text("AZURE_POSTGRESQL_NAME", ""),
            "user": env.text("AZURE_POSTGRESQL_USER", ""),
            "password": env.text("AZURE_POSTGRESQL_PASSWORD", ""),
        },
    )
    client_id = env.text("AZURE_POSTGRESQL_CLIENTID", "")
    if not any(found.values()):
        return ""
    # Flexible Server takes no connection without TLS.
    parameters = {"sslmode": "require"} | parts
    if not found["password"]:
        parameters |= {"authentication": ENTRA[0]} | ({"client_id": client_id} if client_id else {})
    return _url("postgresql", found, parameters, "AZURE_POSTGRESQL")


def _sql() -> str:
    text = env.text("AZURE_SQL_CONNECTIONSTRING", "")
    parts = _pairs(text)
    found = {"port": ""} | dict.fromkeys(_SQL_PARTS.values(), "")
    for theirs, ours in _SQL_PARTS.items():
        found[ours] = parts.pop(theirs, "") or found[ours]
    server, _comma, port = found["host"].removeprefix("tcp:").partition(",")
    found |= {"host": server, "port": port}
    parts.pop("driver", None)
    found = _filled(
        found,
        {
            "host": env.text("AZURE_SQL_SERVER", "") or env.text("AZURE_SQL_HOST", ""),
            "port": env.text("AZURE_SQL_PORT", ""),
            "name": env.text("AZURE_SQL_DATABASE", "") or env.text("AZURE_SQL_NAME", ""),
            "user": env.text("AZURE_SQL_USER", "") or env.text("AZURE_SQL_CLIENTID", ""),
            "password": env.text("AZURE_SQL_PASSWORD", ""),
        },
    )
    authentication = env.text("AZURE_SQL_AUTHENTICATION", "" if found["password"] else ENTRA[0])
    if not (found["host"] or found["name"]):
        return ""
    if authentication:
        parts.setdefault("authentication", authentication)
    return _url("mssql", found, parts, "AZURE_SQL")


def _pairs(text: str) -> dict[str, str]:
    """Return the parts of a connection string such as ``Server=…;Database=…``, their names in lower case."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    if not all(equals for _key, equals, _value in parts):
        raise ImproperlyConfigured("AZURE_SQL_CONNECTIONSTRING can't be read: it is not a list of name=value.")
    return {key.strip().lower(): value.strip() for key, _equals, value in parts}


def _filled(found: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    return {key: value or more.get(key, "") for key, value in found.items()}


def _url(scheme: str, found: dict[str, str], parameters: dict[str, str], name: str) -> str:
    if missing := [key for key in ("host", "name") if not found[key]]:
        raise ImproperlyConfigured(f"{name}_… name no {' and no '.join(missing)} of the database.")
    who = ""
    if found["user"]:
        password = f":{quote(found['password'], safe='')}" if found["password"] else ""
        who = f"{quote(found['user'], safe='')}{password}@"
    where = f"{found['host']}:{found['port']}" if found["port"] else found["host"]
    return f"{scheme}://{who}{where}/{quote(found['name'], safe='')}?{urlencode(parameters)}"
