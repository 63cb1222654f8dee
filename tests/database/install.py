"""Install PgBouncer, behind which the audit books; `make audit` runs this first.

It comes from Debian's packages where apt and root are at hand. Exits with 1 and
the command to run where it can't be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys


def pgbouncer() -> str | None:
    """Return the path of PgBouncer, which is not on everybody's PATH, or None."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def main() -> int:
    """Make sure that PgBouncer is there; return the exit code."""
    if not pgbouncer() and shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing PgBouncer for the audit (apt-get install pgbouncer) …", flush=True)  # noqa: T201
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "pgbouncer"]
        subprocess.run(command, check=False, **quiet)  # type: ignore[call-overload]
    if pgbouncer():
        return 0
    print(  # noqa: T201
        "The audit needs PgBouncer, and it could not be installed.\n"
        "On Debian or Ubuntu:  sudo apt-get install pgbouncer",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
