"""A restaurant's rules for all its days in one round trip, and who comes on some of them in another.

For showing times; a booking reads its one day by `day`, under the lock.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from django.db import connection, models
from django.db.models import Exists, FilteredRelation, OuterRef, Q

from reservations.engine.availability import reach
from reservations.engine.house import ClosureSpec, House, ServiceSpec, SpecialSpec
from reservations.engine.plan import BrakeSpec, DayPlan, Seating
from reservations.models import Block, Brake, Closure, Reservation, Restaurant, Service, ServiceDay, SpecialDay
from reservations.models.reservation import COUNTED
from reservations.queries.day import (
    BLOCK_COLUMNS,
    SEATED_COLUMNS,
    blocked,
    rules_fields,
    seated,
)
from reservations.queries.layout import layout_fields, of_layout
from reservations.queries.prepared import Param, Prepared, Question, together
from reservations.queries.rules import service_rules, turns_of

_DAY = dt.timedelta(days=1)


def house(restaurant_id: int, since: dt.date) -> House:
    """Return what holds on every service date from since on, in 6 statements. Raises `Restaurant.DoesNotExist`."""
    asked = {"restaurant": restaurant_id, "since": since}
    rows, closures, special_days, services, turns, layout = together(
        _RESTAURANT_ROW.asked(restaurant=restaurant_id),
        _CLOSURES.asked(**asked),
        _SPECIAL_DAYS.asked(**asked),
        _SERVICES.asked(**asked),
        turns_of(restaurant_id),
        of_layout(restaurant_id),
    )
    if not rows:
        raise Restaurant.DoesNotExist
    restaurant = Restaurant.from_db(connection.alias, _RESTAURANT_COLUMNS, rows[0])
    return House(
        since=since,
        services=tuple(_services(restaurant, services, turns)),
        special_days=tuple(SpecialSpec(*row) for row in special_days),
        closures=tuple(ClosureSpec(*row) for row in closures),
        **rules_fields(restaurant),
        **layout_fields(layout),
    )


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who comes on some service dates, and what stops online booking then."""

    seatings: dict[dt.date, list[Seating]]
    brakes: dict[dt.date, list[BrakeSpec]]

    def plan(self, of: House, date: dt.date) -> DayPlan:
        """Return the plan of one of its dates; those on either side reach in over midnight."""
        near = (date - _DAY, date, date + _DAY)
        seatings = chain.from_iterable(self.seatings.get(one, ()) for one in near)
        return of.plan(date, seatings, self.brakes.get(date, ()))


def crowd(of: House, restaurant_id: int, first: dt.date, last: dt.date) -> Crowd:
    """Return who comes on a house's service dates from first to last, in 3 statements however many.

    Of the dates on either side those are left out who reach in over midnight at no time of these.
    """
    begins, _ends = _reach(of, first)
    _begins, ends = _reach(of, last)
    asked = {"restaurant": restaurant_id, "first": first, "last": last}
    around = asked | {"before": first - _DAY, "after": last + _DAY, "begins": begins, "ends": ends}
    stopped, reservations, blocks = together(_BRAKES.asked(**asked), _SEATED.asked(**around), _BLOCKS.asked(**around))
    seatings: dict[dt.date, list[Seating]] = defaultdict(list)
    for seating in chain((blocked(*row) for row in blocks), (seated(*row) for row in reservations)):
        seatings[seating.service_date].append(seating)
    brakes: dict[dt.date, list[BrakeSpec]] = defaultdict(list)
    for date, *row in stopped:
        brakes[date].append(BrakeSpec(*row))
    return Crowd(seatings, brakes)


def day_plans(of: House, restaurant_id: int, first: dt.date, last: dt.date) -> tuple[DayPlan, ...]:
    """Return the plan of each service date from first to last of a house, as `crowd` reads who comes."""
    found = crowd(of, restaurant_id, first, last)
    return tuple(found.plan(of, first + _DAY * number) for number in range((last - first).days + 1))


def _reach(of: House, date: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Return from when to when (UTC) parties of other dates matter to one: at no time, where nobody comes then."""
    noon = dt.datetime.combine(date, dt.time(12), tzinfo=dt.UTC)
    return reach(of.plan(date)) or (noon + 3 * _DAY, noon - 3 * _DAY)


def apart(restaurant_id: int, date: dt.date) -> Question:
    """Return the question for what a house does not know of a date, the answer to which goes to `completed`."""
    return _APART.asked(restaurant=restaurant_id, date=date)


def completed(plan: DayPlan, rows: list[Any]) -> DayPlan:
    """Return a house's plan with its brakes, and with whether the row is there that a booking of the date locks."""
    brakes = tuple(BrakeSpec(*brake) for _has_row, *brake in rows if brake[0] is not None)
    return replace(plan, brakes=brakes, has_row=bool(rows and rows[0][0]))


def _services(restaurant: Restaurant, rows: list[Any], turns: list[Any]) -> Iterable[ServiceSpec]:
    minutes: dict[int | None, list[tuple[int, int]]] = defaultdict(list)
    for service_id, up_to, stay in turns:
        minutes[service_id].append((up_to, stay))
    for row in rows:
        service = Service.from_db(connection.alias, _SERVICE_COLUMNS, row)
        yield ServiceSpec(
            rules=service_rules(restaurant, service, minutes),
            weekdays=service.weekdays,
            valid_from=service.valid_from,
            valid_until=service.valid_until,
            special_day=service.special_day_id,
        )


_RESTAURANT = Param("restaurant", models.BigIntegerField())
_SINCE = Param("since", models.DateField())
_FIRST = Param("first", models.DateField())
_LAST = Param("last", models.DateField())
_RESTAURANT_COLUMNS = tuple(field.attname for field in Restaurant._meta.concrete_fields)
_SERVICE_COLUMNS = tuple(field.attname for field in Service._meta.concrete_fields)


def _touching() -> Q:
    return (
        Q(service_date__gte=_FIRST, service_date__lte=_LAST)
        | Q(service_date=Param("before", models.DateField()), ends_at__gt=Param("begins", models.DateTimeField()))
        | Q(service_date=Param("after", models.DateField()), starts_at__lt=Param("ends", models.DateTimeField()))
    )


_RESTAURANT_ROW = Prepared(
    lambda: Restaurant.objects.filter(pk=_RESTAURANT).order_by().values_list(*_RESTAURANT_COLUMNS)
)
_CLOSURES = Prepared(
    lambda: (
        Closure.objects.filter(restaurant=_RESTAURANT, ends_on__gte=_SINCE)
        .order_by()
        .values_list("service_id", "starts_on", "ends_on")
    )
)
_SPECIAL_DAYS = Prepared(
    lambda: (
        SpecialDay.objects.filter(restaurant=_RESTAURANT, date__gte=_SINCE)
        .order_by()
        .values_list("pk", "date", "is_closed")
    )
)
_SERVICES = Prepared(
    lambda: (
        Service.objects.filter(Q(special_day=None) | Q(special_day__date__gte=_SINCE), restaurant=_RESTAURANT)
        .order_by("first_seating", "pk")
        .values_list(*_SERVICE_COLUMNS)
    )
)
_BRAKES = Prepared(
    lambda: (
        Brake.objects.filter(restaurant=_RESTAURANT, service_date__gte=_FIRST, service_date__lte=_LAST, lifted_at=None)
        .order_by()
        .values_list("service_date", "ends_at", "service_id", "area_id", "slot")
    )
)
_DATE = Param("date", models.DateField())
_APART = Prepared(
    lambda: (
        Restaurant.objects.filter(pk=_RESTAURANT)
        .order_by()
        .annotate(
            has_row=Exists(ServiceDay.objects.filter(restaurant=OuterRef("pk"), date=_DATE)),
            brake=FilteredRelation("brakes", condition=Q(brakes__service_date=_DATE, brakes__lifted_at=None)),
        )
        .values_list("has_row", "brake__ends_at", "brake__service_id", "brake__area_id", "brake__slot")
    )
)
_SEATED = Prepared(
    lambda: (
        Reservation.objects.filter(_touching(), restaurant=_RESTAURANT, status__in=COUNTED)
        .order_by()
        .values_list(*SEATED_COLUMNS)
    )
)
_BLOCKS = Prepared(
    lambda: (
        Block.objects.filter(_touching(), restaurant=_RESTAURANT, lifted_at=None).order_by().values_list(*BLOCK_COLUMNS)
    )
)
