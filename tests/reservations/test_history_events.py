"""What an event says, and that one which is touched later breaks its chain."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from pytest_django import Settings

from reservations.engine import booking, due, floor
from reservations.engine.changing import change, details_of, wish_of
from reservations.history.trail import By
from reservations.models import HistoryEvent, HistoryOutbox, Reservation, Restaurant, User
from tests import clock
from tests import factories as make
from tests.reservations.rows import chains_broken

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def venue() -> Restaurant:
    return make.make_venue(tables=(2,))


@pytest.fixture
def user() -> User:
    return make.make_staff()


@pytest.fixture
def by(user: User) -> By:
    return make.make_by(user)


def arrived(restaurant: Restaurant, by: By) -> Reservation:
    reservation = make.make_reservation(restaurant)
    with clock.at(reservation.starts_at + MINUTE):
        floor.seat(reservation=reservation, by=by)
    return reservation


def test_each_event_says_who_and_from_where(venue: Restaurant, user: User, by: By) -> None:
    reservation = make.make_reservation(venue)
    with clock.at(reservation.starts_at + 20 * MINUTE):
        due.flag_late()
        floor.seat(reservation=reservation, by=by)
    rows = HistoryEvent.objects.order_by("pk").values_list("kind", "actor", "source", "user_number")
    assert list(rows) == [
        ("held", "guest", "web", None),
        ("confirmed", "guest", "web", None),
        ("late_flagged", "job", "job", None),
        ("seated", "staff", "admin", user.pk),
    ]
    assert set(HistoryEvent.objects.exclude(kind="held").values_list("guest_number", flat=True)) == {
        reservation.guest_id
    }


def test_a_change_names_the_private_fields_that_changed_and_shows_the_others(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    told = replace(details_of(reservation), note="a quiet table", email="new@private.example", children=1)
    change(reservation=reservation, wish=replace(wish_of(reservation), party=1), details=told)
    changes = HistoryEvent.objects.get(kind="changed").changes
    assert changes == {"party_size": [2, 1], "children": [0, 1], "told": ["email", "note"]}


def test_who_took_it_above_pacing_is_told(venue: Restaurant, user: User) -> None:
    venue.services.update(max_covers=1)
    booking.book(
        wish=make.make_wish(venue), details=make.make_details(), user=user, key=make.new_key(), exceed_pacing=True
    )
    assert HistoryEvent.objects.get().changes["pacing_exceeded_by"] == [None, user.pk]


# --- The chain ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["changes", "kind", "user_number", "happened_at", "deleted", "swapped"])
def test_an_event_that_is_touched_later_breaks_the_chain(venue: Restaurant, by: By, how: str) -> None:
    """The control of all that says the chains are whole."""
    arrived(venue, by)
    assert chains_broken(venue) == []
    event = HistoryEvent.objects.get(kind="confirmed")
    if how == "deleted":
        event.delete()
    elif how == "swapped":
        HistoryEvent.objects.filter(kind="seated").update(position=-1)
        HistoryEvent.objects.filter(pk=event.pk).update(position=3)
        HistoryEvent.objects.filter(kind="seated").update(position=2)
    else:
        new = {"changes": {"late": 1}, "kind": "held", "user_number": 1, "happened_at": event.happened_at + MINUTE}
        HistoryEvent.objects.filter(pk=event.pk).update(**{how: new[how]})
    assert chains_broken(venue) != []


def test_where_it_is_copied_each_event_waits_to_be(venue: Restaurant, by: By, settings: Settings) -> None:
    settings.HISTORY_COPIED = True
    arrived(venue, by)
    waiting = HistoryOutbox.objects.order_by("pk").values_list("event_id", flat=True)
    assert list(waiting) == list(HistoryEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert chains_broken(venue) == []
