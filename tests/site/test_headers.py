"""Served as in production, every answer has the headers that protect it, whoever made it, and no name of a server."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from reservations.links import entry_token, request_token, reservation_token
from reservations.models import Restaurant
from tests.conftest import Site
from tests.factories import days_ahead, make_menu, make_reservation, make_staff, make_venue
from tests.reservations.diner import TYPED
from tests.reservations.people import make_request, make_waiting
from tests.site import production
from tests.site.production import SecureWire, hit
from tests.wire import Answer, Wire

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
DENIED = {"camera", "microphone", "geolocation", "payment", "usb"}
COLLECTED = re.compile(r'href="(/static/css/base\.[0-9a-f]+\.css)"')


def not_modified(wire: Wire, path: str) -> Answer:
    return wire.get(path, If_None_Match=hit(wire, path).headers["ETag"])


def collected(wire: Wire) -> str:
    found = COLLECTED.search(wire.get("/").body.decode())
    assert found
    return found[1]


# Who makes each answer differs: the page cache, WhiteNoise, a probe ahead of everything, the first middleware, a view.
ANSWERS: dict[str, tuple[int, Callable[[Wire], Answer]]] = {
    "made": (200, lambda wire: wire.get("/?q=none")),
    "from the page cache": (200, lambda wire: hit(wire, "/restaurants/here/")),
    "not modified": (304, lambda wire: not_modified(wire, "/restaurants/here/menu/")),
    "a static file": (200, lambda wire: wire.get(collected(wire))),
    "a static file that is not there": (404, lambda wire: wire.get("/static/none.css")),
    "alive": (200, lambda wire: wire.get("/healthz")),
    "ready": (200, lambda wire: wire.get("/readyz")),
    "JSON": (200, lambda wire: wire.get("/restaurants/here/times/", Accept="application/json")),
    "a bad host": (400, lambda wire: wire.get("/", Host="evil.example")),
    "NUL": (400, lambda wire: wire.get("/?q=%00")),
    "no CSRF token": (403, lambda wire: wire.post("/restaurants/here/hold/", {})),
    "nothing": (404, lambda wire: wire.get("/nothing/")),
    "a wrong method": (405, lambda wire: wire.get("/restaurants/here/hold/")),
    "too large": (413, lambda wire: wire.post("/", {"x": "y" * 1_100_000})),
    "a slash added": (301, lambda wire: wire.get("/my-reservations")),
    "staff only": (302, lambda wire: wire.get("/admin/")),
    "sign-in": (200, lambda wire: wire.get("/admin/login/")),
}


@pytest.fixture
def venue() -> Restaurant:
    venue = make_venue(slug="here")
    make_venue()
    make_menu(venue)
    return venue


def protected(answer: Answer) -> None:
    headers = answer.headers
    for name, value in ALWAYS.items():
        assert headers.get_all(name) == [value], name
    (policy,) = headers.get_all("Content-Security-Policy") or [""]
    for part in ("default-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert "nonce" not in policy
    denied = {part.strip().removesuffix("=()") for part in headers["Permissions-Policy"].split(",")}
    assert denied >= DENIED
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


def test_every_answer_is_protected(production_site: Site, venue: Restaurant) -> None:
    for name, (status, ask) in ANSWERS.items():
        answer = ask(SecureWire(production_site.url))
        assert answer.status == status, name
        protected(answer)
        expected = "strict-origin" if status == 404 or "staff" in name or name == "sign-in" else "same-origin"
        assert answer.headers["Referrer-Policy"] == expected, name


def test_plain_http_is_sent_on_and_promises_nothing(production_site: Site, venue: Restaurant) -> None:
    answer = SecureWire(production_site.url).get("/", X_Forwarded_Proto="http")
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{production.HOST}/")
    assert "Strict-Transport-Security" not in answer.headers
    assert "Content-Security-Policy" in answer.headers


def test_what_opens_something_is_kept_nowhere_and_tells_its_address_to_nobody(
    production_site: Site, venue: Restaurant, settings: Settings
) -> None:
    settings.SECRET_KEY = production.KEY
    reservation = make_reservation(venue)
    entry, request = make_waiting(venue), make_request(venue)
    wire = SecureWire(production_site.url)
    base = f"/restaurants/{venue.slug}"
    pages = {
        f"{base}/reservations/{reservation_token(venue.pk, reservation.reference)}/": 200,
        f"{base}/waitlist/{entry_token(venue.pk, entry.reference)}/": 200,
        f"{base}/requests/{request_token(venue.pk, request.reference)}/": 200,
        f"{base}/reservations/{reservation.reference}.forged/": 404,
        f"/de{base}/holds/{reservation.reference}/": 404,
        f"{base}/reservations/{reservation.reference}.forged/cancel/": 405,
        "/admin/reset/MQ/some-token/": 200,
        "/de/admin/login/": 200,
    }
    for path, status in pages.items():
        answer = wire.get(path)
        assert answer.status == status, path
        protected(answer)
        assert answer.headers["Referrer-Policy"] == "strict-origin", path
        assert "no-store" in answer.headers["Cache-Control"], path


def test_signing_out_drops_what_the_browser_kept(production_site: Site, venue: Restaurant) -> None:
    staff = make_staff()
    staff.set_password("a long enough password")
    staff.save()
    wire = SecureWire(production_site.url)
    login = wire.get("/admin/login/").page.form("/admin/login/")
    typed = {**login.values, "username": staff.email, "password": "a long enough password"}
    assert wire.post("/admin/login/", typed).status == 302
    index = wire.get("/admin/")
    assert index.status == 200
    assert "no-store" in index.headers["Cache-Control"]
    out = wire.post("/admin/logout/", index.page.form("/admin/logout/").values)
    assert out.headers["Clear-Site-Data"] == '"cache"'


def test_cookies_are_for_this_site_over_https_alone(production_site: Site, venue: Restaurant) -> None:
    wire = SecureWire(production_site.url)
    times = wire.get(f"/restaurants/here/times/?date={days_ahead(venue)}&party=2")
    held = wire.send(times.page.form("/hold/"), "19:00")
    details = wire.get(held.headers["Location"])
    form = details.page.form(held.headers["Location"])
    booked = wire.send(form, "Confirm the reservation", **TYPED)
    set_by = [cookie for answer in (times, held, booked) for cookie in answer.headers.get_all("Set-Cookie") or []]
    assert len(set_by) >= 3
    for cookie in set_by:
        name = cookie.partition("=")[0]
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "samesite=lax", "path=/"} <= attributes, cookie
        assert not any(part.startswith("domain") for part in attributes)
        # A script may know that there is something to show; that a form is ours is no secret to its own page.
        assert "httponly" in attributes or "visitor" in name or "csrf" in name, cookie


@pytest.mark.parametrize("aim", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(client: Client, db: None, aim: str) -> None:
    staff = make_staff()
    staff.set_password("a long enough password")
    staff.save()
    typed = {"username": staff.email, "password": "a long enough password", "next": aim}
    assert client.post("/admin/login/", typed)["Location"] in ("/admin/", "/accounts/profile/")
    client.logout()
    assert "evil" not in client.post(f"/admin/login/?next={aim}", {**typed, "next": ""}).headers.get("Location", "")


@pytest.mark.parametrize(
    "line",
    [b"GET /secret-path HTTP/9", b"G<ET /secret-path HTTP/1.1", b"GET /secret-path HTTP/1.1\r\nsecret-path : x"],
)
def test_gunicorns_own_refusals_say_nothing(production_site: Site, line: bytes) -> None:
    answer = Wire(production_site.url).raw(line + b"\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"Content-Security-Policy: default-src 'none'" in head
    assert b"unicorn" not in answer
    assert b"secret-path" not in answer
    assert body == b"400 Bad Request\n"
