"""What this thread is at: the request that it answers, or the job that it runs. Its log lines carry the id."""

from __future__ import annotations

import threading


class _Work(threading.local):
    """One thread's work: its id, the route of its address, and what it asked of the database so far.

    statements are counted, seconds are what they took together. It stays until
    the thread's next work begins: gunicorn tells of an error after the answer.
    """

    id = ""
    route = ""
    statements = 0
    seconds = 0.0

    def begin(self, id_: str, route: str = "") -> None:
        """Forget the work before."""
        self.id = id_
        self.route = route
        self.statements = 0
        self.seconds = 0.0


work = _Work()
