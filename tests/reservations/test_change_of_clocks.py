"""The clocks change between booking and visit, or while a party sits: in the zone of each place of the demo."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from reservations.engine import booking, floor
from reservations.engine.availability import starts
from reservations.engine.booking import Wish
from reservations.engine.changing import change, wish_of
from reservations.engine.coming import say_late
from reservations.engine.errors import Reason
from reservations.models import Message, Restaurant, Service
from reservations.queries.day import day_plan
from reservations.queries.floor import running
from restaurant_site.demo.places import PLACES
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, fresh, refused

pytestmark = pytest.mark.django_db

HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
ZONES = sorted({str(place.fields["timezone"]) for place in PLACES})


def changes(zone: str) -> list[dt.datetime]:
    """Return the moments in UTC at which a zone's clocks change in 2027."""
    hours = [dt.datetime(2027, 1, 1, tzinfo=dt.UTC) + hour * HOUR for hour in range(365 * 24)]
    local = ZoneInfo(zone)
    # Half an hour more, for a zone off the full hour.
    return [
        after
        for before, after in pairwise(moment + step * HOUR / 2 for moment in hours for step in (0, 1))
        if before.astimezone(local).utcoffset() != after.astimezone(local).utcoffset()
    ]


CHANGES = [(zone, moment) for zone in ZONES for moment in changes(zone)]
IDS = [f"{zone.split('/')[-1]} {moment:%m-%d}" for zone, moment in CHANGES]


def test_the_zones_with_a_change_are_those_that_have_one() -> None:
    """The control: without it the tests below might run over nothing."""
    assert {zone: len(changes(zone)) for zone in ZONES} == {
        "America/Mexico_City": 0,
        "America/New_York": 2,
        "Asia/Tokyo": 0,
        "Australia/Adelaide": 2,
        "Europe/Berlin": 2,
        "Europe/London": 2,
    }


def goes_forward(zone: str, moment: dt.datetime) -> bool:
    """Return whether summer time begins at a change."""
    return moment.astimezone(ZoneInfo(zone)).dst() != dt.timedelta()


def house(zone: str, tables: tuple[int, ...] = (2,)) -> Restaurant:
    """Return a restaurant that seats every half hour from 20:00 to 03:30, for half an hour."""
    late = {"first_seating": dt.time(20), "last_seating": dt.time(3, 30)}
    return make.make_venue(
        tables=tables, timezone=zone, turn_minutes=30, booking_window_days=730, cutoff_minutes=60, service=late
    )


def evening_before(restaurant: Restaurant, moment: dt.datetime) -> dt.date:
    return moment.astimezone(restaurant.zone).date() - dt.timedelta(days=1)


@pytest.mark.parametrize(("zone", "moment"), CHANGES, ids=IDS)
def test_every_time_of_the_night_is_booked_once_and_seated(zone: str, moment: dt.datetime) -> None:
    """One table, half an hour each: no time overlaps another, whatever the wall clocks show."""
    with clock.at(moment - dt.timedelta(days=20)):
        restaurant = house(zone)
        date = evening_before(restaurant, moment)
        times = [start for start, _service in starts(day_plan(restaurant.pk, date))]
        booked = [make.make_reservation(restaurant, wish=Wish(restaurant.pk, date, start, 2)) for start in times]
        assert len(booked) == (14 if goes_forward(zone, moment) else 18)
        with refused(Reason.TABLES_TAKEN):
            make.make_hold(restaurant, wish=Wish(restaurant.pk, date, times[-1], 2))
    assert {after - before for before, after in pairwise(times)} == {30 * MINUTE}
    assert broken(restaurant.pk) == {}
    by = make.make_by()
    for reservation in booked:
        with clock.at(reservation.starts_at + MINUTE):
            assert running(restaurant, reservation.starts_at + MINUTE).date == date
            assert floor.seat(reservation=reservation, by=by) is True
            with refused(Reason.TABLES_TAKEN):
                make.make_walk_in(restaurant)
    assert (broken(restaurant.pk), chains_broken(restaurant)) == ({}, [])


@pytest.mark.parametrize(("zone", "moment"), CHANGES, ids=IDS)
def test_booked_before_the_change_it_is_at_the_same_wall_time_after_it(zone: str, moment: dt.datetime) -> None:
    with clock.at(moment - dt.timedelta(days=20)):
        restaurant = house(zone)
        date = evening_before(restaurant, moment) + dt.timedelta(days=2)
        reservation = make.make_reservation(restaurant, date=date, at=dt.time(20))
        moved = make.make_reservation(restaurant, date=date - dt.timedelta(days=7), at=dt.time(21))
        # From one side of the change to the other.
        change(reservation=moved, wish=make.make_wish(restaurant, date=date, at=dt.time(21)))
    assert (fresh(reservation).local_start.time(), fresh(moved).local_start.time()) == (dt.time(20), dt.time(21))
    reminder = Message.objects.get(reservation=reservation, kind="reminder")
    assert reservation.starts_at - reminder.due_at == 24 * HOUR
    with clock.at(reservation.starts_at - HOUR + MINUTE), refused(Reason.CUTOFF_PASSED):
        change(reservation=reservation, wish=make.make_wish(restaurant, date=date, at=dt.time(22)))
    assert broken(restaurant.pk) == {}


@pytest.mark.parametrize(("zone", "moment"), CHANGES, ids=IDS)
def test_the_cut_off_of_a_night_is_an_hour_that_has_passed_and_not_one_of_the_wall_clock(
    zone: str, moment: dt.datetime
) -> None:
    """A time right after the change, to be cancelled in time until an hour before it."""
    with clock.at(moment - dt.timedelta(days=20)):
        restaurant = house(zone, tables=(2, 2))
        wish = Wish(restaurant.pk, evening_before(restaurant, moment), moment, 2)
        in_time, late = (make.make_reservation(restaurant, wish=wish) for _i in range(2))
    with clock.at(moment - HOUR - 10 * MINUTE):
        booking.cancel(reservation=in_time, by_guest=True)
    with clock.at(moment - HOUR + 10 * MINUTE):
        say_late(reservation=late, minutes=30)
        booking.cancel(reservation=late, by_guest=True)
    assert (fresh(in_time).cancelled_late, fresh(late).cancelled_late) == (False, True)


@pytest.mark.parametrize(("zone", "moment"), CHANGES, ids=IDS)
def test_a_stay_over_the_change_lasts_as_long_as_any(zone: str, moment: dt.datetime) -> None:
    with clock.at(moment - dt.timedelta(days=20)):
        restaurant = house(zone)
        Restaurant.objects.update(turn_minutes=150)
        Service.objects.update(last_seating=dt.time(6))
        wish = Wish(restaurant.pk, evening_before(restaurant, moment), moment - HOUR, 2)
        reservation = make.make_reservation(restaurant, wish=wish)
        assert (reservation.ends_at - reservation.starts_at, len(claims(reservation))) == (150 * MINUTE, 10)
        with refused(Reason.TABLES_TAKEN):
            make.make_hold(restaurant, wish=Wish(restaurant.pk, wish.date, moment + HOUR, 2))
        # The time right after is free.
        make.make_hold(restaurant, wish=Wish(restaurant.pk, wish.date, moment + HOUR + 30 * MINUTE, 2))
    assert broken(restaurant.pk) == {}


@pytest.mark.parametrize(("zone", "moment"), [pair for pair in CHANGES if not goes_forward(*pair)])
def test_an_hour_that_comes_twice_is_two_times_to_change_between(zone: str, moment: dt.datetime) -> None:
    with clock.at(moment - dt.timedelta(days=20)):
        restaurant = house(zone)
        date = evening_before(restaurant, moment)
        reservation = make.make_reservation(restaurant, wish=Wish(restaurant.pk, date, moment - HOUR, 2))
        wall = reservation.local_start.replace(tzinfo=None)
        assert change(reservation=reservation, wish=Wish(restaurant.pk, date, moment, 2)) is True
    assert fresh(reservation).local_start.replace(tzinfo=None) == wall
    assert fresh(reservation).starts_at == wish_of(reservation).start == moment
    assert broken(restaurant.pk) == {}
