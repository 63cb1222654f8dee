"""A disk that is full costs metrics, lines of the log, and the file that is being brought; no page and no booking."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client
from pytest_django import Settings

from reservations.models import Restaurant
from restaurant_site.observing import folder
from restaurant_site.photos import where
from tests import conftest
from tests.conftest import ROOT, Site, database_url, free_port, wait_for
from tests.factories import make_member, make_restaurant, make_venue
from tests.photos.desk import errors, send, upload
from tests.photos.pictures import jpeg
from tests.site.observing.reading import until
from tests.wire import Wire

FULL = os.strerror(errno.ENOSPC)
ROOM = 3 * 1024 * 1024


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 3 MB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    return ballast


@contextlib.contextmanager
def serving(log: Path, **variables: str) -> Iterator[Site]:
    """Serve by two workers, with an access log."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "BIND": "127.0.0.1",
        "WEB_CONCURRENCY": "2",
        "SITE_ENV": "development",
        "ACCESS_LOG": "on",
        **variables,
    }
    with conftest.served(log, environment) as site:
        yield site


def pids(site: Site) -> set[int]:
    return set(site.workers())


@pytest.mark.django_db(transaction=True)
def test_a_full_folder_of_metrics_kills_no_worker(small: Path, tmp_path: Path) -> None:
    venue = make_venue()
    path = f"/restaurants/{venue.slug}/"
    metrics = small / "metrics"
    with serving(tmp_path / "log", PROMETHEUS_MULTIPROC_DIR=str(metrics), TMPDIR=str(small)) as site:
        assert Wire(site.url).get(path).status == 200
        # Both have taken what they need.
        until(lambda: len(list(metrics.glob("histogram_*.db"))) == 2)
        time.sleep(1.5)
        workers = pids(site)
        fill(small)
        for address in (path, "/", "/no-such-page/", "/my-reservations/", path) * 4:
            assert Wire(site.url).get(address).status in (200, 404)
        time.sleep(1.5)
        assert pids(site) == workers
        # One that begins on the full disk, and the death of one that counted there.
        os.kill(min(workers), 9)
        until(lambda: len(pids(site)) == 2 and pids(site) != workers, 20)
        for _time in range(10):
            assert Wire(site.url).get(path).status == 200
        assert site.process.poll() is None
    text = (tmp_path / "log").read_text()
    assert "keeps its own to itself" in text
    assert "SIGBUS" not in text


@pytest.mark.django_db(transaction=True)
def test_a_log_that_nobody_takes_costs_no_answer(tmp_path: Path) -> None:
    venue = make_venue()
    command = [sys.executable, "-m", "gunicorn", "restaurant_site.wsgi:application"]
    environment = os.environ | {"DATABASE_URL": database_url(), "BIND": "127.0.0.1", "SITE_ENV": "development"}
    environment |= {"ACCESS_LOG": "on", "WEB_CONCURRENCY": "1", "SLOW_QUERY_MS": "1", "SLOW_PAGE_MS": "1"}
    port = free_port()
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(command, cwd=ROOT, env={**environment, "PORT": str(port)}, stdout=full, stderr=full)
        try:
            url = f"http://127.0.0.1:{port}"
            wire = Wire(url)
            (tmp_path / "none").write_text("")
            wait_for(url, process, tmp_path / "none")
            # What is slow is told, and so is each request: nowhere.
            for path, status in ((f"/restaurants/{venue.slug}/", 200), ("/no-such-page/", 404), ("/readyz", 200)) * 4:
                assert wire.get(path).status == status
            time.sleep(0.6)
            assert wire.get(f"/restaurants/{venue.slug}/").status == 200
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_grows_is_replaced_and_nobody_notices(tmp_path: Path) -> None:
    venue = make_venue()
    # Less than any worker has.
    with serving(tmp_path / "log", WORKER_MEMORY_MB="10") as site:
        first = pids(site)
        end = time.monotonic() + 30
        while pids(site) & first:
            assert time.monotonic() < end
            assert Wire(site.url).get(f"/restaurants/{venue.slug}/").status == 200
    assert re.search(r"A worker has grown to \d+ MB", (tmp_path / "log").read_text())


@pytest.fixture
def place(client: Client, tmp_path: Path, settings: Settings) -> Restaurant:
    settings.STORAGES = settings.STORAGES | where.storages((tmp_path / "photos").as_uri(), "")
    place = make_restaurant()
    client.force_login(make_member(place, "manager"))
    return place


@pytest.mark.django_db
def test_a_photo_for_which_there_is_no_room_is_refused_beside_its_field(
    small: Path, client: Client, settings: Settings, place: Restaurant
) -> None:
    settings.STORAGES = settings.STORAGES | where.storages((small / "photos").as_uri(), "")
    ballast = fill(small)
    answer = send(client, place, photo=upload(), photo_alt="The terrace")
    assert "could not be stored right now" in errors(answer)["photo"][0]
    ballast.unlink()
    assert send(client, place, photo=upload(), photo_alt="The terrace").status_code == 302


@pytest.mark.django_db
def test_a_file_that_can_not_be_received_is_told_as_such(
    client: Client, settings: Settings, place: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above 2.5 MB it is written to the folder for temporary files while the form is read."""

    def write(handler: TemporaryFileUploadHandler, *_chunk: object) -> None:
        handler.file.close()
        raise OSError(errno.ENOSPC, FULL)

    settings.FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", write)
    client.raise_request_exception = False
    answer = send(client, place, photo=upload(jpeg()), photo_alt="The terrace")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "300"
    assert "disk is full" in answer.content.decode()


def test_healthz_asks_nobody(client: Client) -> None:
    # Without the mark of the database any question to it is an error.
    assert client.get("/healthz", headers={"host": "169.254.1.2"}).content == b"ok\n"


def test_where_there_is_no_room_no_folder_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(folder.VARIABLE, "")
    monkeypatch.setattr(folder, "ROOM", 1 << 62)
    assert folder.make([tmp_path]) is None
    monkeypatch.setenv(folder.VARIABLE, str(tmp_path))
    assert not folder.join()
    assert folder.VARIABLE not in os.environ
