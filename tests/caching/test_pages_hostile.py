"""What is sent to poison, split or flood the cache of whole pages, and views that would leak through it.

None of it serves one visitor's content to another, a stale page, or an error of the server.
"""

from __future__ import annotations

import gzip
import pickle
import re
import secrets
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from zlib import crc32

import pytest
from django.core.cache import caches
from django.test import override_settings

from reservations.models import Restaurant, RestaurantCuisine
from restaurant_site.caching import entries, http, stats
from restaurant_site.caching.keys import MAGIC
from restaurant_site.caching.store import store
from tests import factories as make
from tests.caching import odd_urls
from tests.caching.asking import Told, application, ask, both_workers, forget, keys, page_keys, settle
from tests.conftest import Site
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = [
    "/",
    "/restaurants/here/",
    "/restaurants/here/menu/",
    "/de/restaurants/here/",
    "/sitemap.xml",
    "/sitemap-1.xml",
]


@pytest.fixture
def here() -> Restaurant:
    """Return a restaurant with a menu; there is another, so that home is the listing."""
    place = make.make_venue(name="Here", slug="here")
    make.make_menu(place)
    make.make_venue(name="Elsewhere", slug="elsewhere", city="Köln")
    settle()
    return place


def sent(site: Site, line: bytes, *headers: bytes, body: bytes = b"", host: bytes = b"127.0.0.1") -> Told:
    """Send a request as it is, and return the answer as it came."""
    host_lines = () if any(header.lower().startswith(b"host:") for header in headers) else (b"Host: " + host,)
    request = b"\r\n".join([line + b" HTTP/1.1", *host_lines, b"Connection: close", *headers, b"", body])
    answer = Wire(site.url).raw(request)
    head, _, rest = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    told = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
    return Told(int(lines[0].split()[1]) if lines[0] else 0, told, rest)


def page_of(answer: Told) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return what of an answer is the page's, not the moment's."""
    return answer.status, sorted(pair for pair in answer.headers if pair[0] not in ("Date", "X-Cache")), answer.body


# --- What a request carries -----------------------------------------------------------------------

CARRIED: dict[str, list[bytes]] = {
    "X-Forwarded-Host": [b"X-Forwarded-Host: evil.example"],
    "X-Forwarded-Proto": [b"X-Forwarded-Proto: https"],
    "X-Forwarded-Proto, of nothing": [b"X-Forwarded-Proto: gopher"],
    "X-Forwarded-Proto, empty": [b"X-Forwarded-Proto:"],
    "X-Forwarded-Proto, a list": [b"X-Forwarded-Proto: http, https"],
    "X-Forwarded-Port": [b"X-Forwarded-Port: 1"],
    "X-Forwarded-For": [b"X-Forwarded-For: 6.6.6.6"],
    "X-Forwarded-Prefix": [b"X-Forwarded-Prefix: /evil"],
    "X-Forwarded-Server": [b"X-Forwarded-Server: evil.example"],
    "X-Host": [b"X-Host: evil.example"],
    "X-Original-Host": [b"X-Original-Host: evil.example"],
    "X-Original-URL": [b"X-Original-URL: /my-reservations/"],
    "X-Rewrite-URL": [b"X-Rewrite-URL: /my-reservations/"],
    "X-HTTP-Method-Override": [b"X-HTTP-Method-Override: POST", b"X-Method-Override: DELETE"],
    "Forwarded": [b"Forwarded: for=6.6.6.6;host=evil.example;proto=https"],
    "Accept-Language": [b"Accept-Language: de"],
    "User-Agent": [b"User-Agent: () { :; }; <script>alert(1)</script>"],
    "Referer": [b"Referer: https://evil.example/"],
    "Origin": [b"Origin: https://evil.example"],
    "a session": [b"Cookie: sessionid=" + b"a" * 32 + b"; csrftoken=" + b"b" * 32 + b"; visitor=1"],
    "a malformed cookie": [b'Cookie: csrftoken="\\000"; \xff=\xfe;;=; sessionid'],
    "a huge cookie": [b"Cookie: " + b"a=" + b"b" * 8000],
    "a language cookie": [b"Cookie: django_language=de"],
    "Accept": [b"Accept: application/json"],
    "htmx": [b"HX-Request: true", b"HX-Target: times", b"HX-Boosted: true"],
    "a request by script": [b"X-Requested-With: XMLHttpRequest"],
    "Range": [b"Range: bytes=0-9"],
    "If-Range": [b"Range: bytes=0-9", b'If-Range: "x"'],
    "If-Modified-Since": [b"If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT"],
    "Cache-Control": [b"Cache-Control: no-store, max-age=0", b"Pragma: no-cache"],
    "Content-Type": [b"Content-Type: text/plain; charset=utf-7"],
    "Accept-Charset": [b"Accept-Charset: utf-16"],
    "Connection": [b"Connection: close, Host, Cookie"],
    "TE": [b"TE: trailers"],
    "Save-Data": [b"Save-Data: on", b"Sec-CH-UA-Mobile: ?1", b"DNT: 1"],
    "a name with an underscore": [b"X_Forwarded_Host: evil.example"],
    "what gunicorn keeps for a proxy": [b"PATH_INFO: /my-reservations/", b"REMOTE_USER: root"],
    "Proxy": [b"Proxy: evil.example:1"],
    "what is no text": [b"X-Odd: \xff\xfe\x80"],
    "the host in capitals": [b"Host: LOCALHOST"],
}


@pytest.mark.parametrize("name", CARRIED)
def test_the_stored_page_is_the_same_whatever_the_request_carried_that_filled_it(
    site: Site, here: Restaurant, name: str
) -> None:
    host = b"localhost" if name == "the host in capitals" else b"127.0.0.1"
    clean = {path: page_of(sent(site, f"GET {path}".encode(), host=host)) for path in PATHS}
    forget()
    for path in PATHS:
        filling = sent(site, f"GET {path}".encode(), *CARRIED[name], host=host)
        assert filling.status == 200
        assert "evil" not in filling.body.decode()
        assert "Set-Cookie" not in dict(filling.headers)
    for path in PATHS:
        after = sent(site, f"GET {path}".encode(), host=host)
        assert page_of(after) == clean[path]
        if name != "X-Forwarded-Proto":
            assert after.how == "hit"


def test_headers_split_no_key(site: Site, here: Restaurant) -> None:
    """Three for each page at most: a proxy's word that the visitor came by TLS, the name of the host, and the page."""
    for path in PATHS:
        sent(site, f"GET {path}".encode())
    before = page_keys()
    assert len(before) == len(PATHS)
    for headers in CARRIED.values():
        sent(site, b"GET /", *headers)
    grown = set(page_keys()) - set(before)
    assert {re.sub(r"^.*?(https?:)", r"\1", key) for key in grown} <= {"https://127.0.0.1/?", "http://localhost/?"}


# --- Hosts ------------------------------------------------------------------------------------------

FOREIGN = [
    b"evil.example",
    b"127.0.0.1.evil.example",
    b"127.0.0.1:80@evil.example",
    b"127.0.0.1:80:80",
    b"127.0.0.1:port",
    b"127.0.0.1:",
    b"127.0.0.1 ",
    b"127.0.0.1,evil.example",
    b"127.0.0.1/evil",
    b"127.0.0.1?evil",
    b"127.0.0.1#evil",
    b"[::1",
    b"\xff",
    b"",
    b"..",
    b"*",
]


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_gets_no_page_and_leaves_none(site: Site, here: Restaurant, host: bytes) -> None:
    for _time in range(2):
        answer = sent(site, b"GET /sitemap-1.xml", b"Host: " + host)
        # Padding is no part of a header.
        assert answer.status == (200 if host.strip() == b"127.0.0.1" else 400)
    assert all("evil" not in key for key in keys())
    assert len(page_keys()) == (host.strip() == b"127.0.0.1")
    # And what is stored for the site's own name serves nobody by another.
    sent(site, b"GET /sitemap-1.xml")
    if host.strip() != b"127.0.0.1":
        assert sent(site, b"GET /sitemap-1.xml", b"Host: " + host).how != "hit"


def test_two_hosts_are_no_host(site: Site, here: Restaurant) -> None:
    for first, second in ((b"127.0.0.1", b"evil.example"), (b"evil.example", b"127.0.0.1")):
        answer = sent(site, b"GET /sitemap-1.xml", b"Host: " + first, b"Host: " + second)
        assert answer.status == 400
    assert not page_keys()


def test_a_page_of_one_name_is_not_served_for_another(site: Site, here: Restaurant) -> None:
    """The sitemap holds the host's name."""
    for _time in range(2):
        for host in (b"127.0.0.1", b"localhost", b"localhost:8000", b"[::1]"):
            body = sent(site, b"GET /sitemap-1.xml", host=host).body
            assert set(re.findall(rb"<loc>(http://[^/]+)/", body)) == {b"http://" + host}


def test_a_request_without_a_host_is_answered_and_leaves_no_page(site: Site, here: Restaurant) -> None:
    """An empty name and none at all are not the same (CVE-2026-113593), and neither has a key."""
    answer = Wire(site.url).raw(b"GET / HTTP/1.0\r\n\r\n")
    assert b"X-Cache: bypass" in answer.partition(b"\r\n\r\n")[0]
    assert not page_keys()


@pytest.mark.parametrize(("header", "secure"), [("HTTP_X_FORWARDED_PROTO", "https"), ("HTTP_X_FORWARDED_SSL", "on")])
def test_behind_a_proxy_the_pages_of_tls_are_pages_of_their_own(here: Restaurant, header: str, secure: str) -> None:
    """And who came without it is sent there, by an answer that is not stored."""
    name = header.removeprefix("HTTP_").lower()
    with override_settings(
        SECURE_PROXY_SSL_HEADER=(header, secure), SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=60, CACHE_STRICT=False
    ):
        app = application()
        for given in ({}, {name: ""}, {name: "http"}, {name: f"http, {secure}"}, {"x_other": secure}):
            answer = ask(app, "/sitemap-1.xml", **given)
            assert (answer.status, answer.how) == (301, "bypass")
            assert answer.header("Location") == "https://testserver/sitemap-1.xml"
        assert not page_keys()
        for how, value in (("miss", secure), ("hit", secure), ("hit", f"{secure}, http")):
            answer = ask(app, "/sitemap-1.xml", **{name: value})
            assert (answer.status, answer.how) == (200, how)
            assert answer.header("Strict-Transport-Security") == "max-age=60"
            assert b"<loc>https://testserver/" in answer.body
            assert b"http://testserver" not in answer.body
        assert ask(app, "/sitemap-1.xml").how == "bypass"


@pytest.mark.parametrize("prefix", [b"/evil", b"/restaurants", b"/", b"http://evil.example"])
def test_a_prefix_that_a_request_claims_is_not_in_a_page(site: Site, here: Restaurant, prefix: bytes) -> None:
    """Of the proxies that it trusts gunicorn believes a mounting point, which stands in every link."""
    for _time in range(2):
        answer = sent(site, b"GET /restaurants/here/", b"SCRIPT_NAME: " + prefix)
        assert answer.how != "hit"
    assert not page_keys()
    page = sent(site, b"GET /restaurants/here/").body
    assert b"evil" not in page
    assert b'href="/restaurants/here/menu/"' in page


# --- Targets ------------------------------------------------------------------------------------------

ODD_TARGETS: dict[str, tuple[bytes, set[int]]] = {
    "dots": (b"/restaurants/here/menu/%2e%2e/", {404}),
    "plain dots": (b"/restaurants/here/menu/../", {404}),
    "dots to the private": (b"/my-reservations/%2e%2e/restaurants/here/", {404}),
    "dots from the public": (b"/restaurants/here/..%2f..%2fmy-reservations/", {404}),
    "two slashes": (b"//", {404}),
    "slashes and a host": (b"//evil.example/", {404}),
    "slashes within": (b"/restaurants//here/", {404}),
    "a back slash": (b"/restaurants\\here\\", {404}),
    "a style sheet behind the menu": (b"/restaurants/here/menu/a.css", {404}),
    "a style sheet behind what is private": (b"/my-reservations/a.css", {404}),
    "a style sheet by a parameter of the path": (b"/my-reservations/;a.css", {404}),
    "an encoded query": (b"/my-reservations/%3fa.css", {404}),
    "an encoded end of line": (b"/restaurants/here/%0a", {404}),
    "an encoded header": (b"/restaurants/here/%0d%0aSet-Cookie:%20a=b", {404}),
    "NUL in the path": (b"/restaurants/here%00/", {400}),
    "NUL behind the path": (b"/restaurants/here/%00", {400}),
    "NUL in the query": (b"/?city=%00", {400}),
    "a broken escape": (b"/restaurants/%zz/", {404}),
    "a surrogate": (b"/restaurants/%ed%a0%80/", {404}),
    "what is no UTF-8": (b"/restaurants/%ff/", {404}),
    "capitals": (b"/Restaurants/HERE/", {404}),
    "a slug in capitals": (b"/restaurants/HERE/", {404}),
    "another language": (b"/fr/restaurants/here/", {404}),
    "a language in capitals": (b"/DE/restaurants/here/", {404}),
    "two languages": (b"/de/de/", {404}),
    "no such part": (b"/sitemap-2.xml", {404}),
    "a part with zeros": (b"/sitemap-0001.xml", {404}),
    "a huge part": (b"/sitemap-" + b"9" * 3000 + b".xml", {404}),
    "a long slug": (b"/restaurants/" + b"a" * 3000 + b"/", {404}),
}


@pytest.mark.parametrize("name", ODD_TARGETS)
def test_an_odd_target_is_no_page_and_leaves_none(site: Site, here: Restaurant, name: str) -> None:
    target, statuses = ODD_TARGETS[name]
    before = keys()
    for method in (b"GET", b"HEAD", b"GET"):
        answer = sent(site, method + b" " + target)
        assert answer.status in statuses
        assert answer.how == "bypass"
    # What every page shows, such as the footer, may be there now.
    assert not page_keys()
    assert not [key for key in keys() - before if "slug:" in key]


SAME_PAGE = [
    b"/restaurants/here/",
    b"/restaurants/%68ere/",
    b"/%72estaurants/here/",
    b"/restaurants%2fhere%2F",
    b"/restaurants/here/?utm_source=x",
    b"/restaurants/here/?utm=&utm=1&city=Berlin&page=2&q=x",
    b"/restaurants/here/?%00",
    b"/restaurants/here/?",
    b"/restaurants/here/??",
    b"/restaurants/here/?&&&",
    b"/restaurants/here/?" + b"a" * 3000,
    b"/restaurants/here/?fbclid=" + b"x" * 100,
    b"/restaurants/here/?__proto__=1&_method=DELETE&callback=evil",
    b"/restaurants/here/#evil",
    b"http://127.0.0.1/restaurants/here/",
    b"http://evil.example/restaurants/here/",
    b"http://evil.example:8080/restaurants/here/?utm=1",
]


@pytest.mark.parametrize("target", SAME_PAGE)
def test_what_the_page_does_not_read_makes_no_page_of_its_own(site: Site, here: Restaurant, target: bytes) -> None:
    plain = sent(site, b"GET /restaurants/here/")
    before = keys()
    answer = sent(site, b"GET " + target)
    if b"%00" in target:
        # Refused wherever it stands, or not looked at: both are right.
        assert answer.status in (200, 400)
    else:
        assert answer.how == "hit"
        assert page_of(answer) == page_of(plain)
    assert keys() == before
    forget()
    sent(site, b"GET " + target)
    assert page_of(sent(site, b"GET /restaurants/here/")) == page_of(plain)


def test_parameters_are_read_as_django_reads_them(site: Site, here: Restaurant) -> None:
    """Twice given, the last counts."""
    for query, found in (
        (b"city=Berlin&city=K%C3%B6ln", b"/restaurants/elsewhere/"),
        (b"city=K%C3%B6ln&city=Berlin", b"/restaurants/here/"),
        (b"city=K%c3%b6ln", b"/restaurants/elsewhere/"),
        (b"%63ity=Berlin", b"/restaurants/here/"),
        (b"cuisine=&page=&city=Berlin", b"/restaurants/here/"),
    ):
        for _time in range(2):
            answer = sent(site, b"GET /?" + query)
            assert answer.status == 200
            assert re.findall(rb'href="(/restaurants/[^"]+)"', answer.body) == [found], query
    # Not a separator, as it was long ago.
    assert sent(site, b"GET /?city=Berlin;city=K%C3%B6ln").body.count(b'class="card"') == 0


def test_one_page_of_the_listing_has_one_key(site: Site, here: Restaurant) -> None:
    RestaurantCuisine.objects.create(restaurant=here, cuisine="ice_cream")
    settle()
    sent(site, b"GET /?city=Berlin&cuisine=ice+cream")
    before = keys()
    for query in (
        b"cuisine=ice+cream&city=Berlin",
        b"city=Berlin&utm=1&cuisine=ice%20cream",
        b"page=&city=Berlin&cuisine=ice+cream&q=",
        b"city=x&city=Berlin&cuisine=ice+cream",
    ):
        assert sent(site, b"GET /?" + query).how == "hit"
    assert keys() == before


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


# --- Views that must not be public ------------------------------------------------------------------------------------


@pytest.fixture
def odd() -> Iterator[Callable[..., Told]]:
    """Ask the site with the addresses of `odd_urls`, as a worker of production does."""
    with override_settings(ROOT_URLCONF="tests.caching.odd_urls", CACHE_STRICT=False):
        app = application()
        yield lambda target, method="GET", **headers: ask(app, target, method, **headers)


def refused() -> int:
    """Return how many pages of this process could not be stored."""
    return stats.counts().get(("page", "refused"), 0)


@pytest.mark.parametrize("name", odd_urls.ANSWERS)
def test_what_is_nobody_elses_is_not_stored(odd: Callable[..., Told], name: str) -> None:
    expected = odd_urls.ANSWERS[name]()
    for method in ("GET", "HEAD", "GET"):
        before = refused()
        answer = odd(f"/odd/answering/{quote(name)}/", method, cookie="unrelated=1")
        assert answer.how == "bypass"
        assert answer.status == expected.status_code
        assert refused() == before + 1
        for header, value in expected.headers.items():
            assert answer.header(header) == value
        if method == "GET":
            # The body of an answer to HEAD is left out by the server.
            assert answer.body == getattr(expected, "content", b"")
    assert not page_keys()


@pytest.mark.parametrize("name", odd_urls.TOUCHING)
def test_in_production_what_uses_the_visitors_own_is_made_for_each_and_counted(
    odd: Callable[..., Told], name: str
) -> None:
    make.make_restaurant()
    for _time in range(3):
        before = refused()
        answer = odd(f"/odd/touching/{name}/", cookie="name=me")
        assert (answer.status, answer.how) == (200, "bypass")
        assert refused() == before + 1
    assert not page_keys()


@pytest.mark.parametrize("name", odd_urls.TOUCHING)
@override_settings(ROOT_URLCONF="tests.caching.odd_urls", CACHE_STRICT=True)
def test_in_development_what_uses_the_visitors_own_is_an_error(name: str, caplog: pytest.LogCaptureFixture) -> None:
    make.make_restaurant()
    answer = ask(application(), f"/odd/touching/{name}/", cookie="name=me")
    assert (answer.status, answer.how) == (500, "bypass")
    assert "A public page uses the" in caplog.text
    assert not page_keys()


def test_each_visitor_gets_their_own_from_a_view_that_uses_a_cookie(odd: Callable[..., Told]) -> None:
    assert "nobody" in odd("/odd/touching/reads-cookie/").body.decode()
    for visitor in ("ada", "bob", "ada"):
        assert visitor in odd("/odd/touching/reads-cookie/", cookie=f"name={visitor}").body.decode()
    assert "nobody" in odd("/odd/touching/reads-cookie/", cookie="other=1").body.decode()


def test_each_visitor_gets_their_own_whatever_else_keeps_a_page_from_being_stored(odd: Callable[..., Told]) -> None:
    assert "ada" in odd("/odd/touching/odd-and-own/", cookie="name=ada").body.decode()
    held = "a" * 32
    answer = odd("/odd/missing/", cookie=f"csrftoken={held}")
    assert answer.status == 404
    assert held in answer.header("Set-Cookie") or not answer.header("Set-Cookie"), "a token of their own is replaced"


def test_each_visitor_gets_their_own_session_from_a_view_that_writes_it(odd: Callable[..., Told]) -> None:
    """A first visit is counted once, and a session that is there is gone on with."""

    def visit(cookie: str) -> tuple[str, str]:
        answer = odd("/odd/touching/writes-session/", cookie=cookie)
        found = re.search(r"sessionid=(\w+)", answer.header("Set-Cookie"))
        assert found
        return answer.body.decode(), f"sessionid={found[1]}"

    (one, ada), (other, bob) = visit("x=1"), visit("x=1")
    assert (one, other) == ("<p>visit 1</p>", "<p>visit 1</p>")
    assert ada != bob
    assert visit(ada) == ("<p>visit 2</p>", ada)
    assert visit(ada) == ("<p>visit 3</p>", ada)
    assert visit(bob) == ("<p>visit 2</p>", bob)


def test_a_message_is_shown_to_who_was_told(odd: Callable[..., Told]) -> None:
    told = odd("/odd/touching/writes-message/")
    found = re.search(r"sessionid=(\w+)", told.header("Set-Cookie"))
    assert found
    assert "yours alone" not in odd("/odd/touching/reads-messages/").body.decode()
    assert "yours alone" not in odd("/").body.decode()
    assert "yours alone" in odd("/odd/touching/reads-messages/", cookie=f"sessionid={found[1]}").body.decode()


def test_what_is_around_a_view_may_not_take_a_visitors_cookie_away(odd: Callable[..., Told]) -> None:
    """A page that can't be stored for its cookie is made for the visitor, who keeps the token of their open forms."""
    first = odd("/odd/around/")
    found = re.search(r"csrftoken=(\w+)", first.header("Set-Cookie"))
    assert found
    assert f"csrftoken={found[1]};" in odd("/odd/around/", cookie=f"csrftoken={found[1]}").header("Set-Cookie")
    assert not page_keys()


def test_a_view_sees_nothing_of_a_request_but_what_the_key_holds(odd: Callable[..., Told]) -> None:
    with_much = odd(
        "/odd/seen/?utm=1",
        cookie="name=me",
        accept_language="de",
        user_agent="x",
        accept="application/json",
        hx_request="true",
        x_forwarded_host="evil.example",
        x_forwarded_for="6.6.6.6",
        if_none_match='"x"',
        range="bytes=0-1",
        referer="https://evil.example/",
    )
    assert with_much.how == "miss"
    plain = odd("/odd/seen/")
    assert (plain.how, plain.body) == ("hit", with_much.body)
    forget()
    assert odd("/odd/seen/").body == plain.body
    assert "testserver" in plain.body.decode()


@pytest.mark.parametrize("sent", ["K%C3%B6ln", "Köln".encode().decode("latin-1"), "Köln"])
def test_a_query_is_read_as_django_reads_it_also_where_it_is_not_encoded(odd: Callable[..., Told], sent: str) -> None:
    stored = odd(f"/odd/echo/a?city={sent}")
    assert stored.how == "miss"
    assert "'Köln'" in stored.body.decode()


def test_an_encoded_question_mark_does_not_make_a_path_into_a_query(odd: Callable[..., Told]) -> None:
    """Else who asks for the one would fill the page of the other."""
    as_path = odd("/odd/echo/a%3Fcity=Berlin")
    as_query = odd("/odd/echo/a?city=Berlin")
    assert "'a?city=Berlin' and None" in as_path.body.decode()
    assert "'a' and 'Berlin'" in as_query.body.decode()
    assert (as_path.how, as_query.how) == ("miss", "miss")


def test_a_page_that_is_not_public_is_each_visitors_own(odd: Callable[..., Told]) -> None:
    for visitor in ("ada", "bob"):
        answer = odd("/odd/private/", cookie=f"name={visitor}")
        assert (answer.body.decode(), answer.how) == (f"<p>{visitor}</p>", "bypass")
    assert not page_keys()


def test_sessions_that_are_saved_with_every_request_set_no_cookie_on_a_page() -> None:
    """CVE-2026-35192: neither is a session's cookie stored, nor does anybody get another's."""
    make.make_venue(slug="here")
    with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
        app = application()
        wire = ask(app, "/my-reservations/")
        assert wire.status == 200
        for cookie in ("sessionid=" + "a" * 32, "", "sessionid=" + "b" * 32):
            answer = ask(app, "/restaurants/here/", cookie=cookie)
            assert answer.header("Set-Cookie") == ""
            assert answer.status == 200
        assert answer.how == "hit"


def test_a_stored_page_holds_no_cookie_and_no_nonce(site: Site, here: Restaurant) -> None:
    for path in PATHS:
        sent(site, f"GET {path}".encode(), b"Cookie: csrftoken=" + b"c" * 32)
    client = caches["pages"].client.get_client()  # type: ignore[attr-defined]
    for key in page_keys():
        entry = entries.decode(client.get(key))
        assert entry is not None
        page = http.decode(entry.payload)
        text = f"{page.headers} {page.plain().decode()}".lower()
        for never in ("set-cookie", "nonce", "csrfmiddlewaretoken", "sessionid", "c" * 32):
            assert never not in text


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
    assert b"<h1><bdi>Here</bdi></h1>" in sent(site, b"GET /restaurants/here/").body


def test_a_page_without_tokens_is_none(site: Site, here: Restaurant) -> None:
    """After a flush of tokens alone nothing proves that a page is right."""
    with both_workers(site) as workers:
        for worker in workers:
            worker.get("/restaurants/here/")
        raw: Any = store("default").client.get_client()
        raw.delete(*[key for key in raw.keys("*") if key.startswith(b"t:")])
        assert [worker.get("/restaurants/here/").how for worker in workers] == ["miss", "hit"]
