"""Gunicorn's threaded worker, which takes a connection when it has a thread for it.

gthread takes whatever comes and lets it wait in a line of its own, while another
worker has nothing to do: whoever is taken by one that is behind, or whose
threads wait for something slow, waits with it. What is not taken waits with the
system, for the first worker that is free. And gthread gives each new connection
a thread, which waits for five seconds for what it says: a few that say nothing
keep everybody else out.
"""

from __future__ import annotations

import select
import selectors
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:

    class ThreadWorker:
        """What gunicorn's worker has that is used here; it ships no types."""

        cfg: Any
        poller: selectors.BaseSelector
        pending_conns: Any

        def set_accept_enabled(self, enabled: bool) -> None:
            """Begin or stop to take connections."""

        def enqueue_req(self, conn: Any) -> None:
            """Hand a connection to the threads."""

        def finish_request(self, conn: Any, fs: Any) -> None:
            """Do with a connection what its thread has come to."""

        def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
            """Hand a connection that waited to the threads."""

else:
    from gunicorn.workers.gthread import ThreadWorker


_AT_ONCE: Final = 2
"""Milliseconds within which a client's first word follows its connection, nearly always."""


def _speaks(client: socket.socket) -> bool:
    poll = select.poll()
    poll.register(client, select.POLLIN)
    return bool(poll.poll(_AT_ONCE))


class PatientWorker(ThreadWorker):
    """One that takes no further connection while as many requests are in its hands as it has threads.

    Those of connections that it keeps alive it takes all the same. It counts in
    the main thread alone, where gunicorn hands a request over and hears of its end.
    """

    in_hand = 0

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or stop to take connections; gunicorn asks again in each of its rounds."""
        super().set_accept_enabled(enabled and self.in_hand < self.cfg.threads)

    def enqueue_req(self, conn: Any) -> None:
        """Hand a request to the threads; who connects and says nothing waits with those that gunicorn watches."""
        # Of one that is kept alive, and of one that has waited, gunicorn knows that it has spoken.
        if not conn.initialized:
            conn.data_ready = conn.data_ready or _speaks(conn.sock)
            if not conn.data_ready:
                self._let_wait(conn)
                return
        self.in_hand += 1
        super().enqueue_req(conn)
        if self.in_hand >= self.cfg.threads:
            super().set_accept_enabled(False)

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Hear that a request has been answered, or that its connection waits on."""
        self.in_hand -= 1
        super().finish_request(conn, fs)

    def _let_wait(self, conn: Any) -> None:
        """Watch a connection until it says something, or for as long as one is kept alive."""
        conn.sock.setblocking(False)
        conn.set_timeout()
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))
