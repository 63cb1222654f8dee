"""Requests of no sane size are answered soon, by what is right for them, and never by a 5xx."""

from __future__ import annotations

import socket
import time

import pytest
from django.http import UnreadablePostError
from django.test import Client

from reservations.queries import venue
from tests.conftest import Site
from tests.factories import make_venue
from tests.pages import read
from tests.wire import Wire

FORM = "application/x-www-form-urlencoded"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["a=" + "x" * 8000, "&".join(f"f{n}={n}" for n in range(3000)), "%" * 8000, "[" * 8000]
)
def test_a_long_query_is_a_page(query: str) -> None:
    place = make_venue()
    for path in ("/", f"/restaurants/{place.slug}/times/", "/my-reservations/", "/admin/login/"):
        response = Client(raise_request_exception=False).get(f"{path}?{query}")
        assert response.status_code < 500, (path, response.status_code)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("&".join(f"f{n}=" for n in range(10_000)), FORM),
        ("[" * 100_000, "application/json"),
        ("--x\r\n" * 20_000, "multipart/form-data; boundary=x"),
        ('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' * 5000, "multipart/form-data; boundary=x"),
    ],
)
def test_a_form_of_no_sane_shape_is_refused(body: str, kind: str) -> None:
    place = make_venue()
    for path in (f"/restaurants/{place.slug}/hold/", "/my-reservations/", "/admin/login/"):
        response = Client(raise_request_exception=False).post(path, body, content_type=kind)
        assert response.status_code < 500, (path, response.status_code)


def test_half_a_form_is_not_an_error_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise UnreadablePostError("reset by peer")

    monkeypatch.setattr(venue, "only_slug", broken)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 408
    assert read(response).headings == ["Only a part of your form arrived"]


def test_as_served_what_has_no_end_is_not_read(site: Site) -> None:
    wire = Wire(site.url)
    # No length, and no end: nothing of it is read.
    began = time.monotonic()
    with socket.create_connection((wire.host, wire.port), timeout=15) as line:
        line.sendall(
            b"POST /my-reservations/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n5\r\nabcde\r\n"
        )
        assert line.recv(4096).split()[1] == b"403"
    assert time.monotonic() - began < 5
    assert wire.get("/?" + "a" * 8000).status in (400, 414)
    assert wire.ask("GET", "/", X_Long="a" * 20_000).status in (400, 431)
