"""That nothing is left over: offers, proposals, messages, holds, merged guests, and rows that change restaurant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models

from reservations.auditing.scope import Finding, Scope, count, select, utc_text
from reservations.models import BookingRequest, Guest, Message, Reservation, Restaurant, WaitlistEntry

_RESERVATIONS = Reservation._meta.db_table
_RESTAURANTS = Restaurant._meta.db_table
_ENTRIES = WaitlistEntry._meta.db_table
_REQUESTS = BookingRequest._meta.db_table
_MESSAGES = Message._meta.db_table

_OF_NO_ROW = ", ".join(f"'{kind}'" for kind in (Message.Kind.INVITATION, Message.Kind.STAFF_SHEET))
"""Kinds that tell of no row: a day sheet, and an invitation, whose membership may be gone by now."""

EXPIRED_WITHIN = dt.timedelta(hours=1)
"""By then somebody has expired a hold that lapsed: a booking of its day, or the job loop."""


def offered(scope: Scope, finding: Finding) -> None:
    """Find parties of the waitlist to whom a table is offered that is not held."""
    _held(scope, finding, "waitlist entry", _ENTRIES, "offered", "offer_id")


def proposed(scope: Scope, finding: Finding) -> None:
    """Find requests to which a time is proposed whose table is not held."""
    _held(scope, finding, "request", _REQUESTS, "proposed", "reservation_id")


def _held(scope: Scope, finding: Finding, what: str, table: str, status: str, column: str) -> None:
    where, parameters = scope.condition("w.restaurant_id", "w.service_date")
    where = f"{where} AND w.status = '{status}'"
    finding.rows = count(f"{table} w", where, parameters)
    for slug, reference, of, its in select(
        "p.slug, w.reference, r.reference, r.status",
        f"{table} w JOIN {_RESTAURANTS} p ON p.id = w.restaurant_id LEFT JOIN {_RESERVATIONS} r ON r.id = w.{column}",
        f"{where} AND (r.id IS NULL OR r.status <> 'held')",
        parameters,
        "ORDER BY w.id",
    ):
        says = f"its reservation {of} is {its}" if of else "it has no reservation"
        finding.violated(f"{what} {reference} ({slug}) is {status}, but {says}")


def subjects(scope: Scope, finding: Finding) -> None:
    """Find messages about nothing that is there, but for those that are about no row."""
    where, parameters = scope.condition("m.restaurant_id")
    where = f"{where} AND m.kind NOT IN ({_OF_NO_ROW})"
    finding.rows = count(f"{_MESSAGES} m", where, parameters)
    for slug, pk, kind in select(
        "p.slug, m.id, m.kind",
        f"{_MESSAGES} m JOIN {_RESTAURANTS} p ON p.id = m.restaurant_id"
        f" LEFT JOIN {_RESERVATIONS} r ON r.id = m.reservation_id"
        f" LEFT JOIN {_ENTRIES} e ON e.id = m.entry_id"
        f" LEFT JOIN {_REQUESTS} q ON q.id = m.request_id",
        f"{where} AND r.id IS NULL AND e.id IS NULL AND q.id IS NULL",
        parameters,
        "ORDER BY m.id",
    ):
        finding.violated(f"message {pk} ({slug}, {kind}) is about nothing")


def lapsed(scope: Scope, finding: Finding) -> None:
    """Find holds that lapsed more than an hour ago and that nobody has expired, or that have no end."""
    where, parameters = scope.condition("r.restaurant_id", "r.service_date")
    where = f"{where} AND r.status = 'held'"
    source = f"{_RESERVATIONS} r JOIN {_RESTAURANTS} p ON p.id = r.restaurant_id"
    finding.rows = count(source, where, parameters)
    for slug, reference, until in select(
        "p.slug, r.reference, r.held_until",
        source,
        f"{where} AND (r.held_until IS NULL OR r.held_until < %s)",
        [*parameters, scope.now - EXPIRED_WITHIN],
        "ORDER BY r.id",
    ):
        says = f"only until {utc_text(until)}" if until else "without an end"
        finding.violated(f"reservation {reference} ({slug}) is held, but {says}")


def merged(scope: Scope, finding: Finding) -> None:
    """Find guests who are merged into themselves, by whatever way round."""
    into = dict(
        Guest.objects.filter(**scope.filters(dated=False))
        .exclude(merged_into=None)
        .order_by("pk")
        .values_list("pk", "merged_into_id")
    )
    finding.rows = len(into)
    done: set[int] = set()
    for first in into:
        way: dict[int, None] = {}
        at: int | None = first
        while at is not None and at not in done and at not in way:
            way[at] = None
            at = into.get(at)
        if at in way:
            circle = list(way)[list(way).index(at) :]
            finding.violated(f"guest {' into '.join(map(str, [*circle, at]))}")
        done.update(way)


def at_home(scope: Scope, finding: Finding) -> None:
    """Find rows that are of another restaurant than a row that they refer to."""
    quote = connection.ops.quote_name
    for model, field, parent in _references():
        table, column, key = model._meta.db_table, str(field.column), str(model._meta.pk.column)
        where, parameters = scope.condition("c.restaurant_id")
        where = f"{where} AND c.{quote(column)} IS NOT NULL"
        finding.rows += count(f"{quote(table)} c", where, parameters)
        for pk, restaurant, reference, other in select(
            f"c.{quote(key)}, c.restaurant_id, c.{quote(column)}, p.restaurant_id",
            f"{quote(table)} c JOIN {quote(parent._meta.db_table)} p ON p.id = c.{quote(column)}",
            f"{where} AND c.restaurant_id <> p.restaurant_id",
            parameters,
            f"ORDER BY c.{quote(key)}",
        ):
            finding.violated(
                f"{model._meta.verbose_name} {pk} is of restaurant {restaurant}, "
                f"its {field.name} {reference} of restaurant {other}"
            )


def _references() -> Iterator[tuple[type[models.Model], models.Field[Any, Any], type[models.Model]]]:
    """Yield each foreign key from a model that carries its restaurant to another that does, of whichever app."""
    tenants = {model for model in apps.get_models() if _is_tenant(model)}
    for model in sorted(tenants, key=lambda model: model._meta.label):
        for field in model._meta.concrete_fields:
            parent = field.related_model
            if isinstance(parent, type) and parent in tenants:
                yield model, field, parent


def _is_tenant(model: type[models.Model]) -> bool:
    return any(
        field.name == "restaurant" and field.related_model is Restaurant for field in model._meta.concrete_fields
    )
