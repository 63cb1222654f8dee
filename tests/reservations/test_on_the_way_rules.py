"""On the way: who comes, who is late, who brings fewer, and who cancels at the last moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from reservations.engine import arriving, booking, changing, due, floor
from reservations.engine.changing import change, details_of, wish_of
from reservations.engine.coming import reduce_party, say_coming, say_late
from reservations.engine.errors import Reason
from reservations.models import HistoryEvent, Reservation, TableClaim
from reservations.queries.floor import same_contact
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, mails, refused, snapshot

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def reservation() -> Reservation:
    """Four at 19:00 in a week, two of them children; the cut-off is two hours before."""
    restaurant = make.make_venue(tables=(4, 4), cutoff_minutes=120)
    details = make.make_details(children=2, high_chairs=1)
    return make.make_reservation(restaurant, party=4, details=details)


# --- Coming and late -----------------------------------------------------------------------


def test_who_says_that_it_comes_is_noted_once(reservation: Reservation) -> None:
    say_coming(reservation=reservation)
    first = snapshot(reservation)
    assert fresh(reservation).coming_at is not None
    say_coming(reservation=reservation)
    assert snapshot(reservation) == first
    assert events(reservation.restaurant)[-1] == "reservation coming"
    assert chains_broken(reservation.restaurant) == []


def test_who_will_be_late_is_noted_and_the_restaurant_told(reservation: Reservation) -> None:
    with clock.at(reservation.starts_at + 5 * MINUTE):
        say_late(reservation=reservation, minutes=25)
    assert (fresh(reservation).late_minutes, len(claims(reservation))) == (25, 8)
    assert mails(reservation.restaurant)[-1] == ("staff_coming", "table@example.org")
    assert HistoryEvent.objects.last() is not None
    assert HistoryEvent.objects.get(kind="late").changes == {"late_minutes": [0, 25]}


def test_a_guest_says_so_until_the_table_is_no_longer_its(reservation: Reservation) -> None:
    with clock.at(reservation.ends_at + MINUTE):
        with refused(Reason.ALREADY_STARTED):
            say_late(reservation=reservation, minutes=10)
        say_late(reservation=reservation, minutes=10, by=make.make_by())
    with clock.at(reservation.starts_at + MINUTE):
        with refused(Reason.ALREADY_STARTED):
            say_coming(reservation=reservation)
        say_coming(reservation=reservation, by=make.make_by())


def test_another_time_forgets_what_was_said_of_the_old(reservation: Reservation) -> None:
    say_coming(reservation=reservation)
    say_late(reservation=reservation, minutes=30)
    Reservation.objects.update(late_flagged_at=reservation.starts_at)
    later = reservation.starts_at + 60 * MINUTE
    change(reservation=reservation, wish=replace(wish_of(reservation), start=later))
    row = fresh(reservation)
    assert (row.coming_at, row.late_minutes, row.late_flagged_at) == (None, 0, None)


def test_another_party_at_the_same_time_is_as_late_as_it_has_said(reservation: Reservation) -> None:
    say_coming(reservation=reservation)
    say_late(reservation=reservation, minutes=30)
    said = fresh(reservation).coming_at
    change(reservation=reservation, wish=replace(wish_of(reservation), party=3))
    row = fresh(reservation)
    assert (row.party_size, row.coming_at, row.late_minutes) == (3, said, 30)
    with clock.at(reservation.starts_at + (reservation.restaurant.late_minutes + 20) * MINUTE):
        assert due.flag_late() == 0


def test_who_has_arrived_is_there_with_one_more_too(reservation: Reservation) -> None:
    by = make.make_by()
    change(reservation=reservation, wish=replace(wish_of(reservation), party=3))
    with clock.at(reservation.starts_at - 5 * MINUTE):
        arriving.arrive(reservation=reservation, by=by)
        change(reservation=reservation, wish=replace(wish_of(reservation), party=4), by=by, online=False)
    assert fresh(reservation).arrived_at is not None
    with clock.at(reservation.starts_at + 60 * MINUTE):
        assert due.flag_late() == 0


@pytest.mark.parametrize(
    "say",
    [
        lambda row: say_coming(reservation=row),
        lambda row: say_late(reservation=row, minutes=5),
        lambda row: reduce_party(reservation=row, party=3),
    ],
    ids=["coming", "late", "fewer"],
)
def test_said_of_a_date_that_it_has_left_it_is_told_so(
    reservation: Reservation, say: Callable[[Reservation], None]
) -> None:
    stale = fresh(reservation)
    wish = make.make_wish(reservation.restaurant, date=make.days_ahead(reservation.restaurant, 8), party=4)
    change(reservation=reservation, wish=wish)
    after = snapshot(reservation)
    with refused(Reason.CHANGED_MEANWHILE):
        say(stale)
    assert snapshot(reservation) == after


# --- Fewer -----------------------------------------------------------------------------------


def test_fewer_come_at_the_same_table_and_time(reservation: Reservation) -> None:
    before = claims(reservation)
    reduce_party(reservation=reservation, party=1)
    row = fresh(reservation)
    assert (row.party_size, row.children, row.high_chairs, row.sequence) == (1, 1, 1, 1)
    assert (claims(reservation), row.ends_at) == (before, reservation.ends_at)
    assert mails(row.restaurant)[-1] == ("staff_coming", "table@example.org")
    assert (broken(row.restaurant_id), chains_broken(row.restaurant)) == ({}, [])


@pytest.mark.parametrize("party", [5, 0, -3])
def test_only_fewer_and_at_least_one(reservation: Reservation, party: int) -> None:
    before = snapshot(reservation)
    with refused(Reason.NOT_FEWER):
        reduce_party(reservation=reservation, party=party)
    assert snapshot(reservation) == before
    reduce_party(reservation=reservation, party=4)
    assert snapshot(reservation) == before


def test_a_guest_says_so_until_the_start_even_after_the_cut_off(reservation: Reservation) -> None:
    with clock.at(reservation.starts_at - MINUTE):
        reduce_party(reservation=reservation, party=3)
    with clock.at(reservation.starts_at + MINUTE):
        before = snapshot(reservation)
        with refused(Reason.ALREADY_STARTED):
            reduce_party(reservation=reservation, party=2)
        assert snapshot(reservation) == before
        reduce_party(reservation=reservation, party=2, by=make.make_by())
    assert fresh(reservation).party_size == 2


def test_who_said_fewer_and_cancels_frees_all(reservation: Reservation) -> None:
    reduce_party(reservation=reservation, party=2)
    booking.cancel(reservation=reservation, by_guest=True)
    assert not TableClaim.objects.exists()


# --- Cancelling -------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "late"), [(-121, False), (-119, True), (-1, True)])
def test_a_guest_cancels_until_the_start_and_late_is_recorded(
    reservation: Reservation, minutes: int, late: bool
) -> None:
    tables = list(reservation.table_ids)
    with clock.at(reservation.starts_at + minutes * MINUTE):
        assert booking.cancel(reservation=reservation, by_guest=True) is True
    row = fresh(reservation)
    assert (row.status, row.cancelled_late, claims(row)) == ("cancelled", late, [])
    changes = HistoryEvent.objects.get(kind="cancelled").changes
    # The tables that it had, so that it can be taken back.
    assert changes.pop("table_ids") == [tables, []]
    assert changes == ({"cancelled_late": [None, True]} if late else {})


def test_after_the_start_a_guest_calls(reservation: Reservation) -> None:
    with clock.at(reservation.starts_at + dt.timedelta(seconds=1)):
        before = snapshot(reservation)
        with refused(Reason.ALREADY_STARTED):
            booking.cancel(reservation=reservation, by_guest=True)
        assert snapshot(reservation) == before
        assert booking.cancel(reservation=reservation, by_guest=False) is True
    assert fresh(reservation).cancelled_late is False


# --- The same contact twice in one service -----------------------------------------------------------


def test_who_has_booked_twice_in_one_service_is_shown_to_staff(reservation: Reservation) -> None:
    restaurant = reservation.restaurant
    assert list(same_contact(reservation)) == []
    again = make.make_reservation(restaurant, at=dt.time(21), details=make.make_details(name="Other name"))
    by_phone = make.make_details(email="", phone="+49 30 7654321")
    phoned = make.make_reservation(restaurant, at=dt.time(21, 30), details=by_phone)
    make.make_reservation(restaurant, date=make.days_ahead(restaurant, 8))
    make.make_reservation(restaurant, at=dt.time(18), details=make.make_details(email="bo@example.org", phone=""))
    make.make_reservation(make.make_venue())
    assert list(same_contact(reservation)) == [again, phoned]
    assert list(same_contact(phoned)) == [reservation, again]


def test_another_service_or_what_is_cancelled_is_not_twice(reservation: Reservation) -> None:
    restaurant = reservation.restaurant
    make.make_service(restaurant, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(14))
    make.make_reservation(restaurant, at=dt.time(12))
    booking.cancel(reservation=make.make_reservation(restaurant, at=dt.time(21)), by_guest=True)
    assert list(same_contact(reservation)) == []


def test_who_left_no_contact_is_nobodys_double() -> None:
    restaurant = make.make_venue()
    nameless = make.make_details(email="", phone="")
    one, _other = (make.make_reservation(restaurant, details=nameless) for _i in range(2))
    assert list(same_contact(one)) == []


def test_who_sits_already_counts_too(reservation: Reservation) -> None:
    again = make.make_reservation(reservation.restaurant, at=dt.time(21))
    with clock.at(reservation.starts_at):
        floor.seat(reservation=reservation, by=make.make_by())
    assert list(same_contact(again)) == [reservation]


def test_a_changed_address_takes_it_off(reservation: Reservation) -> None:
    again = make.make_reservation(reservation.restaurant, at=dt.time(21))
    changing.change(
        reservation=again, details=replace(details_of(again), email="new@example.org", phone="+49 30 9999999")
    )
    assert list(same_contact(reservation)) == []
