"""Reads of what belongs to one diner: their hold, their reservation."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from reservations.models import Reservation, Restaurant

HOLD_STATUSES = (Reservation.Status.HELD, Reservation.Status.EXPIRED, Reservation.Status.RELEASED)


def by_reference(slug: str, reference: str) -> Reservation | None:
    """Return a restaurant's reservation or hold, with its restaurant, area and service; None where there is none."""
    # PostgreSQL refuses a NUL byte as a value, and no reference has any such thing.
    if not reference.isalnum():
        return None
    return (
        Reservation.objects.select_related("restaurant", "area", "service")
        .filter(restaurant__slug=slug, reference=reference)
        .first()
    )


def restaurant_of(slug: str) -> Restaurant | None:
    """Return a restaurant, published or not: who has a reservation there can still look at it and cancel it."""
    return Restaurant.objects.filter(slug=slug).first()


def of_session(keys: Sequence[tuple[int, str]]) -> list[Reservation]:
    """Return the reservations of the given (restaurant id, reference) pairs, the next visit first."""
    wanted = Q()
    for restaurant_id, reference in keys:
        wanted |= Q(restaurant_id=restaurant_id, reference=reference)
    if not wanted:
        return []
    rows = Reservation.objects.select_related("restaurant").filter(wanted).exclude(status__in=HOLD_STATUSES)
    return sorted(rows, key=lambda row: row.starts_at, reverse=True)
