"""Run Django's deployment checks on the settings of production; `make lint` does. A warning is an error here."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Return the exit code of the checks."""
    # None of the developer's own variables: the checks see what a fresh
    # deployment sees. Nothing answers at the URLs.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ}
    environment |= {
        "SITE_ENV": "production",
        "SITE_URL": "https://book.example.org",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "book.example.org",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EMAIL_URL": "smtp+tls://127.0.0.1:1",
        "EMAIL_FROM": "Tafel <book@example.org>",
        "OPERATOR": "Tafel GmbH, Berlin",
        "OPERATOR_EMAIL": "privacy@example.org",
    }
    command = [sys.executable, "-W", "error::DeprecationWarning", "manage.py", "check", "--deploy"]
    return subprocess.run([*command, "--fail-level", "WARNING"], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
