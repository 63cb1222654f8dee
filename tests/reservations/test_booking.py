"""Holds by the write rules: taken, asked for again, extended, given back, lapsed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from reservations.engine import booking
from reservations.engine.errors import Reason
from reservations.models import Refusal, Reservation, Restaurant
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
    """One table; Night seats from 22:00 to 01:00 and Early from 00:30 to 03:00, four covers at a time each.

    In Tokyo, whose clocks never change: 02:30 is there on every night.
    """
    restaurant = make.make_venue(
        tables=(4,),
        timezone="Asia/Tokyo",
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


def test_write_rules_refuse_to_run_inside_a_transaction(one_table: Restaurant) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        make.make_hold(one_table)
