"""Web workers of one release or two, on one database and one Redis, some of which may be killed at any time."""

from __future__ import annotations

import contextlib
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import Site, database_url, served


class Server(Site):
    """A gunicorn with its workers, which may be killed."""

    def kill_a_worker(self) -> None:
        """End one worker at once."""
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(random.choice(self.workers()), signal.SIGKILL)

    def kill(self) -> None:
        """End all of it at once, as a machine does."""
        for pid in (self.process.pid, *self.workers()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def serving(
    log: Path,
    *,
    redis: str,
    workers: int = 2,
    application: str = "restaurant_site.wsgi:application",
    **environment: str,
) -> Iterator[Server]:
    """Serve the site, or an application of the tests', on the tests' database, at PORT or one that is free."""
    given = {
        "SITE_ENV": "development",
        "DATABASE_URL": environment.get("DATABASE_URL") or database_url(),
        "REDIS_URL": redis,
        "BIND": "127.0.0.1",
        "WEB_CONCURRENCY": str(workers),
    }
    port = int(environment.get("PORT") or 0)
    with served(log, os.environ | given | environment, application=application, port=port) as site:
        yield Server(site.url, site.process, site.log)
