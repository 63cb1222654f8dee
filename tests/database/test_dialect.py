"""Each part of the dialects on its side: PostgreSQL's are run, Azure SQL's are parsed as T-SQL and not sent."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from reservations.models import Restaurant, ServiceDay
from reservations.queries.prepared import NextKey
from restaurant_site.database import dialect, patience, waits
from restaurant_site.database.dialect import AZURE_SQL, POSTGRESQL, Dialect
from tests.database.tsql import faults, marked
from tests.factories import make_restaurant

PARTS = [field.name for field in dataclasses.fields(Dialect)]


def one(sql: str, parameters: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


# --- PostgreSQL -------------------------------------------------------------


@pytest.fixture
def restaurant() -> Restaurant:
    return make_restaurant()


def gives_a_key_back(restaurant: Restaurant) -> None:
    head, tail = dialect.insertion(connection, "reservations_serviceday", ["restaurant_id", "date"], "id")
    with connection.cursor() as cursor:
        cursor.execute(f"{head} VALUES (%s, %s){tail}", [restaurant.pk, dt.date(2026, 12, 24)])
        (key,) = cursor.fetchone()
    assert ServiceDay.objects.get().pk == key
    # Without one nothing comes back.
    assert dialect.insertion(connection, "t", ["a"]) == ('INSERT INTO "t" ("a")', "")


def tells_its_time(restaurant: Restaurant) -> None:
    now = one(f"SELECT {POSTGRESQL.now}")
    assert now.tzinfo is not None
    assert abs(now - timezone.now()) < dt.timedelta(minutes=1)


def locks_a_row(restaurant: Restaurant) -> None:
    row = dialect.locked_row("default", "reservations_restaurant", ["slug"], "id", restaurant.pk)
    assert row == (restaurant.slug,)
    assert dialect.locked_row("default", "reservations_restaurant", ["slug"], "id", -1) is None
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            # Who refers to it goes on, and who would change it waits.
            cursor.execute("SET lock_timeout = '200ms'")
            cursor.execute("SELECT 1 FROM reservations_restaurant WHERE id = %s FOR KEY SHARE", [restaurant.pk])
            with pytest.raises(Error, match="lock timeout"):
                cursor.execute("UPDATE reservations_restaurant SET name = 'other' WHERE id = %s", [restaurant.pk])
    finally:
        other.close()


def locks_weakly(restaurant: Restaurant) -> None:
    locked = Restaurant.objects.select_for_update(no_key=POSTGRESQL.no_key)
    assert str(locked.query).endswith("FOR NO KEY UPDATE")
    assert locked.get() == restaurant


def bounds_statements(restaurant: Restaurant) -> None:
    dialect.allow("default", 7)
    assert one("SHOW statement_timeout") == "7s"
    waits.bound(waits.WEB)
    try:
        with patience.patient():
            assert one("SHOW statement_timeout") == "20s"
    finally:
        waits.bound(None)


def says_nothing_of_locks(restaurant: Restaurant) -> None:
    # In connecting: tests/site/bounded/test_waits.py.
    before = one("SHOW lock_timeout")
    dialect.wait_for_locks(connection, 9)
    assert one("SHOW lock_timeout") == before


def sees_one_state(restaurant: Restaurant) -> None:
    assert dialect.has_one_state("default")


def is_no_replica(restaurant: Restaurant) -> None:
    # Of one that is: test_replica.py.
    assert one(POSTGRESQL.replayed) is None


def names_its_version(restaurant: Restaurant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(POSTGRESQL.server)
        major, told = cursor.fetchone()
    assert told.startswith(f"PostgreSQL {major}")
    assert major >= POSTGRESQL.oldest


def draws_a_key(restaurant: Restaurant) -> None:
    drawn = [Restaurant.objects.annotate(next=NextKey(Restaurant)).values_list("next", flat=True).get() for _ in "12"]
    assert restaurant.pk < drawn[0] < drawn[1]
    other = make_restaurant()
    assert other.pk > drawn[1]


def sends_ahead(restaurant: Restaurant) -> None:
    assert dialect.pipelines(connection)
    with connection.cursor() as first, connection.cursor() as second:
        with dialect.one_trip(connection):
            first.execute("SELECT 1")
            second.execute("SELECT 2")
        assert [first.fetchone(), second.fetchone()] == [(1,), (2,)]


ON_POSTGRESQL: dict[str, Callable[[Restaurant], None]] = {
    "output": gives_a_key_back,
    "returning": gives_a_key_back,
    "next_key": draws_a_key,
    "now": tells_its_time,
    "locked": locks_a_row,
    "no_key": locks_weakly,
    "statement_timeout": bounds_statements,
    "lock_timeout": says_nothing_of_locks,
    "one_state": sees_one_state,
    "replayed": is_no_replica,
    "server": names_its_version,
    "oldest": names_its_version,
    "pipelines": sends_ahead,
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql("its side of the dialect")
@pytest.mark.parametrize("part", PARTS)
def test_postgresql(part: str, restaurant: Restaurant) -> None:
    with transaction.atomic():
        ON_POSTGRESQL[part](restaurant)


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql("its side of the dialect")
def test_postgresql_keeps_one_state_which_only_reads(restaurant: Restaurant) -> None:
    other = connection.copy()
    try:
        with transaction.atomic():
            dialect.keep_one_state("default")
            assert Restaurant.objects.count() == 1
            with other.cursor() as cursor:
                cursor.execute("UPDATE reservations_restaurant SET name = 'other'")
            assert Restaurant.objects.get().name == restaurant.name
            with pytest.raises(Error, match="read-only"), transaction.atomic():
                ServiceDay.objects.create(restaurant=restaurant, date=dt.date(2026, 12, 24))
    finally:
        other.close()


# --- Azure SQL --------------------------------------------------------------


class Azure:
    """A connection to it that keeps what is sent."""

    vendor = "microsoft"
    ops = SimpleNamespace(quote_name=lambda name: f"[{name}]")

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.connection = object()
        self.close_if_health_check_failed = self.ensure_connection = lambda: None

    @contextlib.contextmanager
    def cursor(self) -> Iterator[Any]:
        yield SimpleNamespace(execute=lambda sql, parameters=(): self.sent.append(sql), fetchone=lambda: ("row",))


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Azure:
    found = Azure()
    monkeypatch.setattr(dialect, "connections", {"default": found})
    return found


def insertion(azure: Any) -> str:
    head, tail = dialect.insertion(azure, "t", ["a", "b"], "id")
    return f"{head} VALUES (%s, %s){tail}"


def locked(azure: Any) -> str:
    assert dialect.locked_row("default", "t", ["a", "b"], "id", 7) == ("row",)
    return str(azure.sent.pop())


def lock_timeout(azure: Any) -> str:
    dialect.wait_for_locks(azure, 2)
    return str(azure.sent.pop())


def nothing(azure: Any) -> str:
    dialect.allow("default", 7)
    return str(azure.sent)


def not_one_state(azure: Any) -> str:
    return str(dialect.has_one_state("default"))


def not_ahead(azure: Any) -> str:
    with dialect.one_trip(azure):
        return str(dialect.pipelines(azure))


# What is sent, or done instead, and its whole text.
ON_AZURE_SQL: dict[str, tuple[Callable[[Any], str], str]] = {
    "output": (insertion, "INSERT INTO [t] ([a], [b]) OUTPUT INSERTED.[id] VALUES (%s, %s)"),
    "returning": (insertion, "INSERT INTO [t] ([a], [b]) OUTPUT INSERTED.[id] VALUES (%s, %s)"),
    "now": (lambda azure: f"SELECT {dialect.of(azure).now}", "SELECT SYSDATETIMEOFFSET()"),
    "locked": (locked, "SELECT [a], [b] FROM [t] WITH (ROWLOCK, UPDLOCK) WHERE [id] = %s"),
    "lock_timeout": (lock_timeout, "SET LOCK_TIMEOUT 2000"),
    "replayed": (
        lambda azure: dialect.of(azure).replayed,
        """
        SELECT CASE WHEN DATABASEPROPERTYEX(DB_NAME(), 'Updateability') = 'READ_ONLY' THEN
        (SELECT MAX(last_commit_time) FROM sys.dm_database_replica_states WHERE is_local = 1) END
        """,
    ),
    "server": (
        lambda azure: dialect.of(azure).server,
        "SELECT CAST(SERVERPROPERTY('ProductMajorVersion') AS int), @@VERSION",
    ),
}
INSTEAD: dict[str, tuple[Callable[[Any], str], str]] = {
    "next_key": (lambda azure: NextKey(Restaurant).as_sql(None, azure)[0], "CAST(NULL AS bigint)"),
    "no_key": (lambda azure: str(dialect.of(azure).no_key), "False"),
    "statement_timeout": (nothing, "[]"),
    "one_state": (not_one_state, "False"),
    "oldest": (lambda azure: str(dialect.of(azure).oldest), "12"),
    "pipelines": (not_ahead, "False"),
}


@pytest.mark.parametrize("part", ON_AZURE_SQL)
def test_azure_sql_is_sent(part: str, azure: Azure) -> None:
    make, text = ON_AZURE_SQL[part]
    said = make(azure)
    assert said == " ".join(text.split())
    assert faults(marked(said)) == []


@pytest.mark.parametrize("part", INSTEAD)
def test_azure_sql_is_sent_nothing(part: str, azure: Azure) -> None:
    make, text = INSTEAD[part]
    assert make(azure) == text
    assert azure.sent == []


def test_no_part_is_without_a_test_of_each_side() -> None:
    assert set(PARTS) == set(ON_POSTGRESQL) == set(ON_AZURE_SQL) | set(INSTEAD)


@pytest.mark.parametrize("part", ["returning", "locked", "one_state", "replayed", "server"])
def test_postgresqls_words_would_be_refused_there(part: str) -> None:
    # So that the parser is known to tell the two apart.
    words = getattr(POSTGRESQL, part).format("id", columns="a", table="t", key="id")
    said = {"returning": "INSERT INTO t (a) VALUES (1)"}.get(part, "") + words
    assert faults(marked(said))
    assert getattr(AZURE_SQL, part) != getattr(POSTGRESQL, part)
