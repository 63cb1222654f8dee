"""What the cache, the database's pulse and the machine know of this process, copied into its metrics once a second."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import Final

from django.conf import settings

from restaurant_site.caching import stats
from restaurant_site.caching.store import ALIASES, enabled, store
from restaurant_site.database.postgresql.driver import pulse
from restaurant_site.growing import own_memory
from restaurant_site.observing import folder, metrics

logger = logging.getLogger("restaurant_site.observing")

EVERY: Final = 1.0
_FILLS: Final = {
    "fills": (metrics.CACHE_FILLS, 1),
    "fill_us": (metrics.CACHE_FILL_SECONDS, 1e-6),
    "fill_bytes": (metrics.CACHE_FILL_BYTES, 1),
}

_copied: dict[tuple[str, str], int] = {}
_copying = threading.Lock()


def start() -> None:
    """Copy from here on, by a thread of this process."""
    # Every file is there from the beginning: later its disk may be full.
    metrics.cell_of("GET", "/healthz", 200, "bypass")
    threading.Thread(target=_copy_on, name="metrics", daemon=True).start()


def copy() -> None:
    """Copy now: before the metrics are read, and as the process ends."""
    with _copying:
        metrics.settle()
        for (kind, event), number in stats.counts().items():
            more = number - _copied.get((kind, event), 0)
            if more <= 0:
                continue
            _copied[kind, event] = number
            if event in _FILLS:
                counter, unit = _FILLS[event]
                counter.labels(kind).inc(more * unit)
            else:
                metrics.CACHE_EVENTS.labels(kind, event).inc(more)
        for alias in ALIASES:
            if settings.CACHE_ENABLED and enabled(alias):
                metrics.REDIS_USABLE.labels(alias).set(not store(alias).gate.is_open)
        metrics.DATABASE_SILENT.set(pulse.silent)
        folder.take_room()
        with contextlib.suppress(OSError):
            metrics.WORKER_MEMORY.set(own_memory())


def _copy_on() -> None:
    while True:
        try:
            copy()
        except Exception:
            logger.exception("The metrics can't be written")
        time.sleep(EVERY)
