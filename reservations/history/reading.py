"""Fresh reads of the history, from the store that the settings choose, and from the table where that can't be asked.

What is not copied yet is read from the table and put in its place, so that
nobody who did something misses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from reservations.history.happened import Happened, Store, Unavailable, moment
from reservations.history.store import SqlStore, store


@dataclass(frozen=True, slots=True)
class Activity:
    """Events, and whether they came from the table because the store could not be asked."""

    events: tuple[Happened, ...]
    store_away: bool = False


def recent(restaurant_id: int, limit: int) -> Activity:
    """Return a restaurant's newest events, newest first."""
    found = _read(lambda source: source.recent(restaurant_id, limit))
    newest = sorted(found.events, key=moment, reverse=True)[:limit]
    return Activity(tuple(newest), found.store_away)


def of_subject(restaurant_id: int, subject: str, number: int) -> Activity:
    """Return everything that happened to a subject (reservation, guest, …), oldest first."""
    found = _read(lambda source: source.of_subject(restaurant_id, subject, number))
    return Activity(tuple(sorted(found.events, key=moment)), found.store_away)


def _read(ask: Callable[[Store], tuple[Happened, ...]]) -> Activity:
    """Return what a question finds in the store and among what is not copied yet, in no order."""
    if not settings.HISTORY_COPIED:
        return Activity(ask(store()))
    # First what waits: an event that is copied in between is then found twice, not missed.
    found = {event.id: event for event in ask(SqlStore(uncopied=True))}
    try:
        found |= {event.id: event for event in ask(store())}
    except Unavailable:
        return Activity(ask(SqlStore()), store_away=True)
    return Activity(tuple(found.values()))
