"""Fixtures that every test may use."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from reservations import access
from restaurant_site.caching import store
from restaurant_site.database import urls
from tests.emptying import empty_quickly
from tests.postgresql import skip_elsewhere

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


MARKS = ("audit", "scale", "concurrency")
"""By which tests are left out of one part of a run, or are all that it is."""


@cache
def _mentioned(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _may_have(mark: str, module: Path) -> bool:
    """Return whether a module, or a conftest.py that it shares, says anything of a mark."""
    shared = [folder / "conftest.py" for folder in module.parents if folder != HERE and folder.is_relative_to(HERE)]
    return any(f"mark.{mark}" in _mentioned(path) for path in (module, *shared))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no module of which nothing is asked for: the marks that are wanted are written in few of a thousand."""
    wanted = set(MARKS) & set((config.getoption("markexpr") or "").split(" and "))
    is_module = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if is_module and not all(_may_have(mark, collection_path) for mark in wanted) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs more than Python and Chromium, unless it is asked for by name: `make audit` does.

    Here and not by a ``-m`` in pyproject.toml, which any other ``-m`` would replace.
    """
    asked = config.getoption("markexpr") or ""
    kept: list[pytest.Item] = []
    gone: list[pytest.Item] = []
    for item in items:
        for mark in MARKS:
            # Else a run that asks for the mark would leave it out in silence.
            assert not item.get_closest_marker(mark) or _may_have(mark, item.path), f"{item.path} has no mark.{mark}"
        marks = [mark for mark in ("audit", "scale") if item.get_closest_marker(mark)]
        (gone if marks and not any(mark in asked for mark in marks) else kept).append(item)
    config.hook.pytest_deselected(items=gone)
    items[:] = kept
    skip_elsewhere(items)


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Empty the tables behind each test that commits, quickly."""
    with pytest.MonkeyPatch.context() as patching:
        with django_db_blocker.unblock():
            empty_quickly(patching)
        yield


@pytest.fixture(scope="session", autouse=True)
def _redis_in_use(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let this process begin to use Redis where the database may be asked: it replays the outbox first."""
    with django_db_blocker.unblock():
        store.state()


@pytest.fixture(scope="session", autouse=True)
def _static_files_listed_once() -> Iterator[None]:
    """Let all applications of this process share one list of the static files.

    Each test client makes an application with its first request, and listing them takes longer than most requests.
    """
    add = WhiteNoiseMiddleware.add_files_from_finders
    listed: dict[tuple[str, ...], dict[str, object]] = {}

    def add_once(made: Any) -> None:
        of = (made.static_prefix, str(made.static_root), str(made.max_age), str(settings.STATICFILES_DIRS))
        if of not in listed:
            add(made)
            listed[of] = dict(made.files)
        made.files.update(listed[of])

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_once)
        yield


@pytest.fixture(autouse=True)
def _empty_caches() -> Iterator[None]:
    """Let no test find what another left in Redis."""
    yield
    for alias in caches.settings:
        caches[alias].clear()


@pytest.fixture(autouse=True)
def _roles_as_they_are() -> Iterator[None]:
    """Undo what `make_limited` did to what roles may do."""
    kept = dict(access.LEAST)
    yield
    access.LEAST.clear()
    access.LEAST.update(kept)


@dataclass(frozen=True)
class Site:
    """The site, served by gunicorn as in production, on the tests' database."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


def database_url() -> str:
    """Return the URL of the tests' database, for another process."""
    return urls.beside(settings.DATABASE_URL, str(connection.settings_dict["NAME"]))


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def served(
    log: Path, variables: Mapping[str, str], *, application: str = "restaurant_site.wsgi:application", port: int = 0
) -> Iterator[Site]:
    """Serve the site, or an application of the tests', through gunicorn in these variables; stop it at the end.

    On a port of its own unless one is given.
    """
    port = port or free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", application],
            cwd=ROOT,
            env={**variables, "PORT": str(port)},
            stdout=output,
            stderr=output,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(url, process, log)
            yield Site(url, process, log)
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Return Playwright's driver: one runs in a process."""
    # Slow to import, and most tests have no browser.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def gunicorn(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the site through gunicorn with two workers; its database is the tests', so use ``transactional_db``."""
    log = tmp_path_factory.mktemp("gunicorn") / "log.txt"
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "BIND": "127.0.0.1",
        "WEB_CONCURRENCY": "2",
        "SITE_ENV": "development",
    }
    with served(log, environment) as site:
        until_cached(site)
        yield site
    # A 500 that no test looked at is still a failure.
    assert "Internal Server Error" not in log.read_text()


@pytest.fixture(scope="session")
def content_types(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[tuple[str, str], int]:
    """Return the numbers of the content types as they are before any test."""
    with django_db_blocker.unblock():
        return {(app, model): pk for pk, app, model in ContentType.objects.values_list("pk", "app_label", "model")}


@pytest.fixture
def site(content_types: dict[tuple[str, str], int], gunicorn: Site, transactional_db: None) -> Site:
    """Return the served site; what the test commits is seen by its workers."""
    as_numbered(content_types)
    return gunicorn


def as_numbered(content_types: dict[tuple[str, str], int]) -> None:
    """Give the content types the numbers that served workers know.

    A test before this one may have emptied the tables, and they came back with
    other numbers; the workers, which keep them, log by the old.
    """
    with transaction.atomic():
        for row in ContentType.objects.all():
            number = content_types.get((row.app_label, row.model), row.pk)
            if number != row.pk:
                Permission.objects.filter(content_type_id=row.pk).update(content_type_id=number)
                ContentType.objects.filter(pk=row.pk).update(id=number)
    ContentType.objects.clear_cache()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the site answers; a failure shows its log."""
    for _attempt in range(600):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"gunicorn did not answer: {log.read_text()}")


def until_cached(site: Site) -> None:
    """Return once every worker uses Redis: one that was slow to begin does without it for half a second."""
    ready = 0
    for _attempt in range(100):
        try:
            with urllib.request.urlopen(f"{site.url}/readyz", timeout=5) as answer:
                ready = ready + 1 if json.load(answer)["cache"] == "ok" else 0
        except (urllib.error.URLError, OSError):
            ready = 0
        # Each of two workers is met sooner or later.
        if ready == 8:
            return
        time.sleep(0.01 if ready else 0.1)
    raise AssertionError(f"Not all workers use Redis: {site.log.read_text()}")
