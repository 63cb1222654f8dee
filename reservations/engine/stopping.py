"""Write rules of the brake: online booking is stopped for a while and goes on; staff book all the time.

Each opens the outermost transaction itself and must not be called inside one.
Holds, offers and reservations that are there stand, and may be confirmed.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from reservations.engine.availability import DayPlan, starts
from reservations.engine.errors import Reason, Refused
from reservations.engine.inserts import insert
from reservations.engine.locks import retried, take_day
from reservations.engine.offers import serve_waitlist
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.models import Area, Brake, Restaurant, User
from reservations.queries.day import day_plan
from restaurant_site.caching import outbox

__all__ = ["resume", "stop"]

_SCOPE = ("service_id", "area_id", "slot")


def stop(
    *,
    restaurant: Restaurant,
    date: dt.date,
    user: User,
    by: By,
    service_id: int | None = None,
    area_id: int | None = None,
    slot: dt.datetime | None = None,
) -> Brake:
    """Stop online booking of a service date: of all of it, or of a service, an area, an area in a service, or a start.

    slot is aware. The brake ends with the last of the times that it stops. Who
    stops once more what is stopped gets the brake that is there. Raises
    `Refused`: CLOSED, NO_SERVICE, NOT_A_TIME where the date has none of these
    times, PAST where they are over, WRONG_TABLES where the area is not the restaurant's.
    """
    if area_id is not None and not Area.objects.filter(restaurant=restaurant, pk=area_id).exists():
        raise Refused(Reason.WRONG_TABLES)
    scope: dict[str, Any] = dict(zip(_SCOPE, (service_id, area_id, slot and slot.astimezone(dt.UTC)), strict=True))

    def work() -> Brake:
        day = take_day(restaurant.pk, date)
        plan = day_plan(restaurant.pk, date, seatings=False)
        ends_at = _end(plan, service_id, scope["slot"], day.now)
        there = Brake.objects.filter(restaurant=restaurant, service_date=date, lifted_at=None, ends_at__gt=day.now)
        if first := there.filter(**_exactly(scope)).first():
            return first
        row = Brake(restaurant=restaurant, service_date=date, ends_at=ends_at, created_by=user, **scope)
        insert(row)
        outbox.changed(*row.own_tags())
        trail.append(restaurant.pk, date, [_event("paused", row)], by, day.now, day.head)
        return row

    return retried(work)


def resume(*, brake: Brake, by: By) -> bool:
    """Let online booking go on, and offer what is free to who waits; return False where it had gone on already."""

    def work() -> bool:
        day = take_day(brake.restaurant_id, brake.service_date)
        pulled = Brake.objects.filter(pk=brake.pk, lifted_at=None)
        if not pulled.renewing(*brake.own_tags()).update(lifted_at=day.now):
            return False
        head = trail.append(brake.restaurant_id, day.date, [_event("resumed", brake)], by, day.now, day.head)
        # While it was on, nobody was offered anything.
        serve_waitlist(brake.restaurant_id, day.date, day.now, head)
        return True

    resumed = retried(work)
    brake.refresh_from_db()
    return resumed


def _exactly(scope: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name}__isnull" if value is None else name: True if value is None else value for name, value in scope.items()
    }


def _end(plan: DayPlan, service_id: int | None, slot: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """Return the last start (UTC) that a brake of this scope stops."""
    if plan.closed:
        raise Refused(Reason.CLOSED)
    if not plan.services:
        raise Refused(Reason.NO_SERVICE)
    of_scope = [start for start, service in starts(plan) if service_id in (None, service.id) and slot in (None, start)]
    if not of_scope:
        raise Refused(Reason.NOT_A_TIME)
    if of_scope[-1] <= now:
        raise Refused(Reason.PAST)
    return of_scope[-1]


def _event(kind: str, brake: Brake) -> Event:
    changes: dict[str, Any] = {
        "service": brake.service_id,
        "area": brake.area_id,
        "slot": brake.slot and brake.slot.isoformat(),
        "ends_at": brake.ends_at.isoformat(),
    }
    return Event(kind, "brake", brake.pk, None, {name: [None, value] for name, value in changes.items() if value})
