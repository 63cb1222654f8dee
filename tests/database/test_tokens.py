"""Entra's tokens as PostgreSQL's passwords: each new connection has one of its own, in Django's pool too."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from django.db import OperationalError, connection, connections
from django.test import Client

from restaurant_site.database import entra
from restaurant_site.database.failures import Failure, failure_of
from restaurant_site.database.postgresql.base import DatabaseWrapper
from restaurant_site.database.postgresql.driver import Connection

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql("Azure SQL's driver has tokens itself")]


class Identity:
    """What signs in: every token is a new one, as if an hour had passed."""

    def __init__(self) -> None:
        self.given = 0
        self.fails = False

    def get_token(self, *scopes: str) -> Any:
        assert scopes == (entra.SCOPE,)
        if self.fails:
            raise ClientAuthenticationError("secret details")
        self.given += 1
        return SimpleNamespace(token=f"token-{self.given}")


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> Identity:
    """Sign in with tokens that are counted; the tests' server believes any password."""
    found = Identity()
    monkeypatch.setattr(entra, "credential", lambda authentication, client_id: found)
    return found


def wrapper(**options: Any) -> DatabaseWrapper:
    settings: dict[str, Any] = copy.deepcopy(connection.settings_dict)
    settings["OPTIONS"] |= {"authentication": "ActiveDirectoryMSI", "client_id": "1-2"} | options
    if "pool" in options:
        settings["CONN_MAX_AGE"] = 0
    return DatabaseWrapper(settings, "tokens")


@pytest.fixture(params=["persistent", "pool"])
def database(request: pytest.FixtureRequest, identity: Identity) -> Iterator[DatabaseWrapper]:
    pooled = {"pool": {"min_size": 0, "max_size": 1, "timeout": 3}} if request.param == "pool" else {}
    found = wrapper(**pooled)
    yield found
    found.close()
    if found.pool:
        found.close_pool()


def password(database: DatabaseWrapper) -> str:
    database.ensure_connection()
    made: Any = database.connection
    assert isinstance(made, Connection)
    return made.info.password


def test_a_new_connection_has_a_fresh_token(database: DatabaseWrapper, identity: Identity) -> None:
    assert password(database) == "token-1"
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    database.close()
    # The server has ended it, as for maintenance, behind the pool's back.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 2000)", [pid])
    assert password(database) == "token-2"


def test_a_kept_connection_needs_no_other(database: DatabaseWrapper, identity: Identity) -> None:
    for _request in range(3):
        assert password(database) == "token-1"
        database.close_if_unusable_or_obsolete()
    assert identity.given == 1


def test_no_token_is_a_database_that_is_away(identity: Identity) -> None:
    identity.fails = True
    database = wrapper()
    with pytest.raises(OperationalError) as caught:
        database.ensure_connection()
    assert failure_of(caught.value) is Failure.AWAY
    assert "secret details" not in str(caught.value)


def test_a_page_says_so_and_asks_to_come_again(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    identity.fails = True
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "authentication", "ActiveDirectoryMSI")
    response = Client(raise_request_exception=False).get("/restaurants/nowhere/")
    assert response.status_code == 503
    assert response["Retry-After"]
    assert connections["default"].connection is None


def test_the_identity_is_the_one_that_is_named() -> None:
    entra.credential.cache_clear()
    assert entra.credential("ActiveDirectoryMSI", "1-2") is entra.credential("ActiveDirectoryMSI", "1-2")
    kinds = {type(entra.credential(way, "")).__name__ for way in ("ActiveDirectoryMSI", "ActiveDirectoryDefault")}
    assert kinds == {"ManagedIdentityCredential", "DefaultAzureCredential"}
