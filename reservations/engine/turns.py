"""Threads of a process that book the same day take turns, so that they do not get into each other's way.

Python lets one of them compute at a time, whoever waits: where many want one
evening, each that is let in between costs both processors and database more
than it gains. It is a courtesy and no lock: whoever has waited for long goes on
without a turn, so that a day which is stuck (`stuck`) keeps nobody here. Nothing
that is right depends on it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

PATIENCE: Final = 0.25
"""Seconds after which a thread goes on without a turn."""

Day = tuple[int, dt.date]
"""A restaurant's number and the service date."""


@dataclass(slots=True)
class _Turn:
    """Whose turn it is with a day, and how many have or want one."""

    taken: threading.Lock = field(default_factory=threading.Lock)
    wanted: int = 0


_lock = threading.Lock()
_turns: dict[Day, _Turn] = {}


@contextlib.contextmanager
def in_turn(restaurant_id: int, date: dt.date) -> Iterator[bool]:
    """Run the block when no other thread of this process does for the same day, or after `PATIENCE`; yield which."""
    day = restaurant_id, date
    with _lock:
        turn = _turns.setdefault(day, _Turn())
        turn.wanted += 1
    has_it = turn.taken.acquire(timeout=PATIENCE)
    try:
        yield has_it
    finally:
        if has_it:
            turn.taken.release()
        with _lock:
            turn.wanted -= 1
            if not turn.wanted:
                del _turns[day]
