"""Covers stay within pacing: a sum that no constraint keeps, so the lock of the day must."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import Sum

from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant
from tests import factories as make
from tests.concurrency.crew import Crew, holder, winners, without_lock
from tests.concurrency.invariants import broken

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

EXCEEDED = "covers exceed pacing"


@pytest.fixture
def rooms(transactional_db: None) -> Restaurant:
    """Sixteen rooms of one table each, and eleven covers at a time: no two of the crew want one table."""
    restaurant = make.make_venue(tables=(), turn_minutes=30, service={"max_covers": 11})
    for _room in range(16):
        make.make_table(restaurant, area=make.make_area(restaurant), seats=2)
    return restaurant


def race(crew: Crew, restaurant: Restaurant, rounds: int) -> list[int]:
    """Let everybody want the table of a room of his own, at one time a round, and return how many parties got one."""
    won = []
    areas = list(restaurant.areas.all())
    for number in range(rounds):
        date, at = make.days_ahead(restaurant, 2 + number // 9), dt.time(18 + number % 9 // 2, number % 9 % 2 * 30)
        answers = crew.race(
            holder(make.make_wish(restaurant, date=date, at=at, area=area), (number, browser))
            for browser, area in enumerate(areas)
        )
        won.append(len(winners(answers)))
        assert set(answers) - set(winners(answers)) <= {Reason.PACING_FULL}
    return won


def test_parties_at_different_tables_stay_within_pacing(crew: Crew, rooms: Restaurant) -> None:
    assert race(crew, rooms, 18) == [5] * 18
    assert broken(rooms.pk) == {}
    sums = Reservation.objects.values("starts_at").order_by().annotate(covers=Sum("party_size"))
    assert {row["covers"] for row in sums} == {10}


def test_without_the_lock_the_same_race_exceeds_pacing(
    crew: Crew, rooms: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_lock(monkeypatch)
    assert max(race(crew, rooms, 9)) > 5
    # The claims hold all the same.
    assert set(broken(rooms.pk)) == {EXCEEDED}
