"""A PostgreSQL and a Redis of the project's own, for development and tests.

``ensure`` starts them on unix sockets under the checkout's name, shares them among
the processes of that checkout, and stops them when the last one is gone, however it
ended. Nothing here is used in production, where the servers' addresses are given.
"""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import EmbeddedError

if TYPE_CHECKING:
    from .lease import Lease

__all__ = ["EmbeddedError", "Servers", "ensure"]


@dataclass(frozen=True)
class Servers:
    """Running servers, and this process's claim on them.

    ``database_url`` is empty and ``redis_url`` None for a server not asked for;
    ``redis_url`` is also None if there is no Redis on this machine, which a note says.
    """

    database_url: str
    redis_url: str | None
    notes: tuple[str, ...]
    _lease: Lease = field(repr=False, compare=False)

    def release(self) -> None:
        """Give up the claim; if it was the last, the servers have ended on return.

        Takes at most some ten seconds. Calling it again, or in a process forked
        from the one that called ``ensure``, does nothing.
        """
        atexit.unregister(self.release)
        self._lease.release()


def ensure(checkout: Path, *, instance: str = "run", database: bool = True, redis: bool = True) -> Servers:
    """Make the servers of the checkout's instance answer, and claim them.

    They run at least until this process calls ``release`` or ends. The database
    ``restaurant`` exists. Data outlives them, except what Redis holds; "test" (and "test-…") is an
    instance that trades safety from power cuts for speed. Safe to call from many
    processes at once. Raises EmbeddedError, which says what to do, if there is no
    PostgreSQL or it does not start.
    """
    if os.name != "posix":
        raise EmbeddedError("The development servers need Linux or macOS; set DATABASE_URL and REDIS_URL.")
    # Not before it is needed: importing this package is to cost nothing elsewhere.
    from .lease import claim

    lease, database_url, redis_url, notes = claim(checkout, instance, database, redis)
    servers = Servers(database_url, redis_url, tuple(notes), lease)
    atexit.register(servers.release)
    return servers
