"""Whether the database answers: what the threads of a process tell each other of it.

A server that was stopped takes connections and statements, and never answers.
Once one thread has found that, the others don't wait for themselves: one at a
time tries again, and everybody else is refused at once.
"""

from __future__ import annotations

import threading
import time
from typing import Final

RETRY: Final = 1.0
"""Seconds from one vain attempt to the next."""

_TAKEN: Final = 10.0
"""Seconds after which an attempt of which nothing was heard counts as over."""


class Pulse:
    """Is the server silent, and whose turn is it to try? Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._silent = False
        self._next = 0.0

    @property
    def silent(self) -> bool:
        """Whether the last that was heard of the server is that it does not answer."""
        return self._silent

    def turn(self) -> bool:
        """Return whether the caller may ask the server: always while it answers, else one caller at a time."""
        if not self._silent:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._next:
                return False
            self._next = now + _TAKEN
            return True

    def lost(self) -> bool:
        """Note that the server did not answer; return whether that is news."""
        with self._lock:
            news, self._silent = not self._silent, True
            self._next = time.monotonic() + RETRY
            return news

    def found(self) -> bool:
        """Note that the server answered; return whether that is news."""
        if not self._silent:
            return False
        with self._lock:
            news, self._silent = self._silent, False
            return news
