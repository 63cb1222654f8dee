"""Floods that would fill Redis with pages, methods that are none, and entries that are none."""

from __future__ import annotations

import gzip
import pickle
import re
import secrets
import socket
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest
from django.core.cache import caches
from django.test import override_settings

from reservations.models import Restaurant, RestaurantCuisine
from restaurant_site.caching import entries
from restaurant_site.caching.keys import MAGIC
from restaurant_site.caching.store import store
from tests import factories as make
from tests.caching.asking import application, ask, both_workers, forget, keys, page_keys, settle
from tests.caching.sending import PATHS, sent
from tests.conftest import Site
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)

# --- Floods ------------------------------------------------------------------------------------------------


def word() -> str:
    return secrets.token_hex(6)


FLOODS: dict[str, Callable[[int], str]] = {
    "unknown parameters": lambda _n: f"/?{word()}={word()}",
    "many unknown parameters": lambda _n: "/?" + "&".join(f"{word()}={word()}" for _each in range(100)),
    "far too many parameters": lambda _n: "/?" + "&".join(f"a{each}" for each in range(500)),
    "parameters of tracking": lambda n: f"/restaurants/here/?utm={word()}&gclid={n}",
    "unknown slugs": lambda _n: f"/restaurants/{word()}/",
    "unknown slugs of menus": lambda _n: f"/de/restaurants/{word()}/menu/",
    "unknown addresses": lambda _n: f"/{word()}/",
    "unknown cities": lambda _n: f"/?city={word()}",
    "unknown cuisines": lambda _n: f"/?cuisine={word()}",
    "cities that are too long": lambda _n: f"/?city={word() * 10}",
    "cuisines that are too long": lambda _n: f"/?cuisine={word() * 10}",
    "names": lambda _n: f"/?q={word()}",
    "pages beyond the last": lambda n: f"/?page={n + 50}",
    "pages that are no numbers": lambda _n: f"/?page=x{word()}",
    "pages far too high": lambda n: f"/?page={10**6 + n}",
    "pages below the first": lambda n: f"/?page=-{n}",
    "pages with zeros": lambda n: f"/?page={'0' * (n + 1)}1",
    "pages with spaces": lambda n: f"/?page={'+' * (n + 1)}1",
    "pages with signs": lambda n: f"/?page=%2B{'0' * n}1",
    "a city in every case": lambda n: (
        "/?city=" + "".join(letter.upper() if n >> place & 1 else letter for place, letter in enumerate("berlin"))
    ),
    "a city with spaces": lambda n: f"/?city=Berlin{'+' * (n + 1)}",
    "a city behind spaces": lambda n: f"/?city={'%20' * (n + 1)}Berlin",
    "a cuisine in every case": lambda n: (
        "/?cuisine=" + "".join(letter.upper() if n >> place & 1 else letter for place, letter in enumerate("indian"))
    ),
    "a cuisine with spaces": lambda n: f"/?cuisine=indian{'+' * (n + 1)}",
    "parts of the sitemap": lambda n: f"/sitemap-{n + 2}.xml",
    "parts of the sitemap with zeros": lambda n: f"/sitemap-{'0' * (n + 1)}1.xml",
    "style sheets": lambda _n: f"/restaurants/here/menu/{word()}.css",
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_leaves_no_more_keys_than_there_were(site: Site, here: Restaurant, name: str) -> None:
    RestaurantCuisine.objects.create(restaurant=here, cuisine="indian")
    settle()
    wire = Wire(site.url)
    for path in (*PATHS, "/de/", "/?city=Berlin", "/?cuisine=indian", "/?page=1"):
        wire.get(path)
    # An error shows the footer in its own language.
    wire.get("/de/nothing/")
    wire.get("/nothing/")
    before = keys()
    for number in range(24):
        answer = wire.get(FLOODS[name](number))
        assert answer.status in (200, 404)
    assert keys() <= before


def test_a_flood_of_a_home_with_one_restaurant_leaves_no_keys(site: Site) -> None:
    make.make_venue()
    settle()
    wire = Wire(site.url)
    for path in ("/", "/nothing/"):
        wire.get(path)
    before = keys()
    for name in ("city", "cuisine", "page", "q"):
        for _time in range(10):
            assert wire.get(f"/?{name}={word()}").status == 200
    assert keys() <= before


def test_a_flood_of_the_sites_own_names_leaves_a_few_pages(here: Restaurant) -> None:
    """With a port or a dot a name is another, and there is no end of them; without, it always has its pages."""
    app = application()
    with override_settings(ALLOWED_HOSTS=["testserver", ".example.com"]):
        for number in range(60):
            for host in (f"testserver:{number + 1000}", f"{word()}.example.com", f"testserver.:{'0' * number}1"):
                assert ask(app, "/restaurants/here/", host=host).status == 200
        assert len(page_keys()) <= 16
        assert [ask(app, "/restaurants/here/").how for _time in range(2)] == ["miss", "hit"]


def test_a_flood_of_hosts_leaves_no_more_keys_than_there_were(site: Site, here: Restaurant) -> None:
    wire = Wire(site.url)
    wire.get("/")
    before = keys()
    for _time in range(40):
        assert wire.get("/", Host=f"{word()}.example").status == 400
    assert keys() == before


# --- Methods and bodies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "get", "X"]
)
def test_other_methods_get_no_page_and_leave_none(site: Site, here: Restaurant, method: str) -> None:
    for path in PATHS[:3]:
        for _time in range(2):
            answer = sent(site, f"{method} {path}".encode())
            # Without a token a form is refused before its method is.
            assert answer.status in (400, 403, 405, 501)
            assert "Here" not in answer.body.decode()
    assert not page_keys()
    assert sent(site, b"GET /").how == "miss"
    assert sent(site, f"{method} /".encode()).how != "hit"


def test_a_method_in_a_header_or_parameter_is_no_method(site: Site, here: Restaurant) -> None:
    answer = sent(site, b"GET /?_method=POST", b"X-HTTP-Method-Override: HEAD")
    assert (answer.status, len(answer.body) > 1000) == (200, True)
    answer = sent(site, b"POST /", b"X-HTTP-Method-Override: GET", b"Content-Length: 0")
    assert (answer.status, answer.how) == (403, "bypass")


def test_who_authorises_itself_is_answered_past_the_cache(site: Site, here: Restaurant) -> None:
    sent(site, b"GET /")
    for value in (b"Basic eDp5", b"Bearer x", b""):
        assert sent(site, b"GET /", b"Authorization: " + value).how == "bypass"
    forget()
    sent(site, b"GET /", b"Authorization: Bearer x")
    assert not page_keys()


@pytest.mark.parametrize("length", [b"Content-Length: 43", b"Transfer-Encoding: chunked"])
def test_the_body_of_a_request_is_no_request(site: Site, here: Restaurant, length: bytes) -> None:
    """A hit reads no body; what it leaves must not be taken for the next request of the connection."""
    smuggled = b"GET /my-reservations/ HTTP/1.1\r\nHost: evil\r\n\r\n"[:43]
    body = b"2b\r\n" + smuggled + b"\r\n0\r\n\r\n" if b"chunked" in length else smuggled
    asked = b"GET /restaurants/here/ HTTP/1.1\r\nHost: 127.0.0.1\r\n" + length + b"\r\n\r\n" + body
    last = b"GET /sitemap.xml HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    for _time in range(2):
        answers = Wire(site.url).raw(asked + asked + last)
        assert len(re.findall(rb"HTTP/1\.1 200 OK\r\n", answers)) == len(re.findall(rb"HTTP/1\.1 ", answers)) == 3
        assert answers.count(b"</html>") == 2
        assert answers.rstrip().endswith(b"</sitemapindex>")
    assert sent(site, b"GET /restaurants/here/").how == "hit"


def test_a_client_that_leaves_in_the_middle_breaks_nothing(site: Site, here: Restaurant) -> None:
    wire = Wire(site.url)
    for _time in range(8):
        with socket.create_connection((wire.host, wire.port)) as line:
            line.sendall(b"GET /restaurants/here/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            # No earlier, or it is answered when the next test runs.
            assert line.recv(1) == b"H"
    assert wire.get("/restaurants/here/").body.rstrip().endswith(b"</html>")


# --- Entries that are none --------------------------------------------------------------------------


def repacked(payload: Callable[[entries.Entry], bytes]) -> Callable[[bytes], bytes]:
    """Return what puts another payload into an entry that else is in order."""

    def spoil(stored: bytes) -> bytes:
        entry = entries.decode(stored)
        assert entry is not None
        return entries.encode(
            entries.Entry(entry.tags, entry.tokens, entry.fresh_until, entry.valid_until, payload(entry))
        )

    return spoil


def flipped(stored: bytes) -> bytes:
    """Return an entry with one bit of its body turned, as by a bad cable or disk."""
    place = len(stored) * 2 // 3
    return stored[:place] + bytes([stored[place] ^ 0x10]) + stored[place + 1 :]


NOISE = bytes(range(256))
SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _stored: b"",
    "text": lambda _stored: b'"<p>forged</p>"',
    "a number": lambda _stored: b"42",
    "a pickle": lambda _stored: pickle.dumps("forged"),
    "an older format": lambda stored: MAGIC + b"\x01" + stored[6:],
    "a newer format": lambda stored: MAGIC + b"\xff" + stored[2:],
    "truncated": lambda stored: stored[: len(stored) // 2],
    "one byte short": lambda stored: stored[:-1],
    "one byte more": lambda stored: stored + b"\x00",
    "a bit turned": flipped,
    "noise": lambda stored: stored[:2] + bytes(range(256)),
    "noise with a sum that is right": lambda stored: stored[:2] + crc32(NOISE).to_bytes(4) + NOISE,
    "a query's result": repacked(lambda _entry: b"\x91\xa4text"),
    "a page of another shape": repacked(lambda _entry: b"\x95\xa6200 OK\x80\xa1e\xc4\x00\x00"),
    "a page with too few fields": repacked(lambda _entry: b"\x92\xa6200 OK\x90"),
    "no page": repacked(lambda _entry: b""),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_page_is_made_anew(site: Site, here: Restaurant, name: str) -> None:
    """Whatever the client takes: nobody gets the spoiled one, and nobody an error."""
    clean = sent(site, b"GET /restaurants/here/")
    client = caches["pages"].client.get_client()  # type: ignore[attr-defined]
    (key,) = page_keys()
    stored = client.get(key)
    for encoding in (b"gzip", b"identity"):
        client.set(key, SPOILED[name](stored))
        answer = sent(site, b"GET /restaurants/here/", b"Accept-Encoding: " + encoding)
        assert (answer.status, answer.how) == (200, "miss")
        assert (gzip.decompress(answer.body) if encoding == b"gzip" else answer.body) == clean.body
        assert sent(site, b"GET /restaurants/here/").how == "hit"


def test_an_entry_of_another_page_that_lies_under_a_key_ends_with_its_own_tags(site: Site, here: Restaurant) -> None:
    """Its tokens are its own: a page that was copied over another is found out when either changes."""
    for slug in ("here", "elsewhere"):
        sent(site, f"GET /restaurants/{slug}/".encode())
    client = caches["pages"].client.get_client()  # type: ignore[attr-defined]
    of_here = next(key for key in page_keys() if key.endswith("/here/?"))
    of_other = next(key for key in page_keys() if key.endswith("/elsewhere/?"))
    client.set(of_here, client.get(of_other))
    Restaurant.objects.filter(slug="elsewhere").update(tagline="New")
    assert b">Here</bdi></h1>" in sent(site, b"GET /restaurants/here/").body


def test_a_page_without_tokens_is_none(site: Site, here: Restaurant) -> None:
    """After a flush of tokens alone nothing proves that a page is right."""
    with both_workers(site) as workers:
        for worker in workers:
            worker.get("/restaurants/here/")
        raw: Any = store("default").client.get_client()
        raw.delete(*[key for key in raw.keys("*") if key.startswith(b"t:")])
        assert [worker.get("/restaurants/here/").how for worker in workers] == ["miss", "hit"]
