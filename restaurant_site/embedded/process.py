"""Running other programs, and telling whether and which processes are alive."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Nothing of the developer's environment reaches the servers: PG* and REDIS*
# variables would change what they do, and secrets have no business there.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}


@dataclass(frozen=True)
class Account:
    """The unprivileged user the servers run as when the project runs as root."""

    uid: int
    gid: int


def run(
    argv: Sequence[str | Path], account: Account | None, *, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the account, with a clean environment.

    Raises OSError or subprocess.TimeoutExpired; a non-zero exit is the caller's
    to judge. Standard error is part of the returned ``stdout``.
    """
    return subprocess.run(
        [str(part) for part in argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        env=ENVIRONMENT,
        cwd="/",
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def alive(pid: int) -> bool:
    """Tell whether the process runs; one that ended but was not reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return True
    # The name, in brackets, may hold anything; the state follows the last bracket.
    return state.rpartition(b")")[2].split()[:1] != [b"Z"]


def mentions(pid: int, word: str | Path) -> bool:
    """Tell whether the live process has the word among its command line arguments."""
    if not alive(pid):
        return False
    wanted = os.fsencode(word)
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        if os.path.isdir("/proc/self"):
            return False
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        output = subprocess.run(command, capture_output=True, check=False).stdout
        return wanted in output
    # Redis retitles itself: one argument, "… unixsocket:/the/path", padded.
    return any(wanted == part or part.rstrip().endswith(b":" + wanted) for part in arguments)


def listener(path: Path) -> int | None:
    """Return the id of the process listening on the unix socket, None if nobody is.

    The kernel answers, so it holds for a server too busy to accept, and no pid
    file left by a crash can mislead it.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(path))
            if sys.platform == "linux":
                size = struct.calcsize("3i")
                peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
                return int(struct.unpack("3i", peer)[0]) or None
            # LOCAL_PEERPID of macOS, which the socket module does not name.
            return connection.getsockopt(0, 2) or None
        except OSError:
            return None


def noted(path: Path, marker: Path | None = None) -> int | None:
    """Return the id of the live process a pid file names, None if it no longer exists.

    The file's first line is the id, its second a path which is one of the process's
    arguments, so that a file left by a crash never points at a program that got the
    same id since. A caller who cannot trust the file's author gives the path itself.
    """
    try:
        # A server's own account may write there: no link or pipe is to stall root.
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as stream:
        first, _, rest = stream.read(8192).partition(b"\n")
    try:
        pid = int(first)
    except ValueError:
        return None
    word = marker or Path(os.fsdecode(rest.partition(b"\n")[0]))
    return pid if pid > 1 and word.is_absolute() and mentions(pid, word) else None


def note(path: Path, pid: int, marker: str) -> None:
    """Write a pid file for ``noted``."""
    path.write_bytes(b"%d\n%s\n" % (pid, os.fsencode(marker)))


def end(targets: Iterable[tuple[int, signal.Signals, signal.Signals]]) -> None:
    """End processes; when it returns none of them runs any more.

    Each comes with the signal that asks and the one that insists. The first gets
    seven seconds, the second three, then it is SIGKILL.
    """
    remaining = list(targets)
    for stage, seconds in ((1, 7.0), (2, 3.0), (0, 3.0)):
        for target in remaining:
            with suppress(ProcessLookupError):
                os.kill(target[0], target[stage] if stage else signal.SIGKILL)
        give_up = time.monotonic() + seconds
        while remaining and time.monotonic() < give_up:
            remaining = [target for target in remaining if alive(target[0])]
            if remaining:
                time.sleep(0.01)
        if not remaining:
            return
