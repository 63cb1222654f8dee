"""A process's claim on an instance's servers."""

from __future__ import annotations

import os
from pathlib import Path

from . import locks, postgres, redis_server
from .control import bring_up, shut_down
from .errors import EmbeddedError
from .layout import Home, open_home

# Longer than making data and starting take together, so it means something hangs.
_START_PATIENCE = 120.0
_RELEASE_PATIENCE = 10.0


class Lease:
    """A registration as a user of an instance, held by one process."""

    def __init__(self, home: Home) -> None:
        """Register; must be called under the start lock."""
        self._home = home
        self._pid = os.getpid()
        self._fd: int | None = locks.join(home.users)

    def release(self) -> None:
        """Deregister, and stop the servers if nobody else uses them.

        Only the first call in the process that registered does anything.
        """
        if self._pid != os.getpid() or self._fd is None:
            return
        try:
            with locks.exclusive(self._home.start_lock, _RELEASE_PATIENCE):
                self.drop()
        except (locks.BusyError, OSError):
            # Someone is starting servers, or the folder is gone: leave it to the watchdog.
            self._close()

    def drop(self) -> None:
        """Do the same for a caller that holds the start lock."""
        self._close()
        if locks.unused(self._home.users):
            shut_down(self._home)

    def _close(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def claim(checkout: Path, instance: str, database: bool, redis: bool) -> tuple[Lease, str, str | None, list[str]]:
    """Register as a user and make the servers answer; return their URLs and notes."""
    home = open_home(checkout, instance)
    try:
        with locks.exclusive(home.start_lock, _START_PATIENCE) as lock:
            lease = Lease(home)
            try:
                sockets, notes = bring_up(home, lock, database=database, redis=redis)
                cached = redis and redis_server.probe(sockets)
            except BaseException:
                lease.drop()
                raise
    except locks.BusyError as error:
        raise EmbeddedError(
            f"Another process has been starting the development servers for "
            f"{_START_PATIENCE:.0f} s; it holds {home.start_lock}."
        ) from error
    except OSError as error:
        raise EmbeddedError(
            f"The development servers could not be started: {error}. "
            "If this cannot be helped, set DATABASE_URL and REDIS_URL."
        ) from error
    database_url = postgres.url(sockets) if database else ""
    return lease, database_url, redis_server.url(sockets) if cached else None, notes
