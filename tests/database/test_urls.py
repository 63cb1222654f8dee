"""What each form of a database's URL means, and the one line that refuses what is wrong, missing or contradictory."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from restaurant_site.database import urls

SOCKETS = "/tmp/Sockets"  # noqa: S108 - a name
SECRET = "hunter2-is-secret"
PG, SQL = f"postgresql://app:{SECRET}@db.example:5433/restaurant", f"mssql://app:{SECRET}@db.example/restaurant"
ENTRA = "postgresql://app@db.example/restaurant?authentication=ActiveDirectoryMSI"


def flat(config: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = config["OPTIONS"]
    return {key: value for key, value in config.items() if key != "OPTIONS"} | options


# What is given, and what must be among the settings.
UNDERSTOOD: list[tuple[str, dict[str, Any]]] = [
    (PG, {"HOST": "db.example", "PORT": "5433", "NAME": "restaurant", "USER": "app", "PASSWORD": SECRET}),
    (PG, {"ENGINE": "restaurant_site.database.postgresql", "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}),
    (PG, {"connect_timeout": 3, "server_side_binding": True, "prepare_threshold": 2, "tcp_user_timeout": 30_000}),
    ("postgres://h/n", {"ENGINE": "restaurant_site.database.postgresql", "USER": "", "PASSWORD": ""}),
    ("postgresql://u:a+b%2Fc%40%3A%C3%A9@h/n%20m", {"PASSWORD": "a+b/c@:é", "NAME": "n m"}),
    ("postgresql://u@[::1]:5432/n", {"HOST": "::1", "PORT": "5432"}),
    ("postgresql://u@/n?host=%2Ftmp%2FSockets&port=5433", {"HOST": SOCKETS, "PORT": "5433"}),
    ("postgresql://u@%2Ftmp%2FSockets/n", {"HOST": SOCKETS}),
    ("postgresql:///n", {"HOST": "", "NAME": "n"}),
    (f"{PG}?sslmode=verify-full&sslrootcert=system", {"sslmode": "verify-full", "sslrootcert": "system"}),
    (f"{PG}?connect_timeout=1&keepalives_idle=5", {"connect_timeout": 1, "keepalives_idle": 5}),
    (f"{PG}?options=-c%20statement_timeout%3D7000", {"options": "-c statement_timeout=7000"}),
    (f"{PG}?prepare_threshold=None", {"prepare_threshold": None}),
    (f"{PG}?server_side_binding=no", {"server_side_binding": False}),
    (f"{PG}?disable_server_side_cursors=yes", {"DISABLE_SERVER_SIDE_CURSORS": True}),
    (f"{PG}?pool=8", {"pool": {"min_size": 0, "max_size": 8, "timeout": 3}, "CONN_MAX_AGE": 0}),
    (ENTRA, {"authentication": "ActiveDirectoryMSI", "client_id": "", "sslmode": "require", "PASSWORD": ""}),
    (f"{ENTRA}&client_id=1-2&sslmode=verify-full", {"client_id": "1-2", "sslmode": "verify-full"}),
    ("postgresql://u@h/n?authentication=activedirectorydefault", {"authentication": "ActiveDirectoryDefault"}),
    (SQL, {"ENGINE": "mssql", "python_driver": "mssql_python", "HOST": "db.example", "PORT": "", "PASSWORD": SECRET}),
    (SQL, {"extra_params": "Encrypt=yes;TrustServerCertificate=no", "connection_timeout": 3, "connection_retries": 0}),
    (f"{SQL}?TrustServerCertificate=yes", {"extra_params": "Encrypt=yes;TrustServerCertificate=yes"}),
    (f"{SQL}?encrypt=strict", {"extra_params": "Encrypt=strict;TrustServerCertificate=no"}),
    ("mssql://u:p%3B%7D@h:1433/n", {"PORT": "1433", "PASSWORD": "p;}"}),
    (
        "mssql://h/n?authentication=activedirectorymsi",
        {
            "USER": "",
            "PASSWORD": "",
            "extra_params": "Encrypt=yes;TrustServerCertificate=no;Authentication=ActiveDirectoryMSI",
        },
    ),
    ("mssql://1-2@h/n?Authentication=ActiveDirectoryMSI", {"USER": "1-2"}),
]


@pytest.mark.parametrize(("url", "wanted"), UNDERSTOOD)
def test_a_url_is_understood(url: str, wanted: dict[str, Any]) -> None:
    found = flat(urls.database(url))
    assert {key: found[key] for key in wanted} == wanted


REFUSED = [
    ("mysql://u@h/n", "DATABASE_URL does not begin with one of postgresql://, postgres://, mssql://."),
    ("n", "does not begin with one of"),
    ("postgresql://h", "names no database: end it with /name."),
    ("mssql://u:p@h/", "names no database"),
    ("postgresql://h/a/b", "has a / in the database's name"),
    (f"postgresql://u:{SECRET}#1@h/n", "holds a #: write it as %23."),
    ("postgresql://h:99999/n", "its port is no number up to 65535"),
    (f"{PG}?sslmode=yes", "has sslmode=yes: use one of disable, allow, prefer, require, verify-ca, verify-full."),
    (f"{PG}?ssl_mode=require", "has a parameter ssl_mode, which PostgreSQL's driver does not know."),
    (f"{PG}?Encrypt=yes", "has a parameter Encrypt, which PostgreSQL's driver does not know."),
    (f"{PG}?password=other", "has a parameter password"),
    (f"{PG}?sslmode=require&sslmode=disable", "has the parameter sslmode twice."),
    (f"{PG}?sslmode=", "has the parameter sslmode without a value."),
    (f"{PG}?sslmode", "has parameters that can't be read"),
    (f"{PG}?pool=0", "has pool=0: use a whole number from 1 to 100."),
    (f"{PG}?pool=yes", "has pool=yes: use a whole number"),
    (f"{PG}?connect_timeout=soon", "has connect_timeout=soon: use a whole number"),
    (f"{PG}?prepare_threshold=-1", "has prepare_threshold=-1"),
    (f"{PG}?server_side_binding=2", "has server_side_binding=2: use one of 1, true, yes, on"),
    (f"{PG}?host=other", "names two hosts: db.example and ?host=other."),
    (f"{PG}?port=1", "names two ports: 5433 and ?port=1."),
    (f"{PG}?authentication=ActiveDirectoryMSI", "has a password and authentication=ActiveDirectoryMSI: give one"),
    ("postgresql://u@h/n?authentication=Entra", "has authentication=Entra: use one of ActiveDirectoryMSI"),
    ("postgresql://u@h/n?client_id=1", "has a client_id without authentication=ActiveDirectoryMSI."),
    ("postgresql://h/n?authentication=ActiveDirectoryMSI", "names no user: with a token, too"),
    (f"{ENTRA}&sslmode=prefer", "would send a token without TLS: leave sslmode=prefer out."),
    ("postgresql://u@/n?authentication=ActiveDirectoryMSI&host=%2Ftmp", "names no server for the token"),
    ("mssql://h/n", "needs a user with a password, or ?authentication=ActiveDirectoryMSI"),
    ("mssql://u@h/n", "needs a user with a password"),
    ("mssql:///n?authentication=ActiveDirectoryMSI", "names no server: use mssql://user:password@server/name."),
    (f"{SQL}?authentication=ActiveDirectoryMSI", "has a password and authentication=ActiveDirectoryMSI"),
    (f"{SQL}?authentication=magic", "has Authentication=magic: use one of"),
    (f"{SQL}?Encrypt=maybe", "has Encrypt=maybe: use one of yes, mandatory, strict, no, optional."),
    (
        f"{SQL}?Encrypt=strict&TrustServerCertificate=yes",
        "which takes no TrustServerCertificate=yes.",
    ),
    (f"{SQL}?encrypt=yes&Encrypt=no", "has the parameter Encrypt twice."),
    (f"{SQL}?sslmode=require", "has a parameter sslmode, which Azure SQL's driver does not know."),
    (f"{SQL}?driver=FreeTDS", "has a parameter driver"),
    (
        f"{SQL}?ServerCertificate=a%3BEncrypt%3Dno",
        "ServerCertificate with one of ; { } = in its value.",
    ),
]


@pytest.mark.parametrize(("url", "says"), REFUSED)
def test_a_url_is_refused_in_one_line_without_its_password(url: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        urls.database(url)
    told = str(caught.value)
    assert told.startswith("DATABASE_URL ")
    assert says in told
    assert "\n" not in told
    assert SECRET not in told


@pytest.mark.parametrize("url", [PG, SQL, f"{PG}?sslmode=require", "postgresql:///restaurant?host=%2Ftmp"])
def test_a_database_beside_it_is_of_the_same_server(url: str) -> None:
    assert urls.beside(url, "other") == url.replace("/restaurant", "/other")


def test_a_replica_is_only_read() -> None:
    there = urls.replica("postgresql://u@replica/n?options=-c%20work_mem%3D8MB", of=PG)
    assert there["OPTIONS"]["options"] == "-c default_transaction_read_only=on -c work_mem=8MB"
    # Azure SQL's secondary has the database's own address.
    there = urls.replica(f"{SQL}?ApplicationIntent=ReadWrite", of=SQL)
    assert there["OPTIONS"]["extra_params"].endswith("TrustServerCertificate=no;ApplicationIntent=ReadOnly")
    assert "ReadWrite" not in there["OPTIONS"]["extra_params"]


@pytest.mark.parametrize(
    ("url", "of", "says"),
    [
        (PG, PG, "names the same database as DATABASE_URL: leave it out."),
        (SQL, PG, "and DATABASE_URL are of different kinds"),
        ("postgresql://h", PG, "names no database"),
        ("nonsense", PG, "does not begin with one of"),
    ],
)
def test_what_cannot_be_a_replica_is_refused(url: str, of: str, says: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^DATABASE_REPLICA_URL ") as caught:
        urls.replica(url, of=of)
    assert says in str(caught.value)
