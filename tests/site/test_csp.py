"""The content security policy stands on every answer, and nothing of ours needs an exception from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from reservations.models import Restaurant
from tests.factories import days_ahead, make_menu, make_reservation, make_staff, make_venue

ROOT = Path(__file__).resolve().parents[2]
# A mail has its style with it, and no policy.
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "mail")
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# What the policy forbids in a page: styles, scripts and handlers written into it.
INLINE = {
    "a style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "a script without src": re.compile(
        r"<script\b(?![^>]*\ssrc=)(?![^>]*\stype=\"application/(?:ld\+)?json\")", re.IGNORECASE
    ),
    "a handler": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "code in an htmx attribute": re.compile(
        r"\s(?:data-)?(hx-on|hx-vals=[\"']js:|hx-trigger=[\"'][^\"']*\[)", re.IGNORECASE
    ),
}

pytestmark = pytest.mark.django_db


def complaints(html: str) -> list[str]:
    """Return what of a page or template the policy would stop."""
    return [what for what, pattern in INLINE.items() if pattern.search(html)]


@pytest.fixture
def venue() -> Restaurant:
    restaurant = make_venue()
    make_venue()
    make_menu(restaurant)
    return restaurant


def test_the_setting_has_the_name_and_shape_of_django_6() -> None:
    assert isinstance(settings.SECURE_CSP, dict)
    for directive, sources in settings.SECURE_CSP.items():
        assert re.fullmatch(r"[a-z-]+", directive)
        assert isinstance(sources, list)
        assert all(isinstance(source, str) for source in sources)
    everything = " ".join(source for sources in settings.SECURE_CSP.values() for source in sources)
    assert "unsafe" not in everything
    assert "*" not in everything
    assert "nonce" not in everything, "a nonce would make pages uncacheable"


ANSWERS: dict[str, tuple[int, Callable[[Client, Restaurant], Any]]] = {
    "home": (200, lambda client, venue: client.get("/")),
    "restaurant": (200, lambda client, venue: client.get(f"/restaurants/{venue.slug}/")),
    "menu": (200, lambda client, venue: client.get(f"/restaurants/{venue.slug}/menu/")),
    "times": (200, lambda client, venue: client.get(f"/restaurants/{venue.slug}/times/")),
    "json": (200, lambda c, venue: c.get(f"/restaurants/{venue.slug}/times/", headers={"accept": "application/json"})),
    "german": (200, lambda client, venue: client.get("/de/")),
    "admin login": (200, lambda client, venue: client.get("/admin/login/")),
    "admin redirect": (302, lambda client, venue: client.get("/admin/")),
    "static": (200, lambda client, venue: client.get("/static/css/base.css")),
    "slash added": (301, lambda client, venue: client.get("/my-reservations")),
    "bad host": (400, lambda client, venue: client.get("/", headers={"host": "evil.example"})),
    "NUL": (400, lambda client, venue: client.get("/?q=%00")),
    "no CSRF token": (403, lambda client, venue: client.post(f"/restaurants/{venue.slug}/hold/")),
    "not found": (404, lambda client, venue: client.get("/nothing/")),
    "wrong method": (405, lambda client, venue: client.get(f"/restaurants/{venue.slug}/hold/")),
    "too large": (413, lambda client, venue: client.post("/", {"note": "x" * 1_100_000})),
    "broken": (500, lambda client, venue: client.get("/broken/")),
}


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.urls("tests.site.broken_urls")
def test_every_answer_has_the_headers(venue: Restaurant, name: str) -> None:
    status, ask = ANSWERS[name]
    response = ask(Client(enforce_csrf_checks=True, raise_request_exception=False), venue)
    response.close()
    assert response.status_code == status
    headers = response.headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    # Staff's addresses, and those that lead nowhere, are told to nobody: tests/site/test_headers.py.
    assert headers["Referrer-Policy"] in ("same-origin", "strict-origin")
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_has_anything_inline(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "html",
    [
        '<p class="a" style="color: red">',
        "<style>p {}</style>",
        "<script>1</script>",
        '<script type="module">1</script>',
        '<button type="button" onclick="go()">',
        '<a href="javascript:go()">',
        "<form hx-on:submit='go()'>",
        '<div hx-trigger="click[ctrlKey]">',
    ],
)
def test_the_search_for_inline_code_finds_it(html: str) -> None:
    assert complaints(html)


def test_no_page_has_anything_inline(venue: Restaurant) -> None:
    """Widgets, htmx's own tag and the admin's forms write markup too."""
    diner, staff = Client(), Client()
    staff.force_login(make_staff())
    booked = make_reservation(venue, browser="b" * 64)
    pages = [
        diner.get("/"),
        diner.get(f"/restaurants/{venue.slug}/"),
        diner.get(f"/restaurants/{venue.slug}/menu/"),
        diner.get(f"/restaurants/{venue.slug}/times/", {"date": str(days_ahead(venue)), "party": "2"}),
        diner.get("/nothing/"),
        diner.get("/admin/login/"),
        staff.get("/admin/"),
        staff.get("/admin/reservations/reservation/"),
        staff.get(f"/admin/reservations/reservation/{booked.pk}/change/"),
        staff.get(f"/admin/reservations/restaurant/{venue.pk}/change/"),
    ]
    for page in pages:
        assert page.status_code in (200, 404)
        assert complaints(page.content.decode()) == [], page.request["PATH_INFO"]


def test_htmx_is_told_to_write_no_styles_and_evaluate_nothing(venue: Restaurant) -> None:
    page = Client().get(f"/restaurants/{venue.slug}/").content.decode()
    assert "htmx" in page
    config = re.search(r"<meta name=\"htmx-config\" content='(.*?)'>", page)
    assert config
    assert '"includeIndicatorStyles": false' in config[1]
    assert '"allowEval": false' in config[1]
    # It is read when the script starts, so it has to stand before it.
    assert page.index("htmx-config") < page.index("<script src")
