"""What a connection has prepared outlives a refusal, and nothing that could be wrong outlives an error."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction

from reservations.engine.booking import MOST_HOLDS
from reservations.engine.errors import Reason, Refused
from reservations.models import Restaurant
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
