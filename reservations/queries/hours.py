"""Which reservations a service or a special day bears on, and whether its hours still offer their times."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reservations.engine.availability import DayPlan, starts
from reservations.models import Reservation, Restaurant, Service
from reservations.queries.day import day_plan
from reservations.queries.floor import hit_by_closing
from reservations.queries.rules import service_rules

_LAST = dt.date.max


@dataclass(frozen=True, slots=True)
class Touched:
    """A live reservation that a change of hours bears on; outside: no time that is offered then is its own.

    It stands all the same: what is booked is booked.
    """

    reservation: Reservation
    outside: bool


def touched_by_service(service: Service, since: dt.date) -> list[Touched]:
    """Return the live reservations of a service from a service date on; of a special day's, those of its date."""
    restaurant = service.restaurant
    if service.special_day is not None:
        date = service.special_day.date
        # It may have been a usual one before.
        others = hit_by_closing(restaurant.pk, since, _LAST, service.pk).exclude(service_date=date)
        return [*touched_by_dates(restaurant, date, date, since), *(Touched(row, True) for row in others)]
    rules = service_rules(restaurant, service, {})
    times: dict[dt.date, frozenset[dt.datetime]] = {}
    found = []
    for row in hit_by_closing(restaurant.pk, since, _LAST, service.pk):
        date = row.service_date
        if date not in times:
            plan = DayPlan(date, restaurant.timezone, 0, False, (rules,), ())
            takes_place = (
                service.weekdays & (1 << date.weekday())
                and (service.valid_from is None or service.valid_from <= date)
                and (service.valid_until is None or date <= service.valid_until)
            )
            times[date] = frozenset(start for start, _service in starts(plan)) if takes_place else frozenset()
        found.append(Touched(row, row.starts_at not in times[date]))
    return found


def touched_by_removing(service: Service, since: dt.date) -> list[Touched]:
    """Return the live reservations of a service from a service date on, as they stand once it is deleted."""
    return [Touched(row, True) for row in hit_by_closing(service.restaurant_id, since, _LAST, service.pk)]


def touched_by_dates(restaurant: Restaurant, first: dt.date, last: dt.date, since: dt.date) -> list[Touched]:
    """Return the live reservations of a range of service dates from a date on, in a few statements for each date."""
    times: dict[dt.date, frozenset[dt.datetime]] = {}
    found = []
    for row in hit_by_closing(restaurant.pk, max(first, since), last):
        if row.service_date not in times:
            plan = day_plan(restaurant.pk, row.service_date, seatings=False)
            offered = [] if plan.closed else starts(plan)
            times[row.service_date] = frozenset(start for start, _service in offered)
        found.append(Touched(row, row.starts_at not in times[row.service_date]))
    return found
