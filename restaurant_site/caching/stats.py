"""Counts of what the cache does, by class. Each process adds its own to hourly sums in Redis, which staff see."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from typing import Any

from django.core.cache import caches

CLASSES = ("page", "fragment", "data", "session")
EVENTS = ("hit", "miss", "stale", "bypass", "error", "refused", "fills", "fill_us", "fill_bytes")
"""refused: an answer that could not be stored. fill_us and fill_bytes are sums over the fills."""
FLEET = ("opened", "replays", "swept", "token_errors")
"""Of the breaker and the outbox, under the class ``cache``."""
KEPT_HOURS = 24

_lock = threading.Lock()
_sent: Counter[tuple[str, str]] = Counter()
_unsent: Counter[tuple[str, str]] = Counter()


def count(kind: str, event: str, number: int = 1) -> None:
    """Add to a count of this process."""
    with _lock:
        _unsent[kind, event] += number


def counts() -> dict[tuple[str, str], int]:
    """Return this process's counts since it started."""
    with _lock:
        return dict(_sent + _unsent)


def send() -> None:
    """Add what was counted since the last time to this hour's sums in Redis; kept for the next time on an error."""
    with _lock:
        unsent = dict(_unsent)
        _sent.update(_unsent)
        _unsent.clear()
    hour = _hour(dt.datetime.now(dt.UTC))
    cache = caches["default"]
    away = False
    for (kind, event), number in unsent.items():
        key = _key(hour, kind, event)
        # Both answer None on an error, which is no success; after one the rest is not tried, each for its timeout.
        added = None if away else cache.add(key, number, timeout=(KEPT_HOURS + 2) * 3600)
        if added:
            continue
        away = added is None
        try:
            done = None if away else cache.incr(key, number)
        except ValueError:
            done = None
        if done is None:
            with _lock:
                _unsent[kind, event] += number
                _sent[kind, event] -= number


def totals(hours: int = KEPT_HOURS) -> dict[str, dict[str, int]]:
    """Return the fleet's sums of the last hours by class and event; of 0 hours they are 0, and nothing is asked."""
    now = dt.datetime.now(dt.UTC)
    names = {
        _key(_hour(now - dt.timedelta(hours=back)), kind, event): (kind, event)
        for back in range(hours)
        for kind, events in (*((kind, EVENTS) for kind in CLASSES), ("cache", FLEET))
        for event in events
    }
    found: dict[str, Any] = (caches["default"].get_many(names) or {}) if names else {}
    sums: dict[str, dict[str, int]] = {kind: dict.fromkeys(EVENTS, 0) for kind in CLASSES}
    sums["cache"] = dict.fromkeys(FLEET, 0)
    for key, number in found.items():
        kind, event = names[key]
        if isinstance(number, int):
            sums[kind][event] += number
    return sums


def _hour(moment: dt.datetime) -> str:
    return moment.strftime("%Y%m%d%H")


def _key(hour: str, kind: str, event: str) -> str:
    return f"stats:{hour}:{kind}:{event}"
