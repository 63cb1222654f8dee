"""Days whose lock does not come, as this process sees it: one thread waits on, so that the others serve other days.

A client that hangs in a transaction keeps a day's lock, and a web worker has few
threads: without this, whoever wants to book that day would take them all, for
the seconds after which the database gives up. On an evening that many want the
lock is long in coming too, but comes to one or the other of them all the time.

One thread of a process at a time stands in the database's queue for a day; the
others wait here for their turn. Many who wait for one row cost a database more
than their number: each that is woken looks again for what it waits for.
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

_GLANCE: Final = 0.1
"""Seconds after which a thread that waits for its turn looks whether that is still of use."""

REMEMBERED: Final = 10.0
"""Seconds for which a day that nobody got, and nobody has asked for since, counts as stuck."""

_lock = threading.Lock()

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
    turn: threading.Condition = field(default_factory=lambda: threading.Condition(_lock))


_queues: dict[Day, _Queue] = {}
_longest = 0.0
"""Seconds between two threads that got a lock, the longest of late."""


@contextlib.contextmanager
def waiting_for(restaurant_id: int, *dates: dt.date) -> Iterator[None]:
    """Lock these days, given in order, in the block. Raises `Busy` where one is stuck and waited for already.

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
        _stand_in_line(queue, me)
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


def _stand_in_line(queue: _Queue, me: _Waiter) -> None:
    """Wait until it is this thread's turn to ask the database."""
    with _lock:
        while queue.waiting[0] is not me:
            _give_up_in_time(queue, me)
            queue.turn.wait(_GLANCE)


def _look(queue: _Queue, me: _Waiter) -> None:
    with _lock:
        _give_up_in_time(queue, me)


def _give_up_in_time(queue: _Queue, me: _Waiter) -> None:
    kind = waits.in_force()
    now = time.monotonic()
    # PostgreSQL's waits for a row that others wait for are two, each of which it ends by itself.
    most = kind.lock + waits.ANSWER if kind else _patience()
    if now - me.began > most:
        raise Busy("The day's lock does not come.")
    if queue.waiting[0] is not me and now - max(me.began, queue.since) > _patience():
        raise Busy("The day's lock does not come.")


def _patience() -> float:
    return min(max(_TIMES * _longest, LEAST), MOST)


def _leave(day: Day, queue: _Queue, me: _Waiter, *, got: bool) -> None:
    global _longest
    now = time.monotonic()
    with _lock:
        queue.waiting.remove(me)
        queue.turn.notify_all()
        queue.left = now
        if got:
            _longest = max(_longest * _FADING, min(now - max(me.began, queue.since), MOST))
            queue.since = now
        if not queue.waiting and (got or len(_queues) > 1000) and _queues.get(day) is queue:
            del _queues[day]
