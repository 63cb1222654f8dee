"""What a connection has prepared outlives a refusal, and nothing that could be wrong outlives an error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import DataError, NotSupportedError, ProgrammingError, connection, transaction
from django.test import Client

from reservations.engine.booking import MOST_HOLDS, confirm
from reservations.engine.errors import Reason, Refused
from reservations.models import Restaurant
from reservations.queries.prepared import one_trip
from restaurant_site.database import dialect
from restaurant_site.database.failures import Failure, failure_of
from restaurant_site.database.postgresql.driver import Connection
from tests import factories as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql("the driver's prepared statements")]


def there() -> set[tuple[str, str]]:
    """Return what the server has prepared for the connection, without preparing more."""
    found = connection.connection.execute("SELECT name, statement FROM pg_prepared_statements", prepare=False)
    return set(found.fetchall())


def ask(number: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 12 / %s::int", [number])
        return cursor.fetchone()[0]


def fail() -> None:
    """Ask, and end the transaction by an error that no statement made."""
    with transaction.atomic():
        ask(3)
        raise ZeroDivisionError


def test_a_rollback_of_what_went_well_keeps_them() -> None:
    for _time in range(4):
        ask(3)
    before = there()
    assert any("SELECT 12" in statement for _name, statement in before)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert there() == before
    assert ask(6) == 2


def rollbacks() -> int:
    """Return how many transactions of the database were rolled back so far."""
    connection.connection.execute("SELECT pg_stat_force_next_flush()", prepare=False)
    found = connection.connection.execute(
        "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()", prepare=False
    )
    return int(found.fetchone()[0])


def test_a_refused_booking_keeps_them() -> None:
    venue: Restaurant = make.make_venue()
    for days in range(3):
        make.make_hold(venue, browser="elsewhere", date=make.days_ahead(venue, 3 + days))
    # The look without the lock finds a table: it is the rule itself that refuses.
    for _venue in range(MOST_HOLDS):
        make.make_hold(make.make_venue(), browser="greedy")
    before, ended = there(), rollbacks()
    assert any("locked_at" in statement for _name, statement in before)
    with pytest.raises(Refused) as caught:
        make.make_hold(venue, browser="greedy")
    assert caught.value.reason == Reason.TOO_MANY_HOLDS
    assert rollbacks() > ended
    assert before <= there()


@pytest.mark.parametrize("times", [1, 4], ids=["once", "prepared"])
def test_after_an_error_all_of_it_is_asked_anew(times: int) -> None:
    for _time in range(times):
        ask(3)
    with pytest.raises(Exception, match="division by zero"), transaction.atomic():
        ask(0)
    assert ask(4) == 3
    assert not any("SELECT 12" in statement for _name, statement in there()) or times == 1


def test_a_table_that_came_and_went_with_a_transaction_is_no_trap() -> None:
    def come_and_go(kind: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE passing (number {kind})")
            for _time in range(4):
                cursor.execute("SELECT * FROM passing WHERE number IS NOT NULL AND %s", [True])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        come_and_go("int")
    with pytest.raises(ProgrammingError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM passing WHERE number IS NOT NULL AND %s", [True])
    assert isinstance(caught.value.__cause__, psycopg.errors.UndefinedTable)
    assert ask(4) == 3


def long(times: int, *, fails: bool = False) -> list[Any]:
    """Ask on a trip what is prepared when it comes the third time, each time; behind what fails, if it does."""
    found = []
    for _time in range(times):
        with one_trip():
            if fails:
                dialect.sent(connection, "SELECT 12 / %s::int", [0])
            answer = dialect.sent(connection, f"SELECT {' + '.join(['%s::int'] * 120)}", range(120))
        found += answer.rows()
    return found


def test_what_a_failed_trip_never_came_to_is_not_taken_for_prepared() -> None:
    assert long(2) == [(7140,)] * 2
    with pytest.raises(DataError):
        long(1, fails=True)
    assert long(2) == [(7140,)] * 2


def count_before_failing() -> None:
    with one_trip():
        dialect.sent(connection, "SELECT 1 / %s::int", [0])
        dialect.sent(connection, "SELECT 12 / %s::int", [3])


def test_what_was_counted_by_a_cursor_neither() -> None:
    ask(3)
    with pytest.raises(DataError):
        count_before_failing()
    with one_trip():
        answer = dialect.sent(connection, "SELECT 12 / %s::int", [3])
    assert answer.rows() == [(4,)]


def widen(length: int) -> None:
    """Give a column another length, as a migration may while workers serve."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(f"ALTER TABLE reservations_restaurant ALTER COLUMN tagline TYPE varchar({length})")
    finally:
        other.close()


@pytest.fixture
def venue() -> Iterator[Restaurant]:
    """Return a place of which everything is prepared that is asked below."""
    venue = make.make_venue()
    for number in range(3):
        Client().get(f"/restaurants/{venue.slug}/times/?date={make.days_ahead(venue)}&party=2")
        make.make_reservation(venue, date=make.days_ahead(venue, 2 + number))
        Restaurant.objects.get(pk=venue.pk)
    yield venue
    widen(160)


def test_a_migration_that_widens_a_column_breaks_no_read(venue: Restaurant) -> None:
    widen(1000)
    assert Restaurant.objects.get(pk=venue.pk) == venue
    widen(1001)
    assert Client().get(f"/restaurants/{venue.slug}/times/?date={make.days_ahead(venue)}&party=2").status_code == 200


def test_a_booking_after_one_is_made(venue: Restaurant) -> None:
    held = make.make_hold(venue)
    widen(1000)
    assert make.make_reservation(venue).status == "confirmed"
    widen(1001)
    assert confirm(reservation=held, details=make.make_details()).status == "confirmed"


def test_another_transaction_fails_once_as_one_to_try_again(venue: Restaurant) -> None:
    def read() -> Restaurant:
        with transaction.atomic():
            return Restaurant.objects.get(pk=venue.pk)

    assert read() == venue
    widen(1000)
    with pytest.raises(NotSupportedError) as caught:
        read()
    assert failure_of(caught.value) is Failure.AWAY
    assert read() == venue


def test_what_is_never_supported_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "forget_prepared", None)
    with pytest.raises(NotSupportedError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM reservations_restaurant FOR UPDATE")
    assert failure_of(caught.value) is None
