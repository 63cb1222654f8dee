"""What becomes of a hold by the write rules: confirmed, moved to a step-free table, cancelled."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from reservations.engine import booking
from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant, Table
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import claims, fresh, lapse, refused

pytestmark = pytest.mark.django_db

HELD, CONFIRMED = Reservation.Status.HELD, Reservation.Status.CONFIRMED


@pytest.fixture
def venue() -> Restaurant:
    """One table for four, and one for two."""
    return make.make_venue(tables=(4, 2))


@pytest.fixture
def one_table() -> Restaurant:
    return make.make_venue(tables=(2,))


@pytest.fixture
def night() -> Restaurant:
    """One table; Night seats from 22:00 to 01:00 and Early from 00:30 to 03:00, four covers at a time each."""
    restaurant = make.make_venue(
        tables=(4,),
        service={"name": "Night", "first_seating": dt.time(22), "last_seating": dt.time(1), "max_covers": 4},
    )
    make.make_service(restaurant, name="Early", first_seating=dt.time(0, 30), last_seating=dt.time(3), max_covers=4)
    return restaurant


# --- Confirming ---------------------------------------------------------------


def test_confirming_keeps_the_claims_and_stores_what_was_told(one_table: Restaurant) -> None:
    hold = make.make_hold(one_table)
    held = claims(hold)
    details = make.make_details(note="Ünïcode 🎂", children=1, high_chairs=1, occasion="birthday")
    reservation = booking.confirm(reservation=hold, details=details)
    assert (reservation.status, reservation.held_until, claims(hold)) == (CONFIRMED, None, held)
    assert (reservation.note, reservation.children, reservation.party_size) == ("Ünïcode 🎂", 1, 2)
    assert reservation.confirmed_at is not None


def test_confirming_again_gives_the_first_answer(one_table: Restaurant) -> None:
    hold = make.make_hold(one_table)
    clicked_twice = fresh(hold)
    first = booking.confirm(reservation=hold, details=make.make_details(name="First"))
    second = booking.confirm(reservation=clicked_twice, details=make.make_details(name="Second"))
    assert (second.pk, second.name, second.confirmed_at) == (first.pk, "First", first.confirmed_at)
    assert Reservation.objects.count() == 1


def test_a_lapsed_or_released_hold_is_not_confirmed(venue: Restaurant) -> None:
    given_back = make.make_hold(venue)
    booking.release(reservation=given_back)
    for ended in (make.make_hold(venue, lapsed=True), given_back):
        with refused(Reason.HOLD_LAPSED):
            booking.confirm(reservation=ended, details=make.make_details())
        assert fresh(ended).name == ""


def test_confirming_moves_to_a_step_free_table_where_one_is_needed(venue: Restaurant) -> None:
    Table.objects.filter(restaurant=venue, max_seats=4).update(is_step_free=True)
    hold = make.make_hold(venue)
    reservation = booking.confirm(reservation=hold, details=make.make_details(needs_step_free=True))
    assert reservation.table_ids == [venue.tables.get(max_seats=4).pk]
    assert {table for table, _slot in claims(reservation)} == set(reservation.table_ids)
    assert broken(venue.pk) == {}
    # The table that was held is free again.
    assert make.make_hold(venue, party=2).table_ids == [venue.tables.get(max_seats=2).pk]


def test_a_step_free_table_that_is_held_already_stays(venue: Restaurant) -> None:
    Table.objects.filter(restaurant=venue).update(is_step_free=True)
    hold = make.make_hold(venue)
    held = claims(hold)
    booking.confirm(reservation=hold, details=make.make_details(needs_step_free=True))
    assert claims(hold) == held


def test_without_a_step_free_table_the_hold_stays_as_it_was(venue: Restaurant) -> None:
    Table.objects.filter(restaurant=venue, max_seats=4).update(is_step_free=True)
    make.make_reservation(venue, party=4)
    hold = make.make_hold(venue)
    held = claims(hold)
    with refused(Reason.NO_STEP_FREE_TABLE):
        booking.confirm(reservation=hold, details=make.make_details(needs_step_free=True))
    assert (fresh(hold).status, fresh(hold).name, claims(hold)) == (HELD, "", held)


def test_a_step_free_table_under_a_lapsed_hold_of_the_date_before_is_no_error(night: Restaurant) -> None:
    date = make.days_ahead(night)
    Table.objects.filter(restaurant=night).update(is_step_free=True)
    late = make.make_hold(night, date=date, at=dt.time(0, 30), days_after=1)
    make.make_table(night, seats=2)
    hold = make.make_hold(night, date=date + dt.timedelta(days=1), at=dt.time(2))
    assert hold.table_ids != late.table_ids
    lapse(late)
    reservation = booking.confirm(reservation=hold, details=make.make_details(needs_step_free=True))
    assert reservation.table_ids == [night.tables.get(max_seats=4).pk]
    assert broken(night.pk) == {}


# --- Cancelling ----------------------------------------------------------------


@pytest.mark.parametrize("by_guest", [True, False])
def test_cancelling_frees_the_tables_once(one_table: Restaurant, by_guest: bool) -> None:
    reservation = make.make_reservation(one_table)
    assert booking.cancel(reservation=reservation, by_guest=by_guest) is True
    assert booking.cancel(reservation=reservation, by_guest=by_guest) is False
    assert (fresh(reservation).status, claims(reservation)) == (Reservation.Status.CANCELLED, [])
    assert fresh(reservation).cancelled_at is not None
    assert make.make_hold(one_table).status == HELD


@pytest.mark.parametrize(
    "late",
    [
        {"cutoff_minutes": 60 * 24 * 30},
        {"cutoff_clock": dt.time(12), "cutoff_days_before": 30},
    ],
)
def test_after_the_cut_off_a_guests_cancellation_is_recorded_as_late(late: dict[str, Any]) -> None:
    restaurant = make.make_venue(**late)
    for by_guest in (True, False):
        reservation = make.make_reservation(restaurant)
        assert booking.cancel(reservation=reservation, by_guest=by_guest) is True
        assert fresh(reservation).cancelled_late is by_guest


def test_after_the_start_staff_alone_cancel(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    Reservation.objects.update(starts_at=timezone.now() - dt.timedelta(minutes=1))
    with refused(Reason.ALREADY_STARTED):
        booking.cancel(reservation=reservation, by_guest=True)
    assert fresh(reservation).status == CONFIRMED
    assert booking.cancel(reservation=reservation, by_guest=False) is True


def test_a_services_cut_off_stands_before_the_restaurants() -> None:
    restaurant = make.make_venue(cutoff_minutes=60 * 24 * 30, service={"cutoff_minutes": 30})
    assert booking.cancel(reservation=make.make_reservation(restaurant), by_guest=True) is True


def test_the_cut_off_is_asked_of_the_row_and_not_of_an_old_copy() -> None:
    restaurant = make.make_venue(cutoff_minutes=60 * 24 * 30)
    hold = make.make_hold(restaurant)
    copy = fresh(hold)
    booking.confirm(reservation=hold, details=make.make_details())
    assert booking.cancel(reservation=copy, by_guest=True) is True
    assert fresh(hold).cancelled_late is True


def test_what_is_not_confirmed_is_not_cancelled(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    Reservation.objects.update(status=Reservation.Status.SEATED)
    for stale in (reservation, fresh(reservation)):
        with refused(Reason.NOT_CONFIRMED):
            booking.cancel(reservation=stale, by_guest=True)
    assert len(claims(reservation)) == 8
