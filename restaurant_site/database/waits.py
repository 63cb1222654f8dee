"""How long a process waits for its database: what it said when it began, and what a thread's work asks for.

A web worker has few threads, and visitors who wait for each: it says so by
`bound(WEB)`. A command waits for as long as its work takes. All in seconds.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db import OperationalError

CONNECT: Final = 3
"""For connecting, in every kind of process."""


@dataclass(frozen=True, slots=True)
class Waits:
    """For a row's lock, for a whole statement (None is without end), and between two statements of a transaction.

    The server ends them. The last ends the transaction of a process that has
    stopped, and with it the locks that others wait for.
    """

    lock: float
    statement: float | None
    idle: float


WEB: Final = Waits(lock=2, statement=5, idle=15)
JOBS: Final = Waits(lock=2, statement=None, idle=60)
"""Of the job loop: one stuck day must not keep the others from their turns."""

ANSWER: Final = 0.5
"""So much later than the server should have ended a statement, the client ends it: the server does not answer."""

PATIENCE: Final = 20.0
"""For a statement of the few pages of staff that look at a year; below the time after which a worker is replaced."""


class Busy(OperationalError):  # noqa: N818 - an answer: try again
    """Somebody else has held a lock for too long. Nothing was changed."""


_kind: Waits | None = None


class _Thread(threading.local):
    """What this thread's work asks for at the moment."""

    statement: float | None = None
    check: Callable[[], None] | None = None


_thread = _Thread()


def bound(kind: Waits | None) -> None:
    """Bound the waits of this process, on connections that it opens from here on."""
    global _kind
    _kind = kind


def in_force() -> Waits | None:
    """Return the bounds of this process, or None where it waits without end."""
    return _kind


def statement_seconds() -> float | None:
    """Return how long this thread's statements may take."""
    return _thread.statement or (_kind.statement if _kind else None)


@contextlib.contextmanager
def lasting(seconds: float) -> Iterator[None]:
    """Let this thread wait for so long for each of the block's statements; what the server allows is the caller's."""
    before, _thread.statement = _thread.statement, seconds
    try:
        yield
    finally:
        _thread.statement = before


@contextlib.contextmanager
def checked(check: Callable[[], None]) -> Iterator[None]:
    """Let check look in ten times a second while the block's statements are waited for; it gives up by raising."""
    before = _thread.check

    def both() -> None:
        if before is not None:
            before()
        check()

    _thread.check = both
    try:
        yield
    finally:
        _thread.check = before


def look_in() -> None:
    """Let this thread's check, if there is one, give up."""
    if _thread.check is not None:
        _thread.check()
