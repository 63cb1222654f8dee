"""The floor: which step each status allows, and what each does with the tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reservations.engine import arriving, booking, due, floor
from reservations.engine.coming import reduce_party, say_coming, say_late
from reservations.engine.errors import Reason, Refused
from reservations.models import Reservation, Restaurant, Table, User
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


@pytest.fixture
def user() -> User:
    return make.make_staff()


def booked(restaurant: Restaurant, at: dt.time = dt.time(19), **wish: Any) -> Reservation:
    return make.make_reservation(restaurant, date=TODAY, at=at, **wish)


def seated(restaurant: Restaurant, at: dt.time = dt.time(19)) -> Reservation:
    """Return a party that was seated as it came."""
    reservation = booked(restaurant, at)
    with clock.at(reservation.starts_at + MINUTE):
        floor.seat(reservation=reservation, by=make.make_by())
    return reservation


def other_table(reservation: Reservation) -> Table:
    return Table.objects.exclude(pk__in=reservation.table_ids).get(restaurant=reservation.restaurant)


# --- Which status allows what ------------------------------------------------------------------


def _seat(reservation: Reservation) -> object:
    return floor.seat(reservation=reservation, by=make.make_by())


def _finish(reservation: Reservation) -> object:
    return floor.finish(reservation=reservation, by=make.make_by())


def _no_show(reservation: Reservation) -> object:
    return floor.mark_no_show(reservation=reservation, by=make.make_by())


def _move(reservation: Reservation) -> object:
    tables = Table.objects.exclude(pk__in=reservation.table_ids).filter(restaurant=reservation.restaurant)
    return floor.move(reservation=reservation, table_ids=(tables[0].pk,), by=make.make_by())


def _stay(reservation: Reservation) -> object:
    return floor.stay_longer(reservation=reservation, minutes=15, by=make.make_by())


def _cancel(reservation: Reservation) -> object:
    return booking.cancel(reservation=reservation, by_guest=False)


def _coming(reservation: Reservation) -> object:
    say_coming(reservation=reservation, by=make.make_by())
    return True


def _late(reservation: Reservation) -> object:
    say_late(reservation=reservation, minutes=20, by=make.make_by())
    return True


def _fewer(reservation: Reservation) -> object:
    reduce_party(reservation=reservation, party=1, by=make.make_by())
    return True


NOT_CONFIRMED = "NOT_CONFIRMED"
ONLY_CONFIRMED: dict[str, str | bool] = {
    status: NOT_CONFIRMED for status in Reservation.Status if status != "confirmed"
}
SEATED_TOO: dict[str, str | bool] = dict.fromkeys(Reservation.Status, "NOT_SEATED")
TABLE: dict[Callable[[Reservation], object], dict[str, str | bool]] = {
    _seat: {**ONLY_CONFIRMED, "confirmed": True, "seated": False},
    _finish: {**SEATED_TOO, "confirmed": True, "seated": True, "finished": False},
    _no_show: {**ONLY_CONFIRMED, "confirmed": True, "no_show": False},
    _move: {**ONLY_CONFIRMED, "confirmed": True, "seated": True},
    _stay: {**SEATED_TOO, "confirmed": True, "seated": True},
    _cancel: {**ONLY_CONFIRMED, "confirmed": True, "cancelled": False},
    _coming: {**ONLY_CONFIRMED, "confirmed": True},
    _late: {**ONLY_CONFIRMED, "confirmed": True},
    _fewer: {**ONLY_CONFIRMED, "confirmed": True},
}
"""What each rule answers by status: that it was done, that it is so already, or why not. After the start."""


@pytest.mark.parametrize("status", list(Reservation.Status))
@pytest.mark.parametrize("rule", list(TABLE), ids=lambda rule: rule.__name__.strip("_"))
def test_each_status_allows_a_step_or_says_why_not(
    venue: Restaurant, rule: Callable[[Reservation], object], status: str
) -> None:
    reservation = booked(venue)
    stale = fresh(reservation)
    Reservation.objects.filter(pk=reservation.pk).update(status=status)
    expected = TABLE[rule][status]
    with clock.at(SEVEN + 10 * MINUTE):
        before = snapshot(reservation)
        answers: list[object] = []
        for copy in (fresh(reservation), stale):
            try:
                answers.append(rule(copy))
            except Refused as refusal:
                answers.append(str(refusal.reason))
            if expected is True:
                break
            assert snapshot(reservation) == before
        assert set(answers) == {expected}
    assert chains_broken(venue) == []


# --- Seating ---------------------------------------------------------------------------------


def test_a_party_is_seated_when_it_comes_and_its_flag_goes(venue: Restaurant) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN + 20 * MINUTE):
        assert due.flag_late() == 1
        assert _seat(reservation) is True
    row = fresh(reservation)
    assert (row.status, row.late_flagged_at) == ("seated", None)
    assert row.seated_at is not None
    assert abs(row.seated_at - SEVEN - 20 * MINUTE) < MINUTE


def test_who_comes_early_is_seated_and_may_leave_before_its_time(venue: Restaurant) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN - 20 * MINUTE):
        assert _seat(reservation) is True
        assert _finish(reservation) is True
    assert fresh(reservation).ends_at == SEVEN + 15 * MINUTE
    assert broken(venue.pk) == {}


def test_nobody_is_seated_on_a_day_that_has_not_come(venue: Restaurant) -> None:
    """A tap on the wrong line: no step would lead back until that day."""
    reservation = make.make_reservation(venue, date=TODAY + dt.timedelta(days=1))
    before = snapshot(reservation)
    with refused(Reason.NOT_STARTED):
        _seat(reservation)
    assert snapshot(reservation) == before


def test_before_its_time_nobody_has_not_come_or_is_done(venue: Restaurant) -> None:
    reservation = booked(venue)
    for rule in (_no_show, _finish):
        with refused(Reason.NOT_STARTED):
            rule(reservation)


# --- Finishing and not coming ------------------------------------------------------------------


def test_finishing_early_frees_the_slots_that_are_left(venue: Restaurant) -> None:
    reservation = seated(venue)
    with clock.at(SEVEN + 40 * MINUTE):
        _finish(reservation)
    row = fresh(reservation)
    assert (row.status, row.ends_at, len(claims(row))) == ("finished", SEVEN + 30 * MINUTE, 2)
    assert row.finished_at is not None
    assert booked(venue, dt.time(20)).table_ids == row.table_ids
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_who_walks_in_has_the_table_at_once(venue: Restaurant) -> None:
    reservations = [seated(venue), seated(venue)]
    with clock.at(SEVEN + 40 * MINUTE):
        with refused(Reason.TABLES_TAKEN):
            make.make_walk_in(venue)
        _finish(reservations[0])
        assert make.make_walk_in(venue).table_ids == reservations[0].table_ids
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_finishing_late_frees_nothing_and_its_end_stays(venue: Restaurant) -> None:
    reservation = seated(venue)
    with clock.at(SEVEN + 200 * MINUTE):
        _finish(reservation)
    assert (fresh(reservation).ends_at, len(claims(reservation))) == (SEVEN + 120 * MINUTE, 8)


def test_who_has_finished_still_counts_as_come(venue: Restaurant) -> None:
    venue.services.update(max_covers=2)
    reservation = seated(venue)
    with clock.at(SEVEN + MINUTE):
        _finish(reservation)
    with clock.at(SEVEN - 2 * MINUTE), refused(Reason.PACING_FULL):
        booked(venue)


def test_who_does_not_come_frees_all(venue: Restaurant) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN + 30 * MINUTE):
        _no_show(reservation)
        assert (fresh(reservation).status, fresh(reservation).table_ids, claims(reservation)) == ("no_show", [], [])
        assert make.make_walk_in(venue).status == "seated"
        assert make.make_walk_in(venue).status == "seated"


# --- Moving -----------------------------------------------------------------------------------


def test_moving_takes_the_claims_along(venue: Restaurant) -> None:
    reservation = booked(venue)
    old, new = reservation.table_ids, other_table(reservation)
    assert floor.move(reservation=reservation, table_ids=(new.pk, new.pk), by=make.make_by()) is True
    assert floor.move(reservation=reservation, table_ids=(new.pk,), by=make.make_by()) is False
    assert fresh(reservation).table_ids == [new.pk]
    assert {table for table, _slot in claims(reservation)} == {new.pk}
    assert booked(venue).table_ids == old
    assert broken(venue.pk) == {}


def test_a_party_moved_mid_stay_leaves_the_past_behind(venue: Restaurant) -> None:
    """Whoever sat there before it did: what is over needs no table."""
    early, late = seated(venue, dt.time(18)), booked(venue)
    with clock.at(SEVEN + MINUTE):
        floor.seat(reservation=late, by=make.make_by())
    with clock.at(SEVEN + 50 * MINUTE):
        _finish(early)
    with clock.at(SEVEN + 61 * MINUTE):
        assert _move(late) is True
    assert fresh(late).table_ids == fresh(early).table_ids
    assert min(slot for _table, slot in claims(late)) == SEVEN + 60 * MINUTE
    assert (fresh(late).starts_at, fresh(late).ends_at) == (SEVEN, SEVEN + 120 * MINUTE)
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_a_late_party_is_moved_to_what_has_come_free_since(venue: Restaurant) -> None:
    early, late = seated(venue, dt.time(18)), booked(venue)
    with clock.at(SEVEN + 10 * MINUTE):
        _finish(early)
    with clock.at(SEVEN + 20 * MINUTE):
        assert _move(late) is True
        assert _seat(late) is True
    assert broken(venue.pk) == {}


def test_a_party_that_overstays_keeps_the_table_it_is_moved_to(venue: Restaurant) -> None:
    """Its own time is over: without a claim somebody else would be sat down with it."""
    sitting, coming = seated(venue, dt.time(18)), booked(venue, dt.time(20))
    assert coming.table_ids == sitting.table_ids
    with clock.at(SEVEN + 80 * MINUTE):
        assert _move(sitting) is True
        assert claims(sitting) == [(fresh(sitting).table_ids[0], SEVEN + 75 * MINUTE)]
        assert fresh(sitting).ends_at == SEVEN + 90 * MINUTE
        with refused(Reason.TABLES_TAKEN):
            make.make_walk_in(venue, minutes=15)
    assert broken(venue.pk) == {}


@pytest.mark.parametrize("why", ["another's", "out of use", "too small", "none"])
def test_tables_that_cannot_be_had_are_refused(why: str) -> None:
    restaurant = make.make_venue(tables=(4,))
    reservation = booked(restaurant, party=3)
    wanted: tuple[int, ...] = ()
    if why == "another's":
        wanted = (make.make_table(make.make_restaurant(), seats=4).pk,)
    elif why == "out of use":
        wanted = (make.make_table(restaurant, seats=4, is_active=False).pk,)
    elif why == "too small":
        wanted = (make.make_table(restaurant, seats=2).pk,)
    before = snapshot(reservation)
    with refused(Reason.WRONG_TABLES):
        floor.move(reservation=reservation, table_ids=wanted, by=make.make_by())
    assert snapshot(reservation) == before


def test_tables_may_be_pushed_together_and_are_never_anothers(venue: Restaurant) -> None:
    first, second = booked(venue), booked(venue)
    before = snapshot(first)
    with refused(Reason.TABLES_TAKEN):
        floor.move(reservation=first, table_ids=(first.table_ids[0], second.table_ids[0]), by=make.make_by())
    assert snapshot(first) == before
    booking.cancel(reservation=second, by_guest=False)
    both = tuple(venue.tables.values_list("pk", flat=True))
    floor.move(reservation=first, table_ids=both, by=make.make_by())
    assert (set(fresh(first).table_ids), len(claims(first))) == (set(both), 16)
    assert broken(venue.pk) == {}


@pytest.mark.django_db
def test_a_visit_is_not_ended_by_who_has_seen_another_state(venue: Restaurant) -> None:
    coming, sitting = booked(venue), seated(venue, dt.time(18))
    stale = fresh(coming), fresh(coming), fresh(sitting)
    with clock.at(coming.starts_at + MINUTE):
        arriving.arrive(reservation=coming, by=make.make_by())
        Reservation.objects.filter(pk=sitting.pk).update(status=Reservation.Status.CONFIRMED)
        for rule, seen in zip((_no_show, _cancel, _finish), stale, strict=True):
            with pytest.raises(Refused) as refusal:
                rule(seen)
            assert refusal.value.reason == Reason.CHANGED_MEANWHILE
        assert [fresh(one).status for one in (coming, sitting)] == [Reservation.Status.CONFIRMED] * 2
        # Looked at again, it is done.
        _finish(fresh(sitting))
    assert fresh(sitting).status == Reservation.Status.FINISHED
