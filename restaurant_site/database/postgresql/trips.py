"""psycopg's pipeline, which hands its statements to the server in one piece, when their answers are waited for.

psycopg sends each as it comes, and the server's process is woken for every one:
a dozen times for one booking, which on a busy machine is a seventh of what it
spends. Nothing else differs: they are done in their order, and errors come when
the answers do.

Of psycopg's own it goes by the queue of commands and the steps of `Pipeline`;
`tests/database/test_trips.py` tells whether they still are what they were.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import psycopg
from psycopg.generators import send

Exchange = Generator[Any, Any, None]


class Trip(psycopg.Pipeline):
    """A pipeline that keeps its statements until somebody waits for an answer."""

    def _communicate_gen(self) -> Exchange:
        """Send nothing yet: psycopg asks for it behind every statement."""
        yield from ()

    def _exit_gen(self) -> Exchange:
        """End with a Sync, behind which the server keeps nothing back, and needs not be asked for it."""
        self._enqueue_sync()
        yield from self._fetch_gen(flush=False)

    def _fetch_gen(self, *, flush: bool) -> Exchange:
        try:
            yield from self._send_all()
        finally:
            # Of a connection that is lost there is no more to hear than that.
            if self.pgconn.status != psycopg.pq.ConnStatus.BAD:
                yield from super()._fetch_gen(flush=flush)

    def _send_all(self) -> Exchange:
        """Send what was kept, to its last byte, and process the answers that have come by then."""
        kept = list(self.command_queue)
        if not kept:
            return
        self.command_queue.clear()

        def hand_over() -> None:
            for command in kept:
                command()

        # As one command, since psycopg flushes behind each.
        self.command_queue.append(hand_over)
        yield from super()._communicate_gen()
        yield from send(self.pgconn)
