"""Write rules of a party that is there and not at its table yet, and of what staff note about it.

Each opens the outermost transaction itself and must not be called inside one.
Each raises `Refused` with the reason, and has then changed nothing.
"""

from __future__ import annotations

from typing import Any

from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import Locked
from reservations.engine.settling import settle
from reservations.history.trail import By
from reservations.models import Reservation

__all__ = ["add_note", "arrive"]

Status = Reservation.Status

NOTE_LENGTH = 1000
"""The most characters that the notes of a reservation may have together."""

_NOTED = (Status.CONFIRMED, Status.SEATED, Status.FINISHED, Status.NO_SHOW, Status.CANCELLED)


def arrive(*, reservation: Reservation, by: By) -> bool:
    """Note that a confirmed party has come, so that it is not late any more; False where that is noted.

    It keeps its table and its status until it is seated. Raises `Refused`:
    NOT_CONFIRMED, and NOT_STARTED before its service date.
    """

    def step(row: Reservation, day: Locked) -> dict[str, Any]:
        if row.service_date > day.now.astimezone(day.restaurant.zone).date():
            raise Refused(Reason.NOT_STARTED)
        return {} if row.arrived_at else {"arrived_at": day.now, "late_flagged_at": None}

    return settle(reservation, by, "arrived", (Status.CONFIRMED,), step, refused=Reason.NOT_CONFIRMED, frees=False)


def add_note(*, reservation: Reservation, text: str, by: By) -> bool:
    """Add a line to the notes of a reservation; False where it is empty, or the last line already.

    The history says that the note changed and how long it was, never what it
    says: that is enough to take the line away again. The version rises: whoever
    has read the notes before, and writes them as they were, is told of it. Raises `Refused`:
    NOTE_TOO_LONG, and NOT_CONFIRMED for a hold or what never was more than one.
    """
    line = " ".join(text.replace("\x00", "").split())

    def step(row: Reservation, _day: Locked) -> dict[str, Any]:
        if not line or row.note.splitlines()[-1:] == [line]:
            return {}
        note = f"{row.note}\n{line}" if row.note else line
        if len(note) > NOTE_LENGTH:
            raise Refused(Reason.NOTE_TOO_LONG)
        return {"note": note, "sequence": row.sequence + 1}

    return settle(
        reservation,
        by,
        "noted",
        _NOTED,
        step,
        refused=Reason.NOT_CONFIRMED,
        frees=False,
        more=lambda row, values: {"note_length": [len(row.note), len(values["note"])], "told": ["note"]},
    )
