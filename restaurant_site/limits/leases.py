"""What one owner has in use at a time: members of a set that end by themselves, or are given back.

A rate can't say this: a table that is confirmed or given back is held no more.
Sets lie in Redis, for all nodes together, under keys of their own; while it is
away each process keeps its own, as it counts for itself then. The ends go by
the clocks of the nodes: one that is fast ends a member sooner by as much.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from restaurant_site.caching.gate import Unavailable
from restaurant_site.caching.store import Store
from restaurant_site.limits.counting import PREFIX, hidden, usable

_KEPT: Final = 4 * 3600
"""Seconds for which a set that nobody adds to is kept; no member lasts as long."""

_MOST_SETS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Who uses, and how much of it at most at a time."""

    key: str
    most: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Whether there was room, and whether the member is in use only now."""

    granted: bool
    is_new: bool


def owner(most: int, *names: str) -> Owner:
    """Return an owner by names that can't be read from its key in Redis."""
    return Owner(f"{PREFIX}:in-use:{hidden(*names)}", most)


def take(owners: Sequence[Owner], member: str, seconds: float) -> Lease:
    """Let all owners use a member for so many seconds from now, unless one has as many others as it may.

    One that they use already stays, and lasts from now on. In one round trip
    where there is room, and never more than is allowed, however many ask at once.
    """
    name = hidden(member)
    if shared := usable():
        try:
            return _take_shared(shared, owners, name, seconds)
        except Unavailable:
            pass
    with _lock:
        return _take_here(owners, name, seconds)


def give_back(owners: Sequence[Owner], member: str) -> None:
    """End a member's use; nothing happens where it is not in use."""
    name = hidden(member)
    with _lock:
        for one in owners:
            _here.get(one.key, {}).pop(name, None)
    if shared := usable():
        try:
            shared.ask([("ZREM", one.key, name) for one in owners])
        except Unavailable:
            # It ends by itself.
            return


def forget() -> None:
    """Let this process forget what is in use by its own count."""
    with _lock:
        _here.clear()


_here: dict[str, dict[str, float]] = {}
_lock = threading.Lock()


def _take_shared(shared: Store, owners: Sequence[Owner], name: str, seconds: float) -> Lease:
    now = time.time()
    answers = shared.ask(
        [
            command
            for one in owners
            for command in (
                ("ZREMRANGEBYSCORE", one.key, "-inf", now),
                ("ZADD", one.key, now + seconds, name),
                ("ZCARD", one.key),
                ("EXPIRE", one.key, _KEPT),
            )
        ]
    )
    added = [bool(answers[position * 4 + 1]) for position in range(len(owners))]
    used = [int(answers[position * 4 + 2]) for position in range(len(owners))]
    if all(not new or number <= one.most for one, new, number in zip(owners, added, used, strict=True)):
        return Lease(granted=True, is_new=any(added))
    shared.ask([("ZREM", one.key, name) for one, new in zip(owners, added, strict=True) if new])
    return Lease(granted=False, is_new=False)


def _take_here(owners: Sequence[Owner], name: str, seconds: float) -> Lease:
    now = time.time()
    if len(_here) >= _MOST_SETS:
        _here.clear()
    sets = [_here.setdefault(one.key, {}) for one in owners]
    for used in sets:
        for ended in [member for member, until in used.items() if until <= now]:
            del used[ended]
    if any(name not in used and len(used) >= one.most for one, used in zip(owners, sets, strict=True)):
        return Lease(granted=False, is_new=False)
    is_new = any(name not in used for used in sets)
    for used in sets:
        used[name] = now + seconds
    return Lease(granted=True, is_new=is_new)
