"""The folder in which gunicorn's workers keep their metrics, one file each, and what becomes of a dead one's.

For gunicorn's own process, which must not wait for anything. In memory where
there is such a file system. Each server has a folder of its own, held by a lock
for as long as it or a worker of its lives.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import struct
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any, Final

VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX: Final = "site-metrics-"
_OWNER, _LOCK = "owner", "lock"
_SUMMED: Final = ("counter", "histogram")
# Of no process: what workers had counted that are gone.
_GONE: Final = 0
_BROKEN = (RuntimeError, ValueError, struct.error, OSError)

ROOM: Final = 2 * 1024 * 1024
"""Bytes of a file system below which nobody writes metrics to it: a page of a mapped file that it can't give kills."""

_FIRST: Final = 1 << 16
"""Bytes that the library gives a file to begin with."""

_held: list[IO[str]] = []
_taken: dict[Path, int] = {}


def make(parents: Collection[Path] = ()) -> Path | None:
    """Return an empty folder and name it to the processes that are forked from here on; None where none can be made.

    One that is named already is emptied, unless it is another server's of this
    kind. Folders of servers that are gone are removed.
    """
    named = os.environ.get(VARIABLE, "")
    if named and not Path(named).name.startswith(_PREFIX):
        folder = Path(named)
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.db"):
            file.unlink()
        return folder
    os.environ.pop(VARIABLE, None)
    for parent in parents or (Path("/dev/shm"), Path(tempfile.gettempdir())):  # noqa: S108 - a folder, not a file name
        with contextlib.suppress(OSError):
            _sweep(parent)
            if not has_room(parent):
                continue
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            _hold(folder)
            os.environ[VARIABLE] = str(folder)
            return folder
    return None


def remove() -> None:
    """Remove this server's folder: at its end."""
    folder = Path(os.environ.get(VARIABLE, ""))
    if folder.name.startswith(_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def bury(living: Collection[int]) -> None:
    """Sum up what workers had counted that are not among the living, and remove their files.

    It waits for the next time where somebody is just reading, or the disk is full.
    """
    if not (named := os.environ.get(VARIABLE)):
        return
    folder = Path(named)
    for file in folder.glob("gauge_live*_*.db"):
        if _pid(file) not in living:
            file.unlink(missing_ok=True)
    if not has_room(folder):
        return
    with locked(folder, wait=False) as is_mine:
        if is_mine:
            for kind in _SUMMED:
                _sum_up(folder, kind, living)


def has_room(folder: Path) -> bool:
    """Return whether a folder's file system has room for metrics."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize >= ROOM


def join() -> bool:
    """Let this worker write into the folder, or keep its metrics to itself where that is full; return which.

    Before the library is imported, which decides then.
    """
    named = os.environ.get(VARIABLE)
    if not named or has_room(Path(named)):
        return True
    del os.environ[VARIABLE]
    return False


def take_room() -> None:
    """Take for good what this process's files have in name alone, and as much again: they double when they grow.

    So a disk that fills up later takes nothing away from who writes there already.
    """
    if not (named := os.environ.get(VARIABLE)):
        return
    for file in Path(named).glob(f"*_{os.getpid()}.db"):
        with contextlib.suppress(OSError, struct.error), file.open("r+b") as opened:
            (used,) = struct.unpack("i", opened.read(4))
            wanted = 2 * max(_FIRST, 1 << used.bit_length())
            if wanted > _taken.get(file, 0):
                os.posix_fallocate(opened.fileno(), 0, wanted)
                _taken[file] = wanted


@contextlib.contextmanager
def locked(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Keep the folder's files from being summed up, or from being read, meanwhile; give whether that was possible."""
    with (folder / _LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _sum_up(folder: Path, kind: str, living: Collection[int]) -> None:
    # Not in gunicorn's own process before a worker has gone; the library decides by the variable as it is imported.
    from prometheus_client import mmap_dict

    files: Any = mmap_dict.MmapedDict
    gone = [file for file in folder.glob(f"{kind}_*.db") if _pid(file) not in (_GONE, *living)]
    if not gone:
        return
    before = folder / f"{kind}_{_GONE}.db"
    sums: defaultdict[str, float] = defaultdict(float)
    for file in (before, *gone):
        # One that its worker was just making, or that is cut off: what can be read of it counts.
        with contextlib.suppress(*_BROKEN):
            for key, value, _moment, _place in files.read_all_values_from_file(str(file)):
                sums[key] += value
    new = folder / f"{kind}.new"
    new.unlink(missing_ok=True)
    made = files(str(new))
    for key, value in sums.items():
        made.write_value(key, value, 0.0)
    made.close()
    new.replace(before)
    for file in gone:
        file.unlink(missing_ok=True)


def _pid(file: Path) -> int:
    end = file.stem.rpartition("_")[2]
    return int(end) if end.isdigit() else -1


def _hold(folder: Path) -> None:
    # Under another name until it is locked, so that nobody takes it for one that is left over.
    file = (folder / "new").open("w")
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    (folder / "new").rename(folder / _OWNER)
    _held.append(file)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        owner = folder / _OWNER
        if folder.is_symlink() or not owner.is_file() or folder.stat().st_uid != os.getuid():
            continue
        with contextlib.suppress(OSError), owner.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
