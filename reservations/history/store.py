"""The stores of the history: the table itself, and which one the settings choose."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django.conf import settings
from django.db.models import QuerySet

from reservations.history.happened import Happened, Store, of_row
from reservations.models import HistoryEvent, HistoryOutbox


class SqlStore:
    """The table that the write rules write; with uncopied, only what the other store does not have yet."""

    def __init__(self, *, uncopied: bool = False) -> None:
        self._uncopied = uncopied

    def add(self, events: Sequence[Happened]) -> None:
        """Do nothing: what has happened is in the table before anybody can add it."""

    def recent(self, restaurant_id: int, limit: int) -> tuple[Happened, ...]:
        """Return the newest events, newest first."""
        return tuple(map(of_row, self._newest(restaurant_id)[:limit]))

    def of_subject(self, restaurant_id: int, subject: str, number: int) -> tuple[Happened, ...]:
        """Return all events of one subject, oldest first."""
        rows = self._newest(restaurant_id).filter(subject=subject, subject_number=number)
        return tuple(map(of_row, rows.reverse()))

    def digests(self, restaurant_id: int) -> dict[int, str]:
        """Return the digest of every chained event by its number."""
        return dict(self._newest(restaurant_id).filter(position__gt=0).values_list("pk", "digest"))

    def _newest(self, restaurant_id: int) -> QuerySet[HistoryEvent]:
        rows = HistoryEvent.objects.filter(restaurant_id=restaurant_id).order_by("-happened_at", "-pk")
        if self._uncopied:
            waiting = HistoryOutbox.objects.filter(restaurant_id=restaurant_id)
            rows = rows.filter(pk__in=waiting.order_by().values("event_id"))
        return rows


def store() -> Store:
    """Return the store that the settings choose: Cosmos DB where COSMOS_URL is set, else the table."""
    if not settings.HISTORY_COPIED:
        return SqlStore()
    return _cosmos(
        settings.COSMOS_URL,
        settings.COSMOS_KEY,
        settings.COSMOS_DATABASE,
        settings.COSMOS_CONTAINER,
        settings.COSMOS_TTL_DAYS,
    )


@lru_cache(maxsize=1)
def _cosmos(url: str, key: str, database: str, container: str, ttl_days: int) -> Store:
    # Here, since Azure's libraries take half a second to load, and most sites never need them.
    from reservations.history.cosmos import Account, CosmosStore

    return CosmosStore(Account(url, key, database, container, ttl_days))
