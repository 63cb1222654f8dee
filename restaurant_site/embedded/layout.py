"""Where an instance keeps its files, and that no other user can get at them.

A *home* is the folder of one instance of one checkout: locks, logs, pid files and
the PostgreSQL data. It is ``<checkout>/var/<instance>``, but for root
``/var/lib/restaurant-site/<hash of the checkout>/<instance>``, since PostgreSQL
must not run as root and its own account may not reach the checkout.

The sockets live in a folder of their own with a short path, as a unix socket's
address is limited to 107 bytes (103 on macOS).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import EmbeddedError
from .process import Account

SHARED = Path("/var/lib/restaurant-site")
CHECKOUT_RECORD = "checkout.json"
SOCKET_PREFIX = "restaurant-"
MAX_SOCKET_PATH = 103


def is_root() -> bool:
    """Tell whether the servers need an account of their own."""
    return os.geteuid() == 0


def is_private(folder: Path, uid: int) -> bool:
    """Tell whether this is a real folder of that user which no other can enter."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    mode = stat.S_IMODE(found.st_mode)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not mode & 0o077


def data_root(checkout: Path) -> Path:
    """Return the folder of all the instances of the checkout, for the current user."""
    if not is_root():
        return checkout / "var"
    return SHARED / hashlib.sha256(os.fsencode(checkout)).hexdigest()[:16]


@dataclass(frozen=True)
class Home:
    """The folder of one instance."""

    path: Path

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts or stops the servers."""
        return self.path / "start.lock"

    @property
    def users(self) -> Path:
        """Locked by every process that uses the servers, shared."""
        return self.path / "users.lock"

    @property
    def watchdog_lock(self) -> Path:
        """Held by the watchdog as long as it lives; contains its process id."""
        return self.path / "watchdog.lock"

    def log(self, name: str) -> Path:
        """Return the path of that program's log."""
        return self.path / f"{name}.log"

    def pid_file(self, name: str) -> Path:
        """Return the path where that program's process id is noted at its start."""
        return self.path / f"{name}.pid"

    def clusters(self) -> list[Path]:
        """Return the folders of PostgreSQL data, of whichever major versions."""
        return [path for path in self.path.glob("pg*") if re.fullmatch(r"pg\d+", path.name)]

    @property
    def _record(self) -> Path:
        return self.path / "sockets"

    def sockets(self) -> Path | None:
        """Return the folder of the sockets if there is one and it is safe to use."""
        if is_root():
            # Its parents are root's, so whatever is there was put there by us.
            return self._record if self._record.is_dir() else None
        try:
            folder = Path(self._record.read_text())
        except OSError:
            return None
        if not folder.name.startswith(SOCKET_PREFIX) or not is_private(folder, os.geteuid()):
            return None
        return folder

    def make_sockets(self, account: Account | None) -> Path:
        """Return the folder of the sockets, making it if there is none safe to use."""
        folder = self.sockets()
        if account:
            if folder and is_private(folder, account.uid):
                return folder
            if folder:
                self.drop_sockets()
            self._record.mkdir(mode=0o700)
            os.chown(self._record, account.uid, account.gid)
            return self._record
        if folder is None:
            folder = self._new_folder()
            self._record.write_text(str(folder))
        return folder

    @staticmethod
    def _new_folder() -> Path:
        # An unpredictable name which mkdtemp makes or fails to make: nobody can
        # have put a folder of theirs there. /tmp by name, because $TMPDIR may be long.
        for parent in ("/tmp", tempfile.gettempdir()):  # noqa: S108
            try:
                folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=parent))
            except OSError:
                continue
            if len(os.fsencode(folder / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH:
                return folder
            folder.rmdir()
        raise EmbeddedError(
            "No folder with a short path could be made for the development servers' "
            "sockets: make /tmp writable, or set DATABASE_URL and REDIS_URL."
        )

    def drop_sockets(self) -> None:
        """Remove the folder of the sockets; must only be called with the servers stopped."""
        folder = self.sockets()
        if folder:
            clear(folder)
        if not is_root():
            self._record.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Remove a folder of sockets; anything in it but plain entries makes it stay."""
    try:
        for entry in folder.iterdir():
            entry.unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        pass


def open_home(checkout: Path, instance: str) -> Home:
    """Return the instance's home, made if needed and nobody else's to write in."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", instance):
        raise EmbeddedError(f"{instance!r} cannot name an instance: use a-z, 0-9 and '-'.")
    try:
        checkout = checkout.resolve(strict=True)
    except OSError as error:
        raise EmbeddedError(f"The checkout {checkout} cannot be found: {error}") from error
    root = data_root(checkout)
    try:
        if not is_root():
            root.mkdir(exist_ok=True)
            return Home(_own_folder(root / instance, 0o700))
        # Open to look through, for the servers' account has to reach its data.
        _own_folder(SHARED, 0o755)
        _own_folder(root, 0o755)
        record_checkout(root, checkout)
        return Home(_own_folder(root / instance, 0o755))
    except OSError as error:
        raise EmbeddedError(
            f"The development servers cannot keep their data in {root}: {error}. "
            "Make it writable, or set DATABASE_URL and REDIS_URL."
        ) from error


def _own_folder(folder: Path, mode: int) -> Path:
    try:
        folder.mkdir(mode=mode)
        # Whatever the umask took away; the folder is new, so it is ours to change.
        folder.chmod(mode)
    except FileExistsError:
        pass
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise EmbeddedError(
            f"{folder} is not a folder of the user running this. Remove it or give it "
            "to that user, or set DATABASE_URL and REDIS_URL."
        )
    if found.st_mode & 0o022:
        raise EmbeddedError(f"Other users can write in {folder}, so no database is put there. Run: chmod go-w {folder}")
    return folder


def record_checkout(root: Path, checkout: Path) -> None:
    """Note in the checkout's shared folder whose it is, and on which file system."""
    wanted = json.dumps({"checkout": str(checkout), "device": checkout.stat().st_dev})
    record = root / CHECKOUT_RECORD
    try:
        if record.read_text() == wanted:
            return
    except OSError:
        pass
    fresh = root / f"{CHECKOUT_RECORD}.{os.getpid()}"
    fresh.write_text(wanted)
    fresh.replace(record)


def is_abandoned(root: Path) -> bool:
    """Tell whether the checkout a shared folder belongs to has been deleted.

    A checkout on a file system that is not mounted just now does not count.
    """
    try:
        noted = json.loads((root / CHECKOUT_RECORD).read_text())
        checkout, device = Path(noted["checkout"]), int(noted["device"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    for folder in (checkout, *checkout.parents):
        try:
            return folder.stat().st_dev == device and folder != checkout
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return False
    return False
