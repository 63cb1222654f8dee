"""The house changes under its reservations: tables go or shrink, services move. They stand, and can be worked with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db.models import RestrictedError

from reservations.engine import booking, floor
from reservations.engine.changing import change, details_of, wish_of
from reservations.engine.coming import reduce_party, say_coming
from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant, Service, Table
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, fresh, refused, snapshot

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def reservation() -> Reservation:
    """Two at 19:00 in a week, at the small one of two tables."""
    return make.make_reservation(make.make_venue(tables=(2, 4)), party=2)


def table(reservation: Reservation) -> Table:
    return Table.objects.get(pk=fresh(reservation).table_ids[0])


def works_on_the_evening(reservation: Reservation) -> None:
    """Let it be told of, seated, kept longer and finished."""
    by = make.make_by()
    say_coming(reservation=reservation)
    change(reservation=reservation, details=replace(details_of(reservation), note="Hello"))
    with clock.at(reservation.starts_at + dt.timedelta(minutes=1)):
        assert floor.seat(reservation=reservation, by=by) is True
        assert floor.stay_longer(reservation=reservation, minutes=15, by=by) is True
        assert floor.finish(reservation=reservation, by=by) is True
    restaurant = reservation.restaurant
    assert (broken(restaurant.pk), chains_broken(restaurant)) == ({}, [])


# --- Tables ---------------------------------------------------------------------------------


def test_a_table_that_somebody_has_is_not_deleted(reservation: Reservation) -> None:
    booked = table(reservation)
    with pytest.raises(RestrictedError):
        booked.delete()
    booking.cancel(reservation=reservation, by_guest=True)
    booked.delete()
    assert Table.objects.count() == 1


def shrunk(table: Table) -> None:
    Table.objects.filter(pk=table.pk).update(max_seats=1)


def grown(table: Table) -> None:
    Table.objects.filter(pk=table.pk).update(min_seats=3, max_seats=4)


def out_of_use(table: Table) -> None:
    Table.objects.filter(pk=table.pk).update(is_active=False)


def for_staff(table: Table) -> None:
    Table.objects.filter(pk=table.pk).update(is_online=False)


@pytest.fixture(params=[shrunk, grown, out_of_use, for_staff])
def unsuited(request: pytest.FixtureRequest, reservation: Reservation) -> Reservation:
    """Return the reservation whose table no longer suits it."""
    request.param(table(reservation))
    return reservation


def test_who_has_a_table_that_no_longer_suits_keeps_it(unsuited: Reservation) -> None:
    before = claims(unsuited)
    reduce_party(reservation=unsuited, party=1)
    assert claims(unsuited) == before
    works_on_the_evening(unsuited)


def test_with_another_time_it_gets_one_that_suits(unsuited: Reservation) -> None:
    change(reservation=unsuited, wish=replace(wish_of(unsuited), start=unsuited.starts_at + HOUR))
    assert table(unsuited).max_seats == 4
    assert broken(unsuited.restaurant_id) == {}


def test_where_none_suits_it_stands(unsuited: Reservation) -> None:
    make.make_block(unsuited.restaurant, list(unsuited.restaurant.tables.exclude(pk__in=unsuited.table_ids)))
    before = snapshot(unsuited)
    with refused(Reason.TABLES_TAKEN):
        change(reservation=unsuited, wish=replace(wish_of(unsuited), start=unsuited.starts_at + HOUR))
    assert snapshot(unsuited) == before


def test_the_host_moves_it_to_one_that_suits(unsuited: Reservation) -> None:
    other = unsuited.restaurant.tables.exclude(pk__in=unsuited.table_ids).get()
    Table.objects.filter(pk=other.pk).update(min_seats=1, max_seats=4)
    assert floor.move(reservation=unsuited, table_ids=(other.pk,), by=make.make_by()) is True
    works_on_the_evening(unsuited)


def test_a_combination_that_is_dissolved_is_kept_for_who_has_it() -> None:
    restaurant = make.make_venue(tables=(2, 2))
    combination = make.make_combination(restaurant, list(restaurant.tables.all()))
    reservation = make.make_reservation(restaurant, party=4)
    combination.delete()
    with refused(Reason.NO_TABLE):
        change(reservation=reservation, wish=replace(wish_of(reservation), start=reservation.starts_at + HOUR))
    works_on_the_evening(reservation)


# --- Services ----------------------------------------------------------------------------------


def other_hours(_restaurant: Restaurant) -> None:
    Service.objects.update(first_seating=dt.time(12), last_seating=dt.time(14))


def other_weekdays(restaurant: Restaurant) -> None:
    Service.objects.update(weekdays=127 & ~(1 << make.days_ahead(restaurant).weekday()))


def deleted(_restaurant: Restaurant) -> None:
    Service.objects.all().delete()


def a_special_day(restaurant: Restaurant) -> None:
    make.make_special_day(restaurant, make.days_ahead(restaurant))


HOUSES = [other_hours, other_weekdays, deleted, a_special_day]


@pytest.mark.parametrize("becomes", HOUSES)
def test_what_lies_outside_the_new_hours_stands(
    reservation: Reservation, becomes: Callable[[Restaurant], None]
) -> None:
    before = claims(reservation)
    becomes(reservation.restaurant)
    assert (fresh(reservation).status, claims(reservation)) == ("confirmed", before)
    works_on_the_evening(fresh(reservation))


@pytest.mark.parametrize("becomes", HOUSES)
def test_it_can_be_moved_and_cancelled(reservation: Reservation, becomes: Callable[[Restaurant], None]) -> None:
    becomes(reservation.restaurant)
    row = fresh(reservation)
    large = row.restaurant.tables.get(max_seats=4)
    floor.move(reservation=row, table_ids=(large.pk,), by=make.make_by())
    reduce_party(reservation=row, party=1)
    assert booking.cancel(reservation=row, by_guest=True) is True
    assert claims(row) == []


@pytest.mark.parametrize(("becomes", "reason"), [(other_hours, "NOT_A_TIME"), (other_weekdays, "NO_SERVICE")])
def test_another_time_is_one_of_the_new_hours(
    reservation: Reservation, becomes: Callable[[Restaurant], None], reason: str
) -> None:
    becomes(reservation.restaurant)
    before = snapshot(reservation)
    with refused(Reason(reason)):
        change(reservation=reservation, wish=replace(wish_of(reservation), start=reservation.starts_at + HOUR))
    assert snapshot(reservation) == before
    at = dt.time(13) if becomes is other_hours else dt.time(19)
    wish = make.make_wish(reservation.restaurant, date=make.days_ahead(reservation.restaurant, 8), at=at)
    assert change(reservation=reservation, wish=wish) is True
    assert broken(reservation.restaurant_id) == {}


def test_a_turn_time_counts_from_the_next_change_on(reservation: Reservation) -> None:
    make.make_turn_time(reservation.restaurant, up_to=8, minutes=60)
    change(reservation=reservation, details=make.make_details(note="Hello"))
    assert len(claims(reservation)) == 8
    change(reservation=reservation, wish=replace(wish_of(reservation), start=reservation.starts_at + HOUR))
    assert len(claims(reservation)) == 4


def test_the_cut_off_is_the_one_in_force_now(reservation: Reservation) -> None:
    Service.objects.update(cutoff_minutes=60 * 24 * 30)
    reservation = fresh(reservation)
    with refused(Reason.CUTOFF_PASSED):
        change(reservation=reservation, wish=replace(wish_of(reservation), start=reservation.starts_at + HOUR))
    Service.objects.all().delete()
    assert change(
        reservation=fresh(reservation), details=replace(details_of(reservation), note="The restaurant's own counts")
    )
