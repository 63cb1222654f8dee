"""Days whose lock does not come, as this process sees it: one thread waits on, so that the others serve other days.

A client that hangs in a transaction keeps a day's lock, and a web worker has few
threads: without this, whoever wants to book that day would take them all, for
the seconds after which the database gives up. On an evening that many want the
lock is long in coming too, but comes to one or the other of them all the time.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from restaurant_site.database import waits
from restaurant_site.database.waits import Busy

LEAST: Final = 0.4
MOST: Final = 2.0
"""Seconds without the lock for any of a process's threads, after which only the first of them waits on.

It is four times the longest that it lately took, within these bounds: a
machine that has much to do is slow, and its days are not stuck.
"""

_TIMES: Final = 4
_FADING: Final = 0.95

REMEMBERED: Final = 10.0
"""Seconds for which a day that nobody got, and nobody has asked for since, counts as stuck."""

Day = tuple[int, dt.date]
"""A restaurant's number and the service date."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """A thread that waits, since a moment."""

    began: float


@dataclass(slots=True)
class _Queue:
    """Who of this process waits for a day, in order, and since when none of them got it."""

    since: float
    waiting: list[_Waiter] = field(default_factory=list)
    left: float = 0.0


_queues: dict[Day, _Queue] = {}
_lock = threading.Lock()
_longest = 0.0
"""Seconds between two threads that got a lock, the longest of late."""


@contextlib.contextmanager
def waiting_for(restaurant_id: int, *dates: dt.date) -> Iterator[None]:
    """Lock these days in the block. Raises `Busy` where one is stuck and another thread waits for it already.

    Whoever is not the first and waits when that is found out gives up, too.
    """
    if waits.in_force() is None:
        yield
        return
    with contextlib.ExitStack() as stack:
        for date in dates:
            stack.enter_context(_waiting((restaurant_id, date)))
        yield


@contextlib.contextmanager
def _waiting(day: Day) -> Iterator[None]:
    me = _Waiter(time.monotonic())
    queue = _enter(day, me)
    got = False
    try:
        with waits.checked(lambda: _look(queue, me)):
            yield
        got = True
    finally:
        _leave(day, queue, me, got=got)


def _enter(day: Day, me: _Waiter) -> _Queue:
    now = time.monotonic()
    with _lock:
        queue = _queues.get(day)
        if queue is None or (not queue.waiting and now - queue.left > REMEMBERED):
            queue = _queues[day] = _Queue(now)
        elif queue.waiting and now - queue.since > _patience():
            raise Busy("The day's lock has not come for long, and is waited for.")
        queue.waiting.append(me)
        return queue


def _look(queue: _Queue, me: _Waiter) -> None:
    kind = waits.in_force()
    now = time.monotonic()
    with _lock:
        is_first = queue.waiting[0] is me
        # PostgreSQL's waits for a row that others wait for are two, each of which it ends by itself.
        longest = kind.lock + waits.ANSWER if kind and is_first else _patience()
        if now - max(me.began, 0 if is_first else queue.since) > longest:
            raise Busy("The day's lock does not come.")


def _patience() -> float:
    return min(max(_TIMES * _longest, LEAST), MOST)


def _leave(day: Day, queue: _Queue, me: _Waiter, *, got: bool) -> None:
    global _longest
    now = time.monotonic()
    with _lock:
        queue.waiting.remove(me)
        queue.left = now
        if got:
            _longest = max(_longest * _FADING, min(now - max(me.began, queue.since), MOST))
            queue.since = now
        if not queue.waiting and (got or len(_queues) > 1000) and _queues.get(day) is queue:
            del _queues[day]
