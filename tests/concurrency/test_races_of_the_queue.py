"""Those who wait, who ask and who close, at once with others: nobody gets what another has, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from reservations.engine import booking, due, requests, waitlist
from reservations.engine.closing import close
from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import take_day
from reservations.models import BookingRequest, Closure, Reservation, Restaurant, ServiceDay, WaitlistEntry
from reservations.queries.floor import hit_by_closing
from tests import factories as make
from tests.concurrency.crew import Crew, winners
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, fresh
from tests.reservations.waiting import offer, status

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

ROUNDS = 8


@pytest.fixture
def pair(transactional_db: None) -> Iterator[Crew]:
    """Two threads."""
    with Crew(2) as threads:
        yield threads


@pytest.fixture
def one_table(transactional_db: None) -> Restaurant:
    return make.make_venue(tables=(2,), booking_window_days=730)


def whole(restaurant: Restaurant) -> None:
    assert (broken(restaurant.pk), chains_broken(restaurant)) == ({}, [])


def full(restaurant: Restaurant, number: int) -> tuple[Reservation, WaitlistEntry]:
    """Return who has the table on a round's date, and who waits for it."""
    date = make.days_ahead(restaurant, 2 + number)
    return make.make_reservation(restaurant, date=date), make.make_entry(restaurant, date=date)


# --- Waiting ------------------------------------------------------------------------------------------


def jumps(pair: Crew, restaurant: Restaurant) -> list[bool]:
    """Let one cancel while another books the same time, and return whether the one who waited was passed over."""
    found = []
    for number in range(ROUNDS):
        reservation, entry = full(restaurant, number)
        wish = make.make_wish(restaurant, date=reservation.service_date)

        def want(wish: Any = wish, number: int = number) -> object:
            # Until the table has surely come free, whoever got it.
            for _i in range(20):
                try:
                    return booking.hold(wish=wish, browser=f"b {number}", key="form")
                except Refused as refusal:
                    last = refusal.reason
                    time.sleep(0.002)
            return last

        pair.race([partial(booking.cancel, reservation=reservation, by_guest=True), want])
        found.append(status(entry) != "offered")
    return found


def test_nobody_jumps_the_queue_while_a_table_comes_free(pair: Crew, one_table: Restaurant) -> None:
    assert jumps(pair, one_table) == [False] * ROUNDS
    whole(one_table)


def test_where_whoever_frees_serves_nobody_the_same_race_is_won_by_who_came_last(
    pair: Crew, one_table: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("booking", "offers"):
        monkeypatch.setattr(f"reservations.engine.{module}.serve_waitlist", lambda *_args: None)
    assert True in jumps(pair, one_table)


def test_an_offer_is_accepted_once(pair: Crew, one_table: Restaurant) -> None:
    for number in range(ROUNDS):
        reservation, entry = full(one_table, number)
        booking.cancel(reservation=reservation, by_guest=True)
        copies = [WaitlistEntry.objects.get(pk=entry.pk) for _i in range(2)]
        first, second = winners(pair.race(partial(waitlist.accept, entry=copy) for copy in copies))
        assert first == second
    assert Reservation.objects.filter(status="confirmed").count() == ROUNDS
    whole(one_table)


def test_accepted_or_left_and_never_both(pair: Crew, one_table: Restaurant) -> None:
    for number in range(ROUNDS):
        reservation, entry = full(one_table, number)
        booking.cancel(reservation=reservation, by_guest=True)
        held = offer(entry)
        copies = [WaitlistEntry.objects.get(pk=entry.pk) for _i in range(2)]
        accepted, left = pair.race(
            [partial(waitlist.accept, entry=copies[0]), partial(waitlist.leave, entry=copies[1])]
        )
        assert (accepted, left) in [(held, False), (Reason.HOLD_LAPSED, True)]
        assert (status(entry), fresh(held).status) in [("accepted", "confirmed"), ("declined", "released")]
    whole(one_table)


def test_two_who_exchange_their_dates_crosswise_leave_both_to_who_waits(pair: Crew) -> None:
    """On each date there is a table that nobody may wait for: who holds here takes the one over there."""
    restaurant = make.make_venue(tables=(2,), booking_window_days=730)
    garden = make.make_area(restaurant)
    make.make_table(restaurant, area=garden, seats=2)
    hall = restaurant.areas.exclude(pk=garden.pk).get()
    for number in range(ROUNDS):
        dates = [make.days_ahead(restaurant, 2 + 2 * number + day) for day in (0, 1)]
        browsers = [f"browser {number} {day}" for day in (0, 1)]
        for date, browser in zip(dates, browsers, strict=True):
            make.make_hold(restaurant, date=date, area=hall, browser=browser)
        entries = [make.make_entry(restaurant, date=date, area=hall) for date in dates]
        wishes = [make.make_wish(restaurant, date=date, area=garden) for date in reversed(dates)]
        answers = pair.race(
            partial(booking.hold, wish=wish, browser=browser, key="form")
            for wish, browser in zip(wishes, browsers, strict=True)
        )
        assert [answer.service_date for answer in answers] == dates[::-1]
        assert [status(entry) for entry in entries] == ["offered", "offered"]
    whole(restaurant)


def test_two_jobs_that_serve_a_queue_offer_once(pair: Crew, one_table: Restaurant) -> None:
    for number in range(ROUNDS // 2):
        _reservation, entry = full(one_table, number)
        table = make.make_table(one_table, seats=2)
        pair.race([due.serve_waitlists] * 2)
        assert Reservation.objects.filter(source="waitlist", service_date=entry.service_date).count() == 1
        assert status(entry) == "offered"
        waitlist.leave(entry=entry)
        type(table).objects.filter(pk=table.pk).update(is_active=False)
    whole(one_table)


# --- Asking ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tables", [(12,), (12, 12)], ids=["one table", "two tables"])
def test_two_answers_are_one(pair: Crew, tables: tuple[int, ...]) -> None:
    restaurant = make.make_venue(tables=tables, booking_window_days=730)
    staff = [make.make_staff(), make.make_staff()]
    for number in range(ROUNDS):
        request = make.make_request(restaurant, date=make.days_ahead(restaurant, 2 + number))
        copies = [BookingRequest.objects.get(pk=request.pk) for _i in range(2)]
        answers = pair.race(
            partial(requests.accept, request=copy, user=user, by=make.make_by(user))
            for copy, user in zip(copies, staff, strict=True)
        )
        assert len(winners(answers)) == 1
        assert Reason.ALREADY_ANSWERED in answers
    assert Reservation.objects.count() == ROUNDS
    whole(restaurant)


def test_declined_while_another_proposes_no_table_is_left_held(pair: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proposal, of another date, comes between what the decline reads and its lock."""
    restaurant = make.make_venue(tables=(12,), booking_window_days=730)
    users = [make.make_staff(), make.make_staff()]
    proposed = threading.Event()
    request = make.make_request(restaurant)
    first, second = (BookingRequest.objects.get(pk=request.pk) for _i in range(2))

    def late(restaurant_id: int, date: dt.date) -> Any:
        assert proposed.wait(20)
        return take_day(restaurant_id, date)

    def propose() -> Reservation:
        wish = make.make_wish(restaurant, date=make.days_ahead(restaurant, 9), party=12)
        held = requests.propose(request=second, wish=wish, user=users[1], by=make.make_by(users[1]))
        proposed.set()
        return held

    monkeypatch.setattr("reservations.engine.requests.take_day", late)
    decline = partial(requests.decline, request=first, user=users[0], by=make.make_by(users[0]))
    _declined, held = pair.race([decline, propose])
    assert (fresh(held).status, BookingRequest.objects.get().status) == ("released", "declined")
    whole(restaurant)


# --- Closing ---------------------------------------------------------------------------------------------


def close_while_booked(pair: Crew, restaurant: Restaurant, first_day: int) -> list[tuple[object, object]]:
    """Let staff close each date while others book on it, and return both answers of each round."""
    found = []
    users = [make.make_staff(), make.make_staff()]
    for number in range(ROUNDS):
        date = make.days_ahead(restaurant, first_day + number)
        ServiceDay.objects.get_or_create(restaurant=restaurant, date=date)
        closing = partial(close, restaurant=restaurant, first=date, last=date, choices={}, by=make.make_by(users[0]))
        book = partial(
            booking.book,
            wish=make.make_wish(restaurant, date=date),
            details=make.make_details(),
            user=users[1],
            key=f"form {number}",
        )
        closed, booked = pair.race([closing, book])
        found.append((closed, booked))
    return found


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever closes think for a moment about what it has read: time for a booking to come between."""

    def read(*args: Any) -> list[Reservation]:
        rows = list(hit_by_closing(*args))
        time.sleep(0.1)
        return rows

    monkeypatch.setattr("reservations.engine.closing.hit_by_closing", read)


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("first_day", [2, 100], ids=["within the booking window", "beyond it"])
def test_a_booking_in_flight_is_listed_or_refused(pair: Crew, first_day: int) -> None:
    restaurant = make.make_venue(tables=(2,), booking_window_days=30)
    for closed, booked in close_while_booked(pair, restaurant, first_day):
        if isinstance(booked, Reservation):
            assert closed is Reason.UNDECIDED
        else:
            assert (isinstance(closed, Closure), booked) == (True, Reason.CLOSED)
    whole(restaurant)


@pytest.mark.usefixtures("slow")
def test_without_the_lock_the_same_race_closes_over_a_reservation(
    pair: Crew, one_table: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reservations.engine.closing.lock_for_closing", lambda *_args: None)
    answers = close_while_booked(pair, one_table, 2)
    assert any(isinstance(closed, Closure) and isinstance(booked, Reservation) for closed, booked in answers)
