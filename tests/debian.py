"""Programs that `make audit` needs and that come from Debian's packages, where apt and root are at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def program(name: str) -> str | None:
    """Return the path of a server's program, which is not on everybody's PATH, or None."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def add(what: str, *packages: str) -> None:
    """Install packages, and say what for; nothing where it can't be done."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    print(f"Installing {what} for the audit (apt-get install {' '.join(packages)}) …", flush=True)  # noqa: T201
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *command], check=False, stdout=subprocess.DEVNULL, env=environment)


def ensure(what: str, name: str, package: str) -> int:
    """Make sure that a program is there; return the exit code, 1 with the command to run where it can't be had."""
    if not program(name):
        add(what, package)
    if program(name):
        return 0
    print(  # noqa: T201
        f"The audit needs {what}, and it could not be installed.\nOn Debian or Ubuntu:  sudo apt-get install {package}",
        file=sys.stderr,
    )
    return 1
