"""What is sent to poison or split the cache of whole pages: headers, hosts, targets."""

from __future__ import annotations

import re

import pytest
from django.test import override_settings

from reservations.models import Restaurant, RestaurantCuisine
from tests.caching.asking import application, ask, forget, keys, page_keys, settle
from tests.caching.sending import PATHS, page_of, sent
from tests.conftest import Site
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)

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
