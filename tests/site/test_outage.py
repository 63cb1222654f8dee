"""A database or Redis that is not there: served by gunicorn, with time bounds that a person would bear."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reservations.models import Reservation, TableClaim
from tests import conftest
from tests.conftest import database_url
from tests.factories import days_ahead, make_restaurant, make_staff, make_venue
from tests.reservations.diner import TYPED
from tests.wire import Answer, Wire

SLOW = 5.0
"""Seconds within which every page has to come, whatever hangs."""


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """Reserve a port on which nothing listens: bound, so that nobody else takes it, but not listening."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@contextlib.contextmanager
def hung_port() -> Iterator[int]:
    """Listen on a port, take what is sent, and never answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        kept: list[socket.socket] = []

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(server.accept()[0])

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for connection in kept:
                connection.close()


@contextlib.contextmanager
def served(log: Path, **environment: str) -> Iterator[Wire]:
    """Serve the site through gunicorn with the given variables."""
    given = {"SITE_ENV": "development", "BIND": "127.0.0.1", "WEB_CONCURRENCY": "1"}
    with conftest.served(log, os.environ | given | environment) as site:
        yield Wire(site.url)


def timed(ask: Callable[..., Answer], *arguments: str) -> Answer:
    """Return the answer of a call; it has to come in time."""
    started = time.monotonic()
    answer = ask(*arguments)
    assert time.monotonic() - started < SLOW
    return answer


# --- The database -----------------------------------------------------------


@pytest.fixture(scope="module")
def without_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with closed_port() as port:
        log = tmp_path_factory.mktemp("gunicorn") / "log.txt"
        url = f"postgresql://app:hunter2-secret@127.0.0.1:{port}/restaurant"
        with served(log, DATABASE_URL=url) as wire:
            yield wire
        # The operator is told, without the password.
        assert "OperationalError" in log.read_text()
        assert "hunter2-secret" not in log.read_text()


@pytest.mark.parametrize("path", ["/", "/de/", "/restaurants/any/", "/restaurants/any/times/", "/admin/login/"])
def test_without_a_database_pages_say_so_and_ask_to_come_back(without_database: Wire, path: str) -> None:
    answer = timed(without_database.get, path)
    if path == "/admin/login/":
        # It asks the database for nothing before somebody signs in.
        assert answer.status == 200
        return
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.headers["Content-Security-Policy"]
    assert answer.page.language == ("de" if path == "/de/" else "en")
    if path != "/de/":
        assert answer.page.headings == ["We can't look that up right now"]
        assert answer.page.links["To the home page"] == "/"


def test_without_a_database_the_rest_goes_on(without_database: Wire) -> None:
    assert without_database.get("/healthz").status == 200
    assert without_database.get("/static/css/base.css").status == 200
    assert without_database.get("/nothing/").status == 404
    assert without_database.get("/my-reservations/").status == 200


def test_without_a_database_a_session_is_not_lost(without_database: Wire) -> None:
    """The answer must not tell the browser to forget a session that can't be looked up at the moment."""
    answer = timed(lambda: without_database.get("/my-reservations/", Cookie="sessionid=" + "a" * 32))
    assert answer.status == 503
    assert "Set-Cookie" not in answer.headers


def test_a_database_that_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    with hung_port() as port, served(tmp_path / "log.txt", DATABASE_URL=f"postgresql://app@127.0.0.1:{port}/x") as wire:
        answer = timed(wire.get, "/")
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        assert wire.get("/healthz").status == 200


# --- Redis ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["closed", "hung", "none"])
def test_without_redis_the_site_works(transactional_db: None, tmp_path: Path, kind: str) -> None:
    place = make_venue(tables=(2, 2))
    make_restaurant()
    make_staff(email="staff@example.org", password="correct horse battery")
    with contextlib.ExitStack() as stack:
        if kind == "none":
            url = "none"
        else:
            port = stack.enter_context(closed_port() if kind == "closed" else hung_port())
            url = f"redis://127.0.0.1:{port}/0"
        log = tmp_path / "log.txt"
        diner = stack.enter_context(served(log, DATABASE_URL=database_url(), REDIS_URL=url))

        assert timed(diner.get, "/").status == 200
        assert timed(diner.get, f"/restaurants/{place.slug}/").status == 200
        times = timed(diner.get, f"/restaurants/{place.slug}/times/?date={days_ahead(place)}&party=2").page
        held = timed(lambda: diner.send(times.form("/hold/"), "19:00"))
        assert held.status == 302
        location = held.headers["Location"]
        form = timed(diner.get, location).page.form(location)
        confirmed = timed(lambda: diner.send(form, "Confirm the reservation", **TYPED))
        assert confirmed.status == 302
        assert Reservation.objects.get().status == Reservation.Status.CONFIRMED

        # A booking needs no session, and what was booked lives in the database.
        for _again in range(2):
            mine = timed(diner.get, "/my-reservations/")
            assert Reservation.objects.get().reference in mine.page.text
        shown = timed(diner.get, confirmed.headers["Location"]).page
        assert timed(lambda: diner.send(shown.form("/cancel/"), "Yes, cancel it")).status == 302
        assert not TableClaim.objects.exists()

        # Staff sign in, stay signed in, and out again.
        staff = Wire(f"http://{diner.host}:{diner.port}")
        form = timed(staff.get, "/admin/login/").page.forms[-1]
        typed = {"username": "staff@example.org", "password": "correct horse battery"}
        assert timed(lambda: staff.post("/admin/login/", form.values | typed)).status == 302
        signed_in = dict(staff.cookies)
        index = timed(staff.get, "/admin/")
        assert index.status == 200
        logout = index.page.form("/admin/logout/")
        assert timed(lambda: staff.post("/admin/logout/", logout.values)).status == 200
        staff.cookies = signed_in
        assert timed(staff.get, "/admin/").status == 302
    assert "Internal Server Error" not in log.read_text()
