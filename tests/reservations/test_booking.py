"""The life of a hold and a reservation by the write rules: held, extended, given back, confirmed, cancelled."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from reservations.engine import booking
from reservations.engine.errors import Reason, Refused
from reservations.models import Refusal, Reservation, Restaurant, Table, TableClaim
from tests import factories as make
from tests.concurrency.invariants import broken

pytestmark = pytest.mark.django_db

HELD, CONFIRMED = Reservation.Status.HELD, Reservation.Status.CONFIRMED


def refused(reason: Reason) -> Any:
    """Expect a refusal for exactly this reason."""
    return pytest.raises(Refused, match=f"^{reason}$")


def lapse(reservation: Reservation) -> None:
    """Let a hold's time run out, with nobody having noticed."""
    Reservation.objects.filter(pk=reservation.pk).update(held_until=timezone.now() - dt.timedelta(seconds=1))


def fresh(reservation: Reservation) -> Reservation:
    return Reservation.objects.get(pk=reservation.pk)


def claims(reservation: Reservation) -> list[tuple[int, dt.datetime]]:
    return list(TableClaim.objects.filter(reservation=reservation).values_list("table_id", "slot_start"))


@pytest.fixture
def venue() -> Restaurant:
    """One table for four, and one for two."""
    return make.make_venue(tables=(4, 2))


@pytest.fixture
def one_table() -> Restaurant:
    return make.make_venue(tables=(2,))


# --- Holding ----------------------------------------------------------------


def test_a_hold_claims_the_smallest_table_for_its_turn_time(venue: Restaurant) -> None:
    wish = make.make_wish(venue, party=2)
    before = timezone.now()
    hold = make.make_hold(venue, wish=wish)
    small = venue.tables.get(max_seats=2)
    assert (hold.status, hold.party_size, hold.service_date) == (HELD, 2, wish.date)
    assert (hold.starts_at, hold.ends_at) == (wish.start, wish.start + dt.timedelta(hours=2))
    assert hold.service_name == "Dinner"
    assert hold.table_ids == [small.pk]
    assert claims(hold) == [(small.pk, wish.start + slot * dt.timedelta(minutes=15)) for slot in range(8)]
    assert hold.held_until is not None
    assert before + dt.timedelta(minutes=10) <= hold.held_until <= timezone.now() + dt.timedelta(minutes=10)


def test_a_table_that_is_taken_later_in_the_stay_is_passed_over() -> None:
    restaurant = make.make_venue(tables=(2, 2))
    later = make.make_hold(restaurant, at=dt.time(20))
    earlier = make.make_hold(restaurant, at=dt.time(19))
    assert earlier.table_ids != later.table_ids
    assert broken(restaurant.pk) == {}


def test_the_same_form_sent_again_gets_the_first_answer(one_table: Restaurant) -> None:
    wish = make.make_wish(one_table)
    first = make.make_hold(one_table, wish=wish, browser="mine", key="form")
    again = make.make_hold(one_table, wish=wish, browser="mine", key="form")
    assert (again.pk, again.held_until) == (first.pk, first.held_until)
    assert Reservation.objects.count() == 1
    assert not Refusal.objects.exists()


def test_the_same_form_sent_again_after_confirmation_finds_the_reservation(one_table: Restaurant) -> None:
    wish = make.make_wish(one_table)
    first = make.make_reservation(one_table, wish=wish, browser="mine", key="form")
    assert make.make_hold(one_table, wish=wish, browser="mine", key="form").pk == first.pk
    assert fresh(first).status == CONFIRMED


def test_another_browser_with_the_same_key_never_gets_the_hold(venue: Restaurant) -> None:
    wish = make.make_wish(venue)
    first = make.make_hold(venue, wish=wish, browser="mine", key="form")
    second = make.make_hold(venue, wish=wish, browser="theirs", key="form")
    assert second.pk != first.pk
    assert second.table_ids != first.table_ids
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(venue, wish=wish, browser="third", key="form")


def test_the_same_form_after_the_hold_has_lapsed_holds_anew(one_table: Restaurant) -> None:
    wish = make.make_wish(one_table)
    first = make.make_hold(one_table, wish=wish, browser="mine", key="form")
    lapse(first)
    second = make.make_hold(one_table, wish=wish, browser="mine", key="form")
    assert second.pk != first.pk
    assert second.held_until is not None
    assert second.held_until > timezone.now()
    assert fresh(first).status == Reservation.Status.EXPIRED


def test_the_same_form_after_giving_the_hold_back_holds_anew(one_table: Restaurant) -> None:
    wish = make.make_wish(one_table)
    first = make.make_hold(one_table, wish=wish, browser="mine", key="form")
    booking.release(reservation=first)
    assert make.make_hold(one_table, wish=wish, browser="mine", key="form").pk != first.pk


def test_a_browser_that_tries_another_time_gives_the_first_hold_back(venue: Restaurant) -> None:
    first = make.make_hold(venue, at=dt.time(19), browser="mine", key="form")
    second = make.make_hold(venue, at=dt.time(20), browser="mine", key="form")
    assert (fresh(first).status, fresh(second).status) == (Reservation.Status.RELEASED, HELD)
    assert claims(first) == []


def test_a_browsers_own_hold_does_not_stand_in_its_way(one_table: Restaurant) -> None:
    first = make.make_hold(one_table, at=dt.time(19), browser="mine", key="form")
    second = make.make_hold(one_table, at=dt.time(19, 30), browser="mine", key="form")
    assert (fresh(first).status, fresh(second).status) == (Reservation.Status.RELEASED, HELD)
    assert broken(one_table.pk) == {}


def test_a_browser_gives_up_no_reservation_and_nothing_elsewhere(venue: Restaurant) -> None:
    elsewhere = make.make_hold(make.make_venue(), browser="mine", key="form")
    reservation = make.make_reservation(venue, browser="mine", key="form")
    make.make_hold(venue, at=dt.time(20), browser="mine", key="form")
    assert (fresh(elsewhere).status, fresh(reservation).status) == (HELD, CONFIRMED)


def test_a_browser_that_is_refused_another_time_keeps_its_hold(one_table: Restaurant) -> None:
    theirs = make.make_wish(one_table, at=dt.time(18))
    make.make_hold(one_table, wish=theirs, browser="theirs")
    mine = make.make_hold(one_table, at=dt.time(22), browser="mine", key="form")
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(one_table, wish=theirs, browser="mine", key="form")
    assert fresh(mine).status == HELD


def test_a_lapsed_hold_makes_way_and_its_guest_is_forgotten(one_table: Restaurant) -> None:
    wish = make.make_wish(one_table)
    typed = make.make_details(note="By the window")
    gone = booking.hold(wish=wish, browser="mine", key="form", details=typed)
    lapse(gone)
    second = make.make_hold(one_table, wish=wish, browser="theirs")
    assert claims(second)
    gone = fresh(gone)
    assert (gone.status, gone.table_ids, claims(gone)) == (Reservation.Status.EXPIRED, [], [])
    assert (gone.name, gone.email, gone.phone, gone.note) == ("", "", "", "")
    with refused(Reason.HOLD_LAPSED):
        booking.confirm(reservation=gone, details=typed)
    assert broken(one_table.pk) == {}


def test_a_live_hold_does_not_make_way(one_table: Restaurant) -> None:
    hold = make.make_hold(one_table)
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(one_table)
    assert fresh(hold).status == HELD


# --- A combination, and midnight ---------------------------------------------


def test_a_combination_comes_last_and_claims_every_member(venue: Restaurant) -> None:
    four, two = venue.tables.get(max_seats=4), venue.tables.get(max_seats=2)
    make.make_combination(venue, [four, two], min_party=3, max_party=6)
    assert make.make_hold(venue, at=dt.time(20), party=4).table_ids == [four.pk]
    six = make.make_hold(venue, at=dt.time(18), party=6)
    assert sorted(six.table_ids) == sorted([four.pk, two.pk])
    assert len(claims(six)) == 16
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(venue, at=dt.time(18), party=2)
    assert broken(venue.pk) == {}


@pytest.fixture
def night() -> Restaurant:
    """One table; Night seats from 22:00 to 01:00 and Early from 00:30 to 03:00, four covers at a time each."""
    restaurant = make.make_venue(
        tables=(4,),
        service={"name": "Night", "first_seating": dt.time(22), "last_seating": dt.time(1), "max_covers": 4},
    )
    make.make_service(restaurant, name="Early", first_seating=dt.time(0, 30), last_seating=dt.time(3), max_covers=4)
    return restaurant


def test_claims_cross_midnight_into_the_next_service_date(night: Restaurant) -> None:
    date = make.days_ahead(night)
    late = make.make_reservation(night, date=date, at=dt.time(0, 30), days_after=1)
    assert late.service_date == date
    assert [slot for _table, slot in claims(late)][-1] == make.utc(night, date + dt.timedelta(days=1), dt.time(2, 15))
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(night, date=date + dt.timedelta(days=1), at=dt.time(2))
    assert make.make_hold(night, date=date + dt.timedelta(days=1), at=dt.time(2, 30)).status == HELD


def test_pacing_counts_by_service_date_alone(night: Restaurant) -> None:
    make.make_table(night, seats=4)
    date = make.days_ahead(night)
    make.make_reservation(night, date=date, at=dt.time(0, 30), days_after=1, party=4)
    hold = make.make_hold(night, date=date + dt.timedelta(days=1), at=dt.time(0, 30), party=4)
    assert hold.service_name == "Early"
    assert broken(night.pk) == {}


def test_a_lapsed_hold_of_the_date_before_is_expired_when_its_table_is_wanted(night: Restaurant) -> None:
    date = make.days_ahead(night)
    gone = make.make_hold(night, date=date, at=dt.time(0, 30), days_after=1, lapsed=True)
    hold = make.make_hold(night, date=date + dt.timedelta(days=1), at=dt.time(2))
    assert (fresh(gone).status, claims(gone)) == (Reservation.Status.EXPIRED, [])
    assert claims(hold)
    assert broken(night.pk) == {}


def test_a_live_hold_of_the_date_before_keeps_its_table(night: Restaurant) -> None:
    date = make.days_ahead(night)
    live = make.make_hold(night, date=date, at=dt.time(0, 30), days_after=1)
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(night, date=date + dt.timedelta(days=1), at=dt.time(2))
    assert fresh(live).status == HELD


# --- Extending and giving back -----------------------------------------------


def test_a_hold_is_extended_once_and_keeps_what_was_typed(one_table: Restaurant) -> None:
    hold = make.make_hold(one_table)
    until = hold.held_until
    assert until is not None
    booking.extend(reservation=hold, details=make.make_details(name="Half ty"))
    assert fresh(hold).held_until == until + dt.timedelta(minutes=10)
    assert fresh(hold).name == "Half ty"
    with refused(Reason.ALREADY_EXTENDED):
        booking.extend(reservation=hold)
    assert fresh(hold).held_until == until + dt.timedelta(minutes=10)


def test_a_second_click_on_extend_says_that_it_was_extended(one_table: Restaurant) -> None:
    hold = make.make_hold(one_table)
    clicked_twice = fresh(hold)
    booking.extend(reservation=hold)
    with refused(Reason.ALREADY_EXTENDED):
        booking.extend(reservation=clicked_twice)


def test_an_extended_hold_that_has_lapsed_says_that_it_lapsed(one_table: Restaurant) -> None:
    hold = make.make_hold(one_table)
    booking.extend(reservation=hold)
    lapse(hold)
    with refused(Reason.HOLD_LAPSED):
        booking.extend(reservation=fresh(hold))


def test_a_lapsed_or_confirmed_hold_is_not_extended(venue: Restaurant) -> None:
    for ended in (make.make_hold(venue, lapsed=True), make.make_reservation(venue)):
        with refused(Reason.HOLD_LAPSED):
            booking.extend(reservation=ended)
        assert not fresh(ended).hold_extended


def test_a_released_hold_frees_its_tables_once(one_table: Restaurant) -> None:
    hold = make.make_hold(one_table)
    assert booking.release(reservation=hold) is True
    assert booking.release(reservation=hold) is False
    assert (fresh(hold).status, claims(hold)) == (Reservation.Status.RELEASED, [])
    assert make.make_hold(one_table).status == HELD


def test_a_confirmed_reservation_is_not_released(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    assert booking.release(reservation=reservation) is False
    assert fresh(reservation).status == CONFIRMED
    assert len(claims(reservation)) == 8


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
def test_after_the_cut_off_staff_alone_cancel(late: dict[str, Any]) -> None:
    restaurant = make.make_venue(**late)
    reservation = make.make_reservation(restaurant)
    with refused(Reason.CUTOFF_PASSED):
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
    with pytest.raises(Refused):
        booking.cancel(reservation=copy, by_guest=True)
    assert fresh(hold).status == CONFIRMED


def test_what_is_not_confirmed_is_not_cancelled(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    Reservation.objects.update(status=Reservation.Status.SEATED)
    for stale in (reservation, fresh(reservation)):
        with refused(Reason.NOT_CONFIRMED):
            booking.cancel(reservation=stale, by_guest=True)
    assert len(claims(reservation)) == 8


def test_write_rules_refuse_to_run_inside_a_transaction(one_table: Restaurant) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        make.make_hold(one_table)
