"""What staff did to reservations by one touch a short while ago, and can take back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from reservations.models import HistoryEvent

UNDOABLE = ("arrived", "seated", "finished", "no_show", "cancelled", "moved", "noted")
"""The kinds of events that can be taken back."""

UNDO = dt.timedelta(minutes=30)
"""So long the pages of the evening offer it."""


@dataclass(frozen=True, slots=True)
class Touch:
    """The last thing that happened to a reservation, which can be taken back: the event's number and kind."""

    event: int
    kind: str


def is_undoable(kind: str, actor: str, changes: dict[str, Any]) -> bool:
    """Return whether an event is a touch of staff's that can be taken back, as far as the event tells.

    A walk-in is an event of kind seated too, but nobody was expected: it is
    finished instead. What took something back is not taken back itself.
    """
    return kind in UNDOABLE and actor == "staff" and "source" not in changes and "undone" not in changes


def touches(restaurant_id: int, dates: tuple[dt.date, ...], now: dt.datetime) -> dict[int, Touch]:
    """Return for reservations of service dates, by number, what can be taken back; in one statement."""
    rows = (
        HistoryEvent.objects.filter(
            restaurant_id=restaurant_id,
            chain__in=[date.isoformat() for date in dates],
            subject="reservation",
            happened_at__gt=now - UNDO,
            position__gt=0,
        )
        .order_by("chain", "position")
        .values_list("subject_number", "pk", "kind", "actor", "changes")
    )
    last = {number: (pk, kind, actor, changes) for number, pk, kind, actor, changes in rows}
    return {
        number: Touch(pk, kind)
        for number, (pk, kind, actor, changes) in last.items()
        if is_undoable(kind, actor, changes)
    }
