"""Several reads in one round trip: used once, soon, and within the block alone."""

from __future__ import annotations

from typing import Any

import pytest

from reservations import cached
from reservations.models import Restaurant
from restaurant_site.caching import ahead
from restaurant_site.caching.reads import at_once
from restaurant_site.caching.store import Store, Unavailable
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of how many keys each read of entries was."""
    found: list[int] = []
    fetching = Store.fetch

    def fetch(self: Store, prepared: Any) -> list[Any]:
        found.append(len(prepared[0]))
        return fetching(self, prepared)

    monkeypatch.setattr(Store, "fetch", fetch)
    return found


@pytest.fixture
def place() -> Restaurant:
    """Return a restaurant that is cached."""
    found = make.make_venue()
    cached.place(found.slug)
    cached.keeping(found.pk)
    return found


def test_a_place_and_its_day_are_one_trip(place: Restaurant, trips: list[int]) -> None:
    date = make.days_ahead(place)
    cached.day_plan(place.pk, date)
    trips.clear()
    with cached.day_of(place.slug, date.isoformat(), with_house=True):
        assert cached.place(place.slug)
        assert cached.day_plan.seen(place.pk, date).value
        assert cached.house(place.pk)
    assert len(trips) == 1


def test_each_is_used_once(place: Restaurant, trips: list[int]) -> None:
    with at_once(cached.keeping.asked(place.pk)):
        before = cached.keeping(place.pk)
        assert len(trips) == 1
        place.sends_thanks = True
        place.save()
        after = cached.keeping(place.pk)
    assert before != after
    assert after == cached.keeping.fresh(place.pk)


def test_what_was_not_used_is_gone_with_the_block(place: Restaurant) -> None:
    with at_once(cached.keeping.asked(place.pk)):
        pass
    place.sends_thanks = True
    place.save()
    assert cached.keeping(place.pk) == cached.keeping.fresh(place.pk)


def test_a_block_that_waits_reads_again(place: Restaurant, trips: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SECONDS", 0.0)
    with at_once(cached.keeping.asked(place.pk)):
        place.sends_thanks = True
        place.save()
        trips.clear()
        assert cached.keeping(place.pk) == cached.keeping.fresh(place.pk)
    assert trips


@pytest.mark.parametrize("date", [None, "", "tomorrow", "2027-02-30", "0001-01-01", "9999-12-31", "9" * 5000])
def test_a_date_that_is_none_is_not_asked_for(place: Restaurant, date: str | None) -> None:
    with cached.day_of(place.slug, date):
        assert cached.place(place.slug)


def test_where_redis_does_not_answer_each_read_goes_on_by_itself(
    place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: Store, _prepared: Any) -> list[Any]:
        raise Unavailable("gone")

    monkeypatch.setattr(Store, "fetch", away)
    with at_once(cached.keeping.asked(place.pk)):
        found = cached.keeping.found(place.pk)
    assert (found.how, found.value) == ("bypass", cached.keeping.fresh(place.pk))
