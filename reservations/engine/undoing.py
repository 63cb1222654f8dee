"""The write rule that takes back the last thing that staff did to a reservation by one touch.

Only where nothing has happened to it since, and nothing that it needs has gone
to somebody else: its table is claimed anew, as any other claim, and who waits
is served first, so that undoing never jumps the queue.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from reservations.engine.deciding import claim
from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import Locked, lock_days, retried, state_of
from reservations.engine.offers import Ahead, serve_waitlist
from reservations.engine.slots import SLOT
from reservations.engine.tables import slot_of
from reservations.history import trail
from reservations.history.trail import By, Event, Head
from reservations.messages.outgoing import Kind, message, send_later
from reservations.models import HistoryEvent, Message, Reservation, Table, TableClaim
from reservations.models.reservation import BY_ONLINE_RULES
from reservations.queries.day import day_plan, window
from reservations.queries.early import floor_window, taken_meanwhile
from reservations.queries.touches import is_undoable

__all__ = ["undo"]

Status = Reservation.Status

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """How one kind of event is taken back: the status that it left, whether tables are taken anew, and what is set."""

    status: tuple[str, ...]
    takes: bool
    values: Callable[[Reservation, Locked, dict[str, Any]], Values]


def undo(*, reservation: Reservation, event: int, by: By) -> bool:
    """Take back what the event of that number did to a reservation; False where it was taken back already.

    Raises `Refused`, and has then changed nothing: NOTHING_TO_UNDO for what is
    no touch of staff's; CHANGED_MEANWHILE where anything happened to the
    reservation since; TABLES_TAKEN, WRONG_TABLES, PACING_FULL or CLOSED where
    its place has gone: to another party, an offer to the waitlist, a block.
    """

    def work() -> bool:
        lock_days(reservation.restaurant_id, {reservation.service_date})
        day = state_of(reservation.restaurant_id, reservation.service_date)
        row = Reservation.objects.select_related("restaurant").get(pk=reservation.pk)
        last = _last(row, day)
        if last is None or row.service_date != day.date:
            raise Refused(Reason.CHANGED_MEANWHILE)
        if last.changes.get("of") == event:
            return False
        if last.pk != event:
            raise Refused(Reason.CHANGED_MEANWHILE)
        if not is_undoable(last.kind, last.actor, last.changes):
            raise Refused(Reason.NOTHING_TO_UNDO)
        step = _STEPS[last.kind]
        if row.status not in step.status:
            raise Refused(Reason.CHANGED_MEANWHILE)
        head = queue.serve(row.restaurant_id, day.date, day.now, day.head) if step.takes else day.head
        before = {name: getattr(row, name) for name in ("status", "table_ids", "ends_at")}
        values = step.values(row, day, last.changes)
        _write(row, day, last, before, values, by, head)
        return True

    try:
        with Ahead() as queue:
            return retried(work, exhausted=Reason.TABLES_TAKEN)
    finally:
        reservation.refresh_from_db()


def _last(row: Reservation, day: Locked) -> HistoryEvent | None:
    rows = HistoryEvent.objects.filter(
        restaurant_id=row.restaurant_id, subject="reservation", subject_number=row.pk, chain=day.date.isoformat()
    )
    return rows.order_by("-position").first()


def _write(
    row: Reservation, day: Locked, last: HistoryEvent, before: Values, values: Values, by: By, head: Head | None
) -> None:
    status = values.get("status", row.status)
    rows = Reservation.objects.filter(pk=row.pk, status=row.status)
    rows.renewing(*row.own_tags(), trail.tag(row.restaurant_id)).update(**values)
    changes = trail.difference(before, {name: values[name] for name in before if name in values})
    # The kind of an event that changes the status is the status, as everywhere.
    kind = str(status) if status != row.status else "undone"
    told = {"undone": last.kind, "of": last.pk}
    event = Event(kind, "reservation", row.pk, row.guest_id, {**changes, **told})
    head = trail.append(row.restaurant_id, day.date, [event], by, day.now, head)
    if last.kind == "moved":
        serve_waitlist(row.restaurant_id, day.date, day.now, head)


def _not_arrived(_row: Reservation, _day: Locked, _changes: dict[str, Any]) -> Values:
    return {"arrived_at": None}


def _not_seated(_row: Reservation, _day: Locked, _changes: dict[str, Any]) -> Values:
    return {"status": Status.CONFIRMED, "seated_at": None}


def _not_finished(row: Reservation, day: Locked, changes: dict[str, Any]) -> Values:
    status = changes.get("status", [Status.SEATED])[0]
    return {"status": status, "finished_at": None, **_retake(row, day, changes)}


def _came_after_all(row: Reservation, day: Locked, changes: dict[str, Any]) -> Values:
    _refuse_pacing(row)
    return {"status": Status.CONFIRMED, **_retake(row, day, changes)}


def _not_cancelled(row: Reservation, day: Locked, changes: dict[str, Any]) -> Values:
    plan = day_plan(row.restaurant_id, row.service_date, seatings=False)
    if plan.closed or (row.service_id and row.service_id not in {service.id for service in plan.services}):
        raise Refused(Reason.CLOSED)
    _refuse_pacing(row)
    values = _retake(row, day, changes)
    _tell_again(row, day)
    return {
        "status": Status.CONFIRMED,
        "cancelled_at": None,
        "cancelled_late": False,
        "sequence": F("sequence") + 1,
        **values,
    }


def _moved_back(row: Reservation, day: Locked, changes: dict[str, Any]) -> Values:
    return _retake(row, day, changes)


def _note_taken_away(row: Reservation, _day: Locked, changes: dict[str, Any]) -> Values:
    before, after = changes["note_length"]
    if len(row.note) != after:
        # Erased meanwhile, with the guest.
        raise Refused(Reason.CHANGED_MEANWHILE)
    return {"note": row.note[:before], "sequence": F("sequence") + 1}


def _retake(row: Reservation, day: Locked, changes: dict[str, Any]) -> Values:
    """Claim the tables that it had, for what is left of the time that it had; return what is set.

    Whoever sits there needs a slot to sit in, also where the time is over.
    """
    tables = tuple(changes.get("table_ids", [row.table_ids])[0] or ())
    if was := changes.get("ends_at"):
        row.ends_at = dt.datetime.fromisoformat(was[0])
    _refuse_tables(row.restaurant_id, tables)
    since = max(row.starts_at, slot_of(day.now))
    sits = changes.get("status", [row.status])[0] == Status.SEATED
    if sits:
        row.ends_at = max(row.ends_at, since + SLOT)
    if since < row.ends_at:
        view = floor_window(row.restaurant_id, row.service_date, since, row.ends_at, day.now, but=row.pk)
        if view.taken & set(tables) or view.neighbours:
            raise Refused(Reason.TABLES_TAKEN)
    # At once, where it sits before its time.
    if sits and taken_meanwhile(row, day.now) & set(tables):
        raise Refused(Reason.TABLES_TAKEN)
    TableClaim.objects.filter(reservation_id=row.pk, slot_start__gte=since).delete()
    claim(row, tables, since)
    return {"table_ids": sorted(tables), "ends_at": row.ends_at}


def _refuse_tables(restaurant_id: int, tables: Collection[int]) -> None:
    there = Table.objects.filter(restaurant_id=restaurant_id, pk__in=tables, is_active=True).count()
    if not tables or there != len(tables):
        raise Refused(Reason.WRONG_TABLES)


def _refuse_pacing(row: Reservation) -> None:
    """Refuse where others have got its covers, unless it was above pacing when it was taken, which is recorded."""
    if row.pacing_exceeded_by_id:
        return
    view = window(
        row.restaurant_id,
        row.service_date,
        row.starts_at,
        row.starts_at + SLOT,
        locked=True,
        except_reservation=row.pk,
    )
    limits = [(view.covers[0], row.pacing_limit)]
    if row.source in BY_ONLINE_RULES:
        limits.append((view.covers[1], row.online_pacing_limit))
    if any(limit is not None and covers and covers + row.party_size > limit for covers, limit in limits):
        raise Refused(Reason.PACING_FULL)


def _tell_again(row: Reservation, day: Locked) -> None:
    """Confirm to who was told of the cancellation, or may have been: of an attempt that failed nobody knows.

    A mail that still waits is dropped, being true no more. What was dropped for the sake of the cancellation waits
    again, else a guest whose confirmation the mail server had not taken yet would never get one.
    """
    Message.objects.filter(
        reservation=row, kind__in=_OF_CONFIRMED, status=Message.Status.DROPPED, claimed_at__gte=row.cancelled_at
    ).update(status=Message.Status.WAITING, error="")
    told = Message.objects.filter(reservation=row, kind=Kind.CANCELLATION, sequence=row.sequence)
    if told.exclude(attempts=0, status__in=(Message.Status.WAITING, Message.Status.DROPPED)).exists():
        again = message(Kind.CONFIRMATION, row, day.now)
        for one in again:
            one.sequence = row.sequence + 1
        send_later(again)


_OF_CONFIRMED = (Kind.CONFIRMATION, Kind.CHANGE, Kind.REMINDER)
_LIVE = (Status.CONFIRMED, Status.SEATED)
_STEPS = {
    "arrived": _Step((Status.CONFIRMED,), False, _not_arrived),
    "seated": _Step((Status.SEATED,), False, _not_seated),
    "finished": _Step((Status.FINISHED,), True, _not_finished),
    "no_show": _Step((Status.NO_SHOW,), True, _came_after_all),
    "cancelled": _Step((Status.CANCELLED,), True, _not_cancelled),
    "moved": _Step(_LIVE, True, _moved_back),
    "noted": _Step(tuple(Status), False, _note_taken_away),
}
