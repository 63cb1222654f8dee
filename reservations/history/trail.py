"""Events, written in the transaction of what they tell. A service day's are chained at once, under its lock.

Each event's digest covers the one before it, so that one that is changed or
taken out later breaks the chain. `check` proves a chain.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from reservations.engine.inserts import insert, insert_many
from reservations.models import HistoryEvent, HistoryOutbox, User
from restaurant_site.caching import outbox

OTHER = "other"
"""The chain of what belongs to no service day; the job loop chains its events."""

PERSONAL = frozenset(
    {"name", "email", "phone", "booker_name", "booker_email", "note", "notes", "dietary_needs", "occasion", "tags"}
)
"""Fields of which the history says that they changed, never what they hold."""


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, and from where: guest, staff, job or command; web, admin, job or command."""

    actor: str
    source: str
    user_id: int | None = None


GUEST = By("guest", "web")
JOB = By("job", "job")
COMMAND = By("command", "command")


def by_staff(user: User) -> By:
    """Return the member of staff as the one who does something in the admin."""
    return By("staff", "admin", user.pk)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to one subject (reservation, entry, request, block, guest, closure, brake), named by its number."""

    kind: str
    subject: str
    number: int
    guest: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    at: dt.datetime | None = None
    """When it happened, where that was not just now: of what is written down later."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain."""

    position: int = 0
    digest: str = ""


def tag(restaurant_id: int) -> str:
    """Return the tag of a restaurant's recent activity."""
    return f"history:{restaurant_id}"


def head_of(restaurant_id: int, chain: str) -> Head:
    """Return the last link of a chain, in one statement."""
    found = (
        HistoryEvent.objects.filter(restaurant_id=restaurant_id, chain=chain, position__gt=0)
        .order_by("-position")
        .values_list("position", "digest")
        .first()
    )
    return Head(*found) if found else Head()


def append(
    restaurant_id: int, date: dt.date, events: Sequence[Event], by: By, now: dt.datetime, head: Head | None = None
) -> Head:
    """Chain events to a service day whose lock the transaction holds, and return the new head.

    now is aware. head saves a statement for whoever has read it under the lock.
    """
    if not events:
        return head or Head()
    chain = date.isoformat()
    head = head or head_of(restaurant_id, chain)
    rows = []
    for event in events:
        row = _row(restaurant_id, chain, head.position + 1, event, by, now)
        row.digest = digest(head.digest, row)
        head = Head(row.position, row.digest)
        rows.append(row)
    _write(restaurant_id, rows)
    return head


def note(restaurant_id: int, events: Sequence[Event], by: By, now: dt.datetime) -> None:
    """Write events that belong to no locked service day; the job loop chains them."""
    _write(
        restaurant_id,
        [_row(restaurant_id, OTHER, -secrets.randbelow(2**62) - 1, event, by, now) for event in events],
    )


def _row(restaurant_id: int, chain: str, position: int, event: Event, by: By, now: dt.datetime) -> HistoryEvent:
    return HistoryEvent(
        restaurant_id=restaurant_id,
        chain=chain,
        position=position,
        kind=event.kind,
        subject=event.subject,
        subject_number=event.number,
        guest_number=event.guest,
        actor=by.actor,
        user_number=by.user_id,
        source=by.source,
        changes=dict(event.changes),
        happened_at=event.at or now,
    )


def _write(restaurant_id: int, rows: Sequence[HistoryEvent]) -> None:
    if not rows:
        return
    outbox.changed(tag(restaurant_id))
    if not settings.HISTORY_COPIED:
        insert_many(rows)
        return
    for row in rows:
        insert(row)
    insert_many([HistoryOutbox(restaurant_id=restaurant_id, event_id=row.pk) for row in rows])


def digest(before: str, row: HistoryEvent) -> str:
    """Return the SHA-256, in hex, of an event and of the digest of the one before it ("" for a chain's first)."""
    content = [
        before,
        row.restaurant_id,
        row.chain,
        row.position,
        row.kind,
        row.subject,
        row.subject_number,
        row.guest_number,
        row.actor,
        row.user_number,
        row.source,
        row.changes,
        row.happened_at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def check(rows: Iterable[HistoryEvent]) -> list[str]:
    """Return what is wrong with one chain, whose rows come in order of position; nothing where it is whole."""
    found = []
    head = Head()
    for row in rows:
        if row.position != head.position + 1:
            found.append(f"chain {row.chain}: {row.position} follows {head.position}")
        elif row.digest != digest(head.digest, row):
            found.append(f"chain {row.chain}: event {row.position} is not what was written")
        head = Head(row.position, row.digest)
    return found


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return which fields differ, as {field: [before, after]}; of personal ones the names alone, under "told"."""
    found: dict[str, Any] = {}
    told = []
    for name, value in after.items():
        old = before.get(name)
        if old == value:
            continue
        if name in PERSONAL:
            told.append(name)
        else:
            found[name] = [_plain(old), _plain(value)]
    return found | ({"told": sorted(told)} if told else {})


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
