"""How far a command has come: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import time
from collections.abc import Callable

_WIDTH = 30
_LINE_EVERY = 15.0


class Progress:
    """Shows how many of total rows are done: live on a terminal, else a line at most every 15 seconds."""

    def __init__(self, write: Callable[[str], None], *, total: int, live: bool) -> None:
        self._write = write
        self._total = max(total, 1)
        self._live = live
        self._shown_at = time.monotonic()

    def __call__(self, done: int) -> None:
        """Show that so many rows are done."""
        share = min(done / self._total, 1.0)
        if self._live:
            bar = "#" * int(share * _WIDTH)
            self._write(f"\r[{bar:<{_WIDTH}}] {share:4.0%}  {done:,} rows")
        elif time.monotonic() - self._shown_at >= _LINE_EVERY:
            self._shown_at = time.monotonic()
            self._write(f"{done:,} rows ({share:.0%})\n")

    def clear(self) -> None:
        """Take the bar away, so that a line can be written in its place."""
        if self._live:
            self._write("\r\033[K")
