"""A seated party stays longer, or more sit down with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from reservations.engine import floor
from reservations.engine.changing import change, wish_of
from reservations.engine.errors import Reason
from reservations.models import Refusal, Reservation, Restaurant, Table
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, fresh, refused, snapshot

pytestmark = pytest.mark.django_db

TODAY = dt.date(2027, 6, 16)
SEVEN = dt.datetime(2027, 6, 16, 17, tzinfo=dt.UTC)
"""19:00 of a Wednesday in Berlin."""

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    with clock.at(SEVEN - 61 * MINUTE):
        yield


@pytest.fixture
def venue() -> Restaurant:
    """Two tables for two, and stays of two hours."""
    return make.make_venue(tables=(2, 2))


def booked(restaurant: Restaurant, at: dt.time = dt.time(19), **wish: Any) -> Reservation:
    return make.make_reservation(restaurant, date=TODAY, at=at, **wish)


def seated(restaurant: Restaurant, at: dt.time = dt.time(19)) -> Reservation:
    """Return a party that was seated as it came."""
    reservation = booked(restaurant, at)
    with clock.at(reservation.starts_at + MINUTE):
        floor.seat(reservation=reservation, by=make.make_by())
    return reservation


# --- Staying longer -----------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "more"), [(1, 1), (15, 1), (16, 2), (60, 4)])
def test_a_party_stays_longer_in_whole_slots(venue: Restaurant, minutes: int, more: int) -> None:
    reservation = seated(venue)
    assert floor.stay_longer(reservation=reservation, minutes=minutes, by=make.make_by()) is True
    assert fresh(reservation).ends_at == SEVEN + (120 + more * 15) * MINUTE
    assert len(claims(reservation)) == 8 + more
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_nobody_stays_into_anothers_time(venue: Restaurant) -> None:
    reservation = seated(venue, dt.time(18))
    nexts = [booked(venue, dt.time(20)), booked(venue, dt.time(20))]
    before = snapshot(reservation)
    with refused(Reason.TABLES_TAKEN):
        floor.stay_longer(reservation=reservation, minutes=15, by=make.make_by())
    assert snapshot(reservation) == before
    assert {fresh(one).status for one in nexts} == {"confirmed"}


def test_a_party_that_overstays_stays_from_now_on(venue: Restaurant) -> None:
    """Half an hour longer from 20:40 on is until 21:00, not until 20:30."""
    reservation = seated(venue, dt.time(18))
    with clock.at(SEVEN + 100 * MINUTE):
        floor.stay_longer(reservation=reservation, minutes=30, by=make.make_by())
    assert fresh(reservation).ends_at == SEVEN + 120 * MINUTE
    assert max(slot for _table, slot in claims(reservation)) == SEVEN + 105 * MINUTE
    assert broken(venue.pk) == {}


# --- More sit down than came -------------------------------------------------------------------------


def test_a_seated_party_grows_at_its_table_or_another(venue: Restaurant) -> None:
    reservation = seated(venue)
    table = Table.objects.get(pk=reservation.table_ids[0])
    with clock.at(SEVEN + 40 * MINUTE):
        wish = replace(wish_of(fresh(reservation)), party=table.max_seats + 1)
        with refused(Reason.NO_TABLE):
            change(reservation=fresh(reservation), wish=wish, online=False, by=make.make_by())
        large = make.make_table(venue, seats=table.max_seats + 1)
        assert change(reservation=fresh(reservation), wish=wish, online=False, by=make.make_by()) is True
    row = fresh(reservation)
    assert (row.table_ids, row.party_size, row.status) == ([large.pk], table.max_seats + 1, "seated")
    assert (row.starts_at, row.ends_at) == (SEVEN, SEVEN + 120 * MINUTE)
    assert min(slot for _table, slot in claims(row)) == SEVEN + 30 * MINUTE
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_a_seated_party_that_grows_stays_as_long_as_so_many_do(venue: Restaurant) -> None:
    """At a table that is free for so long: the nearest that fits is somebody's before that."""
    make.make_turn_time(venue, up_to=2, minutes=120)
    make.make_turn_time(venue, up_to=8, minutes=180)
    reservation = seated(venue)
    taken, free = make.make_tables(venue, (3, 4))
    make.make_block(venue, [taken], date=TODAY, at=dt.time(21), minutes=60)
    with clock.at(SEVEN + 40 * MINUTE):
        wish = replace(wish_of(fresh(reservation)), party=3)
        change(reservation=fresh(reservation), wish=wish, online=False, by=make.make_by())
    assert (fresh(reservation).table_ids, fresh(reservation).ends_at) == ([free.pk], SEVEN + 180 * MINUTE)
    assert broken(venue.pk) == {}


def test_a_party_that_overstays_and_grows_keeps_the_table_it_gets(venue: Restaurant) -> None:
    reservation = seated(venue, dt.time(18))
    large = make.make_table(venue, seats=4)
    with clock.at(SEVEN + 80 * MINUTE):
        wish = replace(wish_of(fresh(reservation)), party=3)
        change(reservation=fresh(reservation), wish=wish, online=False, by=make.make_by())
        assert claims(reservation) == [(large.pk, SEVEN + 75 * MINUTE)]
        with refused(Reason.TABLES_TAKEN):
            make.make_walk_in(venue, tables=[large], minutes=15)
    assert broken(venue.pk) == {}


def test_a_guest_changes_nothing_once_seated(venue: Restaurant) -> None:
    reservation = seated(venue)
    with clock.at(SEVEN + MINUTE), refused(Reason.NOT_CONFIRMED):
        change(reservation=fresh(reservation), wish=replace(wish_of(fresh(reservation)), party=1))


# --- Its time has begun -------------------------------------------------------------------------------


@pytest.mark.parametrize("to", [{"start": SEVEN + 90 * MINUTE}, {"date": TODAY + dt.timedelta(days=3)}])
def test_who_sits_keeps_its_time(venue: Restaurant, to: dict[str, Any]) -> None:
    """Its table would be free for others, while it sits there."""
    reservation = seated(venue)
    if "date" in to:
        to = to | {"start": SEVEN + dt.timedelta(days=3)}
    with clock.at(SEVEN + 5 * MINUTE):
        before = snapshot(reservation)
        with refused(Reason.ALREADY_STARTED):
            change(
                reservation=fresh(reservation),
                wish=replace(wish_of(fresh(reservation)), **to),
                online=False,
                by=make.make_by(),
            )
    assert snapshot(reservation) == before
    assert not Refusal.objects.exists()


def test_a_late_party_grows_before_it_is_seated(venue: Restaurant) -> None:
    reservation = booked(venue)
    large = make.make_table(venue, seats=3)
    with clock.at(SEVEN + 20 * MINUTE):
        wish = replace(wish_of(fresh(reservation)), party=3)
        assert change(reservation=fresh(reservation), wish=wish, online=False, by=make.make_by()) is True
        row = fresh(reservation)
        assert (row.status, row.party_size, row.table_ids) == ("confirmed", 3, [large.pk])
        assert (row.starts_at, row.ends_at) == (SEVEN, SEVEN + 120 * MINUTE)
        # What is over of its time may have been another's.
        assert min(slot for _table, slot in claims(row)) == SEVEN + 15 * MINUTE
        assert floor.seat(reservation=row, by=make.make_by()) is True
        assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_a_party_from_the_door_grows(venue: Restaurant) -> None:
    """It came at a time at which the service seats nobody who books."""
    with clock.at(SEVEN + 20 * MINUTE):
        walked_in = make.make_walk_in(venue)
        make.make_table(venue, seats=3)
        wish = replace(wish_of(walked_in), party=3)
        assert change(reservation=walked_in, wish=wish, online=False, by=make.make_by()) is True
    row = fresh(walked_in)
    assert (row.party_size, row.service_name, row.ends_at) == (3, "Dinner", walked_in.ends_at)
