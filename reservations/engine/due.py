"""What falls due by itself, for the job loop: holds, offers, requests, late parties, tables that are still sat at.

Each may run in any number of copies at once, takes the locks that everybody
takes, decides by the database's time and returns how many rows it changed.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from django.db import Error
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Now

from reservations.engine import floor
from reservations.engine.errors import Refused
from reservations.engine.locks import Again, Locked, lock_days, retried, state_of, take_day
from reservations.engine.offers import serve_waitlist
from reservations.engine.stuck import Day
from reservations.history import trail
from reservations.history.trail import JOB, Event
from reservations.messages.outgoing import Kind, message, send_later
from reservations.models import BookingRequest, Reservation, WaitlistEntry

__all__ = ["end_waiting", "expire_holds", "expire_requests", "flag_late", "keep_tables", "serve_waitlists"]

logger = logging.getLogger("reservations.jobs")

Status = Reservation.Status
T = TypeVar("T", Day, int)

_MOST = 500
_GIVES_UP = dt.timedelta(hours=12)
"""So long after it came a seated party's table is no longer kept for it: nobody has closed the night."""


def expire_holds() -> int:
    """Expire lapsed holds, offers and proposals, and offer what they held to who waits."""
    lapsed = Reservation.objects.filter(status=Status.HELD, held_until__lte=Now())
    return _each_day(lapsed.values_list("restaurant_id", "service_date"), _serve)


def serve_waitlists() -> int:
    """Offer what is free to who waits: for what no booking has freed, such as a new table or a higher pacing."""
    waiting = WaitlistEntry.objects.filter(
        kind=WaitlistEntry.Kind.ONLINE, status=WaitlistEntry.Status.WAITING, latest__gt=Now()
    )
    return _each_day(waiting.values_list("restaurant_id", "service_date"), _serve)


def end_waiting() -> int:
    """End the waiting of who got no table: the window is over, or nobody at the door has called for so long."""
    over = WaitlistEntry.objects.filter(status=WaitlistEntry.Status.WAITING, latest__lte=Now())

    def end(restaurant_id: int, date: dt.date) -> int:
        day = take_day(restaurant_id, date)
        rows = over.filter(restaurant_id=restaurant_id, service_date=date)
        found = list(rows.order_by("pk").values_list("pk", "guest_id"))
        rows.update(status=WaitlistEntry.Status.OVER, ended_at=day.now)
        events = [Event("over", "entry", pk, guest) for pk, guest in found]
        trail.append(restaurant_id, date, events, JOB, day.now, day.head)
        return len(found)

    return _each_day(over.values_list("restaurant_id", "service_date"), end)


def expire_requests() -> int:
    """Expire requests that nobody has answered in time, and tell the guest."""
    due = BookingRequest.objects.filter(status=BookingRequest.Status.OPEN, expires_at__lte=Now())

    def end(restaurant_id: int, date: dt.date) -> int:
        day = take_day(restaurant_id, date)
        head, count = day.head, 0
        for row in list(due.filter(restaurant_id=restaurant_id, service_date=date).order_by("pk")):
            open_ = BookingRequest.objects.filter(pk=row.pk, status=BookingRequest.Status.OPEN)
            if open_.update(status=BookingRequest.Status.EXPIRED):
                head = trail.append(restaurant_id, date, [Event("expired", "request", row.pk)], JOB, day.now, head)
                send_later(message(Kind.EXPIRED, row, day.now))
                count += 1
        return count

    return _each_day(due.values_list("restaurant_id", "service_date"), end)


def flag_late() -> int:
    """Flag the parties that should have come, by the restaurant's patience and what they have announced.

    A flag and nothing more: a party that nobody tapped must not lose its table.
    """
    minute = Value(dt.timedelta(minutes=1), output_field=DurationField())
    limit = ExpressionWrapper(
        F("starts_at") + minute * (F("late_minutes") + F("restaurant__late_minutes")), output_field=DateTimeField()
    )
    due = (
        Reservation.objects.filter(status=Status.CONFIRMED, arrived_at=None, late_flagged_at=None)
        # Old ones are for whoever closes their night.
        .filter(starts_at__lte=Now(), starts_at__gt=Now() - dt.timedelta(days=1))
    )
    late = due.annotate(limit=limit).filter(limit__lte=Now())

    def flag(restaurant_id: int, date: dt.date) -> int:
        day = take_day(restaurant_id, date)
        head, count = day.head, 0
        for row in list(late.filter(restaurant_id=restaurant_id, service_date=date).order_by("pk")):
            rows = Reservation.objects.filter(pk=row.pk, status=Status.CONFIRMED, arrived_at=None, late_flagged_at=None)
            rows = rows.renewing(*row.own_tags(), trail.tag(restaurant_id))
            if rows.filter(late_minutes=row.late_minutes).update(late_flagged_at=day.now):
                event = Event("late_flagged", "reservation", row.pk, row.guest_id)
                head = trail.append(restaurant_id, date, [event], JOB, day.now, head)
                count += 1
        return count

    return _each_day(late.values_list("restaurant_id", "service_date"), flag)


def keep_tables() -> int:
    """Keep the tables of seated parties whose time is over, slot by slot, where nobody else has them.

    So nothing is booked onto a table at which somebody still sits. Where
    somebody has it, staff see whom to seat elsewhere (`queries.floor.overstays`).
    """
    sitting = Reservation.objects.filter(
        status=Status.SEATED, ends_at__lte=Now() + dt.timedelta(minutes=5), starts_at__gt=Now() - _GIVES_UP
    )
    count = 0
    for row in Reservation.objects.filter(pk__in=_some(sitting.values_list("pk", flat=True))).order_by("pk"):
        try:
            count += floor.stay_longer(reservation=row, minutes=15, by=JOB)
        except Refused:
            continue
    return count


def _serve(restaurant_id: int, date: dt.date) -> int:
    lock_days(restaurant_id, {date})
    day: Locked = state_of(restaurant_id, date)
    serve_waitlist(restaurant_id, date, day.now, day.head)
    return 1


def _some(due: Iterable[T]) -> list[T]:
    """Return what is due in order, or as much as one run takes on, drawn: what stays due must not bar the rest."""
    found = sorted(set(due))
    return found if len(found) <= _MOST else sorted(random.sample(found, _MOST))


def _each_day(days: Iterable[Day], work: Callable[[int, dt.date], int]) -> int:
    """Do work for each service day in a transaction of its own; one that fails keeps none of the others."""
    count = 0
    for restaurant_id, date in _some(days):
        try:
            count += retried(partial(work, restaurant_id, date))
        except (Again, Error):
            logger.exception("A day's due work failed and is tried again: restaurant %s, %s", restaurant_id, date)
    return count
