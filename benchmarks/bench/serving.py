"""Contenders served by gunicorn, as gunicorn.conf.py has it, on loopback ports."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.ground import ROOT, UnmeasurableError

BENCHMARKS = ROOT / "benchmarks"
PACKAGES = ROOT / "var" / "bench-packages"
"""Where `make bench` installs the peers."""

_HOST = "127.0.0.1"
_START_SECONDS = 60.0
_PARENT_DEATH = 1


@dataclass(frozen=True)
class Server:
    """A running gunicorn and its workers."""

    port: int
    workers: tuple[int, ...]

    def cpu(self) -> int:
        """Return the CPU that all threads of the workers have used, in nanoseconds."""
        total = 0
        for pid in self.workers:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                # One that ends in between takes its time along.
                with contextlib.suppress(OSError):
                    total += int((thread / "schedstat").read_text().split()[0])
        return total


def cores() -> tuple[int, int]:
    """Return the core of the client and the core of the workers; one machine may have only one."""
    if not Path("/proc/self/schedstat").exists():
        raise UnmeasurableError("CPU per thread needs Linux with /proc/self/schedstat")
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[-1]


def pin(pid: int, core: int) -> None:
    """Keep a process, all its threads, on one core; one that may not be moved stays as it is."""
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


def pin_redis(url: str, core: int) -> None:
    """Keep Redis off the workers' core: only what the worker itself spends is to be counted."""
    import redis

    with redis.Redis.from_url(url) as client:
        pin(int(client.info("server")["process_id"]), core)


@contextlib.contextmanager
def serving(
    application: str,
    environment: Mapping[str, str] | None = None,
    *,
    workers: int = 1,
    core: int | None = None,
    packages: bool = False,
) -> Iterator[Server]:
    """Serve a WSGI application until the end; workers run on the core, if one is given.

    packages says that it needs the peers, which are nobody else's to import.
    Raises UnmeasurableError with the last line of its log where it does not come up.
    """
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--log-level", "warning", "--workers", str(workers)]
    # No worker may be replaced while it is measured.
    command += ["--max-requests", "0", "--max-requests-jitter", "0", application]
    paths = [str(BENCHMARKS), *([str(PACKAGES)] if packages else [])]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ
            # The load comes from one address.
            | {"LIMITS_SCALE": os.environ.get("LIMITS_SCALE", "0")}
            | {"BIND": _HOST, "PORT": str(port), "PYTHONPATH": os.pathsep.join(paths)}
            | dict(environment or {}),
            stdout=log,
            stderr=log,
            preexec_fn=_end_with_parent,
        )
        try:
            server = Server(port, _started(process, port, workers))
            if core is not None:
                for pid in server.workers:
                    pin(pid, core)
            yield server
        except _NotStartedError as error:
            log.seek(0)
            lines = log.read().decode(errors="replace").split("\n")
            told = [line for line in lines if "Error" in line] or lines[-2:]
            raise UnmeasurableError(f"{application} did not start: {told[-1].strip()}") from error
        finally:
            _end(process)


class _NotStartedError(Exception):
    """Gunicorn ended, or nobody answered."""


def _end_with_parent() -> None:
    """Let Linux end gunicorn where this process is killed, and can't do it."""
    ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGINT)


def _started(process: subprocess.Popen[bytes], port: int, workers: int) -> tuple[int, ...]:
    """Wait until all workers are there and one answers; return their process ids."""
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        found = _children(process.pid)
        if len(found) == workers and _answers(port):
            return found
        time.sleep(0.05)
    raise _NotStartedError


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((_HOST, port), timeout=5) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _children(parent: int) -> tuple[int, ...]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # Behind the name, which may hold anything: state, then the parent.
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(folder.name))
    return tuple(sorted(found))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        # Quick: nothing that is still being answered matters.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
