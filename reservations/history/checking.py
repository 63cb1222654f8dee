"""Whether the history is as it was written: each chain in itself, and the table beside its copy."""

from __future__ import annotations

from itertools import groupby

from django.conf import settings

from reservations.history import trail
from reservations.history.store import SqlStore, store
from reservations.models import HistoryEvent


def faults(restaurant_id: int) -> list[str]:
    """Return what is wrong with a restaurant's history; nothing where it is whole.

    A chain by itself does not know how long it was. Where the history is
    copied, an event that only the copy has was cut off. Raises `Unavailable`.
    """
    rows = HistoryEvent.objects.filter(restaurant_id=restaurant_id, position__gt=0).order_by("chain", "position")
    found = [
        fault for _chain, events in groupby(rows.iterator(), lambda row: row.chain) for fault in trail.check(events)
    ]
    return [*found, *_faults_beside_copy(restaurant_id)] if settings.HISTORY_COPIED else found


def _faults_beside_copy(restaurant_id: int) -> list[str]:
    # The copy first: what is copied meanwhile was in the table before.
    copied = store().digests(restaurant_id)
    written = SqlStore().digests(restaurant_id)
    found = []
    for pk, digest in sorted(copied.items()):
        if pk not in written:
            found.append(f"event number {pk} is in the copy alone")
        elif written[pk] != digest:
            found.append(f"event number {pk} is not what was copied")
    return found
