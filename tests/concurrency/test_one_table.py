"""Sixteen want the one table: the first promise, and the same races with what keeps it switched off."""

from __future__ import annotations

import datetime as dt
import threading
from functools import lru_cache
from typing import Any

import pytest
from django.db import Error
from django.utils import timezone

from reservations.engine import booking
from reservations.engine.slots import claimed_slots
from reservations.history.trail import head_of
from reservations.models import Reservation, Restaurant, TableClaim
from reservations.queries.day import Fresh, Window, day_plan, window
from restaurant_site.database.failures import is_collision
from tests import factories as make
from tests.concurrency.crew import Crew, holder, winners, without_claims, without_lock
from tests.concurrency.invariants import broken

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

FREE = Window((0, 0), frozenset(), frozenset())
TWICE = "two parties hold one table at one time"


@pytest.fixture
def one_table(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Restaurant:
    """One table for two, for half an hour at a time, nine times an evening.

    The day's rules are read once for all: nobody changes them here, and thousands
    of bookings would spend more time on them than on the race.
    """
    known = lru_cache(day_plan)
    monkeypatch.setattr("reservations.engine.placing.day_plan", known)

    venue = make.make_venue(tables=(2,), turn_minutes=30, booking_window_days=730)

    def unchanged(date: dt.date, *_answers: object) -> Fresh:
        plan = known(venue.pk, date, seatings=False)
        return Fresh(plan, timezone.now(), head_of(venue.pk, date.isoformat()), False, venue)

    monkeypatch.setattr("reservations.engine.placing.fresh_questions", lambda *_args, **_kwargs: ())
    monkeypatch.setattr("reservations.engine.placing.fresh_from", unchanged)
    return venue


def race(crew: Crew, restaurant: Restaurant, rounds: int) -> list[int]:
    """Let the whole crew want each of so many times, and return how many got each.

    Every round is of another time, so that none must be cleared; every ninth
    also is the first booking of its day, which makes the row that is locked.
    """
    won = []
    for number in range(rounds):
        evening, seating = divmod(number, 9)
        minutes = 18 * 60 + 30 * seating
        wish = make.make_wish(
            restaurant, date=make.days_ahead(restaurant, 2 + evening), at=dt.time(minutes // 60, minutes % 60)
        )
        won.append(len(winners(crew.race(holder(wish, (number, browser)) for browser in range(crew.size)))))
    return won


def test_exactly_one_of_sixteen_gets_the_table_over_200_rounds(
    crew: Crew, one_table: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The early look, which may only refuse, lets everybody through here, so that all sixteen meet at the lock."""

    def look(*args: Any, locked: bool, **others: Any) -> Window:
        return window(*args, locked=True, **others) if locked else FREE

    monkeypatch.setattr("reservations.engine.placing.window", look)
    assert race(crew, one_table, 200) == [1] * 200
    assert broken(one_table.pk) == {}
    assert TableClaim.objects.count() == 400


def test_without_lock_and_claims_the_same_race_books_it_twice(
    crew: Crew, one_table: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_lock(monkeypatch)
    without_claims(monkeypatch)
    assert max(race(crew, one_table, 18)) > 1
    assert broken(one_table.pk)[TWICE] > 0


def test_without_lock_and_claims_one_after_another_still_books_it_once(
    one_table: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So what the race above shows is the race, not a rule that was broken on the way."""
    without_lock(monkeypatch)
    without_claims(monkeypatch)
    with Crew(1) as alone:
        wish = make.make_wish(one_table)
        answers = [answer for browser in range(4) for answer in alone.race([holder(wish, browser)])]
    assert len(winners(answers)) == 1
    assert TWICE not in broken(one_table.pk)


def test_the_claims_alone_keep_the_table_from_being_booked_twice(
    crew: Crew, one_table: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the code believes, the database refuses: no lock, and every read says that the house is free."""
    without_lock(monkeypatch)
    monkeypatch.setattr("reservations.engine.placing.window", lambda *_args, **_kwargs: FREE)
    assert race(crew, one_table, 3) == [1] * 3
    assert broken(one_table.pk) == {}


# --- Combinations that share tables, on dates whose locks are not shared --------------


@pytest.fixture
def night(transactional_db: None) -> Restaurant:
    """Three tables in two combinations that share one; Night seats until 01:00, the next date's Early from 00:30."""
    restaurant = make.make_venue(
        tables=(), service={"name": "Night", "first_seating": dt.time(22), "last_seating": dt.time(1)}
    )
    make.make_service(restaurant, name="Early", first_seating=dt.time(0, 30), last_seating=dt.time(3))
    one, two, three = make.make_tables(restaurant, (4, 4, 4))
    make.make_combination(restaurant, [two, one], min_party=5, max_party=6)
    make.make_combination(restaurant, [two, three], min_party=7, max_party=8)
    return restaurant


def rivals(restaurant: Restaurant, day: int) -> list[booking.Wish]:
    """Return two wishes for the same half hour after midnight, of two service dates and for either combination."""
    date = make.days_ahead(restaurant, day)
    return [
        make.make_wish(restaurant, date=date, at=dt.time(0, 30), days_after=1, party=6),
        make.make_wish(restaurant, date=date + dt.timedelta(days=1), at=dt.time(0, 30), party=8),
    ]


def test_combinations_that_share_a_table_are_never_both_booked(crew: Crew, night: Restaurant) -> None:
    for day in range(2, 30, 2):
        wishes = rivals(night, day)
        answers = crew.race(holder(wishes[number % 2], (day, number)) for number in range(8))
        assert len(winners(answers)) == 1
    assert broken(night.pk) == {}


def test_a_deadlock_is_done_again_and_never_surfaces(
    crew: Crew, night: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims in opposite orders, which the rules never make, end in a deadlock, whose victim decides anew."""
    shared = night.tables.all()[1].pk
    codes = []
    meeting, met = threading.Barrier(2, timeout=10), set()

    def spied(error: Error) -> bool:
        codes.append(getattr(error.__cause__, "sqlstate", None))
        return is_collision(error)

    def claim(reservation: Reservation, table_ids: tuple[int, ...]) -> None:
        assert shared in table_ids
        slots = claimed_slots(reservation.starts_at, 120)
        for slot in slots if reservation.party_size == 6 else reversed(slots):
            TableClaim.objects.create(restaurant=night, reservation=reservation, table_id=shared, slot_start=slot)
            if reservation.party_size not in met:
                met.add(reservation.party_size)
                meeting.wait()

    monkeypatch.setattr("reservations.engine.locks.is_collision", spied)
    monkeypatch.setattr("reservations.engine.deciding.claim", claim)
    answers = crew.race(holder(wish, number) for number, wish in enumerate(rivals(night, 3)))
    assert len(winners(answers)) == 1
    assert "40P01" in codes
