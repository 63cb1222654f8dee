"""A small restaurant on the night of the clock change, and what can be drawn from it."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone

from reservations.engine.booking import Details, Wish
from reservations.engine.slots import SLOT, seating_times
from reservations.history.trail import By, by_staff
from reservations.models import Area, Reservation, Restaurant, Service, Table, User
from tests import factories as make

T = TypeVar("T")
M = TypeVar("M", bound=Model)

EVE = dt.date(2027, 3, 27)
"""The Saturday in whose night Berlin's clocks skip from 02:00 to 03:00."""
DATES = (EVE, EVE + dt.timedelta(days=1), EVE + dt.timedelta(days=2))

_PEOPLE = (
    Details(name="Ada", email="ada@example.org", phone="+49 30 1111111"),
    Details(name="Ben", email="ben@example.org", phone="+49 30 1111111"),
    Details(name="Cleo", email="cleo@example.org"),
    Details(name="Cleo", phone="+49 30 2222222"),
    Details(name="Dan", email="dan@example.org", phone="+49 30 2222222"),
    Details(name="Nobody"),
)
_REMEMBERED = 30


class Idle(Exception):  # noqa: N818 - a command that finds nothing to do it with, not an error
    """There is nothing at the house with which the command could be tried."""


def one(draw: Random, options: Sequence[T]) -> T:
    """Return one of the options; raises `Idle` where there is none."""
    if not options:
        raise Idle
    return draw.choice(options)


def chance(draw: Random, percent: int) -> bool:
    """Return True so many times in a hundred."""
    return draw.randrange(100) < percent


def key(draw: Random, most: int = 30) -> str:
    """Return one of few keys, so that forms are sent twice."""
    return f"key {draw.randint(0, most)}"


def browser(draw: Random) -> str:
    """Return one of few browsers."""
    return f"browser {draw.randint(0, 7)}"


@dataclass(frozen=True, slots=True)
class House:
    """The restaurant with its parts, the starts of its three dates in UTC, and rows as they were read some time ago."""

    restaurant: Restaurant
    user: User
    areas: list[Area]
    tables: list[Table]
    services: list[Service]
    starts: dict[dt.date, list[dt.datetime]]
    remembered: list[Any] = field(default_factory=list)

    @property
    def by(self) -> By:
        """The member of staff who does things."""
        return by_staff(self.user)

    def wish(self, draw: Random, *, most: int = 5) -> Wish:
        """Return a wish, often for the hour at which all want to come; most is the largest party."""
        date = EVE if chance(draw, 60) else one(draw, DATES)
        starts = self.starts[date]
        to_come = [start for start in starts if start > timezone.now() + dt.timedelta(minutes=30)]
        start = to_come[0] if to_come and chance(draw, 60) else one(draw, to_come if chance(draw, 80) else starts)
        return Wish(
            restaurant_id=self.restaurant.pk,
            date=date,
            start=start + SLOT if chance(draw, 3) else start,
            party=draw.randint(1, most),
            area_id=one(draw, self.areas).pk if chance(draw, 15) else None,
            step_free=chance(draw, 10),
        )

    def details(self, draw: Random) -> Details:
        """Return who comes: one of few people, some of whom share a phone or have no contact."""
        return replace(one(draw, _PEOPLE), needs_step_free=chance(draw, 10), note=f"Note {draw.randint(0, 2)}")

    def some_tables(self, draw: Random) -> tuple[int, ...]:
        """Return one table or two, perhaps the same one twice."""
        return tuple(one(draw, self.tables).pk for _number in range(draw.randint(1, 2)))

    def row(self, draw: Random, rows: QuerySet[M]) -> M:
        """Return one of the rows of this house, sometimes as it was when it was read before. Raises `Idle`."""
        if chance(draw, 12):
            return copy.copy(one(draw, [row for row in self.remembered if isinstance(row, rows.model)]))
        here = rows.filter(restaurant=self.restaurant).order_by("pk")
        pk = one(draw, list(here.values_list("pk", flat=True)))
        found = rows.model._default_manager.select_related("restaurant").filter(pk=pk).first()
        if found is None:
            raise Idle
        self.remembered.append(copy.copy(found))
        del self.remembered[:-_REMEMBERED]
        return found

    def party(self, draw: Random, *statuses: Reservation.Status, **where: Any) -> Reservation:
        """Return a reservation in one of the statuses."""
        return self.row(draw, Reservation.objects.filter(status__in=statuses, **where))


def make_house(*, tables_each: int = 1) -> House:
    """Return a house of two rooms, a combination, pacing, dinner, and a night service across the clock change.

    tables_each says how many there are of each kind of table.
    """
    restaurant = make.make_restaurant(
        max_party=5,
        booking_window_days=7,
        lead_minutes=30,
        cutoff_minutes=120,
        offer_minutes=90,
        request_hours=2,
        turn_minutes=120,
        email="house@example.org",
    )
    make.make_turn_time(restaurant, up_to=2, minutes=90)
    dinner = make.make_service(
        restaurant,
        last_seating=dt.time(21),
        interval_minutes=60,
        max_covers=6,
        max_online_covers=4,
    )
    night = make.make_service(
        restaurant,
        name="Night",
        first_seating=dt.time(22, 30),
        last_seating=dt.time(3),
        max_covers=6,
    )
    make.make_turn_time(restaurant, service=night, up_to=8, minutes=100)
    inside, terrace = make.make_area(restaurant), make.make_area(restaurant)
    for _number in range(tables_each):
        make.make_tables(restaurant, (2,), area=terrace)
        make.make_tables(restaurant, (2,), area=inside, is_step_free=True)
        fours = make.make_tables(restaurant, (4, 4), area=inside)
        make.make_combination(restaurant, fours)
        make.make_table(restaurant, area=inside, seats=4, is_online=False)
    staff = make.make_staff()
    return House(
        restaurant,
        staff,
        [inside, terrace],
        list(restaurant.tables.order_by("pk")),
        [dinner, night],
        _starts(restaurant),
    )


def house_of(restaurant_id: int, user_id: int) -> House:
    """Return the house that another process made."""
    restaurant = Restaurant.objects.get(pk=restaurant_id)
    return House(
        restaurant,
        User.objects.get(pk=user_id),
        list(restaurant.areas.order_by("pk")),
        list(restaurant.tables.order_by("pk")),
        list(restaurant.services.order_by("pk")),
        _starts(restaurant),
    )


def _starts(restaurant: Restaurant) -> dict[dt.date, list[dt.datetime]]:
    return {
        date: [
            local.astimezone(dt.UTC)
            for service in restaurant.services.order_by("first_seating")
            for local in seating_times(
                date, service.first_seating, service.last_seating, service.interval_minutes, restaurant.timezone
            )
        ]
        for date in DATES
    }
