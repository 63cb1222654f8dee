"""How far a command has come: a bar on a terminal, now and then a line in a log."""

from __future__ import annotations

import time
from typing import Protocol

_WIDTH = 30
_LINE_EVERY = 15.0


class Stream(Protocol):
    """What progress is written to."""

    def write(self, text: str, /) -> object:
        """Write the text."""

    def flush(self) -> None:
        """Send what was written."""

    def isatty(self) -> bool:
        """Return whether a person looks on."""


class Progress:
    """Shows how many of total rows are done; at most every 15 seconds where the stream is no terminal."""

    def __init__(self, stream: Stream, total: int, what: str = "rows") -> None:
        self._stream = stream
        self._total = max(total, 1)
        self._what = what
        self._live = stream.isatty()
        self._shown_at = time.monotonic()

    def __call__(self, done: int) -> None:
        """Show that so many rows are done."""
        share = min(done / self._total, 1.0)
        if self._live:
            bar = "#" * int(share * _WIDTH)
            self._write(f"\r[{bar:<{_WIDTH}}] {share:4.0%}  {done:,} {self._what}")
        elif time.monotonic() - self._shown_at >= _LINE_EVERY:
            self._shown_at = time.monotonic()
            self._write(f"{done:,} {self._what} ({share:.0%})\n")

    def clear(self) -> None:
        """Take the bar away, so that a line can be written in its place."""
        if self._live:
            self._write("\r\033[K")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
