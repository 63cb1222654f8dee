"""What every store of the history promises, shown of each: the table, and Azure Cosmos DB as its emulator speaks it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from reservations.history.happened import Store, of_row
from reservations.history.trail import By, Event
from reservations.models import HistoryEvent, HistoryOutbox, Restaurant
from tests.factories import make_restaurant
from tests.history.rows import chain_of, event, happen, happened

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # azure-cosmos verifies no certificate on 127.0.0.1, and urllib3 says so.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]

NOON = dt.datetime(2027, 3, 27, 12, 0, 0, 123456, tzinfo=dt.UTC)


def test_a_store_has_nothing_of_another_restaurant(store: Store, place: Restaurant) -> None:
    store.add(happened(make_restaurant(), event()))
    assert store.recent(place.pk, 10) == ()
    assert store.of_subject(place.pk, "reservation", 1) == ()
    assert store.digests(place.pk) == {}


def test_recent_events_come_newest_first(store: Store, place: Restaurant) -> None:
    events = [
        one
        for minute in (5, 1, 3)
        for one in happened(place, event(number=minute), now=NOON + dt.timedelta(minutes=minute))
    ]
    store.add(events)
    assert [found.number for found in store.recent(place.pk, 10)] == [5, 3, 1]
    assert [found.number for found in store.recent(place.pk, 2)] == [5, 3]


def test_what_happened_at_one_moment_is_ordered_as_it_was_written(store: Store, place: Restaurant) -> None:
    events = happened(place, event(number=0), event(number=1), now=NOON)
    # Their numbers are the database's. As texts, 10**9 sorts before any of more than one digit.
    late = replace(events[1], id=10**9)
    HistoryOutbox.objects.all().delete()
    HistoryEvent.objects.filter(pk=events[1].id).update(id=late.id)
    store.add([late, events[0]])
    assert [found.number for found in store.recent(place.pk, 2)] == [1, 0]
    assert [found.number for found in store.recent(place.pk, 1)] == [1]


def test_a_subject_has_its_own_events_oldest_first(store: Store, place: Restaurant) -> None:
    second = happened(place, event("cancelled", 7), now=NOON + dt.timedelta(hours=1))
    first = happened(place, event("held", 7), event("confirmed", 7), event("held", 8), now=NOON)
    others = happened(place, event("joined", 7, subject="entry"), date=None, now=NOON)
    elsewhere = happened(make_restaurant(), event("held", 7), now=NOON)
    store.add([*second, *first, *others, *elsewhere])
    found = store.of_subject(place.pk, "reservation", 7)
    assert [one.kind for one in found] == ["held", "confirmed", "cancelled"]
    assert [one.kind for one in store.of_subject(place.pk, "entry", 7)] == ["joined"]


def test_an_event_that_is_added_again_is_there_once(store: Store, place: Restaurant) -> None:
    events = happened(place, event(), event("cancelled"))
    store.add(events)
    store.add(events[:1])
    store.add(events)
    assert store.recent(place.pk, 10) == tuple(reversed(events))


def test_events_come_back_as_they_were_written(store: Store, place: Restaurant) -> None:
    changes = {
        "party_size": [2, 4],
        "table_ids": [[], [3, 12]],
        "starts_at": [None, "2027-03-27T18:30:00+00:00"],
        "needs_step_free": [False, True],
        "service_name": ["", "Käse „Abend“ 🥐"],
        "told": ["email", "name"],
    }
    entry = Event("changed", "entry", 2**53 - 1, guest=41, changes=changes)
    [row] = happen(place, entry, by=By("staff", "admin", 6), now=NOON)
    [bare] = happen(place, event("held"), now=NOON - dt.timedelta(hours=1))
    store.add(happened(place, event("later"), now=NOON + dt.timedelta(hours=1)))
    store.add([of_row(bare), of_row(row)])
    found = store.recent(place.pk, 10)[1]
    assert found == of_row(row)
    assert (found.changes, found.guest, found.user_id) == (changes, 41, 6)
    assert (found.happened_at, found.happened_at.utcoffset()) == (NOON, dt.timedelta(0))
    assert store.recent(place.pk, 10)[2].guest is None


def test_digests_are_those_of_the_chain(store: Store, place: Restaurant) -> None:
    events = happened(place, *[event(number=number) for number in range(5)], now=timezone.now())
    store.add(events)
    assert store.digests(place.pk) == {row.pk: row.digest for row in chain_of(place)}
    assert len(store.digests(place.pk)) == 5
