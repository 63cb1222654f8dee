"""Closing days or a service: something is said of each reservation hit, nothing is left half done; and the night."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from reservations.engine import booking, closing, due, floor, requests, waitlist
from reservations.engine.closing import Choice, close, close_night
from reservations.engine.errors import Reason
from reservations.models import (
    BookingRequest,
    Closure,
    Reservation,
    Restaurant,
    Service,
    TableClaim,
    User,
    WaitlistEntry,
)
from reservations.queries.floor import hit_by_closing, unresolved
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, mails, refused
from tests.reservations.waiting import status

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


@pytest.fixture
def venue() -> Restaurant:
    """Lunch from 12:00 to 14:00 and dinner, at tables for 2 and 4."""
    restaurant = make.make_venue(tables=(2, 4))
    make.make_service(restaurant, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(14))
    return restaurant


@pytest.fixture
def user() -> User:
    return make.make_staff()


def shut(restaurant: Restaurant, choices: dict[int, Choice], days: int = 1, **more: Any) -> Closure:
    """Close so many days from the usual date on."""
    first = make.days_ahead(restaurant)
    return close(
        restaurant=restaurant,
        first=first,
        last=first + (days - 1) * DAY,
        choices=choices,
        by=more.pop("by", make.make_by()),
        **more,
    )


def service(restaurant: Restaurant, name: str) -> Service:
    return restaurant.services.get(name=name)


# --- Days ----------------------------------------------------------------------------------


def test_each_reservation_is_kept_or_cancelled_as_was_chosen(venue: Restaurant, user: User) -> None:
    date = make.days_ahead(venue)
    kept, cancelled = make.make_reservation(venue), make.make_reservation(venue, date=date + DAY)
    outside = make.make_reservation(venue, date=date + 2 * DAY)
    closure = shut(venue, {kept.pk: "keep", cancelled.pk: "cancel"}, days=2, by=make.make_by(user), reason="Flood")
    assert (closure.starts_on, closure.ends_on, closure.reason) == (date, date + DAY, "Flood")
    assert [fresh(one).status for one in (kept, cancelled, outside)] == ["confirmed", "cancelled", "confirmed"]
    assert (len(claims(kept)), claims(cancelled)) == (8, [])
    assert mails(venue)[-1] == ("cancellation", "ada@example.org")
    assert [kind for kind, _to in mails(venue)].count("cancellation") == 1
    assert events(venue, date + DAY)[-1] == "reservation cancelled"
    assert events(venue)[-1] == "closure closed"
    assert (chains_broken(venue), broken(venue.pk)) == ([], {})
    for days in (0, 1):
        with refused(Reason.CLOSED):
            make.make_hold(venue, date=date + days * DAY)
    assert make.make_hold(venue, date=date + 2 * DAY).status == "held"


def test_undecided_nothing_has_happened(venue: Restaurant) -> None:
    first, second = make.make_reservation(venue), make.make_reservation(venue)
    hold = make.make_hold(venue, at=dt.time(22))
    before = (mails(venue), events(venue))
    with refused(Reason.UNDECIDED):
        shut(venue, {first.pk: "cancel"})
    assert [fresh(one).status for one in (first, second, hold)] == ["confirmed", "confirmed", "held"]
    assert (mails(venue), events(venue), Closure.objects.count()) == (*before, 0)


def test_what_will_be_hit_is_listed(venue: Restaurant) -> None:
    date = make.days_ahead(venue)
    dinner, lunch = make.make_reservation(venue), make.make_reservation(venue, at=dt.time(12))
    make.make_reservation(venue, date=date + DAY)
    gone = make.make_reservation(venue, at=dt.time(21))
    Reservation.objects.filter(pk=gone.pk).update(status="cancelled")
    assert list(hit_by_closing(venue.pk, date, date)) == [lunch, dinner]
    assert list(hit_by_closing(venue.pk, date, date, service(venue, "Lunch").pk)) == [lunch]


def test_holds_are_given_back_and_who_types_is_told(venue: Restaurant) -> None:
    hold = make.make_hold(venue)
    shut(venue, {})
    assert (fresh(hold).status, TableClaim.objects.count()) == ("released", 0)
    with refused(Reason.HOLD_LAPSED):
        booking.confirm(reservation=fresh(hold), details=make.make_details())
    assert events(venue, hold.service_date)[-1] == "reservation released"


def test_an_offer_ends_with_its_hold(venue: Restaurant, user: User) -> None:
    venue.tables.filter(max_seats=4).delete()
    booked = make.make_reservation(venue)
    entry, behind = make.make_entry(venue), make.make_entry(venue)
    booking.cancel(reservation=booked, by_guest=True)
    assert status(entry) == "offered"
    shut(venue, {})
    assert (status(entry), status(behind)) == ("lapsed", "waiting")
    assert WaitlistEntry.objects.get(pk=entry.pk).ended_at is not None
    with refused(Reason.HOLD_LAPSED):
        waitlist.accept(entry=entry)
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_a_proposal_ends_with_its_hold_and_the_guest_is_told(venue: Restaurant, user: User) -> None:
    make.make_table(venue, seats=12)
    request = make.make_request(venue)
    requests.propose(request=request, wish=make.make_wish(venue, party=12), user=user, by=make.make_by(user))
    shut(venue, {})
    assert BookingRequest.objects.get().status == "expired"
    assert mails(venue)[-1] == ("expired", "ada@example.org")
    with refused(Reason.HOLD_LAPSED):
        requests.accept_proposal(request=request)
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_a_seated_party_is_not_sent_away(venue: Restaurant, user: User) -> None:
    reservation = make.make_reservation(venue)
    with clock.at(reservation.starts_at + dt.timedelta(minutes=20)):
        floor.seat(reservation=reservation, by=make.make_by(user))
        date = reservation.service_date
        close(restaurant=venue, first=date, last=date, choices={reservation.pk: "cancel"}, by=make.make_by(user))
    assert (fresh(reservation).status, len(claims(reservation))) == ("seated", 8)


def test_what_staff_have_booked_beyond_the_booking_window_is_hit(venue: Restaurant, user: User) -> None:
    date = make.days_ahead(venue, 100)
    far = booking.book(
        wish=make.make_wish(venue, date=date), details=make.make_details(), user=user, key=make.new_key()
    )
    asked: dict[str, Any] = {"restaurant": venue, "first": date, "last": date, "by": make.make_by(user)}
    with refused(Reason.UNDECIDED):
        close(choices={}, **asked)
    close(choices={far.pk: "cancel"}, **asked)
    assert (fresh(far).status, chains_broken(venue)) == ("cancelled", [])


def test_a_closure_for_ever_is_one(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue)
    close(
        restaurant=venue,
        first=make.days_ahead(venue, -400),
        last=make.days_ahead(venue, 20000),
        choices={reservation.pk: "keep"},
        by=make.make_by(),
    )
    with refused(Reason.CLOSED):
        make.make_hold(venue, date=make.days_ahead(venue, 30))


def test_once_reopened_the_day_takes_bookings_and_offers(venue: Restaurant) -> None:
    venue.tables.filter(max_seats=4).delete()
    booked = make.make_reservation(venue)
    entry = make.make_entry(venue)
    closure = shut(venue, {booked.pk: "cancel"})
    due.serve_waitlists()
    assert status(entry) == "waiting"
    closure.delete()
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(venue)
    assert status(entry) == "offered"
    assert make.make_hold(venue, at=dt.time(12)).status == "held"


# --- One service -----------------------------------------------------------------------------


def test_one_service_is_closed_while_the_other_goes_on(venue: Restaurant) -> None:
    lunch, dinner = make.make_reservation(venue, at=dt.time(12)), make.make_reservation(venue)
    shut(venue, {lunch.pk: "cancel"}, service=service(venue, "Lunch"))
    assert (fresh(lunch).status, fresh(dinner).status) == ("cancelled", "confirmed")
    with refused(Reason.NOT_A_TIME):
        make.make_hold(venue, at=dt.time(12))
    assert make.make_hold(venue).status == "held"
    date = make.days_ahead(venue)
    assert make.make_hold(venue, date=date + DAY, at=dt.time(12)).service_name == "Lunch"


def test_what_a_closed_service_frees_is_offered_in_the_other() -> None:
    """A late lunch keeps the one table until after the first time of dinner."""
    restaurant = make.make_venue(tables=(2,), turn_minutes=240)
    make.make_service(restaurant, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(15))
    lunch = make.make_reservation(restaurant, at=dt.time(15))
    entry = make.make_entry(restaurant, at=dt.time(18))
    shut(restaurant, {lunch.pk: "cancel"}, service=service(restaurant, "Lunch"))
    assert status(entry) == "offered"
    assert (broken(restaurant.pk), chains_broken(restaurant)) == ({}, [])


def test_reservations_of_a_closed_service_that_are_kept_stand(venue: Restaurant, user: User) -> None:
    reservation = make.make_reservation(venue)
    shut(venue, {reservation.pk: "keep"}, service=service(venue, "Dinner"))
    with clock.at(reservation.starts_at):
        assert floor.seat(reservation=reservation, by=make.make_by(user)) is True


# --- The night ---------------------------------------------------------------------------------


def test_closing_the_night_settles_what_was_left_open(user: User) -> None:
    restaurant = make.make_venue(tables=(2, 2, 2, 2))
    sat, forgotten, missing, unsaid = (make.make_reservation(restaurant) for _i in range(4))
    date, by = sat.service_date, make.make_by(user)
    with clock.at(sat.starts_at + dt.timedelta(minutes=1)):
        floor.seat(reservation=sat, by=by)
    with clock.at(sat.starts_at + dt.timedelta(hours=4)):
        assert list(unresolved(restaurant.pk, date, timezone.now())) == [sat, forgotten, missing, unsaid]
        outcomes: dict[int, closing.Outcome] = {sat.pk: "finished", forgotten.pk: "finished", missing.pk: "no_show"}
        assert close_night(restaurant=restaurant, date=date, outcomes=outcomes, by=by) == []
        assert list(unresolved(restaurant.pk, date, timezone.now())) == [unsaid]
    assert [fresh(one).status for one in (sat, forgotten, missing)] == ["finished", "finished", "no_show"]
    # They sat for the time that they had: nothing was freed.
    assert fresh(sat).ends_at == sat.ends_at
    assert (broken(restaurant.pk), chains_broken(restaurant)) == ({}, [])


def test_what_cannot_be_settled_keeps_none_of_the_others(user: User) -> None:
    restaurant = make.make_venue(tables=(2, 2))
    sat, other = (make.make_reservation(restaurant) for _i in range(2))
    by = make.make_by(user)
    with clock.at(sat.starts_at + dt.timedelta(hours=3)):
        floor.seat(reservation=sat, by=by)
        # Somebody who sits has come.
        outcomes: dict[int, closing.Outcome] = {sat.pk: "no_show", other.pk: "finished"}
        found = close_night(restaurant=restaurant, date=sat.service_date, outcomes=outcomes, by=by)
    assert found == [(sat, Reason.NOT_CONFIRMED)]
    assert [fresh(one).status for one in (sat, other)] == ["seated", "finished"]


def test_closed_twice_is_one_closure() -> None:
    """By a double click, or by two: whoever deletes it has opened the day again."""
    restaurant = make.make_venue()
    date = make.days_ahead(restaurant)
    by = make.make_by()
    first, second = (
        closing.close(restaurant=restaurant, first=date, last=date, choices={}, by=by, reason="Wedding")
        for _time in range(2)
    )
    assert first == second
    assert [event for event in events(restaurant) if event == "closure closed"] == ["closure closed"]
    first.delete()
    assert make.make_reservation(restaurant, date=date).status == "confirmed"
