"""The database gives up on one of two that meet: a deadlock, a serialisation failure. It is done again, or undone."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import Error, OperationalError, connection

from reservations.engine import booking, floor
from reservations.engine.changing import change, wish_of
from reservations.engine.coming import say_coming
from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import ATTEMPTS, lock_days
from reservations.history import trail
from reservations.history.trail import JOB
from reservations.models import HistoryEvent, Message, Reservation, Restaurant, TableClaim
from restaurant_site.database.failures import is_collision
from tests import factories as make
from tests.concurrency.crew import Crew, holder, winners
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, fresh, snapshot

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

SERIALISATION, DEADLOCK = "40001", "40P01"


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the SQLSTATEs of what the database gave up on, as they come."""
    found: list[str] = []

    def spied(error: Error) -> bool:
        found.append(str(getattr(error.__cause__, "sqlstate", "")))
        return is_collision(error)

    monkeypatch.setattr("reservations.engine.locks.is_collision", spied)
    return found


def whole(restaurant: Restaurant) -> None:
    assert (broken(restaurant.pk), chains_broken(restaurant)) == ({}, [])


# --- Met by others ------------------------------------------------------------------------------


def test_days_locked_in_opposite_orders_are_a_deadlock_that_never_surfaces(
    monkeypatch: pytest.MonkeyPatch, codes: list[str]
) -> None:
    """The rules lock them by date; here each locks the date that it leaves first, and waits for the other."""
    restaurant = make.make_venue(tables=(2, 2))
    first, second = (make.make_reservation(restaurant, date=make.days_ahead(restaurant, days)) for days in (3, 4))
    meeting, mine = threading.Barrier(2, timeout=10), threading.local()

    def disordered(restaurant_id: int, dates: Iterable[dt.date]) -> list[Any]:
        if getattr(mine, "met", False):
            return lock_days(restaurant_id, dates)
        mine.met = True
        first, second = sorted(dates, reverse=mine.backwards)
        lock_days(restaurant_id, [first])
        meeting.wait()
        return lock_days(restaurant_id, [second])

    def swap(row: Reservation, other: Reservation) -> bool:
        mine.backwards = row.service_date > other.service_date
        return change(
            reservation=fresh(row), wish=replace(wish_of(row), date=other.service_date, start=other.starts_at)
        )

    monkeypatch.setattr("reservations.engine.changing.lock_days", disordered)
    with Crew(2) as crew:
        assert crew.race([partial(swap, first, second), partial(swap, second, first)]) == [True, True]
    assert DEADLOCK in codes
    whole(restaurant)


def test_where_every_transaction_is_serialisable_one_gets_the_table(codes: list[str]) -> None:
    restaurant = make.make_venue(tables=(2,), booking_window_days=730)
    with Crew(4) as crew:

        def strictly(work: Callable[[], Any]) -> Callable[[], Any]:
            def run() -> Any:
                with connection.cursor() as cursor:
                    cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE")
                return work()

            return run

        for number in range(8):
            wish = make.make_wish(restaurant, date=make.days_ahead(restaurant, 2 + number))
            answers = crew.race(strictly(holder(wish, (number, browser))) for browser in range(4))
            assert len(winners(answers)) == 1
            assert set(answers) - set(winners(answers)) <= {Reason.TABLES_TAKEN}
    assert SERIALISATION in codes
    whole(restaurant)


# --- Forced ---------------------------------------------------------------------------------------


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], list[int]]]:
    """Return what lets the database give up right before a rule's history is written, so many times."""

    def fail(code: str, times: int) -> list[int]:
        count, append = [0], trail.append

        def failing_append(*args: Any) -> Any:
            count[0] += 1
            if count[0] <= times:
                with connection.cursor() as cursor:
                    cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'given up' USING ERRCODE = '{code}'; END $$")
            return append(*args)

        monkeypatch.setattr("reservations.history.trail.append", failing_append)
        return count

    yield fail
    monkeypatch.undo()


def _hold(reservation: Reservation) -> object:
    return make.make_hold(reservation.restaurant, at=dt.time(21))


def _change(reservation: Reservation) -> object:
    start = reservation.starts_at + dt.timedelta(hours=1)
    return change(reservation=fresh(reservation), wish=replace(wish_of(reservation), start=start))


def _cancel(reservation: Reservation) -> object:
    return booking.cancel(reservation=fresh(reservation), by_guest=True)


def _move(reservation: Reservation) -> object:
    other = reservation.restaurant.tables.filter(max_seats=2).exclude(pk__in=reservation.table_ids).get()
    return floor.move(reservation=fresh(reservation), table_ids=(other.pk,), by=JOB)


def _coming(reservation: Reservation) -> object:
    say_coming(reservation=fresh(reservation))
    return True


def _block(reservation: Reservation) -> object:
    other = reservation.restaurant.tables.filter(max_seats=2).exclude(pk__in=reservation.table_ids).get()
    return make.make_block(reservation.restaurant, [other])


def _ask(reservation: Reservation) -> object:
    return make.make_request(reservation.restaurant)


def _wait(reservation: Reservation) -> object:
    return make.make_entry(reservation.restaurant, party=4)


RULES = pytest.mark.parametrize(
    "rule",
    [_hold, _change, _cancel, _move, _coming, _block, _ask, _wait],
    ids=lambda rule: rule.__name__.strip("_"),
)


@pytest.fixture
def reservation(transactional_db: None) -> Reservation:
    """Two at one table; four at the other, so that another four may wait."""
    restaurant = make.make_venue(tables=(2, 4, 2))
    make.make_reservation(restaurant, party=4)
    return make.make_reservation(restaurant)


@RULES
@pytest.mark.parametrize("code", [SERIALISATION, DEADLOCK])
def test_what_the_database_gave_up_on_is_done_again_whole(
    reservation: Reservation,
    rule: Callable[[Reservation], object],
    code: str,
    failing: Callable[[str, int], list[int]],
) -> None:
    before, told = HistoryEvent.objects.count(), Message.objects.count()
    count = failing(code, ATTEMPTS - 1)
    rule(reservation)
    assert count == [ATTEMPTS]
    assert HistoryEvent.objects.count() == before + 1
    assert Message.objects.count() - told <= 4
    whole(reservation.restaurant)


@RULES
def test_given_up_on_for_ever_nothing_has_happened(
    reservation: Reservation, rule: Callable[[Reservation], object], failing: Callable[[str, int], list[int]]
) -> None:
    before = (snapshot(reservation), TableClaim.objects.count(), Reservation.objects.count())
    count = failing(SERIALISATION, 100)
    with pytest.raises((OperationalError, Refused)):
        rule(reservation)
    assert count == [ATTEMPTS]
    assert (snapshot(reservation), TableClaim.objects.count(), Reservation.objects.count()) == before
    whole(reservation.restaurant)


def test_what_is_no_collision_is_not_done_again(
    reservation: Reservation, failing: Callable[[str, int], list[int]]
) -> None:
    """An error of the programme or of the machine: to do it again would only hide it."""
    count = failing("22012", 100)
    with pytest.raises(Error, match="given up"):
        _cancel(reservation)
    assert count == [1]
    assert fresh(reservation).status == "confirmed"
