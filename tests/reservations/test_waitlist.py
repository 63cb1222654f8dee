"""The waitlist of a date: who may join it, and how an entry ends."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from reservations.engine import booking, due, waitlist
from reservations.engine.errors import Reason
from reservations.models import HistoryEvent, Message, Reservation, Restaurant, Service, Table, WaitlistEntry
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, lapse, refused
from tests.reservations.waiting import fresh_entry, offer, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_table() -> Restaurant:
    """One table for two, which is booked at 19:00."""
    restaurant = make.make_venue(tables=(2,))
    make.make_reservation(restaurant)
    return restaurant


def free(restaurant: Restaurant) -> None:
    """Cancel who has the table at 19:00."""
    reservation = Reservation.objects.get(restaurant=restaurant, status="confirmed")
    booking.cancel(reservation=reservation, by_guest=True)


# --- Joining ---------------------------------------------------------------------------


def test_an_entry_keeps_what_was_told_and_for_when(one_table: Restaurant) -> None:
    details = make.make_details(name="Zoë", note="x" * 400)
    entry = make.make_entry(one_table, until=dt.time(20), details=details, language="de")
    assert (entry.status, entry.kind, entry.rank) == ("waiting", "online", 0)
    assert (entry.earliest, entry.latest) == tuple(
        make.make_wish(one_table, at=at).start for at in (dt.time(19), dt.time(20))
    )
    assert (entry.name, len(entry.note), entry.language) == ("Zoë", 300, "de")
    assert entry.guest is not None
    assert entry.guest.email == "ada@example.org"
    assert (waitlist.place_in_line(entry), events(one_table)[-1]) == (1, "entry joined")
    # It holds nothing.
    assert Reservation.objects.count() == 1


@pytest.mark.parametrize(
    ("reason", "change", "wish"),
    [
        ("WAITLIST_OFF", {"takes_waitlist": False}, {}),
        ("ONLINE_BOOKING_OFF", {"online_booking": "off"}, {}),
        ("ONLINE_BOOKING_OFF", {"is_published": False}, {}),
        ("TOO_LATE", {"lead_minutes": 60 * 24 * 30}, {}),
        ("TOO_FAR", {"booking_window_days": 6}, {}),
        ("PARTY_TOO_LARGE", {}, {"party": 9}),
        ("PARTY_TOO_LARGE", {}, {"party": 10**9}),
        ("PARTY_TOO_SMALL", {"min_party": 2}, {"party": 1}),
        ("NO_TABLE", {}, {"party": 3}),
        ("NO_TABLE", {}, {"step_free": True}),
        ("NOT_A_TIME", {}, {"at": dt.time(19, 10)}),
        ("NOT_A_TIME", {}, {"until": dt.time(18)}),
        ("STILL_FREE", {}, {"at": dt.time(21)}),
        ("STILL_FREE", {}, {"until": dt.time(22)}),
    ],
)
def test_waiting_that_can_not_help_is_refused(
    one_table: Restaurant, reason: str, change: dict[str, Any], wish: dict[str, Any]
) -> None:
    Restaurant.objects.filter(pk=one_table.pk).update(**change)
    before = HistoryEvent.objects.count()
    with refused(Reason(reason)):
        make.make_entry(one_table, **wish)
    assert (WaitlistEntry.objects.count(), HistoryEvent.objects.count()) == (0, before)


@pytest.mark.parametrize("why", ["closure", "special day", "service"])
def test_nobody_waits_for_a_closed_day(one_table: Restaurant, why: str) -> None:
    date = make.days_ahead(one_table)
    if why == "special day":
        make.make_special_day(one_table, date)
    else:
        make.make_closure(one_table, date, service=Service.objects.get() if why == "service" else None)
    with refused(Reason.NO_SERVICE if why == "service" else Reason.CLOSED):
        make.make_entry(one_table)


def test_it_helps_to_wait_where_one_time_of_the_window_is_full(one_table: Restaurant) -> None:
    """What else is in the window may be past."""
    date = make.days_ahead(one_table)
    with clock.at(make.utc(one_table, date, dt.time(18, 40))):
        assert make.make_entry(one_table, date=date, at=dt.time(18), until=dt.time(20)).status == "waiting"
    with (
        clock.at(make.utc(one_table, date, dt.time(20, 40))),
        refused(Reason.PAST),
    ):
        make.make_entry(one_table, date=date, at=dt.time(18), until=dt.time(20))


def test_a_hold_that_has_lapsed_is_free(one_table: Restaurant) -> None:
    free(one_table)
    lapse(make.make_hold(one_table))
    with refused(Reason.STILL_FREE):
        make.make_entry(one_table)


def test_a_form_sent_twice_is_one_entry(one_table: Restaurant) -> None:
    first = make.make_entry(one_table, browser="b" * 64, key="form")
    assert make.make_entry(one_table, browser="b" * 64, key="form") == first
    assert events(one_table).count("entry joined") == 1
    # Not by another browser, and not with another wish: nobody gets what was not asked for.
    assert make.make_entry(one_table, browser="c" * 64, key="form") != first
    other = make.make_entry(one_table, browser="b" * 64, key="form", party=1)
    assert (other != first, other.party_size) == (True, 1)
    later = make.make_entry(one_table, browser="b" * 64, key="form", until=dt.time(19, 30))
    assert later.latest > first.latest


def test_what_was_put_right_in_a_form_that_comes_once_more_is_kept_while_it_waits(one_table: Restaurant) -> None:
    def join(email: str) -> WaitlistEntry:
        details = make.make_details(name="Ada", email=email, phone="+49 30 1234567", note="x" * 400)
        return make.make_entry(one_table, browser="b" * 64, key="form", details=details)

    first = join("ada@exmaple.org")
    for _time in range(2):
        entry = join("ada@example.org")
        assert (entry.pk, entry.email, len(entry.note)) == (first.pk, "ada@example.org", 300)
    entry.refresh_from_db()
    assert (entry.email, entry.guest and entry.guest.email) == ("ada@example.org", "ada@example.org")
    told = HistoryEvent.objects.filter(subject="entry").order_by("pk")
    assert [(event.kind, event.changes.get("told")) for event in told] == [("joined", None), ("changed", ["email"])]
    sent = Message.objects.filter(kind=Message.Kind.JOINED).order_by("pk").values_list("recipient", flat=True)
    assert list(sent) == ["ada@exmaple.org", "ada@example.org"]
    # In another language, it goes on in that one.
    make.make_entry(one_table, browser="b" * 64, key="form", details=make.make_details(), language="de")
    assert fresh_entry(entry).language == "de"
    entry = join("ada@example.org")
    waitlist.leave(entry=entry)
    assert join("late@example.org").email == "ada@example.org"


# --- Accepting -------------------------------------------------------------------------


def test_accepting_makes_it_a_reservation(one_table: Restaurant) -> None:
    entry = make.make_entry(one_table)
    free(one_table)
    held = offer(entry)
    slots = claims(held)
    reservation = waitlist.accept(entry=entry)
    assert (reservation.pk, reservation.status, reservation.held_until) == (held.pk, "confirmed", None)
    assert (reservation.name, reservation.guest) == (entry.name, fresh_entry(entry).guest)
    assert claims(reservation) == slots
    assert (entry.status, entry.ended_at is not None) == ("accepted", True)
    assert events(one_table)[-2:] == ["entry accepted", "reservation confirmed"]
    assert (chains_broken(one_table), broken(one_table.pk)) == ([], {})


def test_accepting_again_gives_the_same_answer(one_table: Restaurant) -> None:
    entry = make.make_entry(one_table)
    free(one_table)
    stale = fresh_entry(entry)
    first = waitlist.accept(entry=entry)
    count = HistoryEvent.objects.count()
    assert waitlist.accept(entry=entry) == waitlist.accept(entry=stale) == first
    assert HistoryEvent.objects.count() == count


def test_without_an_offer_there_is_nothing_to_accept(one_table: Restaurant) -> None:
    entry = make.make_entry(one_table)
    with refused(Reason.HOLD_LAPSED):
        waitlist.accept(entry=entry)
    assert status(entry) == "waiting"


@pytest.mark.parametrize("noticed", [False, True])
def test_an_offer_that_has_lapsed_is_not_accepted(one_table: Restaurant, noticed: bool) -> None:
    entry = make.make_entry(one_table)
    free(one_table)
    lapse(offer(entry))
    if noticed:
        due.expire_holds()
    with refused(Reason.HOLD_LAPSED):
        waitlist.accept(entry=entry)
    assert status(entry) == ("lapsed" if noticed else "offered")
    due.expire_holds()
    assert status(entry) == "lapsed"
    assert make.make_hold(one_table).status == "held"


def test_an_offer_lasts_as_long_as_the_restaurant_says(one_table: Restaurant) -> None:
    Restaurant.objects.update(offer_minutes=45)
    entry = make.make_entry(one_table)
    free(one_table)
    until = offer(entry).held_until
    assert until is not None
    with clock.at(until + dt.timedelta(seconds=1)):
        assert due.expire_holds() == 1
    assert status(entry) == "lapsed"
    left = until - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=44) < left <= dt.timedelta(minutes=45)


def test_step_free_access_is_kept_with_what_is_accepted(one_table: Restaurant) -> None:
    Table.objects.update(is_step_free=True)
    entry = make.make_entry(one_table, step_free=True)
    free(one_table)
    assert waitlist.accept(entry=entry).needs_step_free is True


# --- Leaving ----------------------------------------------------------------------------


def test_leaving_takes_it_off_the_list_once(one_table: Restaurant) -> None:
    entry, behind = make.make_entry(one_table), make.make_entry(one_table)
    stale = fresh_entry(entry)
    assert waitlist.leave(entry=entry) is True
    assert waitlist.leave(entry=stale) is False
    assert (status(entry), waitlist.place_in_line(behind)) == ("left", 1)
    free(one_table)
    assert (status(entry), status(behind)) == ("left", "offered")


def test_leaving_while_a_table_is_offered_frees_it(one_table: Restaurant) -> None:
    entry = make.make_entry(one_table)
    free(one_table)
    held = offer(entry)
    waitlist.leave(entry=entry)
    assert (status(entry), fresh(held).status, claims(held)) == ("declined", "released", [])
    assert (fresh(held).name, fresh(held).email) == ("", "")
    assert make.make_hold(one_table).status == "held"
    with refused(Reason.HOLD_LAPSED):
        waitlist.accept(entry=entry)


def test_who_has_accepted_cancels_the_reservation_instead(one_table: Restaurant) -> None:
    entry = make.make_entry(one_table)
    free(one_table)
    reservation = waitlist.accept(entry=entry)
    assert waitlist.leave(entry=entry) is False
    assert fresh(reservation).status == "confirmed"
    booking.cancel(reservation=reservation, by_guest=True)
    assert waitlist.accept(entry=entry).status == "cancelled"


def test_the_window_ends_the_waiting(one_table: Restaurant) -> None:
    entry = make.make_entry(one_table)
    with clock.at(entry.latest - dt.timedelta(seconds=20)):
        assert due.end_waiting() == 0
    with clock.at(entry.latest + dt.timedelta(seconds=1)):
        assert due.end_waiting() == 1
        assert due.end_waiting() == 0
        free_by_staff(one_table)
    assert (status(entry), fresh_entry(entry).ended_at is not None) == ("over", True)
    assert "entry over" in events(one_table)


def free_by_staff(restaurant: Restaurant) -> None:
    reservation = Reservation.objects.get(restaurant=restaurant, status="confirmed")
    booking.cancel(reservation=reservation, by_guest=False)


def test_only_who_waits_is_promoted(one_table: Restaurant) -> None:
    entry = make.make_entry(one_table)
    free(one_table)
    with refused(Reason.NOT_WAITING):
        waitlist.promote(entry=entry, by=make.make_by())
    waitlist.leave(entry=entry)
    with refused(Reason.NOT_WAITING):
        waitlist.promote(entry=entry, by=make.make_by())


def test_who_promoted_whom_is_told_by_the_history(one_table: Restaurant) -> None:
    entry, user = make.make_entry(one_table), make.make_staff()
    waitlist.promote(entry=entry, by=make.make_by(user))
    event = HistoryEvent.objects.get(kind="promoted")
    assert (event.subject_number, event.user_number, event.actor) == (entry.pk, user.pk, "staff")
