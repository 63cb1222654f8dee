"""Write rules of what is told on the way: who comes, who is late, who brings fewer.

Each opens the outermost transaction itself and must not be called inside one.
Each raises `Refused` with the reason, and the reservation is then as it was.
"""

from __future__ import annotations

from typing import Any

from reservations.engine.changing import write
from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import Locked, retried, take_day
from reservations.engine.offers import serve_waitlist
from reservations.history import trail
from reservations.history.trail import GUEST, By, Event, difference
from reservations.messages.outgoing import Kind, message, send_later
from reservations.models import Reservation

__all__ = ["reduce_party", "say_coming", "say_late"]

Status = Reservation.Status


def reduce_party(*, reservation: Reservation, party: int, by: By = GUEST) -> None:
    """Let fewer come than were booked, at the same tables and time, until the start.

    What pacing gains is offered to who waits. As many as are booked change nothing: the form was sent again.
    Raises `Refused`: NOT_FEWER, NOT_CONFIRMED, ALREADY_STARTED.
    """

    def values(row: Reservation, _day: Locked) -> dict[str, Any]:
        if party == row.party_size:
            return {}
        if not 1 <= party < row.party_size:
            raise Refused(Reason.NOT_FEWER)
        children = min(row.children, party)
        return {"party_size": party, "children": children, "high_chairs": min(row.high_chairs, children)}

    def after(row: Reservation, before: dict[str, Any], day: Locked, head: trail.Head) -> None:
        data = {"fewer": [before["party_size"], party]}
        send_later(message(Kind.STAFF_COMING, row, day.now, staff_email=row.restaurant.email, data=data))
        serve_waitlist(row.restaurant_id, day.date, day.now, head)

    _on_the_way(reservation, by, "changed", values, after)


def say_coming(*, reservation: Reservation, by: By = GUEST) -> None:
    """Note that the party has said that it comes, until the start; saying it again changes nothing."""

    def values(row: Reservation, day: Locked) -> dict[str, Any]:
        return {} if row.coming_at else {"coming_at": day.now}

    _on_the_way(reservation, by, "coming", values)


def say_late(*, reservation: Reservation, minutes: int, by: By = GUEST) -> None:
    """Note that the party will be so many minutes late, and take its flag away until then; staff are told at once.

    Possible until staff have seated it, as long as the table is kept for it.
    Raises `Refused` (NOT_CONFIRMED).
    """

    def values(row: Reservation, _day: Locked) -> dict[str, Any]:
        return {"late_minutes": minutes, "late_flagged_at": None}

    def after(row: Reservation, _before: dict[str, Any], day: Locked, _head: trail.Head) -> None:
        data = {"minutes": minutes}
        send_later(message(Kind.STAFF_COMING, row, day.now, staff_email=row.restaurant.email, data=data))

    _on_the_way(reservation, by, "late", values, after, until_end=True)


def _on_the_way(
    reservation: Reservation, by: By, kind: str, values: Any, after: Any = None, *, until_end: bool = False
) -> None:
    """Change fields of a confirmed reservation that need no new decision, under its day's lock."""

    def work() -> None:
        day = take_day(reservation.restaurant_id, reservation.service_date)
        row = Reservation.objects.select_related("restaurant").get(pk=reservation.pk)
        if row.status != Status.CONFIRMED:
            raise Refused(Reason.NOT_CONFIRMED)
        if row.service_date != day.date:
            raise Refused(Reason.CHANGED_MEANWHILE)
        if by == GUEST and day.now >= (row.ends_at if until_end else row.starts_at):
            raise Refused(Reason.ALREADY_STARTED)
        new: dict[str, Any] = values(row, day)
        before = {name: getattr(row, name) for name in new}
        changes = difference(before, new)
        if not changes:
            return
        write(row, new)
        event = Event(kind, "reservation", row.pk, row.guest_id, changes)
        head = trail.append(row.restaurant_id, day.date, [event], by, day.now, day.head)
        if after:
            after(row, before, day, head)

    retried(work)
    reservation.refresh_from_db()
