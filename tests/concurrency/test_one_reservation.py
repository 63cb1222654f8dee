"""Several things happen to one reservation at once: one of them wins, and the rows agree about which."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from reservations.engine import booking, locks
from reservations.engine.booking import Wish
from reservations.engine.errors import Reason, Refused
from reservations.models import Reservation, Restaurant, TableClaim
from tests import factories as make
from tests.concurrency.crew import Crew, holder, winners
from tests.concurrency.invariants import broken

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

STATUS = Reservation.Status


@pytest.fixture
def venue(transactional_db: None) -> Restaurant:
    """One table for two, nine half hours an evening."""
    return make.make_venue(tables=(2,), turn_minutes=30)


def wish(restaurant: Restaurant, number: int) -> Wish:
    """Return the wish of a round: every round has a time of its own."""
    minutes = 18 * 60 + 30 * (number % 9)
    date = make.days_ahead(restaurant, 2 + number // 9)
    return make.make_wish(restaurant, date=date, at=dt.time(minutes // 60, minutes % 60))


def fresh(reservation: Reservation) -> Reservation:
    return Reservation.objects.get(pk=reservation.pk)


def test_one_form_sent_eight_times_at_once_is_one_hold(crew: Crew, venue: Restaurant) -> None:
    make.make_table(venue, seats=2)
    for number in range(18):
        answers = crew.race([holder(wish(venue, number), ("mine", number))] * 8)
        assert len({hold.pk for hold in winners(answers)}) == 1
        assert len(winners(answers)) == 8
    assert Reservation.objects.count() == 18
    assert broken(venue.pk) == {}


def test_confirming_twice_at_once_gives_both_the_same_answer(crew: Crew, venue: Restaurant) -> None:
    for number in range(18):
        hold = make.make_hold(venue, wish=wish(venue, number))

        def confirm(name: str, pk: int = hold.pk) -> Reservation:
            return booking.confirm(reservation=Reservation.objects.get(pk=pk), details=make.make_details(name=name))

        first, second = winners(crew.race([lambda: confirm("First"), lambda: confirm("Second")]))
        assert (first.status, first.name, first.confirmed_at) == (second.status, second.name, second.confirmed_at)
        assert first.status == STATUS.CONFIRMED
    assert Reservation.objects.count() == 18
    assert broken(venue.pk) == {}


@pytest.mark.parametrize("ending", ["cancel", "release"])
def test_confirming_while_it_ends_leaves_one_of_both(crew: Crew, venue: Restaurant, ending: str) -> None:
    ends = {STATUS.CONFIRMED: 2, STATUS.CANCELLED: 0, STATUS.RELEASED: 0}
    for number in range(27):
        hold = make.make_hold(venue, wish=wish(venue, number))
        mine, theirs = fresh(hold), fresh(hold)

        def confirm(mine: Reservation = mine) -> Reservation:
            return booking.confirm(reservation=mine, details=make.make_details())

        def end(theirs: Reservation = theirs) -> bool:
            if ending == "release":
                return booking.release(reservation=theirs)
            return booking.cancel(reservation=theirs, by_guest=False)

        confirmed, ended = crew.race([confirm, end])
        status = fresh(hold).status
        assert TableClaim.objects.filter(reservation=hold).count() == ends[STATUS(status)]
        if ended is True:
            assert status in (STATUS.CANCELLED, STATUS.RELEASED)
        else:
            # Refused, as a hold or as what it became at that moment, or told that there was no hold any more.
            assert ended in (Reason.NOT_CONFIRMED, Reason.CHANGED_MEANWHILE, False)
            assert status == STATUS.CONFIRMED
            assert isinstance(confirmed, Reservation)
    assert broken(venue.pk) == {}


# --- A hold lapses while its owner confirms and another books -----------------------------


def lapse_in(hold: Reservation, seconds: float) -> None:
    """Let the hold run out so many seconds from now by the database's clock, which decides."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reservations_reservation SET held_until = clock_timestamp() + %s::interval WHERE id = %s",
            [f"{seconds} seconds", hold.pk],
        )


LAPSE = 0.06
"""Seconds from the start of a round until the hold lapses; the owner confirms about then, the other keeps asking."""


@pytest.fixture(params=["the table", "the covers"])
def scarce(transactional_db: None, request: pytest.FixtureRequest) -> Restaurant:
    """Two parties can't both sit: for want of a second table, or because of pacing."""
    if request.param == "the table":
        return make.make_venue(tables=(2,), turn_minutes=30)
    return make.make_venue(tables=(2, 2), turn_minutes=30, service={"max_covers": 2})


def test_a_hold_that_lapses_while_confirmed_and_wanted_goes_to_one_of_both(crew: Crew, scarce: Restaurant) -> None:
    restaurant = scarce
    chance = random.Random(7)
    outcomes = []
    for number in range(45):
        hold = make.make_hold(restaurant, wish=wish(restaurant, number))
        confirm_after = LAPSE + chance.uniform(-0.04, 0.01)
        lapse_in(hold, LAPSE)
        lapsed = time.monotonic() + LAPSE

        def confirm(hold: Reservation = hold, after: float = confirm_after) -> Reservation:
            time.sleep(after)
            return booking.confirm(reservation=hold, details=make.make_details())

        def want(number: int = number, lapsed: float = lapsed) -> Reservation:
            while True:
                began = time.monotonic()
                try:
                    return booking.hold(wish=wish(restaurant, number), browser=f"other {number}", key="form")
                except Refused:
                    # Asked well after the lapse: it was confirmed in time.
                    if began > lapsed + 0.03:
                        raise

        mine, theirs = crew.race([confirm, want])
        assert isinstance(mine, Reservation) != isinstance(theirs, Reservation), (mine, theirs)
        if isinstance(mine, Reservation):
            assert (fresh(hold).status, theirs) in {
                (STATUS.CONFIRMED, Reason.TABLES_TAKEN),
                (STATUS.CONFIRMED, Reason.PACING_FULL),
            }
        else:
            assert (fresh(hold).status, mine) == (STATUS.EXPIRED, Reason.HOLD_LAPSED)
        outcomes.append(isinstance(mine, Reservation))
        assert broken(restaurant.pk) == {}
    # Races that always end alike would show nothing.
    assert {True, False} == set(outcomes)


def test_a_hold_confirmed_just_in_time_stays_confirmed_though_it_lapses_before_the_commit(
    crew: Crew, scarce: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds it lapsed waits for the owner's commit and then expires nothing: compare-and-set."""
    hold = make.make_hold(scarce, wish=wish(scarce, 0))
    lapse_in(hold, 0.3)
    owner = threading.local()

    def retried(work: Callable[[], Any], **rest: Any) -> Any:
        def and_commit_late() -> Any:
            answer = work()
            time.sleep(0.5)
            return answer

        return locks.retried(and_commit_late if hasattr(owner, "here") else work, **rest)

    def confirm() -> Reservation:
        owner.here = True
        return booking.confirm(reservation=hold, details=make.make_details())

    def want() -> Reservation:
        time.sleep(0.4)
        return booking.hold(wish=wish(scarce, 0), browser="other", key="form")

    monkeypatch.setattr("reservations.engine.booking.retried", retried)
    mine, theirs = crew.race([confirm, want])
    assert isinstance(mine, Reservation)
    assert theirs in (Reason.TABLES_TAKEN, Reason.PACING_FULL)
    assert fresh(hold).status == STATUS.CONFIRMED
    assert broken(scarce.pk) == {}
