"""The site in the settings of production, served by gunicorn behind a proxy that speaks HTTPS to the world."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import conftest
from tests.conftest import ROOT, Site, database_url
from tests.wire import Answer, Wire

HOST = "book.example.org"
METRICS_TOKEN = "only-in-tests-" + "m7Qz" * 4
KEY = "only-in-tests-" + "x9Yk" * 12


class SecureWire(Wire):
    """A browser that asks by HTTPS through the proxy, and sends forms from the site's own pages."""

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send one request as the proxy hands it on."""
        told = {"Host": HOST, "X_Forwarded_Proto": "https", "X_Forwarded_For": "203.0.113.77:4711"}
        if method == "POST":
            told["Origin"] = f"https://{HOST}"
        return super().ask(method, path, body, **{**told, **headers})


def hit(wire: Wire, path: str) -> Answer:
    """Ask until the answer is from the page cache: what another test wrote may still be renewing its tags."""
    for _attempt in range(20):
        answer = wire.get(path)
        assert answer.status == 200
        if answer.headers["X-Cache"] == "hit":
            return answer
    raise AssertionError(f"{path} is never from the page cache.")


def environment(folder: Path, smtp_port: int) -> dict[str, str]:
    """Return the variables of a production whose database and cache are the tests'."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "REDIS_URL") if name in os.environ}
    return kept | {
        "SITE_ENV": "production",
        "DJANGO_SETTINGS_MODULE": "tests.site.production_settings",
        "COLLECTED": str(folder / "collected"),
        "RAW_LOG": str(folder / "raw.txt"),
        "SITE_URL": f"https://{HOST}",
        "SECRET_KEY": KEY,
        "ALLOWED_HOSTS": HOST,
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        "EMAIL_FROM": "Tafel <book@example.org>",
        "BIND": "127.0.0.1",
        "WEB_CONCURRENCY": "2",
        # These have tests of their own; here a browser signs in with a password, and is faster than people.
        "SECOND_FACTOR": "off",
        "FORM_MILLISECONDS": "0",
        "LIMITS_SCALE": "0",
        "METRICS_TOKEN": METRICS_TOKEN,
    }


def manage(variables: dict[str, str], *arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Run `manage.py` in production."""
    return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=variables, check=True, **more)


@contextlib.contextmanager
def served(folder: Path, variables: dict[str, str]) -> Iterator[Site]:
    """Serve the site with its files collected."""
    manage(variables, "collectstatic", "--noinput", "--verbosity", "0")
    with conftest.served(folder / "log.txt", variables) as site:
        yield site
