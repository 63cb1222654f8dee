"""One step with one reservation under its day's lock: what the rules of the floor have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import Locked, lock_days, retried, state_of
from reservations.engine.offers import Ahead, serve_waitlist
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.models import Reservation

Status = Reservation.Status

Step = Callable[[Reservation, Locked], dict[str, Any]]
"""Returns what a rule sets on the row, whose day is locked, and may write claims."""


_ENDING = ("finished", "no_show")


def _standing(reservation: Reservation) -> tuple[str, bool]:
    return str(reservation.status), reservation.arrived_at is not None


def settle(
    reservation: Reservation,
    by: By,
    kind: str,
    allowed: tuple[Reservation.Status, ...],
    step: Step,
    *,
    refused: Reason,
    takes: bool = False,
    frees: bool | None = None,
    more: Callable[[Reservation, dict[str, Any]], dict[str, Any]] | None = None,
) -> bool:
    """Do one step with a row under its day's lock; return False where the row is already as the step would have it.

    Raises `Refused`: with refused where the status allows no such step, and
    CHANGED_MEANWHILE where a visit would be ended whose status is another than
    that of the reservation as it was read, or whose guest has come since.

    takes says that the step takes tables: who waits is served before it, so that it never jumps the queue.
    frees says whether who waits is to be served after it; by default, where the row's status changes.
    more returns what the event tells besides, from the row as it was and what is set.
    """
    done = {"seated": Status.SEATED, "finished": Status.FINISHED, "no_show": Status.NO_SHOW}.get(kind)

    def work() -> bool:
        lock_days(reservation.restaurant_id, {reservation.service_date})
        day = state_of(reservation.restaurant_id, reservation.service_date)
        row = Reservation.objects.get(pk=reservation.pk)
        if row.service_date != day.date:
            raise Refused(Reason.CHANGED_MEANWHILE)
        if done is not None and row.status == done:
            return False
        if row.status not in allowed:
            raise Refused(refused)
        if kind in _ENDING and _standing(row) != _standing(reservation):
            # Who asks has seen somebody who had not come yet, or who still sat.
            raise Refused(Reason.CHANGED_MEANWHILE)
        head = queue.serve(row.restaurant_id, day.date, day.now, day.head) if takes else day.head
        before = {name: getattr(row, name) for name in ("status", "table_ids", "ends_at")}
        values = step(row, day)
        if not values:
            return False
        rows = Reservation.objects.filter(pk=row.pk, status=before["status"])
        rows.renewing(*row.own_tags(), trail.tag(row.restaurant_id)).update(**values)
        changes = trail.difference(before, {name: values[name] for name in before if name in values})
        changes |= more(row, values) if more else {}
        event = Event(kind, "reservation", row.pk, row.guest_id, changes)
        head = trail.append(row.restaurant_id, day.date, [event], by, day.now, head)
        if frees or (frees is None and kind != "seated"):
            serve_waitlist(row.restaurant_id, day.date, day.now, head)
        return True

    try:
        with Ahead() as queue:
            changed = retried(work, exhausted=Reason.TABLES_TAKEN)
    finally:
        reservation.refresh_from_db()
    return changed
