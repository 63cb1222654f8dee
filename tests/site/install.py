"""Install the MDN HTTP Observatory, by which the served headers are graded; `make audit` runs this.

It goes into var/audit. On an older Node than it needs, it is left out with a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.history.install import FOLDER, node  # noqa: E402

PACKAGE, VERSION = "@mdn/mdn-http-observatory", "1.4.8"
HOME = FOLDER / "node_modules" / PACKAGE
SCAN = HOME / "src" / "scan.js"
OLDEST_NODE = 20
# Its install script loads the browsers' list of hosts that are known to be HTTPS alone; without one no host is.
_PRELOADED = HOME / "conf" / "hsts-preload.json"


def new_enough() -> str | None:
    """Return the path of a Node that the Observatory runs on, or None."""
    path = node()
    if path is None:
        return None
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return path if int(version.strip().lstrip("v").partition(".")[0]) >= OLDEST_NODE else None


def installed() -> bool:
    """Return whether the Observatory is there, in this version."""
    package = HOME / "package.json"
    is_there = SCAN.exists() and _PRELOADED.exists()
    return is_there and json.loads(package.read_text(encoding="utf-8"))["version"] == VERSION


def main() -> int:
    """Make sure that the Observatory is there; return the exit code."""
    if installed():
        return 0
    if not new_enough():
        print(f"The Observatory needs Node {OLDEST_NODE} or newer: the grade of the headers is left out.")  # noqa: T201
        return 0
    print(f"Installing {PACKAGE}@{VERSION} into {FOLDER} (npm) …", flush=True)  # noqa: T201
    npm = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"]
    command = [*npm, "--prefix", str(FOLDER), f"{PACKAGE}@{VERSION}"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    is_done = subprocess.run(command, check=False).returncode == 0
    if is_done:
        _PRELOADED.write_text("{}", encoding="utf-8")
    if not installed():
        print(f"That failed. To try it by hand:  {' '.join(command)}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
