"""What refuses a change: the cut-off, the start, the rules; the reservation then stands as it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from reservations.engine import floor
from reservations.engine.arriving import add_note
from reservations.engine.changing import change, details_of, wish_of
from reservations.engine.errors import Reason
from reservations.engine.undoing import undo
from reservations.models import HistoryEvent, Refusal, Reservation, Restaurant, Service, User
from reservations.queries.day import Window
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import fresh, refused, snapshot

pytestmark = pytest.mark.django_db

FREE = Window((0, 0), frozenset(), frozenset())
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def venue() -> Restaurant:
    """Tables for 2, 4 and 6; at most 8 covers at a time, 6 of them online; to be changed until an hour before."""
    service = {"max_covers": 8, "max_online_covers": 6}
    return make.make_venue(tables=(2, 4, 6), cutoff_minutes=60, service=service)


@pytest.fixture
def user() -> User:
    return make.make_staff()


def at(reservation: Reservation, clock_time: dt.time) -> Any:
    """Return the reservation's wish at another time of its date."""
    start = make.utc(reservation.restaurant, reservation.service_date, clock_time)
    return replace(wish_of(reservation), start=start)


# --- Cut-off and start ---------------------------------------------------------------


def test_a_guest_changes_until_the_cut_off_and_staff_after_it(venue: Restaurant, user: User) -> None:
    reservation = make.make_reservation(venue)
    cutoff = reservation.starts_at - HOUR
    with clock.at(cutoff - dt.timedelta(seconds=30)):
        change(reservation=reservation, wish=at(reservation, dt.time(19, 30)))
    cutoff = reservation.starts_at - HOUR
    with clock.at(cutoff + dt.timedelta(seconds=1)):
        before = snapshot(reservation)
        with refused(Reason.CUTOFF_PASSED):
            change(reservation=reservation, wish=at(reservation, dt.time(21)))
        assert snapshot(reservation) == before
        # What is told may still be told.
        assert change(reservation=reservation, details=replace(details_of(reservation), note="Two prams")) is True
        assert change(reservation=reservation, wish=at(reservation, dt.time(21)), by=make.make_by(user), online=False)
    assert list(Refusal.objects.values_list("reason", flat=True)) == ["CUTOFF_PASSED"]


def test_after_the_start_a_guest_changes_nothing(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    with clock.at(reservation.starts_at + dt.timedelta(seconds=1)):
        for asked in ({"details": make.make_details(note="Late")}, {"wish": at(reservation, dt.time(21))}):
            with refused(Reason.ALREADY_STARTED):
                change(reservation=reservation, **asked)


def test_staff_note_what_a_seated_party_tells_but_move_it_on_the_floor(venue: Restaurant, user: User) -> None:
    reservation = make.make_reservation(venue)
    with clock.at(reservation.starts_at + dt.timedelta(minutes=5)):
        by = make.make_by(user)
        floor.seat(reservation=reservation, by=by)
        told = replace(details_of(reservation), dietary_needs="No nuts")
        assert change(reservation=reservation, details=told, by=by, online=False) is True
        with refused(Reason.NOT_CONFIRMED):
            change(reservation=reservation, details=replace(told, note="Hello"))
        # Its time has begun: to another it is not moved.
        with refused(Reason.ALREADY_STARTED):
            earlier = replace(wish_of(reservation), start=reservation.starts_at - dt.timedelta(minutes=30))
            change(reservation=reservation, wish=earlier, by=by, online=False)
    assert fresh(reservation).dietary_needs == "No nuts"


# --- Refused, it stands -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "asked"),
    [
        ("CLOSED", {"days": 1}),
        ("TOO_FAR", {"days": 80}),
        ("PAST", {"days": -9}),
        ("NOT_A_TIME", {"at": dt.time(19, 10)}),
        ("NOT_A_TIME", {"at": dt.time(23, 30)}),
        ("PARTY_TOO_SMALL", {"party": 0}),
        ("PARTY_TOO_SMALL", {"party": -2}),
        ("PARTY_TOO_LARGE", {"party": 9}),
        ("PARTY_TOO_LARGE", {"party": 10**9}),
        ("PACING_FULL", {"at": dt.time(21)}),
        ("TABLES_TAKEN", {"party": 5}),
        ("NO_TABLE", {"step_free": True}),
        ("NO_TABLE", {"area": True}),
    ],
)
def test_refused_for_whatever_reason_the_old_one_stands(venue: Restaurant, reason: str, asked: dict[str, Any]) -> None:
    date = make.days_ahead(venue)
    make.make_closure(venue, date + dt.timedelta(days=1))
    make.make_reservation(venue, party=6, at=dt.time(21))
    make.make_reservation(venue, party=2)
    reservation = make.make_reservation(venue, party=2)
    if reason == "TABLES_TAKEN":
        Service.objects.update(max_online_covers=None)
        make.make_block(venue, [venue.tables.get(max_seats=6)], at=dt.time(20), minutes=30)
    wish = wish_of(reservation)
    if "days" in asked:
        wish = make.make_wish(venue, date=date + dt.timedelta(days=asked["days"]))
    if "at" in asked:
        wish = at(reservation, asked["at"])
    others: dict[str, Any] = {name: asked[name] for name in ("party", "step_free") if name in asked}
    if "area" in asked:
        others["area_id"] = make.make_area(make.make_restaurant()).pk
    before = snapshot(reservation)
    with refused(Reason(reason)):
        change(reservation=reservation, wish=replace(wish, **others), details=make.make_details(note="New"))
    assert snapshot(reservation) == before
    assert Refusal.objects.get().reason == reason
    assert broken(venue.pk) == {}
    # And it can still be changed: nothing was left half done.
    assert change(reservation=reservation, wish=at(reservation, dt.time(20))) is True


def test_a_claim_that_collides_as_often_as_is_tried_leaves_it_as_it_was(
    venue: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read says that the table is free, which another's claim denies: the database refuses."""
    reservation = make.make_reservation(venue)
    taken = make.make_reservation(venue, at=dt.time(21))
    assert taken.table_ids == reservation.table_ids
    before = snapshot(reservation)
    monkeypatch.setattr("reservations.engine.changing.floor_window", lambda *_a, **_k: FREE)
    with refused(Reason.TABLES_TAKEN):
        change(reservation=reservation, wish=at(reservation, dt.time(21)))
    assert snapshot(reservation) == before
    assert broken(venue.pk) == {}


@pytest.mark.parametrize("undone", [False, True])
def test_a_line_that_staff_have_noted_or_taken_back_since_is_not_written_over(venue: Restaurant, undone: bool) -> None:
    reservation = make.make_reservation(venue)
    if undone:
        add_note(reservation=reservation, text="By the window", by=make.make_by())
    known = fresh(reservation)
    if undone:
        undo(reservation=reservation, event=HistoryEvent.objects.latest("pk").pk, by=make.make_by())
    else:
        add_note(reservation=reservation, text="By the window", by=make.make_by())
    with refused(Reason.CHANGED_MEANWHILE):
        change(reservation=known, details=replace(details_of(known), phone="+49307654321"))
    assert fresh(reservation).note == ("" if undone else "By the window")
