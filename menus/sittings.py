"""Fresh reads of when a restaurant serves: which services take place on which dates, and which menus belong to them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Q

from menus.applying import Rule, Sitting
from menus.models import Menu
from reservations.engine.slots import local_moment
from reservations.models import Closure, Restaurant, Service, SpecialDay

_DAY = dt.timedelta(days=1)


def sittings(restaurant: Restaurant, first: dt.date, last: dt.date) -> list[Sitting]:
    """Return what takes place on the service dates from first to last, in three statements.

    A special day's services take the place of the usual ones; a closure takes
    all of a date, or one service of it.
    """
    special = {
        row.date: row for row in SpecialDay.objects.filter(restaurant=restaurant, date__gte=first, date__lte=last)
    }
    closures = list(Closure.objects.filter(restaurant=restaurant, starts_on__lte=last, ends_on__gte=first))
    of_special = Q(special_day__date__gte=first, special_day__date__lte=last)
    services = list(Service.objects.filter(Q(special_day=None) | of_special, restaurant=restaurant))
    found = []
    for date in _dates(first, last):
        closed = {row.service_id for row in closures if row.starts_on <= date <= row.ends_on}
        day = special.get(date)
        if None in closed or (day is not None and day.is_closed):
            continue
        found += [
            _sitting(restaurant, service, date)
            for service in services
            if service.pk not in closed and _is_on(service, date, day)
        ]
    return found


def around(restaurant: Restaurant, now: dt.datetime, days: int = 7) -> list[Sitting]:
    """Return the sittings from the local day before a moment, whose late ones may run still, to so many days after."""
    today = now.astimezone(restaurant.zone).date()
    return sittings(restaurant, today - _DAY, today + days * _DAY)


def rules(restaurant_id: int) -> list[Rule]:
    """Return when each of the restaurant's menus applies, in one statement."""
    rows = Menu.objects.filter(restaurant_id=restaurant_id).order_by("pk", "services__pk")
    times: dict[int, tuple[int, dt.date | None, dt.date | None]] = {}
    services: dict[int, list[tuple[int | None, str]]] = {}
    for pk, weekdays, first, last, service, name, name_now in rows.values_list(
        "pk",
        "weekdays",
        "valid_from",
        "valid_until",
        "services__service_id",
        "services__name",
        "services__service__name",
    ):
        times[pk] = (weekdays, first, last)
        # Renamed meanwhile: its namesakes count by the new name too.
        services.setdefault(pk, []).extend((service, known) for known in (name, name_now) if known is not None)
    return [Rule(pk, *when, tuple(services[pk])) for pk, when in times.items()]


def _dates(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for days in range((last - first).days + 1):
        yield first + days * _DAY


def _is_on(service: Service, date: dt.date, day: SpecialDay | None) -> bool:
    if day is not None or service.special_day_id is not None:
        return day is not None and service.special_day_id == day.pk
    return (
        bool(service.weekdays & (1 << date.weekday()))
        and (service.valid_from is None or service.valid_from <= date)
        and (service.valid_until is None or date <= service.valid_until)
    )


def _sitting(restaurant: Restaurant, service: Service, date: dt.date) -> Sitting:
    over_midnight = service.last_seating < service.first_seating
    last = local_moment(date + _DAY if over_midnight else date, service.last_seating, restaurant.timezone)
    return Sitting(
        service_id=service.pk,
        name=service.name,
        date=date,
        begins=local_moment(date, service.first_seating, restaurant.timezone),
        ends=last + dt.timedelta(minutes=restaurant.turn_minutes),
    )
