"""A form that comes once more with something put right, where the first had arrived: that is told as well."""

from __future__ import annotations

from typing import Any

from reservations.engine.known import Details, known_guest
from reservations.engine.locks import state_of
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.messages.outgoing import Kind, message, send_later
from reservations.models import BookingRequest, WaitlistEntry

_TOLD = frozenset({"name", "email", "phone", "occasion", "dietary_needs", "note"})


def kept_of(model: type[WaitlistEntry | BookingRequest], details: Details) -> dict[str, str]:
    """Return what a row keeps of what was told: what it has columns for, cut to what they take."""
    limits = {field.name: field.max_length for field in model._meta.concrete_fields if field.name in _TOLD}
    return {name: str(getattr(details, name))[:limit] for name, limit in limits.items()}


def put_right(
    row: WaitlistEntry | BookingRequest, subject: str, details: Details, language: str, kind: Kind, by: By
) -> None:
    """Keep what was told last of who waits, and in which language; write (kind) once more where the address is another.

    Its day is locked by the transaction. Of who has had an answer, or was erased, nothing is changed.
    """
    told = kept_of(type(row), details) | {"language": language}
    before = {name: getattr(row, name) for name in told}
    if told == before:
        return
    day = state_of(row.restaurant_id, row.service_date)
    values: dict[str, Any] = {**told}
    if isinstance(row, WaitlistEntry):
        values["guest_id"] = known_guest(row.restaurant_id, details, language, by, day.now)
    rows: Any = type(row).objects
    if not rows.filter(pk=row.pk, status=row.status).update(**values):
        return
    for name, value in values.items():
        setattr(row, name, value)
    event = Event("changed", subject, row.pk, values.get("guest_id"), trail.difference(before, told))
    trail.append(row.restaurant_id, day.date, [event], by, day.now, day.head)
    if told["email"] != before["email"]:
        send_later(message(kind, row, day.now))
