"""A PostgreSQL whose processes are all stopped for a while, as on a machine that hangs."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

from restaurant_site.embedded import postgres
from tests.concurrency.outages import Database
from tests.site.checkouts import home_of, signal_all


class Freezing(Database):
    """A database of a test's own that can hang."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._home = home_of(folder)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Take connections and statements, and answer none of them."""
        pid = postgres.find(self._home)
        assert pid
        try:
            signal_all(pid, signal.SIGSTOP)
            yield
        finally:
            signal_all(pid, signal.SIGCONT)
