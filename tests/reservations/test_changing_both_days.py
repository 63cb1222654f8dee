"""A change to another service date: both days are locked in order, both tell of it, and it is never on neither."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reservations.engine import booking, locks
from reservations.engine.booking import Wish
from reservations.engine.changing import change, details_of, wish_of
from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant, Service, ServiceDay, TableClaim
from restaurant_site.caching.models import Invalidation
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, lapse, refused, snapshot

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def one_table() -> Restaurant:
    return make.make_venue(tables=(2,))


@pytest.fixture
def night() -> Restaurant:
    """One table; Night seats from 22:00 to 01:00, and the next date's Early from 00:30."""
    restaurant = make.make_venue(
        tables=(4,), service={"name": "Night", "first_seating": dt.time(22), "last_seating": dt.time(1)}
    )
    make.make_service(restaurant, name="Early", first_seating=dt.time(0, 30), last_seating=dt.time(3))
    return restaurant


def days_later(reservation: Reservation, days: int) -> Wish:
    date = reservation.service_date + days * DAY
    return replace(wish_of(reservation), date=date, start=make.utc(reservation.restaurant, date, dt.time(19)))


@pytest.mark.parametrize("days", [1, -1, 5])
def test_it_leaves_one_date_and_comes_to_the_other(one_table: Restaurant, days: int) -> None:
    reservation = make.make_reservation(one_table)
    old, wish = reservation.service_date, days_later(reservation, days)
    assert change(reservation=reservation, wish=wish) is True
    row = fresh(reservation)
    assert (row.service_date, row.starts_at, row.sequence) == (wish.date, wish.start, 1)
    assert {slot.astimezone(one_table.zone).date() for _table, slot in claims(row)} == {wish.date}
    assert make.make_hold(one_table, date=old).table_ids == row.table_ids
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(one_table, date=wish.date)
    assert broken(one_table.pk) == {}


def test_the_chains_of_both_dates_tell_of_it(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    old, wish = reservation.service_date, days_later(reservation, 1)
    make.make_hold(one_table, date=wish.date, at=dt.time(22))
    change(reservation=reservation, wish=wish)
    assert events(one_table, old) == ["reservation held", "reservation confirmed", "reservation changed"]
    assert events(one_table, wish.date) == ["reservation held", "reservation changed"]
    assert chains_broken(one_table) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_cached_of_both_dates_is_renewed(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    old, wish = reservation.service_date, days_later(reservation, 1)
    Invalidation.objects.all().delete()
    change(reservation=reservation, wish=wish)
    renewed = " ".join(str(row) for row in Invalidation.objects.values_list("tags", flat=True))
    assert f"day:{one_table.pk}:{old}" in renewed
    assert f"day:{one_table.pk}:{wish.date}" in renewed


@pytest.mark.parametrize("days", [1, -1])
def test_the_earlier_date_is_locked_first_whichever_it_leaves(one_table: Restaurant, days: int) -> None:
    reservation = make.make_reservation(one_table)
    wish = days_later(reservation, days)
    ServiceDay.objects.create(restaurant=one_table, date=wish.date)
    with CaptureQueriesContext(connection) as captured:
        change(reservation=reservation, wish=wish)
    locks = [query["sql"] for query in captured if query["sql"].startswith('UPDATE "reservations_serviceday"')]
    first, second = sorted([reservation.service_date, wish.date, wish.date - days * DAY])[::2]
    assert len(locks) == 2
    assert f"'{first}'" in locks[0]
    assert f"'{second}'" in locks[1]


@pytest.mark.parametrize("why", ["closed", "taken", "pacing", "closed while it waited"])
def test_refused_on_the_new_date_it_stands_on_the_old(
    one_table: Restaurant, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservation = make.make_reservation(one_table)
    wish = days_later(reservation, 1)
    reason = Reason.CLOSED
    if why == "closed":
        make.make_closure(one_table, wish.date)
    elif why == "taken":
        make.make_hold(one_table, date=wish.date)
        reason = Reason.TABLES_TAKEN
    elif why == "pacing":
        Service.objects.update(max_covers=1)
        reason = Reason.PACING_FULL
    else:

        def closing(restaurant_id: int, dates: set[dt.date]) -> None:
            locks.lock_days(restaurant_id, dates)
            make.make_closure(one_table, wish.date)

        monkeypatch.setattr("reservations.engine.changing.lock_days", closing)
    before = snapshot(reservation)
    with refused(reason):
        change(reservation=reservation, wish=wish, details=replace(details_of(reservation), note="New"))
    assert snapshot(reservation) == before
    Service.objects.update(max_covers=None)
    assert broken(one_table.pk) == {}


def test_a_lapsed_hold_on_the_new_date_is_not_in_its_way(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    wish = days_later(reservation, 1)
    hold = make.make_hold(one_table, date=wish.date)
    lapse(hold)
    change(reservation=reservation, wish=wish)
    assert (fresh(hold).status, fresh(reservation).service_date) == ("expired", wish.date)
    assert events(one_table, wish.date) == ["reservation held", "reservation expired", "reservation changed"]
    assert chains_broken(one_table) == []


def test_a_lapsed_hold_of_a_third_date_is_expired_under_that_dates_lock(night: Restaurant) -> None:
    """After midnight the table is still claimed by a hold of the evening before."""
    date = make.days_ahead(night)
    reservation = make.make_reservation(night, date=date + 4 * DAY, at=dt.time(22))
    hold = make.make_hold(night, date=date, at=dt.time(0, 30), days_after=1)
    lapse(hold)
    wish = make.make_wish(night, date=date + DAY, at=dt.time(0, 30))
    change(reservation=reservation, wish=wish)
    assert (fresh(hold).status, fresh(reservation).starts_at) == ("expired", wish.start)
    assert broken(night.pk) == {}
    assert chains_broken(night) == []


def test_the_very_same_slots_of_another_service_date(night: Restaurant) -> None:
    """Half past midnight belongs to Night of the one date or Early of the next: the claims are its own."""
    date = make.days_ahead(night)
    reservation = make.make_reservation(night, date=date, at=dt.time(0, 30), days_after=1)
    slots = claims(reservation)
    wish = make.make_wish(night, date=date + DAY, at=dt.time(0, 30))
    assert wish.start == reservation.starts_at
    change(reservation=reservation, wish=wish)
    row = fresh(reservation)
    assert (row.service_date, row.service_name, row.starts_at) == (date + DAY, "Early", wish.start)
    assert sorted(claims(row)) == sorted(slots)
    assert broken(night.pk) == {}


def test_a_double_click_over_two_dates_is_one_change(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    again, wish = fresh(reservation), days_later(reservation, 1)
    change(reservation=reservation, wish=wish)
    after = snapshot(reservation)
    assert change(reservation=again, wish=wish) is False
    assert snapshot(reservation) == after


def test_cancelled_from_an_old_copy_it_is_cancelled_where_it_is(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    stale = fresh(reservation)
    change(reservation=reservation, wish=days_later(reservation, 1))
    assert booking.cancel(reservation=stale, by_guest=True) is True
    assert not TableClaim.objects.exists()
    assert events(one_table, fresh(reservation).service_date)[-1] == "reservation cancelled"
