"""Checkouts of a test's own, and processes that use their servers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import redis

from restaurant_site.embedded import layout, locks
from restaurant_site.embedded.control import shut_down
from restaurant_site.embedded.layout import Home

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0

# What a web server or test run does with the package, in a process of its own that
# says when Ctrl-C ends it, prints what it got, and lives until its input ends.
USER = """
import json, os, signal, sys
# Ignored in whatever a shell without job control started in the background.
signal.signal(signal.SIGINT, signal.default_int_handler)
print("awake", flush=True)
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from restaurant_site.embedded import ensure
servers = ensure(Path(sys.argv[2]), instance=sys.argv[3])
if sys.argv[4] == "forks":
    if os.fork() == 0:
        servers.release()
        os._exit(0)
    os.wait()
print(json.dumps([servers.database_url, servers.redis_url]), flush=True)
sys.stdin.read()
"""


class User:
    """A process that uses the servers of a checkout."""

    def __init__(self, checkout: Path, instance: str = "run", mode: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(ROOT), str(checkout), instance, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._awake = False

    def awake(self) -> None:
        """Wait until the process can be interrupted: before, Ctrl-C may be lost on it."""
        if not self._awake:
            assert self.process.stdout
            assert self.process.stdout.readline() == b"awake\n"
            self._awake = True

    def urls(self) -> tuple[str, str]:
        self.awake()
        assert self.process.stdout
        database_url, redis_url = json.loads(self.process.stdout.readline())
        return database_url, redis_url

    def leave(self, sign: signal.Signals | None = None) -> None:
        with self.process:
            if sign:
                os.killpg(self.process.pid, sign)
            else:
                assert self.process.stdin
                self.process.stdin.close()
            self.process.wait(20)


def home_of(checkout: Path, instance: str = "run") -> Home:
    return Home(layout.data_root(checkout.resolve()) / instance)


def processes(*needles: Path | str) -> list[int]:
    """Return the ids of the live processes that have one of the texts on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            command = (entry / "cmdline").read_bytes()
            if int(entry.name) != os.getpid() and any(os.fsencode(needle) in command for needle in needles):
                found.append(int(entry.name))
    return found


def postmasters(checkout: Path) -> list[int]:
    return processes(f"-D\0{home_of(checkout).path}")


def signal_all(pid: int, number: signal.Signals) -> None:
    """Send a signal to a server and then to its children: one that is stopped makes no more of them."""
    children: list[str] = []
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, number)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(child), number)


def eventually(condition: Callable[[], Any], seconds: float = 8) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.02)


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def ping(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        return bool(client.ping())


def remove(checkout: Path) -> None:
    root = layout.data_root(checkout)
    for path in [path for path in root.glob("*") if path.is_dir()]:
        with locks.exclusive(path / "start.lock", 20):
            shut_down(Home(path))
    shutil.rmtree(root, ignore_errors=True)
