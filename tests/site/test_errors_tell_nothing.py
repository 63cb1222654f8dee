"""Served as in production, no error says what the site is made of, where it lies, or what went wrong inside."""

from __future__ import annotations

import re
from collections.abc import Callable

import django
import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from reservations.queries import venue as venue_queries
from tests.conftest import ROOT, Site
from tests.factories import make_staff, make_venue
from tests.site import production
from tests.site.production import SecureWire
from tests.wire import Answer

INSIDE = [
    str(ROOT),
    "Traceback",
    "site-packages",
    ".py",
    "Django",
    django.get_version(),
    "unicorn",
    "psycopg",
    "postgres",
    "duplicate key",
    "reservations_",
    "DEBUG",
    "urlconf",
    "ValueError",
    "Error at",
    production.KEY,
]
WRITTEN = "written-by-nobody"
AS = {
    "a browser": {},
    "a script": {"Accept": "application/json"},
    "htmx": {"HX_Request": "true", "HX_Current_URL": "https://book.example.org/"},
}
ASKED: dict[str, tuple[int, Callable[[SecureWire, dict[str, str]], Answer]]] = {
    "bad host": (400, lambda wire, how: wire.get("/", **{**how, "Host": "evil.example"})),
    "bad host of the admin": (400, lambda wire, how: wire.get("/admin/", **{**how, "Host": "evil.example"})),
    "suspicious": (400, lambda wire, how: wire.get(f"/failing/suspicious/{WRITTEN}/", **how)),
    "no token": (403, lambda wire, how: wire.ask("POST", "/restaurants/here/hold/", b"a=b", **how)),
    "no token, admin": (403, lambda wire, how: wire.ask("POST", "/admin/login/", b"a=b", **how)),
    "nothing": (404, lambda wire, how: wire.get(f"/{WRITTEN}/", **how)),
    "missing": (404, lambda wire, how: wire.get(f"/failing/missing/{WRITTEN}/", **how)),
    "missing in German": (404, lambda wire, how: wire.get(f"/de/{WRITTEN}/", **how)),
    "wrong method": (405, lambda wire, how: wire.get("/restaurants/here/hold/", **how)),
    "wrong method of a page": (405, lambda wire, how: wire.ask("OPTIONS", "/", b"", **how)),
    "too large": (413, lambda wire, how: wire.ask("POST", "/", b"x" * 1_100_000, **how)),
    "a bug": (500, lambda wire, how: wire.get(f"/failing/chained/{WRITTEN}/", **how)),
    "a bug of the database": (500, lambda wire, how: wire.get(f"/failing/data/{WRITTEN}/", **how)),
}


def found_in(answer: Answer) -> list[str]:
    text = answer.body.decode() + str(answer.headers)
    # The addresses of the site's own scripts and styles, and of what was asked for, are everybody's.
    text = re.sub(r'(src|href|action)="[^"]*"', "", text)
    return [word for word in (*INSIDE, WRITTEN) if word in text]


def test_no_error_tells_of_the_inside(production_site: Site) -> None:
    make_venue(slug="here")
    for name, (status, ask) in ASKED.items():
        for who, how in AS.items():
            answer = ask(SecureWire(production_site.url), how)
            assert (answer.status, found_in(answer)) == (status, []), (name, who)


def test_staff_are_told_no_more(production_site: Site) -> None:
    staff = make_staff()
    staff.set_password("a long enough password")
    staff.save()
    wire = SecureWire(production_site.url)
    login = wire.get("/admin/login/").page.form("/admin/login/")
    assert wire.post("/admin/login/", {**login.values, "username": staff.email, "password": "a long enough password"})
    assert wire.get("/admin/").status == 200
    for path, status in (
        ("/admin/nothing/", 404),
        ("/admin/reservations/reservation/%00/change/", 400),
        (f"/failing/unique/{WRITTEN}@x.example/", 500),
        (f"/failing/smtp/{WRITTEN}/", 500),
    ):
        answer = wire.get(path)
        assert (answer.status, found_in(answer)) == (status, []), path


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_database_that_is_away_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, accept: str
) -> None:
    def fail(*_args: object) -> None:
        raise OperationalError(f'connection to server at "{WRITTEN}", port 5432 failed: password of postgres')

    monkeypatch.setattr(venue_queries, "only_slug", fail)
    response = Client(raise_request_exception=False).get("/", headers={"accept": accept})
    assert response.status_code == 503
    for word in (*INSIDE, WRITTEN):
        assert word not in re.sub(r'(src|href)="[^"]*"', "", response.content.decode())
