"""Reads of what belongs to one diner: their hold, their reservation, what they wait for.

What they have leads to it whoever finds the restaurant's page: of the address the slug alone is read, not a key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q, QuerySet

from reservations.models import Area, BookingRequest, Reservation, Restaurant, Service, WaitlistEntry
from reservations.models.venue import slug_of
from reservations.queries.prepared import Param, Prepared

HOLD_STATUSES = (Reservation.Status.HELD, Reservation.Status.EXPIRED, Reservation.Status.RELEASED)


def by_reference(slug: str, reference: str) -> Reservation | None:
    """Return a restaurant's reservation or hold, with its restaurant, area and service; None where there is none."""
    if not _is_reference(reference):
        return None
    rows = _BY_REFERENCE.rows(slug=slug_of(slug), reference=reference)
    return _joined(rows[0]) if rows else None


_PARTS: tuple[tuple[str, type[models.Model]], ...] = (
    ("", Reservation),
    ("restaurant", Restaurant),
    ("area", Area),
    ("service", Service),
)


@lru_cache(maxsize=16)
def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields)


def _by_reference() -> QuerySet[Reservation, Any]:
    names = [f"{part}__{name}" if part else name for part, model in _PARTS for name in _columns(model)]
    return (
        Reservation.objects.filter(
            restaurant__slug=Param("slug", models.CharField()), reference=Param("reference", models.CharField())
        )
        .order_by()
        .values_list(*names)
    )


_BY_REFERENCE = Prepared(_by_reference)


def _joined(row: Sequence[Any]) -> Reservation:
    """Return the reservation with what it refers to, as `select_related` would."""
    found: list[models.Model | None] = []
    first = 0
    for _part, model in _PARTS:
        columns = _columns(model)
        values = row[first : first + len(columns)]
        first += len(columns)
        # The primary key comes first; it is None where nothing is referred to.
        found.append(None if values[0] is None else model.from_db(connection.alias, columns, values))
    reservation, restaurant, area, service = found
    assert isinstance(reservation, Reservation)  # noqa: S101 - for the type checker
    for name, related in (("restaurant", restaurant), ("area", area), ("service", service)):
        reservation._state.fields_cache[name] = related
    return reservation


def entry_by_reference(slug: str, reference: str) -> WaitlistEntry | None:
    """Return an entry of a restaurant's waitlist, with its restaurant, area and offer; None where there is none."""
    if not _is_reference(reference):
        return None
    return (
        WaitlistEntry.objects.select_related("restaurant", "area", "offer")
        .filter(restaurant__slug=slug_of(slug), reference=reference, kind=WaitlistEntry.Kind.ONLINE)
        .first()
    )


def request_by_reference(slug: str, reference: str) -> BookingRequest | None:
    """Return a request, with its restaurant and what is proposed or booked for it; None where there is none."""
    if not _is_reference(reference):
        return None
    return (
        BookingRequest.objects.select_related("restaurant", "reservation")
        .filter(restaurant__slug=slug_of(slug), reference=reference)
        .first()
    )


def _is_reference(text: str) -> bool:
    # PostgreSQL refuses a NUL byte as a value, and no reference has any such thing.
    return text.isalnum()


def restaurant_of(slug: str) -> Restaurant | None:
    """Return a restaurant, published or not: who has a reservation there can still look at it and cancel it."""
    return Restaurant.objects.filter(slug=slug_of(slug)).first()


def reservations_of(browser: str, others: Sequence[tuple[int, str]], most: int) -> list[Reservation]:
    """Return what a browser has booked, and others by restaurant id and reference, the latest visit first."""
    wanted = Q(browser=browser) if browser else Q()
    for restaurant_id, reference in others:
        wanted |= Q(restaurant_id=restaurant_id, reference=reference)
    if not wanted:
        return []
    rows = Reservation.objects.select_related("restaurant").filter(wanted).exclude(status__in=HOLD_STATUSES)
    return list(rows.order_by("-starts_at", "pk")[:most])


_WAITS = (WaitlistEntry.Status.WAITING, WaitlistEntry.Status.OFFERED, WaitlistEntry.Status.LAPSED)
_OPEN = (BookingRequest.Status.OPEN, BookingRequest.Status.PROPOSED)


def waits_of(browser: str, now: dt.datetime) -> list[WaitlistEntry]:
    """Return a browser's entries of waitlists whose time is not over, the next first.

    Those whose offer has lapsed too, since they may join again, until they have.
    """
    if not browser:
        return []
    later = WaitlistEntry.objects.filter(
        restaurant=OuterRef("restaurant"), service_date=OuterRef("service_date"), browser=browser, pk__gt=OuterRef("pk")
    )
    rows = WaitlistEntry.objects.select_related("restaurant", "offer").exclude(
        Exists(later.order_by()), status=WaitlistEntry.Status.LAPSED
    )
    return list(rows.filter(browser=browser, status__in=_WAITS, latest__gt=now).order_by("earliest", "pk"))


def requests_of(browser: str) -> list[BookingRequest]:
    """Return a browser's requests that nobody has closed, the next first."""
    if not browser:
        return []
    rows = BookingRequest.objects.select_related("restaurant", "reservation")
    return list(rows.filter(browser=browser, status__in=_OPEN).order_by("starts_at", "pk"))
