"""Whether Redis may be used: a breaker for each server in each process, a lease, and the replay that closes it.

Reads are allowed while the gate is shut behind a heartbeat no older than the
lease. One error opens it; the heartbeat, a write, is the one probe while it is
open. Before it closes again, all rows of the outbox have been replayed, once
for the whole fleet: a server that came back, or took over, may have lost the
newest tokens.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from restaurant_site.caching import stats, trouble
from restaurant_site.caching.keys import new_token

if TYPE_CHECKING:
    from restaurant_site.caching.store import Store

logger = logging.getLogger("restaurant_site.cache")

BEAT = 0.5
"""Seconds between heartbeats."""
LEASE = 1.5
"""Seconds for which a heartbeat lets this process read from the cache."""
SETTLE = LEASE + 0.5
"""Seconds of failures after which every other process has noticed too, by its lease: see `outbox.publish`."""
REPLAY_LOCK = 2.0
"""Seconds within which another process's replay counts for this one."""


class Unavailable(Exception):  # noqa: N818 - not a fault of the code, but a state that the caller goes on without
    """Redis did not do what it was asked: away, hung, full, read-only, or the wrong password."""


class Gate:
    """The state of one Redis server as this process knows it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_open = False
        self.failing_since: float | None = None
        self.last_ok = float("-inf")
        self.beating = False
        # Why Redis is not used, to be translated.
        self.reason = trouble.NOT_ASKED
        self.outages = 0
        # A replay counts if it began after this moment.
        self._doubt = float("-inf")
        self._run: str | None = None
        self._lock = threading.Lock()

    def usable(self) -> bool:
        """Return whether reads may go to Redis now; asks it first where no heartbeat thread does (commands, tests)."""
        if self._in_lease():
            return True
        if self.beating:
            return False
        with self._lock:
            # Another thread may have asked while this one waited.
            return self._in_lease() or self._beat()

    def _in_lease(self) -> bool:
        return not self.is_open and time.monotonic() - self.last_ok < LEASE

    def failed(self, error: Exception) -> None:
        """Open the gate: Redis did not answer, or refused."""
        now = time.monotonic()
        # Where nothing was asked for a while, what failed before then says nothing of now.
        if self.failing_since is None or now - self._doubt > LEASE:
            self.failing_since = now
        self._doubt = now
        self.reason = trouble.told(error)
        if not self.is_open:
            self.is_open = True
            self.outages += 1
            stats.count("cache", "opened")
            logger.warning("Redis is not used until it answers again. %s (%s)", self.reason, error.__cause__ or error)

    def settled(self) -> bool:
        """Return whether Redis has failed for so long that no process can still be reading from it."""
        return self.failing_since is not None and time.monotonic() - self.failing_since > SETTLE

    def beat(self) -> bool:
        """Probe Redis by a write, once at a time; close the gate if it answers and the outbox was replayed."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            return self._beat()
        finally:
            self._lock.release()

    def _beat(self) -> bool:
        started = time.monotonic()
        try:
            self.store.knock()
            run = self.store.run_id()
            if run != self._run and self._run is not None:
                # Another server, or the same one started anew, since it was last seen in order.
                self._doubt = max(self._doubt, self.last_ok)
                self.is_open = True
                self.outages += 1
                self.reason = trouble.ANOTHER
            if (self.is_open or self._run is None) and not self._replayed(run):
                return False
        except Unavailable:
            return False
        # An error of another thread while this was under way keeps the gate open.
        if self._doubt > started:
            return False
        if self.is_open:
            logger.warning("Redis is used again.")
        self._run, self.is_open, self.last_ok, self.reason = run, False, started, ""
        return True

    def _replayed(self, run: str) -> bool:
        """Return whether the outbox has been replayed to this server since the doubt began; do it if nobody has."""
        lock, done = f"replay:{run}", f"replayed:{run}"
        mine = new_token()
        if self.store.add(lock, mine, REPLAY_LOCK):
            if not all(replay(self) for replay in _replays):
                return False
            self.store.put(done, mine, 3600)
            stats.count("cache", "replays")
            return True
        age = self.store.age(lock, REPLAY_LOCK)
        if age is None or time.monotonic() - age < self._doubt:
            return False
        found = self.store.read([lock, done])
        return found.get(lock) is not None and found.get(lock) == found.get(done)


_gates: dict[str, Gate] = {}
_replays: list[Callable[[Gate], bool]] = []


def of(location: str, store: Store) -> Gate:
    """Return the gate of a Redis server; aliases with one location share it."""
    return _gates.setdefault(location, Gate(store))


def gates() -> list[Gate]:
    """Return the gates of all servers that this process uses."""
    return list(_gates.values())


def on_replay(replay: Callable[[Gate], bool]) -> None:
    """Register what replays the outbox to the server of a gate; it returns whether it could."""
    _replays.append(replay)
