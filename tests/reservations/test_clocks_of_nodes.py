"""Two nodes' clocks are a minute apart: what decides is the database's, whichever node is asked.

By a node's own clock goes what only refuses early, where the page just made
would be as wrong, and what is shown: the early look of a booking, the date that
the door's list begins on, and the lists of the host's screen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.utils import timezone

from reservations.engine import booking, due, floor, requests, waitlist
from reservations.engine.changing import change, wish_of
from reservations.engine.coming import reduce_party
from reservations.engine.errors import Reason, Refused
from reservations.models import HistoryEvent, Reservation, Restaurant
from reservations.queries.evening import evening
from reservations.queries.waiting import places
from tests import clock
from tests import factories as make
from tests.reservations.rows import fresh
from tests.reservations.waiting import offer, status

pytestmark = pytest.mark.django_db

MINUTE, HALF = dt.timedelta(minutes=1), dt.timedelta(seconds=30)
NOON = dt.datetime(2027, 6, 16, 10, tzinfo=dt.UTC)
TODAY = dt.date(2027, 6, 16)

both_ways = pytest.mark.parametrize("apart", [MINUTE, -MINUTE], ids=["node ahead", "node behind"])


@contextmanager
def node(apart: dt.timedelta, *, around: dt.datetime) -> Iterator[bool]:
    """Let a moment lie between the two clocks; the answer is whether it has passed by the database's.

    A node that is ahead believes it has passed while it is to come, one behind
    the other way round.
    """
    passed = apart < dt.timedelta()
    with clock.at(around + (HALF if passed else -HALF), node_ahead=apart):
        assert (timezone.now() > around) is not passed
        yield passed


def answer(rule: Callable[[], object]) -> object:
    """Return the reason where a rule refuses, and True where it does not."""
    try:
        rule()
    except Refused as refusal:
        return refusal.reason
    return True


@pytest.fixture
def venue() -> Restaurant:
    return make.make_venue(tables=(2, 2), cutoff_minutes=120, hold_minutes=10, late_minutes=15)


@both_ways
def test_a_hold_lasts_its_minutes_from_the_databases_now(venue: Restaurant, apart: dt.timedelta) -> None:
    with clock.at(NOON, node_ahead=apart):
        hold = make.make_hold(venue)
        assert hold.held_until is not None
        assert abs(hold.held_until - NOON - 10 * MINUTE) < HALF / 2
        booking.extend(reservation=hold)
        assert abs(hold.held_until - NOON - 20 * MINUTE) < HALF / 2
        reservation = booking.confirm(reservation=hold, details=make.make_details())
    assert reservation.confirmed_at is not None
    assert abs(reservation.confirmed_at - NOON) < HALF / 2
    assert all(abs(event.happened_at - NOON) < HALF / 2 for event in HistoryEvent.objects.all())


@both_ways
def test_a_hold_is_confirmed_and_extended_until_it_lapses_by_the_database(
    venue: Restaurant, apart: dt.timedelta
) -> None:
    with clock.at(NOON):
        holds = [make.make_hold(venue) for _i in range(2)]
    assert holds[0].held_until is not None
    with node(apart, around=holds[0].held_until) as passed:
        expected = Reason.HOLD_LAPSED if passed else True
        assert answer(lambda: booking.extend(reservation=holds[1])) is expected
        assert answer(lambda: booking.confirm(reservation=holds[0], details=make.make_details())) is expected


@both_ways
def test_a_lapsed_hold_is_free_by_the_database(venue: Restaurant, apart: dt.timedelta) -> None:
    with clock.at(NOON):
        holds = [make.make_hold(venue) for _i in range(2)]
    until = holds[1].held_until
    assert until is not None
    with node(apart, around=until) as passed:
        # One may lapse a moment before the other: both are well past, or well to come.
        assert answer(lambda: make.make_hold(venue)) is (True if passed else Reason.TABLES_TAKEN)
        due.expire_holds()
        assert [fresh(hold).status for hold in holds] == ["expired" if passed else "held"] * 2


@both_ways
def test_an_offer_is_accepted_until_it_lapses_by_the_database(venue: Restaurant, apart: dt.timedelta) -> None:
    venue.tables.order_by("pk")[0].delete()
    with clock.at(NOON, node_ahead=apart):
        booked = make.make_reservation(venue)
        entry = make.make_entry(venue)
        booking.cancel(reservation=booked, by_guest=True)
        until = offer(entry).held_until
    assert until is not None
    assert abs(until - NOON - 30 * MINUTE) < HALF / 2
    with node(apart, around=until) as passed:
        assert due.expire_holds() == int(passed)
        assert answer(lambda: waitlist.accept(entry=entry)) is (Reason.HOLD_LAPSED if passed else True)
    assert status(entry) == ("lapsed" if passed else "accepted")


@both_ways
def test_a_proposal_and_a_request_expire_by_the_database(venue: Restaurant, apart: dt.timedelta) -> None:
    make.make_table(venue, seats=12)
    user = make.make_staff()
    with clock.at(NOON, node_ahead=apart):
        asked, proposed = make.make_request(venue), make.make_request(venue)
        held = requests.propose(
            request=proposed, wish=make.make_wish(venue, party=12), user=user, by=make.make_by(user)
        )
    assert held.held_until is not None
    assert abs(asked.expires_at - held.held_until) < HALF / 2
    with node(apart, around=held.held_until) as passed:
        assert due.expire_requests() == int(passed)
        expected = Reason.HOLD_LAPSED if passed else True
        assert answer(lambda: requests.accept_proposal(request=proposed)) is expected


@both_ways
def test_the_cut_off_is_the_databases(venue: Restaurant, apart: dt.timedelta) -> None:
    with clock.at(NOON):
        changed, cancelled = (make.make_reservation(venue, date=TODAY) for _i in range(2))
        later = replace(wish_of(changed), start=changed.starts_at + 60 * MINUTE)
    with node(apart, around=changed.starts_at - 120 * MINUTE) as passed:
        assert answer(lambda: change(reservation=changed, wish=later)) is (Reason.CUTOFF_PASSED if passed else True)
        booking.cancel(reservation=cancelled, by_guest=True)
        assert fresh(cancelled).cancelled_late is passed


@both_ways
def test_the_start_is_the_databases(venue: Restaurant, apart: dt.timedelta) -> None:
    with clock.at(NOON):
        first, second = (make.make_reservation(venue, date=TODAY) for _i in range(2))
    with node(apart, around=first.starts_at) as passed:
        expected = Reason.ALREADY_STARTED if passed else True
        assert answer(lambda: reduce_party(reservation=first, party=1)) is expected
        assert answer(lambda: booking.cancel(reservation=first, by_guest=True)) is expected
        no_show = answer(lambda: floor.mark_no_show(reservation=second, by=make.make_by()))
        assert no_show is (True if passed else Reason.NOT_STARTED)


@both_ways
def test_lead_time_is_the_databases_and_the_early_look_refuses_by_the_nodes(
    venue: Restaurant, apart: dt.timedelta
) -> None:
    """A node that is ahead refuses a minute too early, as its page of times would; none accepts too late."""
    Restaurant.objects.update(lead_minutes=60)
    start = make.utc(venue, TODAY, dt.time(19))
    with node(apart, around=start - 60 * MINUTE):
        assert answer(lambda: make.make_hold(venue, date=TODAY)) is Reason.TOO_LATE


@both_ways
def test_who_is_late_and_who_stays_is_the_databases_to_say(venue: Restaurant, apart: dt.timedelta) -> None:
    with clock.at(NOON):
        late, sitting = (make.make_reservation(venue, date=TODAY) for _i in range(2))
    with node(apart, around=late.starts_at + 15 * MINUTE) as passed:
        floor.seat(reservation=sitting, by=make.make_by())
        assert due.flag_late() == int(passed)
    with node(apart, around=sitting.ends_at - 5 * MINUTE) as passed:
        assert due.keep_tables() == int(passed)


@both_ways
def test_the_end_of_waiting_is_the_databases(venue: Restaurant, apart: dt.timedelta) -> None:
    with clock.at(NOON):
        for _i in range(2):
            make.make_reservation(venue, date=TODAY)
        entry = make.make_entry(venue, date=TODAY)
    with node(apart, around=entry.latest) as passed:
        assert due.end_waiting() == int(passed)


def test_staff_see_the_places_in_which_parties_are_served(venue: Restaurant) -> None:
    """Who joined first did so at a node that is ahead, so that its clock says it came last."""
    entries = []
    with clock.at(NOON):
        for _i in range(2):
            make.make_reservation(venue, date=TODAY)
    for seconds, apart in ((0, MINUTE), (30, -MINUTE)):
        with clock.at(NOON + dt.timedelta(seconds=seconds), node_ahead=apart):
            entries.append(make.make_entry(venue, date=TODAY))
    assert entries[0].created_at > entries[1].created_at
    first, second = entries
    with clock.at(NOON + MINUTE):
        assert [waitlist.place_in_line(entry) for entry in entries] == [1, 2]
        assert places(entries) == {first.pk: 1, second.pk: 2}
        assert evening(venue, timezone.now()).waitlist == ((1, first), (2, second))


@both_ways
def test_a_walk_in_begins_in_the_databases_slot(venue: Restaurant, apart: dt.timedelta) -> None:
    quarter = make.utc(venue, TODAY, dt.time(19, 15))
    with node(apart, around=quarter) as passed:
        seated: Reservation = make.make_walk_in(venue)
    assert seated.starts_at == (quarter if passed else quarter - 15 * MINUTE)
