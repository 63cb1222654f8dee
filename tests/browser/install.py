"""Find Chromium for the browser tests, or install it; `make test` runs this first.

Debian's package where apt and root are at hand, else Playwright's own build.
Exits with 1 and the command to run where neither can be had: a browser test
that is skipped in silence would be no test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What Chromium is started with; without the last three it looks up hosts of its own in the background."""

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Return the path of a Chromium that Playwright can drive, or None."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and Path(path).exists() else None


def main() -> int:
    """Make sure that there is a Chromium; return the exit code."""
    if chromium():
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("Installing Chromium for the browser tests (apt-get) …", flush=True)  # noqa: T201
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], check=False, **quiet)  # type: ignore[call-overload]
    if not chromium():
        print("Installing Chromium for the browser tests (playwright) …", flush=True)  # noqa: T201
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if chromium():
        return 0
    print(  # noqa: T201
        "The browser tests need Chromium, and it could not be installed.\n"
        "On Debian or Ubuntu:  sudo apt-get install chromium\n"
        "Elsewhere:            .venv/bin/python -m playwright install --with-deps chromium",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
