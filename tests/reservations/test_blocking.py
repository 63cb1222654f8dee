"""Blocks: tables that nobody can have for a time, and that nobody has at that time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from reservations.engine import blocking, booking
from reservations.engine.availability import Ask, times
from reservations.engine.errors import Reason
from reservations.models import Block, HistoryEvent, Restaurant, TableClaim
from reservations.queries.day import day_plan
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, lapse, refused

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def venue() -> Restaurant:
    return make.make_venue(tables=(2, 4))


@pytest.fixture
def night() -> Restaurant:
    """One table; Night seats from 22:00 to 01:00, and the next date's Early from 00:30."""
    restaurant = make.make_venue(
        tables=(4,), service={"name": "Night", "first_seating": dt.time(22), "last_seating": dt.time(1)}
    )
    make.make_service(restaurant, name="Early", first_seating=dt.time(0, 30), last_seating=dt.time(3))
    return restaurant


def slots(block: Block) -> list[dt.datetime]:
    return list(TableClaim.objects.filter(block=block).order_by("slot_start").values_list("slot_start", flat=True))


def test_a_blocked_table_is_free_for_nobody(venue: Restaurant) -> None:
    small = venue.tables.get(max_seats=2)
    user = make.make_staff()
    block = make.make_block(venue, [small], minutes=90, user=user, reason="A broken chair")
    assert (block.table_ids, block.reason, block.created_by, len(slots(block))) == (
        [small.pk],
        "A broken chair",
        user,
        6,
    )
    assert small.pk not in make.make_hold(venue, at=dt.time(18)).table_ids
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(venue, at=dt.time(19))
    assert make.make_hold(venue, at=dt.time(19, 30)).table_ids == [small.pk]
    assert events(venue, block.service_date)[0] == "block blocked"
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_it_is_widened_to_whole_slots(venue: Restaurant) -> None:
    block = make.make_block(venue, list(venue.tables.all()), at=dt.time(18, 7), minutes=30)
    start = make.make_wish(venue, at=dt.time(18)).start
    assert (block.starts_at, block.ends_at) == (start, start + 45 * MINUTE)
    assert len(slots(block)) == 6


@pytest.mark.parametrize("whose", ["reservation", "hold", "block", "seated party"])
def test_what_somebody_has_is_not_blocked(venue: Restaurant, whose: str) -> None:
    small = venue.tables.get(max_seats=2)
    if whose == "block":
        make.make_block(venue, [small], at=dt.time(20), minutes=30)
    elif whose == "hold":
        make.make_hold(venue)
    else:
        make.make_seated(venue, [small], make.make_wish(venue), status="seated" if whose != "hold" else "confirmed")
    before = TableClaim.objects.count()
    with refused(Reason.TABLES_TAKEN):
        make.make_block(venue, list(venue.tables.all()))
    assert (TableClaim.objects.count(), Block.objects.count()) == (before, 1 if whose == "block" else 0)
    assert not HistoryEvent.objects.filter(kind="blocked").exclude(subject_number__in=Block.objects.values("pk"))


def test_beside_somebody_it_is(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    small = venue.tables.get(max_seats=2)
    before = make.make_block(venue, [small], at=dt.time(18), minutes=60)
    after = make.make_block(venue, [small], at=dt.time(21), minutes=60)
    assert (len(slots(before)), len(slots(after)), len(claims(reservation))) == (4, 4, 8)
    assert broken(venue.pk) == {}


def test_a_hold_that_has_lapsed_is_nobodys(venue: Restaurant) -> None:
    hold = make.make_hold(venue)
    lapse(hold)
    make.make_block(venue, list(venue.tables.all()))
    assert fresh(hold).status == "expired"
    assert broken(venue.pk) == {}


@pytest.mark.parametrize("why", ["none", "another's", "no time", "backwards", "too long"])
def test_what_cannot_be_blocked_is_refused(venue: Restaurant, why: str) -> None:
    tables = list(venue.tables.all())
    minutes = {"no time": 0, "backwards": -30, "too long": 24 * 60 + 1}.get(why, 60)
    if why == "none":
        tables = []
    elif why == "another's":
        tables.append(make.make_table(make.make_restaurant()))
    with refused(Reason.WRONG_TABLES):
        make.make_block(venue, tables, minutes=minutes)
    assert not TableClaim.objects.exists()


def test_a_table_out_of_use_may_be_blocked(venue: Restaurant) -> None:
    table = make.make_table(venue, is_active=False)
    assert make.make_block(venue, [table]).table_ids == [table.pk]


def test_lifted_it_is_in_nobodys_way(venue: Restaurant) -> None:
    block = make.make_block(venue, list(venue.tables.all()))
    stale = Block.objects.get(pk=block.pk)
    assert blocking.lift(blocked=block, by=make.make_by()) is True
    assert blocking.lift(blocked=stale, by=make.make_by()) is False
    assert (slots(block), block.lifted_at is not None) == ([], True)
    assert make.make_hold(venue).status == "held"
    assert events(venue, block.service_date)[:2] == ["block blocked", "block unblocked"]
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def free(restaurant: Restaurant, date: dt.date, block: Block) -> list[str]:
    """Return the times of a service date, from an hour before the block on, that the page of times offers."""
    found = times(day_plan(restaurant.pk, date), Ask(party=2), timezone.now())
    return [
        f"{time.start:%H:%M}"
        for time in found
        if time.bookable and time.start_utc >= block.starts_at - dt.timedelta(hours=1)
    ]


def test_over_midnight_it_is_in_the_way_of_both_dates(night: Restaurant) -> None:
    date = make.days_ahead(night)
    block = make.make_block(night, list(night.tables.all()), date=date, at=dt.time(23), minutes=120)
    # Until 01:00, and a stay is two hours.
    assert free(night, date, block) == ["01:00"]
    assert free(night, date + dt.timedelta(days=1), block)[0] == "01:00"
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(night, date=date + dt.timedelta(days=1), at=dt.time(0, 30))
    assert (block.service_date, broken(night.pk)) == (date, {})


def test_a_lapsed_hold_of_the_other_date_is_expired_under_its_lock(night: Restaurant) -> None:
    date = make.days_ahead(night)
    hold = make.make_hold(night, date=date + dt.timedelta(days=1), at=dt.time(0, 30))
    lapse(hold)
    make.make_block(night, list(night.tables.all()), date=date, at=dt.time(23), minutes=120)
    assert fresh(hold).status == "expired"
    assert (broken(night.pk), chains_broken(night)) == ({}, [])


def test_a_block_counts_no_covers(venue: Restaurant) -> None:
    venue.services.update(max_covers=2)
    make.make_block(venue, [venue.tables.get(max_seats=4)])
    assert make.make_hold(venue).status == "held"


def test_tables_beside_a_block_are_booked_by_staff_too(venue: Restaurant) -> None:
    """Staff pass over much, over a claim never."""
    make.make_block(venue, list(venue.tables.all()))
    with refused(Reason.TABLES_TAKEN):
        booking.book(
            wish=make.make_wish(venue),
            details=make.make_details(),
            user=make.make_staff(),
            key=make.new_key(),
            exceed_pacing=True,
        )
