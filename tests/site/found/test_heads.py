"""Every public page has a title, a description, one address and its other languages; the rest is for nobody's list."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from django.conf import settings as site_settings
from django.test import Client
from pytest_django import Settings

from reservations.models import Restaurant
from reservations.queries import venue as venue_queries
from restaurant_site.found.addresses import THEME
from tests.conftest import ROOT
from tests.factories import days_ahead, make_menu, make_restaurant, make_staff, make_venue
from tests.site.found.reading import Head, head_of

pytestmark = pytest.mark.django_db

SITE = "https://book.example.org"
PUBLIC = ("/", "/privacy/", "/restaurants/here/", "/restaurants/here/menu/", "/restaurants/here/privacy/")
LANGUAGES = [code for code, _name in site_settings.LANGUAGES]
XHTML = "{http://www.w3.org/1999/xhtml}"
SITEMAPS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(autouse=True)
def _site(settings: Settings) -> None:
    settings.SITE_URL = SITE


@pytest.fixture
def venue() -> Restaurant:
    restaurant = make_venue(slug="here", name="Zum Ochsen", tagline="Fire and salt", takes_waitlist=True)
    make_menu(restaurant)
    make_restaurant(city="Roma")
    return restaurant


def get(path: str, **told: Any) -> Head:
    response = Client().get(path, **told)
    assert response.status_code == 200, path
    return head_of(response.content.decode())


def path_of(address: str) -> str:
    assert address.startswith(SITE)
    return address.removeprefix(SITE)


def test_titles_and_descriptions_are_there_and_no_two_pages_share_one(venue: Restaurant) -> None:
    heads = [get(address) for path in PUBLIC for address in (path, *(map(path_of, get(path).alternates.values())))]
    for head in heads:
        assert 5 < len(head.title) < 80
        assert 20 < len(head.metas["description"]) <= 160
        assert head.metas["og:title"] == head.title
        assert head.metas["og:description"] == head.metas["description"]
    english = [get(path) for path in PUBLIC]
    assert len({head.title for head in english}) == len(PUBLIC)
    assert len({head.metas["description"] for head in english}) == len(PUBLIC)
    assert english[2].metas["description"].startswith("Fire and salt. See free times at Zum Ochsen, Berlin")


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_names_itself_and_its_other_languages_and_they_name_it(venue: Restaurant, path: str) -> None:
    head = get(path, headers={"host": "127.0.0.1"})
    assert head.hrefs("canonical") == [SITE + path], "whatever host was asked"
    assert sorted(head.alternates) == sorted([*LANGUAGES, "x-default"])
    for code in LANGUAGES:
        other = get(path_of(head.alternates[code]))
        assert other.hrefs("canonical") == [head.alternates[code]]
        assert other.alternates == head.alternates
        assert other.metas["og:url"] == head.alternates[code]


def test_a_page_of_the_listing_is_known_by_what_it_shows(venue: Restaurant) -> None:
    head = get("/?cuisine=&city=Roma&utm_source=x")
    assert head.hrefs("canonical") == [f"{SITE}/?city=Roma"]
    assert all(address.endswith("/?city=Roma") for address in head.alternates.values())
    for path in ("/?q=Ochsen", "/?city=Nowhere"):
        assert get(path).metas["robots"] == "noindex"
        assert get(path).hrefs("canonical") == []


def test_one_restaurant_alone_is_known_by_its_own_page() -> None:
    make_venue(slug="alone")
    assert get("/").hrefs("canonical") == [f"{SITE}/restaurants/alone/"]


def test_a_menu_of_a_date_is_the_menu(venue: Restaurant) -> None:
    head = get(f"/restaurants/here/menu/?date={days_ahead(venue).isoformat()}")
    assert head.hrefs("canonical") == [f"{SITE}/restaurants/here/menu/"]


def test_what_is_not_for_search_engines_says_so(venue: Restaurant) -> None:
    query = f"?date={days_ahead(venue).isoformat()}&party=2"
    hidden = [f"/restaurants/here/{page}/{query}" for page in ("times", "waitlist", "request")]
    for path in (*hidden, "/my-reservations/", "/admin/login/", "/de/admin/login/"):
        assert Client().get(path)["X-Robots-Tag"] == "noindex", path
    staff = Client()
    staff.force_login(make_staff())
    assert staff.get("/admin/")["X-Robots-Tag"] == "noindex"
    for path in (*PUBLIC, "/robots.txt", "/sitemap.xml"):
        assert "X-Robots-Tag" not in Client().get(path), path


def is_allowed(robots: str, path: str) -> bool:
    """Return whether robots.txt lets everybody ask for a path (RFC 9309, which knows * and no more here)."""
    rules = re.findall(r"^Disallow: (.+)$", robots, re.MULTILINE)
    return not any(re.match(re.escape(rule).replace(r"\*", ".*"), path) for rule in rules)


def test_robots_may_ask_for_what_is_public_and_for_nothing_that_is_endless(venue: Restaurant) -> None:
    response = Client().get("/robots.txt")
    robots = response.content.decode()
    assert response["Content-Type"].startswith("text/plain")
    assert f"\nSitemap: {SITE}/sitemap.xml\n" in robots
    for path in PUBLIC:
        for address in get(path).alternates.values():
            assert is_allowed(robots, path_of(address)), address
            assert is_allowed(robots, urlsplit(get(path).metas["og:image"]).path)
    for path in (
        "/admin/",
        "/admin/reservations/",
        "/restaurants/here/times/?date=2026-01-01",
        "/restaurants/here/calendar/?month=2026-01&party=7",
        "/?q=x",
        "/?page=2&q=x",
    ):
        assert not is_allowed(robots, path)
        assert not is_allowed(robots, f"/de{path}")
    assert is_allowed(robots, "/?page=2")
    assert "token" not in robots
    assert "here" not in robots


def test_the_sitemap_has_every_page_in_every_language(venue: Restaurant) -> None:
    make_restaurant(slug="hidden", is_published=False, link_key="a" * 24)
    index = ElementTree.fromstring(Client().get("/sitemap.xml").content)  # noqa: S314 - our own
    (part,) = [urlsplit(row.findtext(f"{SITEMAPS}loc") or "").path for row in index]
    tree = ElementTree.fromstring(Client().get(part).content)  # noqa: S314
    rows = {urlsplit(row.findtext(f"{SITEMAPS}loc") or "").path: row for row in tree}
    assert not any("hidden" in path for path in rows)
    for path in PUBLIC[:4]:
        expected = {code: path_of(address) for code, address in get(path).alternates.items()}
        for code in LANGUAGES:
            links = rows[expected[code]].findall(f"{XHTML}link")
            assert {link.get("hreflang"): urlsplit(link.get("href") or "").path for link in links} == expected
    assert all(Client().get(path).status_code == 200 for path in rows)


def test_the_sitemap_comes_in_parts(venue: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venue_queries, "SITEMAP_PART", 1)
    assert Client().get("/sitemap.xml").content.count(b"<sitemap>") == 2
    assert b"/restaurants/here/" in Client().get("/sitemap-1.xml").content
    assert b"/privacy/" not in Client().get("/sitemap-2.xml").content
    assert Client().get("/sitemap-3.xml").status_code == 404


def test_the_site_can_stand_on_a_home_screen(venue: Restaurant) -> None:
    for language in LANGUAGES:
        head = get(path_of(get("/").alternates[language]))
        (address,) = head.hrefs("manifest")
        response = Client().get(address)
        assert response["Content-Type"] == "application/manifest+json"
        told = json.loads(response.content)
        assert told["lang"] == language
        assert get(told["start_url"]).metas["og:url"] == SITE + told["start_url"]
        assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}
        icons = [icon["src"] for icon in told["icons"]] + head.hrefs("icon") + head.hrefs("apple-touch-icon")
        assert all((ROOT / "static" / icon.removeprefix("/static/")).is_file() for icon in icons)


def test_the_browsers_own_parts_have_the_colour_of_the_paper() -> None:
    sheet = (ROOT / "static" / "css" / "base.css").read_text(encoding="utf-8")
    assert f"--paper: light-dark({THEME['light']}, {THEME['dark']});" in sheet
