"""What a store of the history takes and gives: events made for reading, whichever store they come from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reservations.models import HistoryEvent


@dataclass(frozen=True, slots=True)
class Happened:
    """One event. happened_at is UTC; a position below zero waits for its place in the chain.

    changes is {field: [before, after]}, and under "told" the names of personal
    fields that changed.
    """

    id: int
    restaurant_id: int
    chain: str
    position: int
    digest: str
    kind: str
    subject: str
    number: int
    guest: int | None
    actor: str
    user_id: int | None
    source: str
    changes: dict[str, Any]
    happened_at: dt.datetime


class Unavailable(Exception):  # noqa: N818 - a state of the store, no fault of the caller
    """The store could not be asked, or did not answer in time."""


class Store(Protocol):
    """Where events are kept. All but `add` ask for one restaurant; each may raise `Unavailable`."""

    def add(self, events: Sequence[Happened]) -> None:
        """Keep events; one that is there already is there once. Of none: get ready to.

        Raises ValueError for one that it won't take.
        """

    def recent(self, restaurant_id: int, limit: int) -> tuple[Happened, ...]:
        """Return the newest events, newest first."""

    def of_subject(self, restaurant_id: int, subject: str, number: int) -> tuple[Happened, ...]:
        """Return all events of one subject, oldest first."""

    def digests(self, restaurant_id: int) -> dict[int, str]:
        """Return the digest of every chained event by its number."""


def of_row(row: HistoryEvent) -> Happened:
    """Return a row as an event."""
    return Happened(
        id=row.pk,
        restaurant_id=row.restaurant_id,
        chain=row.chain,
        position=row.position,
        digest=row.digest,
        kind=row.kind,
        subject=row.subject,
        number=row.subject_number,
        guest=row.guest_number,
        actor=row.actor,
        user_id=row.user_number,
        source=row.source,
        changes=row.changes,
        happened_at=row.happened_at.astimezone(dt.UTC),
    )


def moment(event: Happened) -> tuple[dt.datetime, int]:
    """Return what events are ordered by, in every store: when they happened, then their number."""
    return event.happened_at, event.id
