"""Install nginx, behind which the tests of slow clients run the site; `make audit` runs this first.

It comes from Debian's packages where apt and root are at hand. Exits with 1 and
the command to run where it can't be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def nginx() -> str | None:
    """Return the path of nginx, which is not on everybody's PATH, or None."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def main() -> int:
    """Make sure that nginx is there; return the exit code."""
    if not nginx() and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing nginx for the audit (apt-get install nginx-light) …", flush=True)  # noqa: T201
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nginx-light"]
        subprocess.run(command, check=False, **quiet)  # type: ignore[call-overload]
    if nginx():
        return 0
    print(  # noqa: T201
        "The audit needs nginx, and it could not be installed.\nOn Debian or Ubuntu:  sudo apt-get install nginx-light",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
