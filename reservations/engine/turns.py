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
from collections import deque
from collections.abc import Iterator
from typing import Final

from reservations.engine.stuck import Day

PATIENCE: Final = 0.25
"""Seconds after which a thread goes on without a turn."""

_lock = threading.Lock()
_lines: dict[Day, deque[threading.Lock]] = {}
"""Who has or wants a turn with a day, in order; the first one has it. Each waits for a lock of their own."""


@contextlib.contextmanager
def in_turn(restaurant_id: int, date: dt.date) -> Iterator[bool]:
    """Run the block when no other thread of this process does for the same day, in the order in which they came.

    Yields whether it is the thread's turn: not after `PATIENCE` in vain.
    """
    day, me = (restaurant_id, date), threading.Lock()
    # Whoever leaves opens the next one's.
    me.acquire()
    with _lock:
        line = _lines.setdefault(day, deque())
        line.append(me)
        is_first = len(line) == 1
    if not is_first:
        is_first = me.acquire(timeout=PATIENCE)
    if not is_first:
        with _lock:
            # It may have come in this very moment.
            is_first = line[0] is me
            if not is_first:
                line.remove(me)
    try:
        yield is_first
    finally:
        if is_first:
            with _lock:
                line.popleft()
                if line:
                    line[0].release()
                else:
                    del _lines[day]
