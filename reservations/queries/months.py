"""The plans of many days at once, for showing which have room; a booking reads its one day by `day`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import connection, models
from django.db.models import Q

from reservations.engine.plan import BrakeSpec, DayPlan, Seating, ServiceRules
from reservations.models import Block, Brake, Closure, Reservation, Restaurant, Service, SpecialDay
from reservations.models.reservation import COUNTED
from reservations.queries.day import (
    BLOCK_COLUMNS,
    SEATED_COLUMNS,
    blocked,
    layout_fields,
    of_layout,
    rules_fields,
    seated,
)
from reservations.queries.prepared import Param, Prepared, together
from reservations.queries.rules import service_rules, turns_of

_DAY = dt.timedelta(days=1)


def day_plans(restaurant_id: int, first: dt.date, last: dt.date) -> tuple[DayPlan, ...]:
    """Return what `day.day_plan` returns for each service date from first to last, in 10 statements however many.

    They go in one round trip where the driver can. Whether a date has a row to lock
    is not looked up. Raises `Restaurant.DoesNotExist`.
    """
    asked = {"restaurant": restaurant_id, "first": first, "last": last}
    (rows, closures, special_days, services, brakes, reservations, blocks, turns, *layout) = together(
        _RESTAURANT_ROW.asked(**asked),
        _CLOSURES.asked(**asked),
        _SPECIAL_DAYS.asked(**asked),
        _SERVICES.asked(**asked),
        _BRAKES.asked(**asked),
        # The dates on either side reach in over midnight.
        _SEATED.asked(restaurant=restaurant_id, first=first - _DAY, last=last + _DAY),
        _BLOCKS.asked(restaurant=restaurant_id, first=first - _DAY, last=last + _DAY),
        turns_of(restaurant_id),
        *of_layout(restaurant_id),
    )
    if not rows:
        raise Restaurant.DoesNotExist
    restaurant = Restaurant.from_db(connection.alias, _RESTAURANT_COLUMNS, rows[0])
    rules = _Rules.of(restaurant, closures, special_days, services, turns)
    always = rules_fields(restaurant) | layout_fields(*layout)
    seatings = _by_date(chain((blocked(*row) for row in blocks), (seated(*row) for row in reservations)))
    stopped: dict[dt.date, list[BrakeSpec]] = defaultdict(list)
    for date, *row in brakes:
        stopped[date].append(BrakeSpec(*row))
    return tuple(
        DayPlan(
            date=date,
            closed=rules.is_closed(date),
            services=rules.services(date),
            seatings=tuple(seating for near in (date - _DAY, date, date + _DAY) for seating in seatings.get(near, ())),
            brakes=tuple(stopped.get(date, ())),
            **always,
        )
        for date in (first + _DAY * number for number in range((last - first).days + 1))
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What is known of services, closures and special days in a range of dates."""

    usual: tuple[tuple[Service, ServiceRules], ...]
    special: dict[dt.date, tuple[tuple[Service, ServiceRules], ...]]
    """The services of each special day, none where it is closed."""
    shut: frozenset[dt.date]
    closures: tuple[tuple[int | None, dt.date, dt.date], ...]
    """Closures as (service or None, first day, last day)."""

    @classmethod
    def of(
        cls, restaurant: Restaurant, closures: list[Any], special_days: list[Any], services: list[Any], turns: list[Any]
    ) -> _Rules:
        """Make it from the answers to the questions, services in order of their first seating."""
        minutes: dict[int | None, list[tuple[int, int]]] = defaultdict(list)
        for service_id, up_to, stay in turns:
            minutes[service_id].append((up_to, stay))
        made = [Service.from_db(connection.alias, _SERVICE_COLUMNS, row) for row in services]
        known = [(service, service_rules(restaurant, service, minutes)) for service in made]
        return cls(
            usual=tuple(pair for pair in known if pair[0].special_day_id is None),
            special={
                date: tuple(pair for pair in known if pair[0].special_day_id == pk)
                for pk, date, _closed in special_days
            },
            shut=frozenset(date for _pk, date, is_closed in special_days if is_closed),
            closures=tuple(closures),
        )

    def is_closed(self, date: dt.date) -> bool:
        """Return whether nothing is served on a date."""
        return date in self.shut or None in self._closed_services(date)

    def services(self, date: dt.date) -> tuple[ServiceRules, ...]:
        """Return what seats on a date."""
        if self.is_closed(date):
            return ()
        pairs = self.special[date] if date in self.special else self._of_weekday(date)
        closed = self._closed_services(date)
        return tuple(rules for service, rules in pairs if service.pk not in closed)

    def _of_weekday(self, date: dt.date) -> Iterable[tuple[Service, ServiceRules]]:
        for service, rules in self.usual:
            starts, ends = service.valid_from or date, service.valid_until or date
            if service.weekdays & (1 << date.weekday()) and starts <= date <= ends:
                yield service, rules

    def _closed_services(self, date: dt.date) -> set[int | None]:
        return {service_id for service_id, starts, ends in self.closures if starts <= date <= ends}


def _by_date(seatings: Iterable[Seating]) -> dict[dt.date, list[Seating]]:
    found: dict[dt.date, list[Seating]] = defaultdict(list)
    for seating in seatings:
        found[seating.service_date].append(seating)
    return found


_RESTAURANT = Param("restaurant", models.BigIntegerField())
_FIRST = Param("first", models.DateField())
_LAST = Param("last", models.DateField())
_RESTAURANT_COLUMNS = tuple(field.attname for field in Restaurant._meta.concrete_fields)
_SERVICE_COLUMNS = tuple(field.attname for field in Service._meta.concrete_fields)

_RESTAURANT_ROW = Prepared(
    lambda: Restaurant.objects.filter(pk=_RESTAURANT).order_by().values_list(*_RESTAURANT_COLUMNS)
)
_CLOSURES = Prepared(
    lambda: (
        Closure.objects.filter(restaurant=_RESTAURANT, starts_on__lte=_LAST, ends_on__gte=_FIRST)
        .order_by()
        .values_list("service_id", "starts_on", "ends_on")
    )
)
_SPECIAL_DAYS = Prepared(
    lambda: (
        SpecialDay.objects.filter(restaurant=_RESTAURANT, date__gte=_FIRST, date__lte=_LAST)
        .order_by()
        .values_list("pk", "date", "is_closed")
    )
)
_SERVICES = Prepared(
    lambda: (
        Service.objects.filter(
            Q(special_day=None) | Q(special_day__date__gte=_FIRST, special_day__date__lte=_LAST), restaurant=_RESTAURANT
        )
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
_SEATED = Prepared(
    lambda: (
        Reservation.objects.filter(
            restaurant=_RESTAURANT, service_date__gte=_FIRST, service_date__lte=_LAST, status__in=COUNTED
        )
        .order_by()
        .values_list(*SEATED_COLUMNS)
    )
)
_BLOCKS = Prepared(
    lambda: (
        Block.objects.filter(restaurant=_RESTAURANT, service_date__gte=_FIRST, service_date__lte=_LAST, lifted_at=None)
        .order_by()
        .values_list(*BLOCK_COLUMNS)
    )
)
