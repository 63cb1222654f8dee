"""Counting of requests in sliding windows, in Redis for all nodes together, in this process while Redis is away.

The windows are the limits library's sliding counters, whose script goes by the
clock of Redis: nodes whose clocks differ count the same. All counts of a
request go in one round trip. Whether Redis may be asked is what the cache knows
already (`caching.gate`), so that a hung one costs one request its quarter of a
second, and it is used again by itself.

The keys begin with ``limits:`` and belong to no cache alias. Django's
``cache.clear()`` empties the whole Redis, though: every window then begins anew.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage

from restaurant_site.caching.gate import Unavailable
from restaurant_site.caching.store import Store, enabled, store

PREFIX: Final = "limits"
_MOST_KEYS: Final = 20_000
"""So many keys of each sort a process keeps; beyond them it forgets all, rather than grow under a flood."""

_ACQUIRE: Final = RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW
_LOOK: Final = RedisStorage.SCRIPT_SLIDING_WINDOW


@dataclass(frozen=True, slots=True)
class Count:
    """One window that a request counts in."""

    key: str
    amount: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Full:
    """The first window that has no room, and in how many seconds it will have some."""

    count: Count
    wait: float


def count_of(rate: str, kind: str, *values: str) -> Count:
    """Return the window of a rate, such as ``60/minute``, for a class and the values that it is counted by.

    LIMITS_SCALE is per cent of every rate. No value can be read from the key:
    addresses of people and of machines don't lie in Redis.
    """
    item = _item(rate)
    amount = max(1, item.amount * settings.LIMITS_SCALE // 100)
    return Count(f"{kind}:{hidden(kind, *values)}:{item.get_expiry()}", amount, item.get_expiry())


def hidden(*values: str) -> str:
    """Return what stands for values in a key: the same for the same, and nobody reads them from it."""
    return salted_hmac("restaurant_site.limits", "\n".join(values), algorithm="sha256").hexdigest()[:32]


def hit(counts: Sequence[Count]) -> Full | None:
    """Count a request in all windows, or in none where one of them has no room, and return which.

    One round trip to Redis where all have room; none where this process knows
    already that one has not, which is what makes a flood cheap to answer.
    """
    now = time.monotonic()
    for count in counts:
        if (until := _full_until.get(count.key, 0.0)) > now:
            return Full(count, until - now)
    full = _hit(counts)
    if full is not None:
        if len(_full_until) >= _MOST_KEYS:
            _full_until.clear()
        _full_until[full.count.key] = now + full.wait
    return full


def forget() -> None:
    """Let this process forget what it has counted and knows to be full."""
    _full_until.clear()
    _memory.cache_clear()


def usable() -> Store | None:
    """Return the store of the Redis that counts for all nodes, or None while there is none to be used."""
    if not enabled("default"):
        return None
    shared = store("default")
    return shared if shared.gate.usable() else None


_full_until: dict[str, float] = {}
_lock = threading.Lock()


def _hit(counts: Sequence[Count]) -> Full | None:
    if shared := usable():
        try:
            return _hit_shared(shared, counts)
        except Unavailable:
            pass
    return _hit_here(counts)


def _hit_shared(shared: Store, counts: Sequence[Count]) -> Full | None:
    taken = [bool(answer) for answer in _acquire(shared, [(count, 1) for count in counts])]
    if all(taken):
        return None
    # Given back: by what is refused nobody is to be kept from the other windows.
    _acquire(shared, [(count, -1) for count, was_taken in zip(counts, taken, strict=True) if was_taken])
    full = counts[taken.index(False)]
    (told,) = shared.evaluate(_LOOK, [(2, *_names(full), full.seconds)])
    previous, previous_left, current, current_left = (int(value or 0) for value in told or (0, 0, 0, 0))
    return Full(full, _wait(full, previous, previous_left / 1000, current, current_left / 1000))


def _acquire(shared: Store, wanted: Sequence[tuple[Count, int]]) -> list[object]:
    calls = [(2, *_names(count), count.amount, count.seconds, number) for count, number in wanted]
    return shared.evaluate(_ACQUIRE, calls) if calls else []


def _names(count: Count) -> tuple[str, str]:
    """Return the names of the previous and the current counter, in one slot of a cluster by their braces."""
    name = f"{PREFIX}:{{{count.key}}}"
    return f"{name}/-1", name


def _hit_here(counts: Sequence[Count]) -> Full | None:
    # The library's storage of this process looks, and then counts: one at a time, so that it counts right.
    with _lock:
        memory = _memory()
        if len(memory.storage) >= _MOST_KEYS:
            memory.reset()
        for position, count in enumerate(counts):
            if not memory.acquire_sliding_window_entry(count.key, count.amount, count.seconds):
                for taken in counts[:position]:
                    memory.acquire_sliding_window_entry(taken.key, taken.amount, taken.seconds, -1)
                return Full(count, _wait(count, *memory.get_sliding_window(count.key, count.seconds)))
    return None


@functools.cache
def _memory() -> MemoryStorage:
    """Return this process's own storage, made when it is first needed: it has a thread."""
    return MemoryStorage()


@functools.lru_cache(maxsize=64)
def _item(rate: str) -> RateLimitItem:
    return parse(rate)


def _wait(count: Count, previous: int, previous_left: float, current: int, current_left: float) -> float:
    """Return in how many seconds a full window has room for one more, at least a tenth.

    The previous window's count weighs less from moment to moment. The current
    one becomes the previous when it ends, which is a whole window before its
    counter does.
    """
    ends = max(0.0, current_left - count.seconds)
    if current < count.amount and previous:
        fades = previous_left - (count.amount - current) * count.seconds / previous
        if fades <= ends:
            return max(0.1, fades)
    fades = count.seconds - count.amount * count.seconds / current if current else 0.0
    return max(0.1, ends + max(0.0, fades))
