"""The unprivileged user that runs the servers when the project runs as root."""

from __future__ import annotations

import pwd
import shutil
import subprocess

from .errors import EmbeddedError
from .layout import Home, is_root
from .process import ENVIRONMENT, Account

NAME = "restaurant-db"


def server_account(home: Home) -> Account | None:
    """Return the account to run the servers as; None means the current user.

    It is the owner of the instance's data if there is any, since PostgreSQL starts
    for nobody else; otherwise ``restaurant-db``, made if need be, or ``nobody``.
    """
    if not is_root():
        return None
    for data in home.clusters():
        found = data.lstat()
        if found.st_uid:
            return Account(found.st_uid, found.st_gid)
    entry = _lookup(NAME) or _create() or _lookup("nobody")
    if entry is None or not entry.pw_uid:
        raise EmbeddedError(
            "PostgreSQL does not run as root and no account could be made for it. "
            f"Run 'useradd --system {NAME}', or run this as another user, or set DATABASE_URL."
        )
    return Account(entry.pw_uid, entry.pw_gid)


def _lookup(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd | None:
    path = f"{ENVIRONMENT['PATH']}:/usr/sbin:/sbin"
    useradd = shutil.which("useradd", path=path)
    if useradd is None:
        return None
    options = ["--system", "--user-group", "--no-create-home"]
    options += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run(
            [useradd, *options, NAME],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**ENVIRONMENT, "PATH": path},
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # Asked again rather than trusting the exit: another checkout may have been first.
    return _lookup(NAME)
