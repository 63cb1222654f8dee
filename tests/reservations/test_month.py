"""A month in one read: the same as its days one by one, and never older than the last answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations import cached
from reservations.engine.availability import Ask, DayPlan, Seating, reach
from reservations.engine.room import Room, room
from reservations.models import Block, Brake, Closure, Reservation, Restaurant, Table
from reservations.queries.day import day_plan
from reservations.queries.house import day_plans, house
from tests.factories import (
    make_area,
    make_closure,
    make_combination,
    make_hold,
    make_reservation,
    make_seated,
    make_service,
    make_special_day,
    make_tables,
    make_turn_time,
    make_venue,
    make_wish,
    utc,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
MARCH = dt.date(2027, 3, 1)
NOON = dt.datetime(2027, 3, 10, 12, tzinfo=ZoneInfo("Europe/Berlin"))


def rooms(restaurant: Restaurant, first: dt.date = MARCH, party: int = 2, **more: Any) -> dict[int, Room]:
    """Return the cached answer for a month by the day's number."""
    asked = {"area_id": None, "step_free": False, **more}
    found = cached.month(restaurant.pk, first, party, asked["area_id"], asked["step_free"])
    return dict(enumerate(found, start=1))


def settled(plan: DayPlan) -> DayPlan:
    """Return a plan with its seatings in an order, without what a month does not look up, and who touches nothing."""

    def order(one: Seating) -> Any:
        return (one.start, one.end, one.table_ids, one.party, one.held_until is None)

    begins, ends = reach(plan) or (NOON, NOON)
    near = [one for one in plan.seatings if one.service_date == plan.date or (one.start < ends and one.end > begins)]
    return replace(plan, has_row=True, seatings=tuple(sorted(near, key=order)))


def make_busy_house(random: Random) -> Restaurant:
    """Return a house with everything that makes days differ, over the whole of March 2027."""
    house = make_venue(tables=(2, 2, 4), service={"weekdays": random.randint(1, 127)}, booking_window_days=25)
    terrace = make_area(house, name="Terrace")
    make_tables(house, (2, 6), area=terrace, is_step_free=True)
    tables = list(Table.objects.filter(restaurant=house).order_by("pk"))
    make_combination(house, tables[:2])
    lunch = make_service(
        house,
        name="Lunch",
        first_seating=dt.time(12),
        last_seating=dt.time(14),
        valid_from=MARCH + DAY * random.randint(0, 10),
        valid_until=MARCH + DAY * random.randint(11, 30),
        max_covers=4,
        lead_clock=dt.time(18),
        lead_days_before=1,
    )
    late = make_service(house, name="Late", first_seating=dt.time(22, 30), last_seating=dt.time(2), max_party=4)
    make_turn_time(house, up_to=2, minutes=90)
    make_turn_time(house, up_to=8, minutes=150, service=late)
    make_closure(house, MARCH - DAY * 3, MARCH + DAY * random.randint(0, 2))
    make_closure(house, MARCH + DAY * 20, MARCH + DAY * random.randint(20, 40), service=lunch)
    make_special_day(house, MARCH + DAY * random.randint(5, 12))
    special = make_special_day(house, MARCH + DAY * 14, is_closed=False)
    make_service(house, special_day=special, name="Feast", first_seating=dt.time(16), last_seating=dt.time(17))
    make_special_day(house, MARCH + DAY * 15, is_closed=False)
    for number in range(40):
        date = MARCH + DAY * random.randint(-1, 31)
        wish = make_wish(house, date=date, at=dt.time(random.choice((12, 18, 19, 21, 23))), party=random.randint(1, 5))
        held = random.choice((None, None, None, NOON + dt.timedelta(minutes=random.randint(-30, 30))))
        status = Reservation.Status.HELD if held else random.choice((*Reservation.Status.values,))
        if status == Reservation.Status.HELD and held is None:
            held = NOON
        # Rows alone: two may well be at one table, where claims would forbid it.
        Reservation.objects.create(
            restaurant=house,
            service_date=date,
            starts_at=wish.start,
            ends_at=wish.start + dt.timedelta(minutes=random.choice((90, 120, 300))),
            party_size=wish.party,
            table_ids=[random.choice(tables).pk],
            status=status,
            held_until=held,
            idempotency_key=f"busy{number}",
        )
    for _number in range(4):
        date = MARCH + DAY * random.randint(-1, 31)
        start = utc(house, date, dt.time(18))
        Block.objects.create(
            restaurant=house,
            service_date=date,
            starts_at=start,
            ends_at=start + dt.timedelta(hours=9),
            table_ids=[table.pk for table in tables[: random.randint(1, 5)]],
            lifted_at=random.choice((None, None, NOON)),
        )
        Brake.objects.create(
            restaurant=house,
            service_date=date,
            ends_at=random.choice((NOON + DAY * 30, NOON)),
            service=random.choice((None, late)),
            area=random.choice((None, terrace)),
            lifted_at=random.choice((None, None, NOON)),
        )
    return house


@pytest.mark.parametrize("seed", range(3))
def test_a_month_is_what_its_days_are_one_by_one(seed: int) -> None:
    random = Random(seed)
    with time_machine.travel(NOON, tick=False):
        place = make_busy_house(random)
        make_busy_house(random)
        last = cached.month_end(MARCH)
        assert last == dt.date(2027, 3, 31)
        apart = [day_plan(place.pk, MARCH + DAY * number) for number in range(31)]
        # The house that is cached knows the month from its first day on; one that is known from before is the same.
        for known in (cached.house(place.pk), house(place.pk, MARCH - DAY * 400)):
            assert known.since <= MARCH
            for one, of_month in zip(apart, day_plans(known, place.pk, MARCH, last), strict=True):
                assert settled(of_month) == settled(one)
        assert [settled(cached.day_plan(place.pk, one.date)) for one in apart] == [settled(one) for one in apart]
        for date in (MARCH - DAY, MARCH - DAY * 2):
            assert settled(cached.day_plan(place.pk, date)) == settled(day_plan(place.pk, date)), "before the house"
            with pytest.raises(ValueError, match="is known from"):
                cached.house(place.pk).plan(date)
        area = place.areas.get(name="Terrace").pk
        for ask in (Ask(2), Ask(4), Ask(9), Ask(2, area_id=area), Ask(2, step_free=True)):
            found = rooms(place, party=ask.party, area_id=ask.area_id, step_free=ask.step_free)
            assert list(found.values()) == [room(plan, ask, timezone.now()) for plan in apart]
            has = {plan.date: room(plan, ask, timezone.now()) for plan in apart}
            for date in (MARCH + DAY * number for number in range(cached.NEAR, 31 - cached.NEAR)):
                around = [
                    one for one in has if one != date and abs(one - date) <= DAY * cached.NEAR and has[one] is Room.OPEN
                ]
                nearest = sorted(around, key=lambda one: (abs(one - date), one))[: cached.ENOUGH]
                found_near = cached.near(place.pk, date, ask.party, ask.area_id, ask.step_free)
                assert found_near == tuple(sorted(nearest))
        assert len(set(rooms(place).values())) > 2, "a comparison of days that are all alike shows nothing"


def test_statements_do_not_grow_with_days_or_rows() -> None:
    restaurant = make_venue(tables=(2, 2))

    def statements(first: dt.date, last: dt.date) -> int:
        with CaptureQueriesContext(connection) as queries:
            day_plans(house(restaurant.pk, first), restaurant.pk, first, last)
        return len(queries)

    assert statements(MARCH, MARCH) == 9
    for number in range(3):
        make_special_day(restaurant, MARCH + DAY * number, is_closed=False)
        make_closure(restaurant, MARCH + DAY * (10 + number))
        make_seated(restaurant, make_tables(restaurant, (2,)), make_wish(restaurant, date=MARCH + DAY * (20 + number)))
    assert statements(MARCH, MARCH + DAY * 30) == 9
    with CaptureQueriesContext(connection) as queries, pytest.raises(Restaurant.DoesNotExist):
        house(0, MARCH)
    assert len(queries) == 6


@pytest.mark.django_db(transaction=True)
def test_a_booking_that_fills_a_day_is_seen_at_once() -> None:
    restaurant = make_venue(tables=(2,), service={"last_seating": dt.time(18), "max_online_covers": 4})
    first = (timezone.now().astimezone(restaurant.zone).date() + DAY * 31).replace(day=1)
    date = first + DAY * 11
    assert rooms(restaurant, first)[12] == Room.OPEN
    with CaptureQueriesContext(connection) as queries:
        assert set(rooms(restaurant, first).values()) == {Room.OPEN}
    assert not len(queries)
    booked = make_reservation(restaurant, date=date, at=dt.time(18))
    assert rooms(restaurant, first) == {**dict.fromkeys(rooms(restaurant, first), Room.OPEN), 12: Room.FULL}
    # The month before ends with a date that the first's plan looks at, and the other way round.
    make_reservation(restaurant, date=first - DAY, at=dt.time(18))
    assert rooms(restaurant, (first - DAY).replace(day=1))[(first - DAY).day] == Room.FULL
    booked.status = Reservation.Status.CANCELLED
    booked.save(update_fields=["status"])
    assert rooms(restaurant, first)[12] == Room.OPEN
    closure = make_closure(restaurant, date, date + DAY)
    assert [number for number, one in rooms(restaurant, first).items() if one == Room.CLOSED] == [12, 13]
    closure.delete()
    assert Room.CLOSED not in rooms(restaurant, first).values()


def test_the_clock_ends_what_it_changes() -> None:
    lead = {"lead_minutes": 60, "last_seating": dt.time(19)}
    with time_machine.travel(NOON, tick=False) as clock:
        restaurant = make_venue(tables=(2,), service=lead, booking_window_days=3)
        first = rooms(restaurant)
        assert [number for number, one in first.items() if one == Room.OPEN] == [10, 11, 12, 13]
        # The last time of today, 19:00, can be booked until an hour before, to the second.
        clock.move_to(NOON.replace(hour=18))
        assert rooms(restaurant)[10] == Room.OPEN
        clock.move_to(NOON.replace(hour=18, second=1))
        assert rooms(restaurant)[10] == Room.NONE
        clock.move_to(NOON.replace(hour=23, minute=59, second=59))
        assert rooms(restaurant)[14] == Room.NONE
        # The window moves at the restaurant's midnight.
        clock.move_to(NOON.replace(day=11, hour=0))
        assert rooms(restaurant)[14] == Room.OPEN


def test_a_hold_that_lapses_gives_the_day_back() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        restaurant = make_venue(tables=(2,), service={"last_seating": dt.time(18)})
        wish = make_wish(restaurant, date=dt.date(2027, 3, 20), at=dt.time(18))
        until = NOON + dt.timedelta(minutes=10)
        make_seated(restaurant, list(restaurant.tables.all()), wish, status=Reservation.Status.HELD, held_until=until)
        Brake.objects.create(restaurant=restaurant, service_date=dt.date(2027, 3, 22), ends_at=until)
        assert (rooms(restaurant)[20], rooms(restaurant)[22]) == (Room.FULL, Room.NONE)
        clock.move_to(until - dt.timedelta(seconds=1))
        assert (rooms(restaurant)[20], rooms(restaurant)[22]) == (Room.FULL, Room.NONE)
        clock.move_to(until)
        assert (rooms(restaurant)[20], rooms(restaurant)[22]) == (Room.OPEN, Room.OPEN)


def test_a_night_on_which_the_clocks_go_forward_has_no_time_that_is_skipped() -> None:
    with time_machine.travel(NOON, tick=False):
        # On the 28th of March 2027 Berlin has no 02:30; the service of the 27th alone would seat then.
        service = {"first_seating": dt.time(2, 30), "last_seating": dt.time(2, 30)}
        restaurant = make_venue(tables=(2,), service=service, booking_window_days=60)
        found = rooms(restaurant)
        assert [number for number, one in found.items() if one != Room.OPEN] == [*range(1, 11), 28]
        assert day_plan(restaurant.pk, dt.date(2027, 3, 28)).services


@pytest.mark.django_db(transaction=True)
def test_holds_of_the_write_rules_take_room() -> None:
    restaurant = make_venue(tables=(2,), service={"last_seating": dt.time(18)})
    first = (timezone.now().astimezone(restaurant.zone).date() + DAY * 31).replace(day=1)
    make_hold(restaurant, date=first, at=dt.time(18))
    assert rooms(restaurant, first)[1] == Room.FULL
    Closure.objects.create(restaurant=restaurant, starts_on=first - DAY * 40, ends_on=first + DAY * 60)
    assert set(rooms(restaurant, first).values()) == {Room.CLOSED}
