"""A database of a test's own that is stopped under load, and what else is killed meanwhile."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from restaurant_site.embedded import Servers, ensure, postgres, process
from tests.concurrency.fleet import Server
from tests.conftest import ROOT
from tests.site.checkouts import home_of, remove


@dataclass(frozen=True, slots=True)
class Outage:
    """When the database was away, in monotonic seconds: from just before it was stopped until it answered again."""

    began: float
    ended: float


class Database:
    """A PostgreSQL for an empty folder; what it has committed outlives any stop."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Not the instance "test": that one does not wait for its log.
        self._leases: list[Servers] = [ensure(folder, redis=False)]
        self.url = self._leases[0].database_url
        self.outages: list[Outage] = []

    def restart(self, *, away: float) -> None:
        """Stop it at once, as a crash does, and start it after so many seconds."""
        began = time.monotonic()
        pid = postgres.find(home_of(self._folder))
        assert pid
        process.end([(pid, signal.SIGQUIT, signal.SIGKILL)])
        time.sleep(away)
        self._leases.append(ensure(self._folder, redis=False))
        assert self._leases[-1].database_url == self.url
        self.outages.append(Outage(began, time.monotonic()))

    def connect(self) -> psycopg.Connection:
        """Return a connection that commits each statement."""
        return psycopg.connect(self.url, autocommit=True)

    def close(self) -> None:
        """Stop it, and remove its data."""
        for lease in self._leases:
            lease.release()
        remove(self._folder)


@dataclass(frozen=True, slots=True)
class Site:
    """The database and the Redis that commands are run on."""

    database: str
    redis: str

    def python(self, *arguments: str) -> str:
        """Run Python in the checkout and return what it printed; it has to end well."""
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py and return what it printed; it has to end well."""
        return self.python("manage.py", *arguments)

    def job_loop(self, log: Path) -> subprocess.Popen[bytes]:
        """Start the job loop."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "manage.py", "run_jobs"],
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=output,
            )

    @property
    def _environment(self) -> dict[str, str]:
        given = {"SITE_ENV": "development", "DATABASE_URL": self.database, "REDIS_URL": self.redis}
        return os.environ | given | {"DJANGO_SETTINGS_MODULE": "restaurant_site.settings"}


def kill_a_worker(server: Server) -> bool:
    """End one worker at once, whatever it is at; return whether there was one."""
    try:
        os.kill(random.choice(server.workers()), signal.SIGKILL)
    except (IndexError, ProcessLookupError):
        return False
    return True


@dataclass
class Killer:
    """Kills again and again, in a thread of its own, until it is over.

    kill tells whether there was something. It waits for progress to have risen
    since the last time: on a busy machine nothing would ever get done otherwise.
    """

    kill: Callable[[], bool]
    progress: Callable[[], int]
    seconds: tuple[float, float]
    over: threading.Event
    kills: int = 0
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        before = self.progress()
        while not self.over.wait(random.uniform(*self.seconds)):
            if self.progress() > before:
                before = self.progress()
                self.kills += self.kill()

    def join(self) -> None:
        """Wait until it has stopped."""
        self._thread.join(30)
        assert not self._thread.is_alive()


class JobLoop:
    """A job loop that is killed in whatever it does, and started anew."""

    def __init__(self, site: Site, log: Path) -> None:
        self._site, self._log = site, log
        self._process = site.job_loop(log)

    def kill(self) -> bool:
        """End it at once; return False where it had ended by itself, having found no database at its start."""
        alive = self._process.poll() is None
        self._process.kill()
        self._process.wait()
        return alive

    def said(self) -> int:
        """Return how many bytes all of them have printed: the mails that were sent, and what failed."""
        return self._log.stat().st_size

    def replace(self) -> bool:
        """End it at once and start another; return whether it was alive."""
        alive = self.kill()
        self._process = self._site.job_loop(self._log)
        return alive
