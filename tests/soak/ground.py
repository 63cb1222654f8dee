"""What the site stands on: PostgreSQL, a Redis for sessions, one under Sentinel for the cache, two nodes, nginx."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from restaurant_site.embedded import ensure, postgres, process
from tests.concurrency.fleet import Server, serving
from tests.concurrency.outages import JobLoop, Site
from tests.conftest import free_port
from tests.redis_fleet import Watched, running
from tests.redis_server import RedisServer
from tests.site.bounded.frozen import Freezing
from tests.site.bounded.test_behind_nginx import proxying
from tests.soak.making import Made

WORKERS = 2
MISSED = 2.0
"""Seconds after which the Sentinels miss a Redis: no less, or one that waits for a processor is taken for dead."""


class Database(Freezing):
    """A database that can hang, and that can be killed."""

    def kill(self) -> None:
        """End it by SIGKILL; what it has committed stays."""
        pid = postgres.find(self._home)
        assert pid
        process.end([(pid, signal.SIGKILL, signal.SIGKILL)])

    def start(self) -> None:
        """Start it again, and return once it answers."""
        self._leases.append(ensure(self._folder, redis=False))


class Node:
    """A machine: gunicorn with its workers at a port that stays, and a job loop."""

    def __init__(self, name: str, folder: Path, site: Site, **environment: str) -> None:
        self.name, self._folder, self._site = name, folder, site
        self._environment = {**environment, "PORT": str(free_port())}
        self._stack = contextlib.ExitStack()
        self.logs: list[Path] = []
        self.server: Server
        self._jobs: JobLoop

    def start(self) -> None:
        """Start both, and return once it serves."""
        self.logs.append(self._folder / f"{self.name}-{len(self.logs)}.log")
        self._jobs = JobLoop(self._site, self._folder / f"{self.name}-jobs.log")
        self.server = self._stack.enter_context(
            serving(
                self.logs[-1],
                redis=self._environment["REDIS_URL"],
                workers=WORKERS,
                application="tests.concurrency.stale.wsgi:application",
                RELEASE=self.name,
                **self._environment,
            )
        )

    def kill(self) -> None:
        """End all of it at once, as a machine does."""
        self._jobs.kill()
        self.server.kill()
        self._stack.close()

    def kill_a_worker(self) -> None:
        """End its youngest worker at once: the eldest goes on to the end, to be measured."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(max(self.server.workers()), signal.SIGKILL)

    def stop(self) -> None:
        """Let it end."""
        self._jobs.kill()
        self._stack.close()


@dataclass(frozen=True)
class Ground:
    """All that can be broken, and the proxy's address."""

    site: Site
    made: Made
    database: Database
    sessions: RedisServer
    cache: Watched
    before: Node
    now: Node
    url: str

    def proxy(self) -> Server:
        """Return the proxy as a server to ask."""
        return Server(self.url, self.now.server.process, self.now.logs[0])

    def memory(self) -> dict[int, int]:
        """Return the kilobytes that each worker of both nodes has in memory, by process id."""
        found: dict[int, int] = {}
        for node in (self.before, self.now):
            with contextlib.suppress(OSError):
                found |= {pid: size for pid in node.server.workers() if (size := memory_of(pid))}
        return found

    def errors(self) -> int:
        """Return how often a node told of an error of its own."""
        logs = [log for node in (self.before, self.now) for log in node.logs]
        return sum(log.read_text(errors="replace").count("Internal Server Error") for log in logs)


@contextlib.contextmanager
def standing(folder: Path) -> Iterator[Ground]:
    """Start everything in a folder whose path is short, as sockets need it, and stop it at the end."""
    for name in ("checkout", "sessions", "cache"):
        (folder / name).mkdir()
    with contextlib.ExitStack() as stack:
        database = Database(folder / "checkout")
        stack.callback(database.close)
        sessions = RedisServer(folder / "sessions", appendonly="yes", maxmemory_policy="volatile-ttl").start()
        stack.callback(sessions.kill)
        cache = Watched(folder / "cache")
        cache.missed_after = MISSED
        stack.enter_context(running(cache))
        site = Site(database.url, cache.url)
        site.manage("migrate", "--verbosity", "0")
        made = Made(**json.loads(site.python("-m", "tests.soak.making")))
        told = {
            "DJANGO_SETTINGS_MODULE": "tests.concurrency.stale.settings",
            "DATABASE_URL": database.url,
            "REDIS_URL": cache.url,
            "SESSIONS_REDIS_URL": sessions.url,
            # Everybody has an address of their own, which they tell; the limits count, and refuse nobody.
            "TRUSTED_HOPS": "2",
            "LIMITS_SCALE": "10000",
            # Else a worker that grows would be replaced before it shows.
            "GUNICORN_CMD_ARGS": "--max-requests=0",
            "WORKER_MEMORY_MB": "0",
        }
        before, now = (Node(name, folder, site, **told) for name in ("before", "now"))
        for node in (before, now):
            node.start()
            stack.callback(node.stop)
        url = stack.enter_context(proxying(folder, before.server, now.server))
        yield Ground(site, made, database, sessions, cache, before, now, url)


def memory_of(pid: int) -> int:
    """Return the kilobytes that a process has in memory, 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def tell(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
