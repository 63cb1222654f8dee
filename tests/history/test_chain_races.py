"""Many at once: a chain never forks, with and without the day's lock, and any number of loops may run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from reservations.engine.locks import lock_days
from reservations.history import chaining, trail
from reservations.history.chaining import chain_others
from reservations.history.trail import JOB
from reservations.models import HistoryEvent, Restaurant, ServiceDay
from tests.concurrency.crew import Crew
from tests.factories import make_restaurant
from tests.history.rows import DAY, chain_of, event, happen

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

THREADS, ROUNDS = 8, 12


@pytest.fixture
def crew(transactional_db: None) -> Iterator[Crew]:
    with Crew(THREADS) as threads:
        yield threads


def race(crew: Crew, works: list[Callable[[], Any]]) -> list[Any]:
    """Let the crew do it; a refused row is an answer."""

    def tried(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except IntegrityError as error:
            return error

    return crew.race([partial(tried, work) for work in works])


def append(restaurant: Restaurant, number: int) -> None:
    """Write two events of one transaction, as a write rule does; nothing is tried again."""
    with transaction.atomic(durable=True):
        lock(restaurant)
        trail.append(restaurant.pk, DAY, [event("held", number), event("confirmed", number)], JOB, timezone.now())


def lock(restaurant: Restaurant) -> None:
    """Lock the day, as every write rule does first."""
    lock_days(restaurant.pk, [DAY])


def collisions(crew: Crew, restaurant: Restaurant) -> int:
    """Let eight transactions at a time write to one day; return how many were refused."""
    ServiceDay.objects.create(restaurant=restaurant, date=DAY)
    answers = [
        answer
        for turn in range(ROUNDS)
        for answer in race(crew, [partial(append, restaurant, turn * THREADS + one) for one in range(THREADS)])
    ]
    return sum(isinstance(answer, IntegrityError) for answer in answers)


def test_transactions_of_one_day_never_fork_its_chain(crew: Crew, place: Restaurant) -> None:
    assert collisions(crew, place) == 0
    rows = chain_of(place)
    assert len(rows) == 2 * THREADS * ROUNDS
    assert trail.check(rows) == []
    # What one transaction wrote stands together.
    assert all(rows[index].subject_number == rows[index + 1].subject_number for index in range(0, len(rows), 2))


def test_without_the_lock_they_collide_and_the_chain_is_whole_all_the_same(
    crew: Crew, place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "lock", lambda _restaurant: None)
    refused = collisions(crew, place)
    assert refused > 0
    rows = chain_of(place)
    assert len(rows) == 2 * (THREADS * ROUNDS - refused)
    assert trail.check(rows) == []


def unchained(restaurant: Restaurant, number: int) -> list[int]:
    """Write events that belong to no date; return their keys."""
    return [row.pk for row in happen(restaurant, *[event(number=one) for one in range(number)], date=None)]


def test_events_of_no_date_get_their_places_in_order(place: Restaurant) -> None:
    other = make_restaurant()
    first, elsewhere, second = unchained(place, 3), unchained(other, 2), unchained(place, 2)
    assert chain_others() == 7
    for restaurant, keys in ((place, [*first, *second]), (other, elsewhere)):
        rows = chain_of(restaurant, trail.OTHER)
        assert [row.pk for row in rows] == keys
        assert [row.position for row in rows] == list(range(1, len(keys) + 1))
        assert trail.check(rows) == []
    assert chain_others() == 0
    third = unchained(place, 1)
    assert chain_others() == 1
    rows = chain_of(place, trail.OTHER)
    assert [row.pk for row in rows] == [*first, *second, *third]
    assert trail.check(rows) == []


def test_any_number_of_loops_chain_what_belongs_to_no_date(
    crew: Crew, place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaining, "CHAINED_AT_ONCE", 5)
    done = 0
    for _turn in range(4):
        unchained(place, 30)
        # Half of the threads go on writing meanwhile.
        loops = [chain_others] * (THREADS // 2)
        writers = [partial(trail.note, place.pk, [event()] * 5, JOB, timezone.now())] * (THREADS - len(loops))
        answers = crew.race([*loops, *writers])
        done += sum(answer for answer in answers if answer is not None)
    done += chain_others()
    rows = chain_of(place, trail.OTHER)
    assert len(rows) == done == 4 * (30 + 5 * (THREADS - THREADS // 2)) == HistoryEvent.objects.count()
    assert trail.check(rows) == []


def test_loops_do_meet(crew: Crew, place: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the test above: the constraint and the compare-and-set have something to refuse."""
    met = []

    def once(work: Callable[[], int]) -> int:
        try:
            with transaction.atomic(durable=True):
                chained = work()
        except IntegrityError:
            met.append("at a place")
            raise
        if not chained and HistoryEvent.objects.filter(position__lt=0).exists():
            met.append("at an event")
        return chained

    monkeypatch.setattr(chaining, "retried", once)
    monkeypatch.setattr(chaining, "CHAINED_AT_ONCE", 5)
    unchained(place, 60)
    crew.race([chain_others] * THREADS)
    assert met
    assert trail.check(chain_of(place, trail.OTHER)) == []
