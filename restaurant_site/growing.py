"""A worker that grows ends itself between two requests, and gunicorn starts another in its place."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any, Final

LOOK: Final = 2.0
"""Seconds from one look to the next."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def own_memory() -> int:
    """Return the bytes of memory that are this process's alone. Linux; elsewhere it raises OSError."""
    _size, resident, shared, *_rest = Path("/proc/self/statm").read_text().split()
    return (int(resident) - int(shared)) * _PAGE


def watch(worker: Any, megabytes: int) -> None:
    """End a worker of gunicorn's, as gently as for ``max_requests``, once it has more memory of its own; 0 never does.

    The bound is some per cent lower for some: workers that grow alike don't end together.
    """
    if megabytes:
        most = int(megabytes * 1024**2 * random.uniform(0.9, 1.0))  # noqa: S311 - no secret
        threading.Thread(target=_watch, args=(worker, most), name="growing", daemon=True).start()


def _watch(worker: Any, most: int) -> None:
    while worker.alive:
        time.sleep(LOOK)
        try:
            has = own_memory()
        except OSError:
            return
        if has > most:
            worker.log.warning("A worker has grown to %d MB: another takes its place.", has // 1024**2)
            # What it is answering is answered.
            os.kill(os.getpid(), signal.SIGTERM)
            return
