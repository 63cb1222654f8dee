"""What tests of the write rules look at, and the one thing that only time does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from reservations.engine.errors import Reason, Refused
from reservations.history import trail
from reservations.models import HistoryEvent, Message, Reservation, Restaurant, TableClaim


def refused(reason: Reason) -> Any:
    """Expect a refusal for exactly this reason."""
    return pytest.raises(Refused, match=f"^{reason}$")


def lapse(reservation: Reservation) -> None:
    """Let a hold's time run out, with nobody having noticed."""
    Reservation.objects.filter(pk=reservation.pk).update(held_until=timezone.now() - dt.timedelta(seconds=1))


def fresh(reservation: Reservation) -> Reservation:
    return Reservation.objects.get(pk=reservation.pk)


def claims(reservation: Reservation) -> list[tuple[int, dt.datetime]]:
    return list(TableClaim.objects.filter(reservation=reservation).values_list("table_id", "slot_start"))


def snapshot(reservation: Reservation) -> tuple[object, ...]:
    """Return all that a refused rule must leave as it was: the row, its claims, its messages, the history."""
    return (
        Reservation.objects.filter(pk=reservation.pk).values().get(),
        sorted(claims(reservation)),
        list(Message.objects.filter(reservation=reservation).order_by("pk").values()),
        list(HistoryEvent.objects.filter(restaurant=reservation.restaurant_id).order_by("pk").values()),
    )


def events(restaurant: Restaurant, date: dt.date | None = None) -> list[str]:
    """Return what happened at a restaurant, or on one of its service dates, as "subject kind" in order."""
    rows = HistoryEvent.objects.filter(restaurant=restaurant).order_by("pk")
    if date is not None:
        rows = rows.filter(chain=date.isoformat())
    return [f"{row.subject} {row.kind}" for row in rows]


def chains_broken(restaurant: Restaurant) -> list[str]:
    """Return what is wrong with the chains of a restaurant's service dates; nothing where they are whole."""
    rows = HistoryEvent.objects.filter(restaurant=restaurant, position__gt=0).order_by("chain", "position")
    found: list[str] = []
    for chain in sorted({row.chain for row in rows}):
        found += trail.check(row for row in rows if row.chain == chain)
    return found


def mails(restaurant: Restaurant) -> list[tuple[str, str]]:
    """Return the messages of a restaurant as (kind, recipient) in the order in which they were written."""
    rows = Message.objects.filter(restaurant=restaurant).order_by("pk")
    return list(rows.values_list("kind", "recipient"))
