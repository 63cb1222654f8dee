"""The variables of Azure's Service Connector, each set as it gives them, and what contradicts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from restaurant_site import development
from restaurant_site.database import connector, urls

HOST = "h.postgres.database.azure.com"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("DATABASE_URL", "AZURE_POSTGRESQL_", "AZURE_SQL_")):
            monkeypatch.delenv(name)


GIVEN: list[tuple[dict[str, str], dict[str, Any]]] = [
    (
        {"CONNECTIONSTRING": f"dbname=n host={HOST} port=5432 sslmode=require user=u password='p w=1'"},
        {"HOST": HOST, "PORT": "5432", "USER": "u", "PASSWORD": "p w=1", "NAME": "n", "sslmode": "require"},
    ),
    (
        {"CONNECTIONSTRING": f"dbname=n host={HOST} user=aad_pg", "CLIENTID": "1-2"},
        {"USER": "aad_pg", "PASSWORD": "", "authentication": "ActiveDirectoryMSI", "client_id": "1-2"},
    ),
    (
        {"HOST": HOST, "NAME": "n", "USER": "u", "PASSWORD": "p/@:%"},
        {"HOST": HOST, "PASSWORD": "p/@:%", "sslmode": "require"},
    ),
    ({"HOST": HOST, "NAME": "n", "USER": "aad_pg"}, {"authentication": "ActiveDirectoryMSI", "client_id": ""}),
]
SQL: list[tuple[dict[str, str], dict[str, Any]]] = [
    (
        {"SERVER": "s.database.windows.net", "PORT": "1433", "DATABASE": "n", "USER": "u", "PASSWORD": "p"},
        {"HOST": "s.database.windows.net", "PORT": "1433", "NAME": "n", "USER": "u", "PASSWORD": "p"},
    ),
    (
        {"HOST": "s", "NAME": "n", "CLIENTID": "1-2"},
        {"USER": "1-2", "extra_params": "Encrypt=yes;TrustServerCertificate=no;Authentication=ActiveDirectoryMSI"},
    ),
    (
        {"SERVER": "s", "DATABASE": "n", "AUTHENTICATION": "ActiveDirectoryMsi"},
        {"USER": "", "extra_params": "Encrypt=yes;TrustServerCertificate=no;Authentication=ActiveDirectoryMSI"},
    ),
    (
        {
            "CONNECTIONSTRING": "Driver={ODBC Driver 18 for SQL Server};Server=tcp:s.database.windows.net,1433;"
            "Database=n;UID=1-2;Authentication=ActiveDirectoryMSI;Encrypt=yes"
        },
        {"HOST": "s.database.windows.net", "PORT": "1433", "NAME": "n", "USER": "1-2"},
    ),
    (
        {
            "CONNECTIONSTRING": "Server=s;Database=n;Authentication=ActiveDirectoryDefault",
            "DATABASE": "other",
            "AUTHENTICATION": "ActiveDirectoryMSI",
        },
        {
            "NAME": "n",
            "extra_params": "Encrypt=yes;TrustServerCertificate=no;Authentication=ActiveDirectoryDefault",
        },
    ),
]


@pytest.mark.parametrize(
    ("prefix", "given", "wanted"),
    [("AZURE_POSTGRESQL", *row) for row in GIVEN] + [("AZURE_SQL", *row) for row in SQL],
)
def test_what_the_connector_sets_is_understood(
    monkeypatch: pytest.MonkeyPatch, prefix: str, given: dict[str, str], wanted: dict[str, Any]
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"{prefix}_{name}", value)
    assert connector.is_given()
    config = urls.database(connector.database_url())
    found = config | config["OPTIONS"]
    assert {key: found[key] for key in wanted} == wanted


def test_servers_that_it_names_start_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {"SITE_ENV": "development", "AZURE_POSTGRESQL_HOST": HOST, "AZURE_POSTGRESQL_NAME": "n", "REDIS_URL": ""}
    for name, value in (given | {"AZURE_REDIS_HOST": "name.redis.azure.net"}).items():
        monkeypatch.setenv(name, value)
    development.start_servers(tmp_path, ["migrate"])
    assert "DATABASE_URL" not in os.environ
    assert os.environ["REDIS_URL"] == ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "DATABASE_URL is not set."),
        (
            {"DATABASE_URL": "postgresql:///n", "AZURE_POSTGRESQL_HOST": "h", "AZURE_POSTGRESQL_NAME": "n"},
            "DATABASE_URL and AZURE_POSTGRESQL_… name a database each: set one of them.",
        ),
        (
            {
                "AZURE_POSTGRESQL_HOST": "h",
                "AZURE_POSTGRESQL_NAME": "n",
                "AZURE_SQL_SERVER": "s",
                "AZURE_SQL_DATABASE": "n",
            },
            "AZURE_POSTGRESQL_… and AZURE_SQL_… name a database each",
        ),
        ({"AZURE_POSTGRESQL_HOST": "h"}, "AZURE_POSTGRESQL_… name no name of the database."),
        ({"AZURE_SQL_DATABASE": "n"}, "AZURE_SQL_… name no host of the database."),
        ({"AZURE_POSTGRESQL_CONNECTIONSTRING": "host=h nonsense=secret"}, "AZURE_POSTGRESQL_CONNECTIONSTRING can't"),
        ({"AZURE_SQL_CONNECTIONSTRING": "secret"}, "AZURE_SQL_CONNECTIONSTRING can't be read"),
    ],
)
def test_what_contradicts_or_is_missing_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], says: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as caught:
        connector.database_url()
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)
