"""Install the Nu HTML checker and Lighthouse, by which the pages are judged; `make audit` runs this.

They go into var/audit/found, every package by its hash as package-lock.json has
it. The checker needs Java, which comes from Debian's packages where apt and
root are at hand; on an older Node than it needs, Lighthouse is left out with a line.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT))

from tests import debian  # noqa: E402
from tests.history.install import FOLDER  # noqa: E402
from tests.site.install import OLDEST_NODE, new_enough  # noqa: E402

HOME = FOLDER / "found"
NU = HOME / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
LIGHTHOUSE = HOME / "node_modules" / "lighthouse" / "cli" / "index.js"
_LOCK = "package-lock.json"


def java() -> str | None:
    """Return the path of a Java, or None."""
    return shutil.which("java")


def installed() -> bool:
    """Return whether both are there, as they are locked."""
    lock = HOME / _LOCK
    is_there = NU.exists() and LIGHTHOUSE.exists() and lock.exists()
    return is_there and lock.read_bytes() == (HERE / _LOCK).read_bytes()


def main() -> int:
    """Make sure that both are there; return the exit code."""
    if not java():
        debian.add("Java", "default-jre-headless")
    if not java():
        print("The HTML checker needs Java (sudo apt-get install default-jre-headless): it is left out.")  # noqa: T201
    if not new_enough():
        print(f"Lighthouse needs Node {OLDEST_NODE} or newer: the checks of the pages are left out.")  # noqa: T201
        return 0
    if installed():
        return 0
    print(f"Installing the Nu HTML checker and Lighthouse into {HOME} (npm) …", flush=True)  # noqa: T201
    HOME.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", _LOCK):
        shutil.copyfile(HERE / name, HOME / name)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", "--prefix", str(HOME)]
    if subprocess.run(command, check=False).returncode or not installed():
        (HOME / _LOCK).unlink(missing_ok=True)
        print(f"That failed. To try it by hand:  {' '.join(command)}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
