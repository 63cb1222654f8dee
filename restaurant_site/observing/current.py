"""What this thread is at: the request that it answers, or the job that it runs. Its log lines carry the id."""

from __future__ import annotations

import threading


class Work:
    """One piece of a thread's work: its id, the route of its address, and what it asked of the database so far.

    cache is what the page cache did with it. statements are counted, seconds are
    what they took together.
    """

    __slots__ = ("cache", "id", "route", "seconds", "statements")

    def __init__(self, id_: str = "", route: str = "") -> None:
        self.id = id_
        self.route = route
        self.cache = ""
        self.statements = 0
        self.seconds = 0.0


class _Thread(threading.local):
    """The thread's work, until its next begins: gunicorn tells of an error after the answer."""

    def __init__(self) -> None:
        self.work = Work()


thread = _Thread()


def current_work() -> Work:
    """Return what this thread is at."""
    return thread.work


def begin(id_: str, route: str = "") -> Work:
    """Let this thread begin another piece of work, and return it."""
    work = thread.work = Work(id_, route)
    return work
