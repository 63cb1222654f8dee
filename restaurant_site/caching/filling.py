"""How many answers a process makes at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar

from django.conf import settings

_slots = threading.BoundedSemaphore(settings.CACHE_FILLS)
_filling: ContextVar[bool] = ContextVar("filling", default=False)


@contextlib.contextmanager
def fill_slot() -> Iterator[None]:
    """Hold one of the process's few places for filling; whoever waits for longer than a second goes on without.

    So a cold or absent cache can't take every thread and every connection of
    the database. A fill within a fill has its place already.
    """
    if _filling.get():
        yield
        return
    held = _slots.acquire(timeout=1.0)
    mark = _filling.set(True)
    try:
        yield
    finally:
        _filling.reset(mark)
        if held:
            _slots.release()
