"""Runs manage.py on the tests' database, with a mail server of the test's."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import IO

from tests.conftest import ROOT, database_url


def environment(email_url: str, **more: str) -> dict[str, str]:
    """Return the variables of a process that sends through a server."""
    own = {
        "SITE_ENV": "development",
        "DATABASE_URL": database_url(),
        "EMAIL_URL": email_url,
        "EMAIL_FROM": "Tafel <book@example.org>",
        "SITE_URL": "https://book.example.org",
    }
    return os.environ | own | more


def manage(*arguments: str, email_url: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(email_url, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def start(*arguments: str, email_url: str, output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start a command that runs until it is ended; who starts it ends it."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment(email_url), stdout=output, stderr=output
    )
