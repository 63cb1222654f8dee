"""A database that does not fit: without the migrations, of another version, with a certificate that does not match."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import Error, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from restaurant_site.database import dialect, schema, urls
from tests.database import aliases
from tests.database.tls import PostgresFront
from tests.factories import days_ahead, make_venue
from tests.pages import read
from tests.tls_front import Authority

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql("a server of its own is put behind another address"),
]

ALIAS = "odd"
Named = Callable[..., None]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[Named]:
    """Name a database by its URL as one more of the settings."""
    user = connection.settings_dict["USER"]

    def name(database: str, host: str = "", port: int | str = "", **parameters: str) -> None:
        host, port = host or connection.settings_dict["HOST"], port or connection.settings_dict["PORT"]
        given = "&".join(f"{key}={value}" for key, value in {"host": host, "port": str(port), **parameters}.items())
        aliases.name(ALIAS, urls.database(f"postgresql://{user}@/{database}?{given}"), monkeypatch)

    yield name
    aliases.forget(ALIAS)
    schema._whole.discard(ALIAS)


@pytest.fixture
def empty() -> Iterator[str]:
    """Make a database without a table, and return its name."""
    name = f"{connection.settings_dict['NAME']}_empty"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def said() -> str:
    """Return what the check says of it, whether it passes or not."""
    told = io.StringIO()
    try:
        call_command("check", databases=[ALIAS], stdout=told, stderr=told)
    except SystemCheckError as error:
        told.write(str(error))
    return told.getvalue()


def ready() -> tuple[int, dict[str, Any]]:
    answer = Client().get("/readyz", headers={"host": "169.254.1.2"})
    return answer.status_code, answer.json()


def test_without_the_migrations_it_is_not_ready(named: Named, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ready()[0] == 200
    named(empty)
    assert "lacks " in said()
    assert "migrations of this release, the first accounts.0001_codes." in said()
    assert "Run manage.py migrate in a release step" in said()
    connections[ALIAS].close()
    # The same as the only database.
    with monkeypatch.context() as patch:
        connection.close()
        patch.setattr(schema, "_whole", set())
        patch.setitem(connection.settings_dict, "NAME", empty)
        status, told = ready()
        assert (status, told["status"], told["database"]) == (503, "unavailable", "migrations missing")
        connection.close()
    assert ready()[0] == 200


def test_of_a_later_release_it_may_have_more(named: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_whole", set())
    MigrationRecorder(connection).record_applied("reservations", "9999_of_a_later_release")
    try:
        assert ready()[0] == 200
        named(connection.settings_dict["NAME"])
        assert "lacks" not in said()
    finally:
        MigrationRecorder(connection).record_unapplied("reservations", "9999_of_a_later_release")


def test_one_migration_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, named: Named) -> None:
    monkeypatch.setattr(schema, "_whole", set())
    MigrationRecorder(connection).record_unapplied("menus", "0003_photos")
    try:
        assert ready()[1]["database"] == "migrations missing"
        named(connection.settings_dict["NAME"])
        assert "lacks 1 migrations of this release, the first menus.0003_photos." in said()
    finally:
        MigrationRecorder(connection).record_applied("menus", "0003_photos")


def test_an_old_server_is_told(named: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = dataclasses.replace(dialect.POSTGRESQL, oldest=99)
    monkeypatch.setitem(dialect._BY_VENDOR, "postgresql", newer)
    named(connection.settings_dict["NAME"])
    assert "is of version" in said()
    assert "Use version 99 or newer." in said()


def test_a_server_that_django_itself_refuses_is_told(named: Named, monkeypatch: pytest.MonkeyPatch) -> None:
    named(connection.settings_dict["NAME"])
    monkeypatch.setattr("django.db.backends.base.base.RAN_DB_VERSION_CHECK", set())
    monkeypatch.setattr(connections[ALIAS].features, "minimum_database_version", (99,))
    told = said()
    assert "is too old: PostgreSQL 99 or later is required" in told
    assert "Use version 14 or newer." in told


def test_a_server_that_is_not_there_is_told(named: Named) -> None:
    named("no_such_database")
    assert 'database "no_such_database" does not exist' in said()
    assert "do user, password and certificate match? See docs/databases.md." in said()


def test_a_server_that_takes_no_writes_is_read_and_asks_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # As Azure's while the disk is nearly full.
    venue = make_venue(tables=[2])
    client = Client(raise_request_exception=False)
    form = read(client.get(f"/restaurants/{venue.slug}/times/?date={days_ahead(venue)}&party=2")).form("/hold/")
    connection.close()
    with monkeypatch.context() as patch:
        options = connection.settings_dict["OPTIONS"] | {"options": "-c default_transaction_read_only=on"}
        patch.setitem(connection.settings_dict, "OPTIONS", options)
        assert client.get(f"/restaurants/{venue.slug}/").status_code == 200
        answer = client.post(form.button("19:00").action, form.pressed("19:00"))
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        connection.close()
    assert client.post(form.button("19:00").action, form.pressed("19:00")).status_code == 302


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Callable[..., PostgresFront]]:
    """Put a front with a certificate before the tests' server."""
    host = str(connection.settings_dict["HOST"])
    if not host.startswith("/"):
        pytest.skip("the tests' PostgreSQL was given by DATABASE_URL, and has certificates of its own")
    opened: list[PostgresFront] = []

    def before(certificate: Path) -> PostgresFront:
        found = PostgresFront(Path(host), int(connection.settings_dict["PORT"]), certificate)
        opened.append(found)
        return found

    yield before
    for found in opened:
        found.close()


def test_a_certificate_is_believed_only_where_it_matches(
    named: Named, front: Callable[..., PostgresFront], tmp_path: Path
) -> None:
    ours, others = Authority(tmp_path / "ours"), Authority(tmp_path / "others", "others")
    name = connection.settings_dict["NAME"]
    strict = {"sslmode": "verify-full", "sslrootcert": str(ours.ca)}

    def through(certificate: Path, **parameters: str) -> str:
        aliases.forget(ALIAS)
        named(name, "localhost", front(certificate).port, **parameters)
        return said()

    assert "no issues" in through(ours.certify("localhost"), **strict)
    assert connections[ALIAS].connection.pgconn.ssl_in_use
    # Of another machine; signed by somebody else; and what require, which looks at neither, believes.
    other = through(ours.certify("db.example"), **strict)
    assert 'server certificate for "db.example" does not match host name "localhost"' in other
    assert "certificate verify failed" in through(others.certify("localhost"), **strict)
    assert "no issues" in through(others.certify("db2.example"), sslmode="require")


def test_a_page_of_a_database_with_another_certificate_asks_to_come_again(
    front: Callable[..., PostgresFront], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path / "ours")
    port = front(authority.certify("db.example")).port
    connection.close()
    with monkeypatch.context() as patch:
        for key, value in (("HOST", "localhost"), ("PORT", str(port))):
            patch.setitem(connection.settings_dict, key, value)
        options = connection.settings_dict["OPTIONS"] | {"sslmode": "verify-full", "sslrootcert": str(authority.ca)}
        patch.setitem(connection.settings_dict, "OPTIONS", options)
        answer = Client(raise_request_exception=False).get("/restaurants/nowhere/")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        assert b"db.example" not in answer.content
        assert ready()[1]["database"] == "away"
        with pytest.raises(Error, match="does not match host name"):
            connection.ensure_connection()
        connection.close()
    assert ready()[0] == 200
