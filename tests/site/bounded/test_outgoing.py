"""Whatever the site asks over a network has an end, and no other code asks anything."""

from __future__ import annotations

import ast
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from reservations.history import cosmos
from restaurant_site import smtp
from restaurant_site.database import entra
from restaurant_site.photos import azure
from restaurant_site.smtp import WHOLE_SECONDS
from tests.conftest import ROOT

SPEAKERS = frozenset({"socket", "smtplib", "urllib.request", "http.client", "requests", "azure", "redis", "psycopg"})
"""Modules that open connections."""
SPEAKING = {
    "restaurant_site/settings.py": "settings of the pool of Redis",
    "restaurant_site/smtp.py": "EMAIL_TIMEOUT an answer, WHOLE_SECONDS a conversation",
    "restaurant_site/database/postgresql/base.py": "connections of driver.py",
    "restaurant_site/database/postgresql/driver.py": "connect_timeout, and the bounds of waits.py",
    "restaurant_site/database/postgresql/trips.py": "steps of driver.py's connection, within its waits",
    "restaurant_site/worker.py": "what gunicorn has accepted, for two milliseconds",
    "restaurant_site/database/connector.py": "reads a text in psycopg's form",
    "restaurant_site/database/entra.py": "its own seconds, checked below",
    "restaurant_site/database/failures.py": "errors of psycopg",
    "restaurant_site/database/urls.py": "psycopg's names of options",
    "restaurant_site/observing/exposing.py": "answers alone, a slow client for 5 seconds",
    "restaurant_site/observing/tracing.py": "a thread of the library's sends; no request waits for it",
    "reservations/history/cosmos.py": "its own seconds, checked below",
    "reservations/messages/delivery.py": "errors of smtplib",
    "reservations/management/commands/send_test_email.py": "errors of smtplib",
    "restaurant_site/photos/azure.py": "its own seconds, checked below",
    "restaurant_site/management/commands/run_site.py": "the site itself, in development, with a timeout",
}


def test_what_opens_connections_is_known() -> None:
    found = set()
    for folder in ("restaurant_site", "reservations", "menus"):
        for path in (ROOT / folder).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            # The servers of development, and the cache's own client of Redis.
            if name.startswith(("restaurant_site/embedded", "restaurant_site/caching")):
                continue
            if imported(path) & SPEAKERS:
                found.add(name)
    assert found <= set(SPEAKING), found - set(SPEAKING)
    assert {"restaurant_site/smtp.py", "reservations/history/cosmos.py"} <= found


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports, each with what it lies in."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.rsplit(".", cut)[0] for name in names for cut in range(name.count(".") + 1)}


def test_each_has_its_seconds() -> None:
    assert settings.DATABASES["default"]["OPTIONS"]["connect_timeout"] == 3
    assert settings.EMAIL_TIMEOUT == 10
    for cache in settings.CACHES.values():
        assert cache["OPTIONS"]["SOCKET_CONNECT_TIMEOUT"] == cache["OPTIONS"]["SOCKET_TIMEOUT"] == 0.25
        assert cache["OPTIONS"]["CONNECTION_POOL_KWARGS"]["retry"] is None
    assert max(cosmos.CONNECT_SECONDS, cosmos.READ_SECONDS, cosmos.WHOLE_SECONDS) <= 5
    assert max(azure.CONNECT_SECONDS, azure.READ_SECONDS) <= 5
    assert max(entra.WAITS["connection_timeout"], entra.WAITS["read_timeout"]) <= 5


@contextlib.contextmanager
def trickling() -> Iterator[int]:
    """Run a server that never ends its first line, and never rests."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                line, _address = server.accept()
                with line:
                    line.sendall(b"220-")
                    while not over.wait(0.05):
                        line.sendall(b"x")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join(5)


@pytest.mark.parametrize("tls", [False, True])
def test_a_mail_server_that_trickles_is_cut_off(monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    assert WHOLE_SECONDS <= 60
    monkeypatch.setattr(smtp, "WHOLE_SECONDS", 0.5)
    with trickling() as port:
        backend = get_connection("restaurant_site.smtp.EmailBackend", host="127.0.0.1", port=port, use_ssl=tls)
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011 - whatever smtplib makes of it
            backend.send_messages([EmailMessage("Hello", "…", "a@example.org", ["b@example.org"])])
        assert time.monotonic() - began < 5
