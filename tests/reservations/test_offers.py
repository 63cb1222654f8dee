"""Who waits gets what comes free, whichever way it does: the first that fits, within the rules of online booking."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from reservations.engine import blocking, booking, changing, coming, due, floor, requests, waitlist
from reservations.engine.changing import wish_of
from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant, Service, Table
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, fresh, lapse, refused
from tests.reservations.waiting import evening, fresh_entry, offer, status

pytestmark = pytest.mark.django_db

SIX, HALF_PAST_SIX, SEVEN, NINE = dt.time(18), dt.time(18, 30), dt.time(19), dt.time(21)


@pytest.fixture
def one_table() -> Restaurant:
    """One table for two."""
    return make.make_venue(tables=(2,))


# --- Each way in which something comes free --------------------------------------------------


def cancelled(reservation: Reservation) -> None:
    booking.cancel(reservation=reservation, by_guest=True)


def cancelled_by_staff(reservation: Reservation) -> None:
    booking.cancel(reservation=reservation, by_guest=False)


def changed_to_another_time(reservation: Reservation) -> None:
    start = make.utc(reservation.restaurant, reservation.service_date, NINE)
    changing.change(reservation=reservation, wish=replace(wish_of(reservation), start=start))


def changed_to_another_date(reservation: Reservation) -> None:
    date = reservation.service_date + dt.timedelta(days=1)
    wish = replace(wish_of(reservation), date=date, start=make.utc(reservation.restaurant, date, SEVEN))
    changing.change(reservation=reservation, wish=wish)


def finished_early(reservation: Reservation) -> None:
    with clock.at(evening(reservation.restaurant, 40)):
        floor.seat(reservation=reservation, by=make.make_by())
        floor.finish(reservation=reservation, by=make.make_by())


def not_come(reservation: Reservation) -> None:
    with clock.at(evening(reservation.restaurant, 20)):
        floor.mark_no_show(reservation=reservation, by=make.make_by())


def moved_elsewhere(reservation: Reservation) -> None:
    kept = make.make_table(reservation.restaurant, seats=2, is_online=False)
    floor.move(reservation=reservation, table_ids=(kept.pk,), by=make.make_by())


@pytest.mark.parametrize(
    "free",
    [
        cancelled,
        cancelled_by_staff,
        changed_to_another_time,
        changed_to_another_date,
        finished_early,
        not_come,
        moved_elsewhere,
    ],
)
def test_what_a_reservation_frees_is_offered_at_once(
    one_table: Restaurant, free: Callable[[Reservation], None]
) -> None:
    reservation = make.make_reservation(one_table, at=SIX)
    entry = make.make_entry(one_table, at=SEVEN)
    assert status(entry) == "waiting"
    free(fresh(reservation))
    held = offer(entry)
    assert (held.status, held.source, held.party_size, held.starts_at) == ("held", "waitlist", 2, entry.earliest)
    assert (held.name, held.email) == (entry.name, entry.email)
    assert broken(one_table.pk) == {}
    assert chains_broken(one_table) == []


def released(hold: Reservation) -> None:
    booking.release(reservation=hold)


def expired_by_the_job(hold: Reservation) -> None:
    lapse(hold)
    assert due.expire_holds() == 1


def expired_by_another_booking(hold: Reservation) -> None:
    """Whoever locks the day next expires it, here for a time that is free all the same."""
    lapse(hold)
    make.make_hold(hold.restaurant, at=dt.time(22))


def exchanged_for_another_date(hold: Reservation) -> None:
    make.make_hold(hold.restaurant, browser=hold.browser, date=hold.service_date + dt.timedelta(days=1))


def exchanged_for_another_date_since_it_lapsed(hold: Reservation) -> None:
    lapse(hold)
    exchanged_for_another_date(hold)


@pytest.mark.parametrize(
    "free",
    [
        released,
        expired_by_the_job,
        expired_by_another_booking,
        exchanged_for_another_date,
        exchanged_for_another_date_since_it_lapsed,
    ],
)
def test_what_a_hold_frees_is_offered_at_once(one_table: Restaurant, free: Callable[[Reservation], None]) -> None:
    hold = make.make_hold(one_table, at=SIX)
    entry = make.make_entry(one_table, at=SEVEN)
    free(fresh(hold))
    assert offer(entry).starts_at == entry.earliest
    assert broken(one_table.pk) == {}
    assert chains_broken(one_table) == []


def test_what_a_hold_leaves_for_a_table_without_steps_is_offered_at_once() -> None:
    restaurant = make.make_venue(tables=(2,))
    area = make.make_area(restaurant)
    make.make_table(restaurant, area=area, seats=4, is_step_free=True)
    hold = make.make_hold(restaurant)
    entry = make.make_entry(restaurant, area=restaurant.areas.exclude(pk=area.pk).get())
    booking.confirm(reservation=hold, details=make.make_details(needs_step_free=True))
    assert (fresh(hold).status, offer(entry).starts_at) == ("confirmed", entry.earliest)
    assert broken(restaurant.pk) == {}
    assert chains_broken(restaurant) == []


def test_a_block_that_is_lifted_is_offered(one_table: Restaurant) -> None:
    block = make.make_block(one_table, list(one_table.tables.all()))
    entry = make.make_entry(one_table)
    blocking.lift(blocked=block, by=make.make_by())
    assert offer(entry).table_ids == block.table_ids


def test_fewer_covers_are_offered_where_pacing_was_full() -> None:
    restaurant = make.make_venue(tables=(4, 2), service={"max_covers": 4})
    reservation = make.make_reservation(restaurant, party=4)
    entry = make.make_entry(restaurant)
    coming.reduce_party(reservation=reservation, party=3)
    assert status(entry) == "waiting"
    coming.reduce_party(reservation=reservation, party=2)
    assert offer(entry).party_size == 2
    assert broken(restaurant.pk) == {}


@pytest.mark.parametrize("end", ["declined", "lapsed"])
def test_what_one_lets_go_is_offered_to_the_next(one_table: Restaurant, end: str) -> None:
    reservation = make.make_reservation(one_table)
    first, second, third = (make.make_entry(one_table) for _i in range(3))
    cancelled(reservation)
    held = offer(first)
    assert (status(second), status(third)) == ("waiting", "waiting")
    if end == "declined":
        waitlist.leave(entry=first)
    else:
        lapse(held)
        due.expire_holds()
    assert (status(first), status(third)) == (end, "waiting")
    assert offer(second).table_ids == held.table_ids
    assert broken(one_table.pk) == {}
    assert chains_broken(one_table) == []


def test_a_proposal_that_another_date_takes_the_place_of_is_offered(one_table: Restaurant) -> None:
    user = make.make_staff()
    request = make.make_request(one_table, party=2)

    def propose(days: int) -> None:
        wish = make.make_wish(one_table, date=make.days_ahead(one_table, days))
        requests.propose(request=request, wish=wish, user=user, by=make.make_by(user))

    propose(7)
    entry = make.make_entry(one_table)
    propose(8)
    assert offer(entry).starts_at == entry.earliest
    assert chains_broken(one_table) == []


def test_a_declined_proposal_is_offered() -> None:
    restaurant = make.make_venue(tables=(12,), service={"max_party": 12})
    user = make.make_staff()
    request = make.make_request(restaurant)
    requests.propose(request=request, wish=make.make_wish(restaurant, party=12), user=user, by=make.make_by(user))
    entry = make.make_entry(restaurant, party=3)
    requests.decline(request=request, user=user, by=make.make_by(user))
    assert offer(entry).party_size == 3


# --- Whose turn it is ------------------------------------------------------------------------


def test_each_table_goes_to_the_next_in_line() -> None:
    restaurant = make.make_venue(tables=(2, 2))
    booked = [make.make_reservation(restaurant) for _i in range(2)]
    entries = [make.make_entry(restaurant) for _i in range(3)]
    for reservation in booked:
        cancelled(reservation)
    assert [status(entry) for entry in entries] == ["offered", "offered", "waiting"]
    assert [waitlist.place_in_line(entry) for entry in (fresh_entry(one) for one in entries)] == [0, 0, 1]


def test_who_was_promoted_last_comes_first(one_table: Restaurant) -> None:
    reservation = make.make_reservation(one_table)
    first, second, third = (make.make_entry(one_table) for _i in range(3))
    waitlist.promote(entry=third, by=make.make_by())
    waitlist.promote(entry=second, by=make.make_by())
    assert [waitlist.place_in_line(entry) for entry in (second, third, first)] == [1, 2, 3]
    cancelled(reservation)
    assert [status(entry) for entry in (second, third, first)] == ["offered", "waiting", "waiting"]


def test_a_smaller_party_behind_is_served_where_the_first_does_not_fit() -> None:
    restaurant = make.make_venue(tables=(4, 2))
    make.make_reservation(restaurant, party=4)
    small = make.make_reservation(restaurant, party=2)
    first, second = make.make_entry(restaurant, party=4), make.make_entry(restaurant, party=2)
    cancelled(small)
    assert (status(first), status(second)) == ("waiting", "offered")


def test_the_first_gets_the_earliest_time_of_its_window_that_is_free(one_table: Restaurant) -> None:
    booked = [make.make_reservation(one_table, at=at) for at in (SIX, dt.time(20), dt.time(22))]
    entry = make.make_entry(one_table, at=SEVEN, until=dt.time(22))
    cancelled(booked[2])
    # 21:00 and 21:30 run into what is taken before.
    assert offer(entry).local_start.time() == dt.time(22)


def test_what_comes_free_outside_the_window_is_not_offered(one_table: Restaurant) -> None:
    booked = [make.make_reservation(one_table, at=at) for at in (SIX, dt.time(20), dt.time(22))]
    entry = make.make_entry(one_table, at=SEVEN, until=dt.time(21))
    cancelled(booked[2])
    # From 22:00 on a table is free, and nobody wants it then.
    assert status(entry) == "waiting"
    assert make.make_hold(one_table, at=dt.time(22)).status == "held"


def test_an_area_that_is_asked_for_is_waited_for() -> None:
    restaurant = make.make_venue(tables=(2,))
    terrace = make.make_area(restaurant, name="Terrace")
    make.make_table(restaurant, area=terrace, seats=2)
    inside = make.make_reservation(restaurant)
    outside = make.make_reservation(restaurant, area=terrace)
    entry = make.make_entry(restaurant, area=terrace)
    cancelled(inside)
    assert status(entry) == "waiting"
    cancelled(outside)
    assert offer(entry).table_ids == list(terrace.tables.values_list("pk", flat=True))
    assert offer(entry).area_id == terrace.pk


def test_a_party_that_needs_step_free_access_waits_for_it() -> None:
    restaurant = make.make_venue(tables=(2, 2))
    booked = [make.make_reservation(restaurant) for _i in range(2)]
    table = restaurant.tables.get(pk=booked[1].table_ids[0])
    Table.objects.filter(pk=table.pk).update(is_step_free=True)
    entry = make.make_entry(restaurant, step_free=True)
    cancelled(booked[0])
    assert status(entry) == "waiting"
    cancelled(booked[1])
    assert (offer(entry).table_ids, offer(entry).needs_step_free) == ([table.pk], True)


# --- Within the rules -------------------------------------------------------------------------


def test_an_offer_stays_within_pacing() -> None:
    restaurant = make.make_venue(tables=(2, 2, 2), service={"max_covers": 4})
    first, _second = (make.make_reservation(restaurant) for _i in range(2))
    entry, behind = make.make_entry(restaurant), make.make_entry(restaurant)
    # A table is free all the time.
    due.serve_waitlists()
    assert status(entry) == "waiting"
    cancelled(first)
    assert (status(entry), status(behind)) == ("offered", "waiting")
    assert broken(restaurant.pk) == {}


def test_an_offer_stays_within_the_pacing_of_those_online() -> None:
    restaurant = make.make_venue(tables=(2, 2), service={"max_online_covers": 2})
    user = make.make_staff()
    online = make.make_reservation(restaurant)
    staffs = booking.book(
        wish=make.make_wish(restaurant), details=make.make_details(), user=user, key=make.new_key(), tell=False
    )
    entry = make.make_entry(restaurant)
    cancelled_by_staff(staffs)
    assert status(entry) == "waiting"
    cancelled(online)
    assert status(entry) == "offered"
    # What is offered counts as online.
    with refused(Reason.PACING_FULL):
        make.make_hold(restaurant)


def test_what_comes_free_inside_the_lead_time_is_not_offered_by_itself(one_table: Restaurant) -> None:
    Restaurant.objects.update(lead_minutes=60)
    reservation = make.make_reservation(one_table)
    entry = make.make_entry(one_table)
    with clock.at(reservation.starts_at - dt.timedelta(minutes=59)):
        cancelled(reservation)
        due.serve_waitlists()
        assert status(entry) == "waiting"


@pytest.mark.parametrize("why", ["closed", "booking off", "service closed"])
def test_a_day_on_which_nothing_can_be_booked_offers_nothing(one_table: Restaurant, why: str) -> None:
    reservation = make.make_reservation(one_table)
    entry = make.make_entry(one_table)
    if why == "booking off":
        Restaurant.objects.update(online_booking="off")
    else:
        service = Service.objects.get() if why == "service closed" else None
        make.make_closure(one_table, reservation.service_date, service=service)
    cancelled_by_staff(reservation)
    due.serve_waitlists()
    assert status(entry) == "waiting"


def test_an_offer_lasts_no_longer_than_until_the_start(one_table: Restaurant) -> None:
    Restaurant.objects.update(offer_minutes=30)
    reservation = make.make_reservation(one_table, at=SEVEN)
    entry = make.make_entry(one_table, at=SEVEN)
    with clock.at(reservation.starts_at - dt.timedelta(minutes=10)):
        cancelled(reservation)
        assert offer(entry).held_until == reservation.starts_at
