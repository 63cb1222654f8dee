"""File locks: who may start or stop the servers, and who uses them.

All of them are ``flock`` locks, because the kernel drops those with the last
descriptor of a process however the process ends, kill -9 and power cuts included.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BusyError(Exception):
    """Another process kept the lock for longer than the caller would wait."""


def _open(path: Path) -> int:
    # Python's descriptors are close-on-exec, so no server inherits a lock.
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


def still_at(fd: int, path: Path) -> bool:
    """Tell whether the open file is the one now found at the path."""
    try:
        there = os.stat(path, follow_symlinks=False)
    except OSError:
        return False
    here = os.fstat(fd)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def try_lock(path: Path) -> int | None:
    """Take the lock without waiting and return its descriptor, or None if it is held."""
    fd = _open(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    except BaseException:
        os.close(fd)
        raise
    # A folder deleted and made anew meanwhile would leave us with the lock of a
    # file nobody else will ever open.
    if not still_at(fd, path):
        os.close(fd)
        return None
    return fd


@contextmanager
def exclusive(path: Path, timeout: float) -> Iterator[int]:
    """Hold the lock for the block; raise BusyError if it is not free within the timeout."""
    give_up = time.monotonic() + timeout
    while (fd := try_lock(path)) is None:
        if time.monotonic() >= give_up:
            raise BusyError(str(path))
        time.sleep(0.02)
    try:
        yield fd
    finally:
        # Unlocked by name: if another thread forked meanwhile, that child has a
        # copy of the descriptor and closing ours would not free the lock.
        fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)


def join(path: Path) -> int:
    """Register as a user for as long as the returned descriptor is open anywhere.

    Must be called under the start lock; nobody holds the file exclusively outside
    of it, so this does not wait.
    """
    fd = _open(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
    except BaseException:
        os.close(fd)
        raise
    return fd


def unused(path: Path) -> bool:
    """Tell whether no process is registered as a user.

    Must be called under the start lock, where the answer stays true: joining needs
    that lock too. The caller's own registration counts.
    """
    fd = try_lock(path)
    if fd is None:
        return False
    os.close(fd)
    return True


def held(path: Path) -> bool:
    """Tell whether a live process holds the lock."""
    fd = try_lock(path)
    if fd is None:
        return True
    os.close(fd)
    return False
