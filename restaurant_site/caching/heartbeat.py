"""The thread of each web worker that probes Redis, marks and sweeps the outbox, and sends the counts."""

from __future__ import annotations

import logging
import os
import threading
import time

from django.conf import settings
from django.db import Error, close_old_connections, connections

from restaurant_site.caching import outbox, stats
from restaurant_site.caching.gate import BEAT, Gate, Unavailable
from restaurant_site.caching.keys import MAGIC
from restaurant_site.caching.store import ALIASES, enabled, store

logger = logging.getLogger("restaurant_site.cache")

_SWEEP = 1.0
_SEND = 2.0
_started: int | None = None


def start() -> None:
    """Start the thread of this process, once; a forked child starts its own."""
    global _started
    if _started == os.getpid() or not settings.CACHE_ENABLED:
        return
    _started = os.getpid()
    stores = [store(alias) for alias in ALIASES if enabled(alias)]
    probed = list({id(found.gate): found.gate for found in stores}.values())
    if not probed:
        return
    outbox.marking = True
    for found in probed:
        found.beat()
        found.beating = True
        threading.Thread(target=_beat, args=(found,), name="cache-heartbeat", daemon=True).start()
    threading.Thread(target=_housekeeping, name="cache-housekeeping", daemon=True).start()
    connections.close_all()


def _beat(found: Gate) -> None:
    while True:
        time.sleep(BEAT)
        try:
            try:
                found.beat()
            finally:
                connections.close_all()
        except Exception:
            # The thread must outlive whatever a server answers, and a connection that breaks as it is closed.
            logger.exception("The heartbeat failed")


def _housekeeping() -> None:
    sent = time.monotonic()
    while True:
        time.sleep(_SWEEP)
        try:
            close_old_connections()
            tidy()
            if time.monotonic() - sent > _SEND:
                sent = time.monotonic()
                stats.send()
        except Error as failure:
            logger.warning("The outbox waits: %s", failure)
        except Exception:
            logger.exception("Housekeeping of the cache failed")


def tidy() -> None:
    """Mark what Redis confirmed to this process; sweep the outbox unless another process just did."""
    outbox.mark()
    target = store("default")
    if not target.gate.usable():
        return
    try:
        if not target.add("sweep", MAGIC, _SWEEP):
            return
    except Unavailable:
        return
    outbox.sweep()
