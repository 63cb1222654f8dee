"""The jobs of the history: a place in its chain for what has none, and a copy for the store outside the database.

Any number of loops may run both at once.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Sequence
from functools import partial

from django.conf import settings
from django.db import Error
from django.db.models import F

from reservations.engine.inserts import insert_many
from reservations.engine.locks import retried
from reservations.history import trail
from reservations.history.happened import Store, Unavailable, of_row
from reservations.history.store import store
from reservations.models import HistoryEvent, HistoryOutbox
from restaurant_site.caching import outbox
from restaurant_site.database.failures import is_collision

logger = logging.getLogger("reservations.history")

CHAINED_AT_ONCE = 200
COPIED_AT_ONCE = 25
RUN_SECONDS = 2.0
"""So long a run goes on with the next events: after an outage there are many, and the loop has other jobs."""
_MOST_ATTEMPTS = 10_000
"""Counted no further: the column is a small number."""


def chain_others() -> int:
    """Give events of the chain "other" their places, in the order of their keys, for some seconds; return how many."""
    until = time.monotonic() + RUN_SECONDS
    waiting = HistoryEvent.objects.filter(position__lt=0).order_by()
    chained = 0
    for restaurant_id in sorted(waiting.values_list("restaurant_id", flat=True).distinct()):
        try:
            while some := retried(partial(_chain, restaurant_id)):
                chained += some
                if time.monotonic() > until:
                    return chained
        except Error as error:
            if not is_collision(error):
                raise
            # The other loop that it met has chained them, or the next pass does.
            logger.info("The history of restaurant %d is being chained elsewhere.", restaurant_id)
    return chained


def _chain(restaurant_id: int) -> int:
    """Chain some of a restaurant's events; return how many.

    No lock: a place is taken once, by the unique constraint, and an event gets
    one place, by compare-and-set. Whoever comes second is rolled back, or finds
    nothing to do.
    """
    rows = HistoryEvent.objects.filter(restaurant_id=restaurant_id, chain=trail.OTHER, position__lt=0)
    head = trail.head_of(restaurant_id, trail.OTHER)
    chained = 0
    for row in rows.order_by("pk")[:CHAINED_AT_ONCE]:
        unchained = HistoryEvent.objects.filter(pk=row.pk, position=row.position)
        row.position = head.position + 1
        digest = trail.digest(head.digest, row)
        if not unchained.update(position=row.position, digest=digest):
            break
        head = trail.Head(row.position, digest)
        chained += 1
    if chained:
        outbox.changed(trail.tag(restaurant_id))
    return chained


def copy_events() -> int:
    """Copy what waits in the outbox to the store, for some seconds; return how many events.

    Only what is chained is copied, since an event never changes after that. A
    row stays until the store has its event, so that a process which dies copies
    it again, to no effect. What the store refuses is tried again after all
    others, at every pass. Without COSMOS_URL there is nowhere to copy to.
    """
    if not settings.HISTORY_COPIED:
        return 0
    target = store()
    until = time.monotonic() + RUN_SECONDS
    copied = 0
    while some := _copy(target):
        copied += some
        if time.monotonic() > until:
            break
    return copied


def queue_missing(restaurant_id: int, now: dt.datetime) -> int:
    """Put what the store lacks of a restaurant's events into the outbox; return how many. Raises `Unavailable`.

    For events from before COSMOS_URL was set, and for a copy that was lost. What
    has outlived COSMOS_TTL_DAYS is left out.
    """
    there = store().digests(restaurant_id)
    rows = HistoryEvent.objects.filter(restaurant_id=restaurant_id).order_by("pk")
    if settings.COSMOS_TTL_DAYS:
        rows = rows.filter(happened_at__gt=now - dt.timedelta(days=settings.COSMOS_TTL_DAYS))
    waiting = set(HistoryOutbox.objects.filter(restaurant_id=restaurant_id).values_list("event_id", flat=True))
    lacking = [pk for pk in rows.values_list("pk", flat=True) if pk not in there and pk not in waiting]
    insert_many([HistoryOutbox(restaurant_id=restaurant_id, event_id=pk) for pk in lacking])
    return len(lacking)


def _copy(target: Store) -> int:
    """Copy some events; return how many, 0 where there are none or none could be."""
    waiting = HistoryOutbox.objects.filter(event__position__gt=0).select_related("event")
    rows = list(waiting.order_by("attempts", "pk")[:COPIED_AT_ONCE])
    if not rows:
        return 0
    try:
        done = rows if _added(target, rows) else [row for row in rows if _added(target, [row])]
    except Unavailable:
        # The others would fare no better.
        done = []
    retried(partial(_settle, rows, done))
    return len(done)


def _settle(rows: Sequence[HistoryOutbox], done: Sequence[HistoryOutbox]) -> None:
    """Delete the rows that are done, and count an attempt of the others."""
    copied = {row.pk for row in done}
    HistoryOutbox.objects.filter(pk__in=copied).delete()
    failed = HistoryOutbox.objects.filter(pk__in={row.pk for row in rows} - copied, attempts__lt=_MOST_ATTEMPTS)
    failed.update(attempts=F("attempts") + 1)
    outbox.changed(*{trail.tag(row.restaurant_id) for row in done})


def _added(target: Store, rows: Sequence[HistoryOutbox]) -> bool:
    """Add the rows' events; return whether the store took them all. Raises `Unavailable`."""
    try:
        target.add([of_row(row.event) for row in rows])
    except Unavailable:
        raise
    except Exception:
        if len(rows) == 1:
            logger.exception("Event %d can't be copied.", rows[0].event_id)
        return False
    return True
