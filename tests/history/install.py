"""Install the emulators that the tests of Azure's services need; `make audit` runs this first.

That of Cosmos DB is Vercel's, that of Blob Storage Microsoft's, both for Node; they go into var/audit.
Node itself comes from Debian's packages where apt and root are at hand. Exits
with 1 and the command to run where it can't be had.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import debian  # noqa: E402

FOLDER = ROOT / "var" / "audit"
PACKAGE, VERSION = "@vercel/cosmosdb-server", "1.0.1"
AZURITE, AZURITE_VERSION = "azurite", "3.37.0"
BLOB_SERVER = FOLDER / "node_modules" / AZURITE / "dist" / "src" / "blob" / "main.js"
SERVER = FOLDER / "node_modules" / PACKAGE / "lib" / "cli.js"
OLDEST_NODE = 18


def node() -> str | None:
    """Return the path of a Node that is new enough, or None."""
    path = shutil.which("node")
    if path is None:
        return None
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().lstrip("v").partition(".")[0]
    return path if major.isdecimal() and int(major) >= OLDEST_NODE else None


def installed() -> bool:
    """Return whether both emulators are there, in these versions."""
    return SERVER.exists() and BLOB_SERVER.exists() and _versions() == {PACKAGE: VERSION, AZURITE: AZURITE_VERSION}


def _versions() -> dict[str, str]:
    packages = {name: FOLDER / "node_modules" / name / "package.json" for name in (PACKAGE, AZURITE)}
    return {name: json.loads(path.read_text(encoding="utf-8"))["version"] for name, path in packages.items()}


def main() -> int:
    """Make sure that Node and the emulator are there; return the exit code."""
    if not (node() and shutil.which("npm")):
        debian.add("Node", "nodejs", "npm")
    if not node() or not (installed() or shutil.which("npm")):
        print(  # noqa: T201
            f"The audit needs Node {OLDEST_NODE} or newer with npm, and it could not be installed.\n"
            "On Debian or Ubuntu:  sudo apt-get install nodejs npm\n"
            "Elsewhere:            https://nodejs.org/en/download",
            file=sys.stderr,
        )
        return 1
    if installed():
        return 0
    wanted = [f"{PACKAGE}@{VERSION}", f"{AZURITE}@{AZURITE_VERSION}"]
    print(f"Installing {' and '.join(wanted)} into {FOLDER} (npm) …", flush=True)  # noqa: T201
    npm = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"]
    command = [*npm, "--prefix", str(FOLDER), *wanted]
    FOLDER.mkdir(parents=True, exist_ok=True)
    if subprocess.run(command, check=False).returncode or not installed():
        print(f"That failed. To try it by hand:  {' '.join(command)}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
