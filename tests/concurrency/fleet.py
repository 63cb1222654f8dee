"""Web workers of one release or two, on one database and one Redis, some of which may be killed at any time."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT, database_url
from tests.wire import Wire


@dataclass
class Server:
    """A gunicorn with its workers."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_a_worker(self) -> None:
        """End one worker at once."""
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(random.choice(self.workers()), signal.SIGKILL)


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


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
    port = environment.get("PORT") or str(free_port())
    given = {
        "SITE_ENV": "development",
        "DATABASE_URL": environment.get("DATABASE_URL") or database_url(),
        "REDIS_URL": redis,
        "BIND": "127.0.0.1",
        "PORT": port,
        "WEB_CONCURRENCY": str(workers),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", application],
            cwd=ROOT,
            env=os.environ | given | environment,
            stdout=output,
            stderr=output,
        )
        server = Server(f"http://127.0.0.1:{port}", process, log)
        try:
            wire = Wire(server.url)
            for _attempt in range(600):
                assert process.poll() is None, log.read_text()
                with contextlib.suppress(OSError):
                    if wire.get("/healthz").status == 200:
                        break
                time.sleep(0.1)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)
