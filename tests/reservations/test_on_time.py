"""What falls due by itself: holds and offers expire, late parties are flagged, tables are kept for who still sits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

import pytest
from django.db import OperationalError
from django.utils import timezone

from reservations.engine import booking, due, floor
from reservations.engine.coming import say_late
from reservations.engine.errors import Reason
from reservations.engine.offers import serve_waitlist
from reservations.models import HistoryEvent, Reservation, Restaurant, Table
from reservations.queries.floor import overstays
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, lapse, refused
from tests.reservations.waiting import status

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
    """Two tables for two, stays of two hours, and a quarter of an hour's patience."""
    return make.make_venue(tables=(2, 2))


def booked(restaurant: Restaurant, at: dt.time = dt.time(19)) -> Reservation:
    return make.make_reservation(restaurant, date=TODAY, at=at)


def seated(restaurant: Restaurant, at: dt.time = dt.time(18)) -> Reservation:
    reservation = booked(restaurant, at)
    with clock.at(reservation.starts_at + MINUTE):
        floor.seat(reservation=reservation, by=make.make_by())
    return reservation


# --- Holds ------------------------------------------------------------------------------------


def test_each_lapsed_hold_expires_once_and_its_tables_are_free(venue: Restaurant) -> None:
    other = make.make_venue(tables=(2,))
    lapsed = [make.make_hold(venue), make.make_hold(venue, date=TODAY), make.make_hold(other)]
    live = make.make_hold(venue)
    for hold in lapsed:
        lapse(hold)
    assert (due.expire_holds(), due.expire_holds()) == (3, 0)
    assert [fresh(hold).status for hold in (*lapsed, live)] == ["expired"] * 3 + ["held"]
    assert (claims(lapsed[0]), fresh(lapsed[0]).held_until, fresh(lapsed[0]).table_ids) == ([], None, [])
    assert events(venue, TODAY)[-1] == "reservation expired"
    for restaurant in (venue, other):
        assert (broken(restaurant.pk), chains_broken(restaurant)) == ({}, [])


def test_what_was_typed_into_a_hold_is_forgotten_with_it(venue: Restaurant) -> None:
    hold = make.make_hold(venue)
    booking.extend(reservation=hold, details=make.make_details(dietary_needs="No nuts", note="Hello"))
    lapse(hold)
    due.expire_holds()
    row = fresh(hold)
    assert {row.name, row.email, row.phone, row.dietary_needs, row.note} == {""}


def test_a_day_that_fails_keeps_none_of_the_others(
    venue: Restaurant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = make.make_venue(tables=(2,))
    holds = [make.make_hold(venue), make.make_hold(other)]
    for hold in holds:
        lapse(hold)

    def failing(restaurant_id: int, *args: object) -> object:
        if restaurant_id == venue.pk:
            raise OperationalError("gone")
        return serve_waitlist(restaurant_id, *args)  # type: ignore[arg-type]

    monkeypatch.setattr("reservations.engine.due.serve_waitlist", failing)
    assert due.expire_holds() == 1
    assert [fresh(hold).status for hold in holds] == ["held", "expired"]
    assert f"restaurant {venue.pk}" in caplog.text
    monkeypatch.undo()
    assert due.expire_holds() == 1


def test_no_day_waits_for_ever_behind_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who wait in vain stay due: at each run others have their turn."""
    monkeypatch.setattr(due, "_MOST", 1)
    entries = []
    for _i in range(3):
        restaurant = make.make_venue(tables=(2,))
        make.make_reservation(restaurant)
        entries.append(make.make_entry(restaurant))
    make.make_table(restaurant, seats=2)
    for _i in range(200):
        due.serve_waitlists()
        if status(entries[-1]) == "offered":
            return
    raise AssertionError("the last of three restaurants was never served")


# --- Late parties ------------------------------------------------------------------------------


def test_a_party_is_flagged_after_the_restaurants_patience(venue: Restaurant) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN + 14 * MINUTE):
        assert due.flag_late() == 0
    with clock.at(SEVEN + 15 * MINUTE + dt.timedelta(seconds=1)):
        assert (due.flag_late(), due.flag_late()) == (1, 0)
    row = fresh(reservation)
    assert (row.status, row.late_flagged_at is not None, len(claims(row))) == ("confirmed", True, 8)
    assert events(venue, TODAY)[-1] == "reservation late_flagged"
    assert HistoryEvent.objects.get(kind="late_flagged").actor == "job"
    assert chains_broken(venue) == []


def test_who_says_how_late_is_flagged_so_much_later(venue: Restaurant) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN + 16 * MINUTE):
        due.flag_late()
        say_late(reservation=reservation, minutes=20)
        assert (fresh(reservation).late_minutes, fresh(reservation).late_flagged_at) == (20, None)
        assert due.flag_late() == 0
    with clock.at(SEVEN + 34 * MINUTE):
        assert due.flag_late() == 0
    with clock.at(SEVEN + 36 * MINUTE):
        assert due.flag_late() == 1
        # And says the same once more, which is news by now.
        say_late(reservation=reservation, minutes=20)
        assert fresh(reservation).late_flagged_at is None


@pytest.mark.parametrize("end", ["seated", "cancelled", "no_show", "finished"])
def test_only_who_is_still_waited_for_is_flagged(venue: Restaurant, end: str) -> None:
    Reservation.objects.filter(pk=booked(venue).pk).update(status=end)
    with clock.at(SEVEN + 60 * MINUTE):
        assert due.flag_late() == 0


def test_who_never_came_yesterday_is_for_whoever_closes_the_night(venue: Restaurant) -> None:
    booked(venue)
    with clock.at(SEVEN + dt.timedelta(days=1, minutes=1)):
        assert due.flag_late() == 0


# --- Tables that are still sat at ------------------------------------------------------------------


def test_a_table_is_kept_slot_by_slot_for_who_still_sits(venue: Restaurant) -> None:
    reservation, end = seated(venue), SEVEN + 60 * MINUTE
    with clock.at(end - 6 * MINUTE):
        assert due.keep_tables() == 0
    with clock.at(end - 4 * MINUTE):
        assert (due.keep_tables(), due.keep_tables()) == (1, 0)
    assert (fresh(reservation).ends_at, len(claims(reservation))) == (end + 15 * MINUTE, 9)
    with clock.at(end + 14 * MINUTE):
        assert due.keep_tables() == 1
    assert fresh(reservation).ends_at == end + 30 * MINUTE
    assert events(venue, TODAY)[-2:] == ["reservation extended"] * 2
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_a_job_that_was_away_keeps_the_table_from_now_on(venue: Restaurant) -> None:
    reservation, end = seated(venue), SEVEN + 60 * MINUTE
    with clock.at(end + 70 * MINUTE):
        assert due.keep_tables() == 1
        assert fresh(reservation).ends_at == end + 75 * MINUTE
        assert make.make_walk_in(venue).table_ids != reservation.table_ids
        with refused(Reason.TABLES_TAKEN):
            make.make_walk_in(venue)
    assert broken(venue.pk) == {}


def test_who_is_done_or_not_there_keeps_nothing(venue: Restaurant) -> None:
    done, not_there = seated(venue), booked(venue, dt.time(18))
    with clock.at(SEVEN + 50 * MINUTE):
        floor.finish(reservation=done, by=make.make_by())
    with clock.at(SEVEN + 59 * MINUTE):
        assert due.keep_tables() == 0
    assert len(claims(not_there)) == 8


def test_a_table_that_is_anothers_next_is_not_kept(venue: Restaurant) -> None:
    reservation = seated(venue)
    coming = booked(venue, dt.time(20))
    assert coming.table_ids == reservation.table_ids
    with clock.at(SEVEN + 58 * MINUTE):
        assert due.keep_tables() == 0
    assert fresh(reservation).ends_at == SEVEN + 60 * MINUTE
    assert fresh(coming).status == "confirmed"


def test_after_hours_nobody_sits_there_any_more(venue: Restaurant) -> None:
    seated(venue)
    with clock.at(SEVEN + 60 * MINUTE + dt.timedelta(hours=11, minutes=1)):
        assert due.keep_tables() == 0


# --- Whose table is still sat at ---------------------------------------------------------------------


def test_who_comes_to_a_table_that_is_still_sat_at_is_listed_with_what_is_free(venue: Restaurant) -> None:
    sitting, coming = seated(venue), booked(venue, dt.time(20))
    other = Table.objects.exclude(pk__in=sitting.table_ids).get()
    listed = partial(overstays, venue)
    with clock.at(SEVEN + 55 * MINUTE):
        assert listed(timezone.now()) == []
    with clock.at(SEVEN + 61 * MINUTE):
        found = listed(timezone.now())
        assert [(one.sitting, one.coming, one.instead) for one in found] == [(sitting, coming, (other.pk,))]
        floor.move(reservation=coming, table_ids=found[0].instead, by=make.make_by())
        assert listed(timezone.now()) == []
        assert due.keep_tables() == 1
    assert broken(venue.pk) == {}


def test_where_nothing_else_is_free_nothing_is_suggested(venue: Restaurant) -> None:
    first, second = seated(venue), seated(venue)
    nexts = [booked(venue, dt.time(20)) for _i in range(2)]
    with clock.at(SEVEN + 61 * MINUTE):
        found = overstays(venue, timezone.now())
        assert [one.coming for one in found] == nexts
        assert {one.sitting for one in found} == {first, second}
        assert [one.instead for one in found] == [(), ()]


def test_a_table_that_is_kept_meanwhile_is_in_nobodys_way(venue: Restaurant) -> None:
    seated(venue)
    late = booked(venue, dt.time(22))
    with clock.at(SEVEN + 61 * MINUTE):
        assert [one.coming for one in overstays(venue, timezone.now())] == [late]
        due.keep_tables()
        assert overstays(venue, timezone.now()) == []
