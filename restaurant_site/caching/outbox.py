"""From a committed write to fresh tokens: one row for a transaction, then Redis, then the sweep of what was confirmed.

The row is what survives: a process that dies between its commit and Redis, a
Redis that is away, frozen, full or replaced. Tokens are set after the commit,
before any other callback; what Redis did not confirm is tried again by
whichever process sweeps next.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import threading
import time
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import Error, connections, router, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from restaurant_site.caching import stats
from restaurant_site.caching.gate import SETTLE, Gate, Unavailable, on_replay
from restaurant_site.caching.keys import ALL, is_tag
from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.store import Store, enabled, store
from restaurant_site.database import dialect

logger = logging.getLogger("restaurant_site.cache")

SESSION_PREFIX = "session:"
KEPT_SECONDS = 60
"""How long a confirmed row stays: longer than a snapshot of Redis, or a replica, may lag behind."""
UNCONFIRMED_SECONDS = 2
"""A row that no process has marked for so long belongs to one that died, or could not reach Redis."""
PATIENCE = 2 * SETTLE
"""Seconds after which a write is answered though Redis did not confirm: by then another process has swept its row."""
MOST_TAGS = 500
"""A transaction that changes more renews the tag of everything instead."""
_CHUNK = 500

marking = False
"""Whether this process has a thread that calls `mark`: `heartbeat.start` says so."""
_confirmed: list[int] = []
_confirmed_lock = threading.Lock()


def changed(*tags: str, using: str | None = None) -> None:
    """Renew these tags when the current transaction commits, or at once where there is none.

    For the caller whose write goes past the models, such as raw SQL: call it in
    the transaction of the write. Raises ValueError for what is no tag.
    """
    for tag in tags:
        if not is_tag(tag):
            raise ValueError(f"{tag!r} is no tag: use words joined by colons, such as menu:7.")
    if not tags or not settings.CACHE_ENABLED:
        return
    using = using or router.db_for_write(Invalidation)
    with transaction.atomic(using=using, savepoint=False):
        _note(set(tags), using)


class _Renewal:
    """The callback of a transaction, which also is where its tags are gathered. A rolled back savepoint drops it."""

    def __init__(self, tags: set[str], savepoints: frozenset[str], using: str) -> None:
        self.tags = tags
        self.savepoints = savepoints
        self.using = using
        self.row = secrets.randbits(62)

    def __call__(self) -> None:
        if publish(self.tags):
            confirm(self.row)


def _note(tags: set[str], using: str) -> None:
    connection = connections[using]
    # Django drops the callbacks of a savepoint that is rolled back, and with it
    # went their row: so what is still in this list is what still holds.
    callbacks: list[Any] = connection.run_on_commit
    alive = [entry[1] for entry in callbacks if isinstance(entry[1], _Renewal)]
    known = {tag for renewal in alive for tag in renewal.tags}
    if tags <= known or ALL in known:
        return
    new = {ALL} if ALL in tags or len(tags | known) > MOST_TAGS else tags - known
    savepoints = frozenset(sid for sid in connection.savepoint_ids if sid)
    table = connection.ops.quote_name(Invalidation._meta.db_table)
    for renewal in alive:
        if renewal.savepoints == savepoints:
            renewal.tags |= new
            dialect.sent(
                connection,
                f"UPDATE {table} SET tags = %s WHERE id = %s",  # noqa: S608 - a table's quoted name
                [" ".join(sorted(renewal.tags)), renewal.row],
            )
            return
    renewal = _Renewal(new, savepoints, using)
    now = dialect.of(connection).now
    dialect.sent(
        connection,
        f"INSERT INTO {table} (id, tags, created_at) VALUES (%s, %s, {now})",  # noqa: S608
        [renewal.row, " ".join(sorted(new))],
    )
    # Ahead of every other callback: one of those may fail, and end the rest.
    callbacks.insert(0, (set(connection.savepoint_ids), renewal, True))


def publish(tags: Iterable[str], *, wait: bool = True) -> bool:
    """Give every tag a fresh token in Redis; return whether Redis confirmed.

    After a failure it is tried again until either Redis answers, or has failed
    for as long as any process may go on reading after its last heartbeat, or
    until another process has swept the row (PATIENCE). So whoever waits for this
    answer, such as the response to the write, comes after the last read of the
    old value, also through a freeze.
    """
    wanted = set(tags)
    done = True
    for alias, chosen in (
        ("sessions", {tag for tag in wanted if tag.startswith(SESSION_PREFIX)}),
        ("default", {tag for tag in wanted if not tag.startswith(SESSION_PREFIX)}),
    ):
        if chosen and enabled(alias):
            done = _renewed(store(alias), chosen, wait=wait) and done
    if ALL in wanted and enabled("sessions"):
        done = _renewed(store("sessions"), {ALL}, wait=wait) and done
    return done


def _renewed(target: Store, tags: set[str], *, wait: bool) -> bool:
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            target.renew(tags)
        except Unavailable:
            stats.count("cache", "token_errors")
            # The heartbeat may get through where this thread does not: Sentinels that name nobody refuse new
            # connections and end no old one. Then nothing ever settles.
            if not wait or target.gate.settled() or time.monotonic() > give_up:
                return False
            time.sleep(0.05)
        else:
            return True


def confirm(row: int) -> None:
    """Remember that Redis has the tokens of a row; it is marked with others, by `mark`.

    Only where a thread does that: the rows of a command are swept by whichever
    web worker comes by.
    """
    if marking:
        with _confirmed_lock:
            _confirmed.append(row)


def mark() -> None:
    """Mark the rows that Redis confirmed to this process, by the database's clock."""
    with _confirmed_lock:
        rows = list(_confirmed)
        _confirmed.clear()
    _mark(rows)


def _mark(rows: list[int]) -> None:
    for start in range(0, len(rows), _CHUNK):
        Invalidation.objects.filter(pk__in=rows[start : start + _CHUNK]).update(confirmed_at=Now())


def sweep() -> int:
    """Try again what no process has confirmed, and delete what was confirmed a minute ago; return how many rows.

    Any number of processes may do so at once: renewing once more costs misses,
    nothing else.
    """
    stale = Now() - dt.timedelta(seconds=UNCONFIRMED_SECONDS)
    unconfirmed = Invalidation.objects.filter(confirmed_at=None, created_at__lt=stale).order_by("created_at")
    found = 0
    # To the end: behind what a long outage left, the newest change would wait for its turn.
    while rows := list(unconfirmed[:_CHUNK]):
        found += len(rows)
        if not publish({tag for row in rows for tag in row.tags.split()}, wait=False):
            break
        stats.count("cache", "swept", len(rows))
        _mark([row.pk for row in rows])
        if len(rows) < _CHUNK:
            break
    _delete(Invalidation.objects.filter(confirmed_at__lt=Now() - dt.timedelta(seconds=KEPT_SECONDS)))
    return found


def _delete(rows: QuerySet[Invalidation]) -> None:
    while ids := list(rows.order_by().values_list("pk", flat=True)[:_CHUNK]):
        Invalidation.objects.filter(pk__in=ids).delete()
        if len(ids) < _CHUNK:
            return


def _replay(gate: Gate) -> bool:
    """Renew the tags of all rows at the server behind a gate; return whether database and Redis answered."""
    try:
        tags = {tag for row in Invalidation.objects.values_list("tags", flat=True) for tag in row.split()}
    except Error as error:
        # Without the database nothing can be filled, but what is cached could be
        # stale: it stays unused.
        logger.warning("The outbox can't be replayed: %s", error)
        return False
    try:
        for alias in ("default", "sessions"):
            if enabled(alias) and store(alias).gate is gate and tags:
                store(alias).renew({ALL} if len(tags) > 10 * MOST_TAGS else tags)
    except Unavailable:
        return False
    return True


on_replay(_replay)
