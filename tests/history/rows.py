"""Events for the tests, written as the write rules write them."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from reservations.engine.locks import lock_days, retried
from reservations.history import trail
from reservations.history.happened import Happened, of_row
from reservations.history.trail import JOB, By, Event
from reservations.models import HistoryEvent, Restaurant

DAY = dt.date(2027, 3, 27)


def event(kind: str = "confirmed", number: int = 1, *, subject: str = "reservation", **fields: object) -> Event:
    """Return an event to be written; fields are what changed."""
    return Event(kind, subject, number, changes=fields)


def happen(
    restaurant: Restaurant,
    *events: Event,
    date: dt.date | None = DAY,
    by: By = JOB,
    now: dt.datetime | None = None,
) -> list[HistoryEvent]:
    """Chain events to the service date under its lock, or without a date to what belongs to none; return the rows."""
    now = now or timezone.now()
    before = set(HistoryEvent.objects.values_list("pk", flat=True))

    def work() -> None:
        if date is None:
            trail.note(restaurant.pk, events, by, now)
            return
        lock_days(restaurant.pk, [date])
        trail.append(restaurant.pk, date, events, by, now)

    retried(work)
    return list(HistoryEvent.objects.exclude(pk__in=before).order_by("pk"))


def happened(
    restaurant: Restaurant, *events: Event, date: dt.date | None = DAY, now: dt.datetime | None = None
) -> list[Happened]:
    """Write events as `happen` does, and return them as a store takes them."""
    return [of_row(row) for row in happen(restaurant, *events, date=date, now=now)]


def chain_of(restaurant: Restaurant, chain: str = DAY.isoformat()) -> list[HistoryEvent]:
    """Return the rows of a chain in order."""
    rows = HistoryEvent.objects.filter(restaurant=restaurant, chain=chain, position__gt=0)
    return list(rows.order_by("position"))
