"""What seats on a date: the services with everything that they leave open taken from the restaurant."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q, QuerySet

from reservations.engine.availability import Deadline, ServiceRules
from reservations.models import Closure, Restaurant, Service, TurnTime
from reservations.queries.prepared import Param, Prepared, Question

_DATE = Param("date", models.DateField())
_RESTAURANT = Param("restaurant", models.BigIntegerField())
_SERVICE_COLUMNS = tuple(field.attname for field in Service._meta.concrete_fields)


def of_services(restaurant_id: int, date: dt.date) -> tuple[Question, Question]:
    """Return the two questions of `services_of`: the services of a date, and the turn times."""
    return _USUAL.asked(restaurant=restaurant_id, date=date), turns_of(restaurant_id)


def turns_of(restaurant_id: int) -> Question:
    """Return the question for the turn times: (service or None, up to, minutes)."""
    return _TURNS.asked(restaurant=restaurant_id)


def services_of(
    restaurant: Restaurant, date: dt.date, special: int | None, usual: list[Any], turn_rows: list[Any]
) -> tuple[ServiceRules, ...]:
    """Return what seats on a date, from the answers to `of_services`; special is the number of its special day."""
    # A special day's services are asked for on that day alone.
    rows = usual if special is None else _SPECIAL.rows(restaurant=restaurant.pk, date=date, special=special)
    services = [Service.from_db(connection.alias, _SERVICE_COLUMNS, row) for row in rows]
    of_day = [row for row in services if special is not None or row.weekdays & (1 << date.weekday())]
    turns: dict[int | None, list[tuple[int, int]]] = {}
    for service_id, up_to, minutes in turn_rows:
        turns.setdefault(service_id, []).append((up_to, minutes))
    return tuple(service_rules(restaurant, row, turns) for row in of_day)


def service_rules(
    restaurant: Restaurant, service: Service, turns: dict[int | None, list[tuple[int, int]]]
) -> ServiceRules:
    """Return the service's rules with everything that it leaves open taken from the restaurant."""
    return ServiceRules(
        id=service.pk,
        name=service.name,
        first=service.first_seating,
        last=service.last_seating,
        interval=service.interval_minutes,
        min_party=service.min_party or restaurant.min_party,
        max_party=service.max_party or restaurant.max_party,
        lead=lead(restaurant, service),
        cutoff=cutoff(restaurant, service),
        turn_times=tuple(turns.get(service.pk) or turns.get(None) or ()),
        default_turn=restaurant.turn_minutes,
        max_covers=service.max_covers,
        max_online_covers=service.max_online_covers,
    )


def cutoff(restaurant: Restaurant, service: Service | None) -> Deadline:
    """Return the cancellation cut-off of a service, or the restaurant's."""
    return (_deadline(service, "cutoff") if service else None) or _deadline(restaurant, "cutoff") or Deadline()


def lead(restaurant: Restaurant, service: Service | None) -> Deadline:
    """Return the lead time of a service, or the restaurant's."""
    return (_deadline(service, "lead") if service else None) or _deadline(restaurant, "lead") or Deadline()


def _deadline(row: Service | Restaurant, name: str) -> Deadline | None:
    minutes, clock = getattr(row, f"{name}_minutes"), getattr(row, f"{name}_clock")
    if minutes is None and clock is None:
        return None
    return Deadline(minutes=minutes, clock=clock, days_before=getattr(row, f"{name}_days_before"))


def _usual_services() -> QuerySet[Service, Any]:
    valid = (Q(valid_from=None) | Q(valid_from__lte=_DATE)) & (Q(valid_until=None) | Q(valid_until__gte=_DATE))
    return _services_of(Q(special_day=None) & valid)


def _services_of(wanted: Q) -> QuerySet[Service, Any]:
    closed = Closure.objects.filter(service=OuterRef("pk"), starts_on__lte=_DATE, ends_on__gte=_DATE)
    rows = Service.objects.filter(~Exists(closed), wanted, restaurant=_RESTAURANT)
    return rows.order_by("first_seating", "pk").values_list(*_SERVICE_COLUMNS)


_USUAL = Prepared(_usual_services)
_SPECIAL = Prepared(lambda: _services_of(Q(special_day=Param("special", models.BigIntegerField()))))
_TURNS = Prepared(
    lambda: (
        TurnTime.objects.filter(restaurant=_RESTAURANT)
        .order_by("up_to", "-minutes")
        .values_list("service_id", "up_to", "minutes")
    )
)
