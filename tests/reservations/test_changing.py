"""A change of a reservation on its day: another time, party, area or other details, and what refuses it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from reservations.engine import booking
from reservations.engine.changing import change, details_of, wish_of
from reservations.engine.errors import Reason
from reservations.models import Guest, Reservation, Restaurant, Service, Table, User, contact_key
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, refused, snapshot

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def venue() -> Restaurant:
    """Tables for 2, 4 and 6; at most 8 covers at a time, 6 of them online; to be changed until an hour before."""
    service = {"max_covers": 8, "max_online_covers": 6}
    return make.make_venue(tables=(2, 4, 6), cutoff_minutes=60, service=service)


@pytest.fixture
def user() -> User:
    return make.make_staff()


def table(restaurant: Restaurant, seats: int) -> int:
    return int(restaurant.tables.get(max_seats=seats).pk)


def at(reservation: Reservation, clock_time: dt.time) -> Any:
    """Return the reservation's wish at another time of its date."""
    start = make.utc(reservation.restaurant, reservation.service_date, clock_time)
    return replace(wish_of(reservation), start=start)


# --- What a change does ---------------------------------------------------------


def test_another_time_frees_the_old_slots_and_claims_the_new(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    assert change(reservation=reservation, wish=at(reservation, dt.time(20))) is True
    row = fresh(reservation)
    assert (row.starts_at, row.ends_at) == (make.make_wish(venue, at=dt.time(20)).start, row.starts_at + 2 * HOUR)
    assert (row.sequence, row.table_ids, len(claims(row))) == (1, [table(venue, 2)], 8)
    assert min(slot for _table, slot in claims(row)) == row.starts_at
    assert broken(venue.pk) == {}


def test_what_the_caller_holds_is_the_row_as_it_is_then(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    change(reservation=reservation, wish=at(reservation, dt.time(20)))
    # So that the next change of the same page is not taken for somebody else's.
    assert change(reservation=reservation, wish=at(reservation, dt.time(18))) is True
    assert fresh(reservation).sequence == reservation.sequence == 2


def test_a_party_that_moves_by_half_an_hour_stays_at_its_table(venue: Restaurant) -> None:
    """The new stay overlaps the old one: its own claims are not in its way."""
    other = make.make_reservation(venue, party=2)
    reservation = make.make_reservation(venue, party=2)
    assert reservation.table_ids == [table(venue, 4)]
    booking.cancel(reservation=other, by_guest=True)
    change(reservation=reservation, wish=at(reservation, dt.time(19, 30)))
    assert fresh(reservation).table_ids == [table(venue, 4)]


def test_a_party_that_grows_beyond_its_table_moves(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue, party=2)
    change(reservation=reservation, wish=replace(wish_of(reservation), party=3))
    row = fresh(reservation)
    assert (row.party_size, row.table_ids) == (3, [table(venue, 4)])
    assert {number for number, _slot in claims(row)} == {table(venue, 4)}
    assert make.make_hold(venue, party=2).table_ids == [table(venue, 2)]


def test_a_party_that_shrinks_keeps_its_table(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue, party=5)
    change(reservation=reservation, wish=replace(wish_of(reservation), party=2))
    assert (fresh(reservation).party_size, fresh(reservation).table_ids) == (2, [table(venue, 6)])


def test_a_party_too_small_for_its_table_goes_to_a_smaller_one(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue, party=5)
    Table.objects.filter(max_seats=6).update(min_seats=4)
    change(reservation=reservation, wish=replace(wish_of(reservation), party=2))
    assert fresh(reservation).table_ids == [table(venue, 2)]


def test_a_combination_is_kept_and_left_as_one(venue: Restaurant) -> None:
    Restaurant.objects.update(max_party=10)
    Service.objects.update(max_covers=None, max_online_covers=None)
    pair = [venue.tables.get(max_seats=4), venue.tables.get(max_seats=6)]
    make.make_combination(venue, pair)
    reservation = make.make_reservation(venue, party=10)
    change(reservation=reservation, wish=replace(wish_of(reservation), party=8))
    assert set(fresh(reservation).table_ids) == {one.pk for one in pair}
    change(reservation=reservation, wish=replace(wish_of(reservation), party=6))
    assert fresh(reservation).table_ids == [table(venue, 6)]
    assert len(claims(reservation)) == 8
    assert broken(venue.pk) == {}


def test_another_area(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    terrace = make.make_area(venue, name="Terrace")
    outside = make.make_table(venue, area=terrace, seats=2)
    change(reservation=reservation, wish=replace(wish_of(reservation), area_id=terrace.pk))
    assert (fresh(reservation).area, fresh(reservation).table_ids) == (terrace, [outside.pk])


def test_details_alone_touch_neither_time_nor_claims(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    before = claims(reservation)
    told = replace(details_of(reservation), note="At the window", children=1, occasion="birthday")
    assert change(reservation=reservation, details=told) is True
    row = fresh(reservation)
    assert (row.note, row.children, row.occasion, row.sequence) == ("At the window", 1, "birthday", 1)
    assert claims(reservation) == before


def test_step_free_access_asked_for_later_moves_the_party(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    Table.objects.filter(max_seats=6).update(is_step_free=True)
    change(reservation=reservation, details=replace(details_of(reservation), needs_step_free=True))
    assert (fresh(reservation).needs_step_free, fresh(reservation).table_ids) == (True, [table(venue, 6)])


@pytest.mark.parametrize("by_wish", [True, False])
def test_step_free_access_is_kept_however_it_was_asked_for(venue: Restaurant, by_wish: bool) -> None:
    """By the wish of the page of times, or the details: what is kept is the same, so that a later change minds it."""
    Table.objects.filter(max_seats=6).update(is_step_free=True)
    reservation = make.make_reservation(venue)
    asked: dict[str, Any] = {"wish": replace(wish_of(reservation), step_free=True)}
    if not by_wish:
        asked = {"details": replace(details_of(reservation), needs_step_free=True)}
    again = fresh(reservation)
    assert change(reservation=reservation, **asked) is True
    assert fresh(reservation).needs_step_free is True
    assert change(reservation=again, **asked) is False


def test_step_free_access_no_longer_needed_is_taken_back_once(venue: Restaurant) -> None:
    Table.objects.filter(max_seats=6).update(is_step_free=True)
    reservation = make.make_reservation(venue, details=make.make_details(needs_step_free=True))
    told = replace(details_of(reservation), needs_step_free=False)
    later = at(reservation, dt.time(20))
    again = fresh(reservation)
    assert change(reservation=reservation, wish=later, details=told) is True
    assert fresh(reservation).needs_step_free is False
    assert change(reservation=again, wish=later, details=told) is False


def test_another_address_makes_it_another_guests(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    first = fresh(reservation).guest
    change(reservation=reservation, details=replace(details_of(reservation), email="new@example.org", phone=""))
    assert fresh(reservation).guest != first
    assert fresh(reservation).guest is not None
    change(reservation=reservation, details=replace(details_of(reservation), email="ada@example.org"))
    assert fresh(reservation).guest == first


# --- The same again ---------------------------------------------------------------


def test_another_phone_leaves_it_with_its_guest_whose_card_was_corrected(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue, details=make.make_details(phone=""))
    guest = Guest.objects.get()
    Guest.objects.update(email="right@example.org", key=contact_key("right@example.org", ""))
    change(reservation=reservation, details=replace(details_of(reservation), phone="+4930111"))
    assert fresh(reservation).guest_id == guest.pk
    card = Guest.objects.get()
    assert (card.email, card.phone) == ("right@example.org", "+4930111")


def test_a_change_to_what_it_is_already_writes_nothing(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    before = snapshot(reservation)
    assert change(reservation=reservation, wish=wish_of(reservation), details=details_of(reservation)) is False
    assert change(reservation=reservation) is False
    assert snapshot(reservation) == before


def test_a_double_click_is_one_change(venue: Restaurant) -> None:
    first = make.make_reservation(venue)
    second = fresh(first)
    wish, told = at(first, dt.time(20)), replace(details_of(first), note="Late train")
    assert change(reservation=first, wish=wish, details=told) is True
    after = snapshot(first)
    assert change(reservation=second, wish=wish, details=told) is False
    assert snapshot(first) == after


def test_who_read_it_before_somebody_elses_change_is_told(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    stale = fresh(reservation)
    change(reservation=reservation, wish=at(reservation, dt.time(20)))
    after = snapshot(reservation)
    with refused(Reason.CHANGED_MEANWHILE):
        change(reservation=stale, wish=at(stale, dt.time(21)))
    with refused(Reason.CHANGED_MEANWHILE):
        change(reservation=stale, details=replace(details_of(stale), note="Mine"), online=False)
    assert snapshot(reservation) == after


@pytest.mark.parametrize("status", ["cancelled", "finished", "no_show", "released", "expired"])
@pytest.mark.parametrize("online", [True, False])
def test_what_is_over_is_not_changed(venue: Restaurant, status: str, online: bool) -> None:
    reservation = make.make_reservation(venue)
    Reservation.objects.filter(pk=reservation.pk).update(status=status)
    before = snapshot(reservation)
    for copy in (reservation, fresh(reservation)):
        with refused(Reason.NOT_CONFIRMED):
            change(reservation=copy, wish=at(copy, dt.time(20)), online=online)
    assert snapshot(reservation) == before


def test_a_hold_is_not_changed_but_given_back(venue: Restaurant) -> None:
    hold = make.make_hold(venue)
    with refused(Reason.NOT_CONFIRMED):
        change(reservation=hold, wish=at(hold, dt.time(20)))
    assert fresh(hold).status == "held"


# --- Pacing ---------------------------------------------------------------------------


def test_its_own_covers_are_not_in_its_way(venue: Restaurant) -> None:
    make.make_reservation(venue, party=2)
    reservation = make.make_reservation(venue, party=4)
    with refused(Reason.PACING_FULL):
        change(reservation=reservation, wish=replace(wish_of(reservation), party=5))
    Service.objects.update(max_online_covers=None)
    change(reservation=reservation, wish=replace(wish_of(reservation), party=6))
    assert fresh(reservation).party_size == 6


def test_staff_exceed_pacing_knowingly_and_it_is_recorded(venue: Restaurant, user: User) -> None:
    make.make_reservation(venue, party=6, at=dt.time(21))
    reservation = make.make_reservation(venue, party=4)
    by = make.make_by(user)
    with refused(Reason.PACING_FULL):
        change(reservation=reservation, wish=at(reservation, dt.time(21)), by=by, online=False)
    change(
        reservation=reservation,
        wish=at(reservation, dt.time(21)),
        by=by,
        online=False,
        exceed_pacing=True,
        pacing_reason="The mayor",
    )
    row = fresh(reservation)
    assert (row.pacing_exceeded_by, row.pacing_reason) == (user, "The mayor")
    # Back within pacing nothing is exceeded any more.
    change(reservation=reservation, wish=at(reservation, dt.time(18)), by=by, online=False)
    assert (fresh(reservation).pacing_exceeded_by, fresh(reservation).pacing_reason) == (None, "")


def test_staff_are_not_bound_by_the_limit_of_those_online(venue: Restaurant, user: User) -> None:
    make.make_reservation(venue, party=4, at=dt.time(21))
    reservation, by = make.make_reservation(venue, party=4), make.make_by(user)
    with refused(Reason.PACING_FULL):
        change(reservation=reservation, wish=at(reservation, dt.time(21)))
    change(reservation=reservation, wish=at(reservation, dt.time(21)), by=by, online=False)
    row = fresh(reservation)
    assert (row.pacing_exceeded_by, row.pacing_limit, row.online_pacing_limit) == (None, 8, None)
    assert broken(venue.pk) == {}


def test_the_pacing_in_force_is_kept_with_it_and_refreshed(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    assert (reservation.pacing_limit, reservation.online_pacing_limit) == (8, 6)
    Service.objects.update(max_covers=20, max_online_covers=None)
    change(reservation=reservation, details=make.make_details(note="Nothing else"))
    assert (fresh(reservation).pacing_limit, fresh(reservation).online_pacing_limit) == (8, 6)
    change(reservation=reservation, wish=at(reservation, dt.time(20)))
    assert (fresh(reservation).pacing_limit, fresh(reservation).online_pacing_limit) == (20, None)


def test_staff_pass_over_lead_time_window_limits_and_online_tables(venue: Restaurant, user: User) -> None:
    reservation = make.make_reservation(venue)
    Restaurant.objects.update(lead_minutes=60 * 24 * 30, max_party=2, booking_window_days=1)
    Table.objects.update(is_online=False)
    wish = replace(at(reservation, dt.time(20)), party=6)
    with refused(Reason.TOO_FAR):
        change(reservation=reservation, wish=wish)
    change(reservation=reservation, wish=wish, by=make.make_by(user), online=False)
    assert (fresh(reservation).party_size, fresh(reservation).table_ids) == (6, [table(venue, 6)])
    assert events(venue)[-1] == "reservation changed"
    assert chains_broken(venue) == []


# --- Tables that staff name -----------------------------------------------------


def test_staff_name_the_tables_of_the_new_time(venue: Restaurant, user: User) -> None:
    reservation = make.make_reservation(venue)
    wish = replace(at(reservation, dt.time(20)), table_ids=(table(venue, 6),))
    assert change(reservation=reservation, wish=wish, by=make.make_by(user), online=False) is True
    row = fresh(reservation)
    assert (row.starts_at, row.table_ids) == (wish.start, [table(venue, 6)])
    assert {pk for pk, _slot in claims(row)} == {table(venue, 6)}
    again = replace(wish_of(row), table_ids=(table(venue, 6),))
    assert change(reservation=row, wish=again, by=make.make_by(user), online=False) is False
    assert broken(venue.pk) == {}


def test_no_other_table_than_the_named_one_is_taken(venue: Restaurant, user: User) -> None:
    make.make_reservation(venue, party=4, at=dt.time(20))
    reservation = make.make_reservation(venue)
    before = snapshot(reservation)
    for tables, reason in (
        ((table(venue, 4),), Reason.TABLES_TAKEN),
        ((table(make.make_venue(tables=(2,)), 2),), Reason.WRONG_TABLES),
    ):
        with refused(reason):
            wish = replace(at(reservation, dt.time(20)), table_ids=tables)
            change(reservation=reservation, wish=wish, by=make.make_by(user), online=False)
    assert snapshot(reservation) == before


def test_named_tables_must_seat_the_party(venue: Restaurant, user: User) -> None:
    reservation = make.make_reservation(venue, party=4)
    with refused(Reason.WRONG_TABLES):
        wish = replace(at(reservation, dt.time(20)), table_ids=(table(venue, 2),))
        change(reservation=reservation, wish=wish, by=make.make_by(user), online=False)
