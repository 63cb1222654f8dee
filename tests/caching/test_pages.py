"""Whole pages as they are served: what a hit is and costs, and what HTTP asks of it."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable

import pytest
import time_machine

from reservations.models import Restaurant
from restaurant_site.caching.pages import layer
from restaurant_site.caching.store import Store
from tests.caching.asking import application, ask, both_workers, forget
from tests.caching.pages_here import PAGES, PROTECTING, told
from tests.caching.probes import costs
from tests.conftest import Site
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)

# --- Hit and miss -----------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_the_second_visitor_gets_the_page_of_the_first(site: Site, here: Restaurant, name: str) -> None:
    first, second = Wire(site.url).get(PAGES[name]), Wire(site.url).get(PAGES[name])
    assert (first.status, second.status) == (200, 200)
    if name == "second page of the listing":
        # There is but one page: a number beyond it is one of endlessly many.
        assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("bypass", "bypass")
        return
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("miss", "hit")
    assert first.body == second.body
    assert told(first) == told(second)


@pytest.mark.parametrize("name", ["home", "restaurant", "menu", "sitemap"])
def test_a_hit_protects_as_a_miss_does(site: Site, here: Restaurant, name: str) -> None:
    answers = [Wire(site.url).get(PAGES[name]) for _time in range(2)]
    assert [answer.headers["X-Cache"] for answer in answers] == ["miss", "hit"]
    for header in PROTECTING:
        values = {answer.headers[header] for answer in answers}
        assert len(values) == 1, header
        assert values.pop(), header
    assert "nonce" not in answers[1].headers["Content-Security-Policy"]
    assert "Set-Cookie" not in answers[1].headers
    assert answers[1].headers["Cache-Control"] == "no-cache"


def test_both_workers_serve_one_page(site: Site, here: Restaurant) -> None:
    with both_workers(site) as (first, second):
        assert [worker.get("/restaurants/here/").how for worker in (first, second, first)] == ["miss", "hit", "hit"]


ANSWERED: list[tuple[str, str, dict[str, str], str]] = [
    ("GET", "/", {}, "miss hit"),
    ("HEAD", "/", {}, "miss hit"),
    ("GET", "/?q=ere", {}, "bypass"),
    ("GET", "/?city=Nowhere", {}, "bypass"),
    ("GET", "/restaurants/nowhere/", {}, "bypass"),
    ("GET", "/nowhere", {}, "bypass"),
    ("GET", "/my-reservations", {}, "bypass"),
    ("GET", "/my-reservations/", {}, "bypass"),
    ("GET", "/my-reservations/next/", {}, "bypass"),
    ("GET", "/restaurants/here/times/", {}, "bypass"),
    ("GET", "/healthz", {}, "bypass"),
    ("GET", "/readyz", {}, "bypass"),
    ("GET", "/static/css/base.css", {}, "bypass"),
    ("GET", "/admin/login/", {}, "bypass"),
    ("GET", "/", {"Host": "evil.example"}, "bypass"),
    ("GET", "/", {"Authorization": "Basic eDp5"}, "bypass"),
    ("POST", "/", {}, "bypass"),
    ("OPTIONS", "/", {}, "bypass"),
    ("DELETE", "/restaurants/here/", {}, "bypass"),
]


@pytest.mark.parametrize(("method", "path", "headers", "hows"), ANSWERED)
def test_every_answer_says_where_it_came_from(
    site: Site, here: Restaurant, method: str, path: str, headers: dict[str, str], hows: str
) -> None:
    expected = hows.split()
    for how in (*expected, expected[-1]):
        answer = Wire(site.url).ask(method, path, b"", **headers)
        assert answer.headers.get_all("X-Cache") == [how]
        assert answer.status < 500


def test_an_aged_page_says_so(here: Restaurant) -> None:
    """While one makes it anew, the others are served the old one."""
    app = application()
    assert [ask(app, "/restaurants/here/").how for _time in range(2)] == ["miss", "hit"]
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=12)), pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "claim", lambda self, *args: (False, self.fetch(args[-1])))
        answer = ask(app, "/restaurants/here/")
    assert (answer.status, answer.how) == (200, "stale")


# --- What a hit costs ---------------------------------------------------------------


def beat() -> None:
    """Ask Redis whether it is there, as each worker's heartbeat does in a thread of its own."""
    layer.store.gate.beat()


@pytest.mark.parametrize("name", [name for name in PAGES if name != "second page of the listing"])
def test_a_hit_is_one_round_trip_and_no_sql(here: Restaurant, name: str) -> None:
    app = application()
    assert ask(app, PAGES[name]).how == "miss"
    for method in ("GET", "HEAD"):
        beat()
        with costs() as cost:
            assert ask(app, PAGES[name], method).how == "hit"
        assert (cost.sql, cost.trips) == (0, 1)


@pytest.mark.parametrize("name", ["home", "restaurant", "menu", "part of the sitemap"])
def test_a_worker_that_does_not_know_the_page_asks_twice(here: Restaurant, name: str) -> None:
    assert ask(application(), PAGES[name]).how == "miss"
    app = application()
    trips = []
    for _time in range(2):
        beat()
        with costs() as cost:
            assert ask(app, PAGES[name]).how == "hit"
        assert cost.sql == 0
        trips.append(cost.trips)
    assert trips == [2, 1]


def test_a_page_that_has_not_changed_costs_a_browser_no_body_and_the_site_one_trip(here: Restaurant) -> None:
    app = application()
    etag = ask(app, "/restaurants/here/").header("ETag")
    beat()
    with costs() as cost:
        answer = ask(app, "/restaurants/here/", if_none_match=etag)
    assert (answer.status, answer.how, answer.body) == (304, "hit", b"")
    assert (cost.sql, cost.trips) == (0, 1)


def test_a_hit_never_enters_django(here: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
    app = application()
    ask(app, "/restaurants/here/")
    monkeypatch.setattr(app.application, "application", None)
    assert ask(app, "/restaurants/here/").how == "hit"


# --- HEAD, encodings, conditions --------------------------------------------------------


@pytest.mark.parametrize("first", ["GET", "HEAD"])
def test_head_tells_what_get_would_and_fills_the_same_page(site: Site, here: Restaurant, first: str) -> None:
    wire = Wire(site.url)
    for headers in ({}, {"Accept_Encoding": "gzip"}):
        forget()
        assert wire.ask(first, "/restaurants/here/", b"", **headers).headers["X-Cache"] == "miss"
        got = wire.get("/restaurants/here/", **headers)
        head = wire.ask("HEAD", "/restaurants/here/", b"", **headers)
        assert (got.headers["X-Cache"], head.headers["X-Cache"]) == ("hit", "hit")
        assert head.body == b""
        assert len(got.body) > 1000
        assert head.status == got.status == 200
        assert told(head) == told(got)


def test_head_is_answered_without_a_body_on_the_wire(site: Site, here: Restaurant) -> None:
    """Read as bytes: a client that knows of HEAD would leave a body lying."""
    for _time in range(2):
        answer = Wire(site.url).raw(b"HEAD /restaurants/here/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert body == b""


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        (None, False),
        ("", False),
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("gzip;q=0.001", True),
        ("gzip ; q = 0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip; Q=0", False),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("*, gzip;q=0", False),
        ("identity", False),
        ("deflate, br", False),
        ("gzipped", False),
        ("gzip;q=nonsense", False),
        ("gzip;q=nan", False),
        (",,;,=;q=,", False),
        ("identity;q=0, *;q=0", False),
        ("\xff", False),
    ],
)
def test_gzip_is_for_who_takes_it(site: Site, here: Restaurant, accepted: str | None, zipped: bool) -> None:
    line = b"" if accepted is None else b"Accept-Encoding: " + accepted.encode("latin-1") + b"\r\n"
    bodies = []
    for _time in range(2):
        answer = Wire(site.url).raw(
            b"GET /restaurants/here/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + line + b"\r\n"
        )
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert (b"\r\nContent-Encoding: gzip\r\n" in head + b"\r\n") is zipped
        assert b"\r\nVary: Accept-Encoding" in head
        assert f"\r\nContent-Length: {len(body)}\r\n".encode() in head + b"\r\n"
        bodies.append(gzip.decompress(body) if zipped else body)
    assert bodies[0] == bodies[1]
    assert bodies[0].rstrip().endswith(b"</html>")


def test_both_encodings_hold_the_same_page(site: Site, here: Restaurant) -> None:
    wire = Wire(site.url)
    plain, zipped = wire.get("/restaurants/here/"), wire.get("/restaurants/here/", Accept_Encoding="gzip")
    assert gzip.decompress(zipped.body) == plain.body
    assert len(zipped.body) < len(plain.body) / 2
    assert plain.headers["ETag"] == zipped.headers["ETag"]
    # Weak: it names two sequences of bytes.
    assert plain.headers["ETag"].startswith('W/"')


CONDITIONS: dict[str, tuple[Callable[[str], str], bool]] = {
    "its tag": (lambda tag: tag, True),
    "the strong form of it": (lambda tag: tag.removeprefix("W/"), True),
    "anything": (lambda _tag: "*", True),
    "a list": (lambda tag: f'"a", W/"b",{tag} , "c"', True),
    "a list without spaces": (lambda tag: f'"a",{tag}', True),
    "padding": (lambda tag: f"  {tag}\t", True),
    "another tag": (lambda _tag: 'W/"other"', False),
    "an empty tag": (lambda _tag: '""', False),
    "a list of others": (lambda _tag: '"a", "b"', False),
    "without quotes": (lambda tag: tag.removeprefix("W/").strip('"'), False),
    "a part of it": (lambda tag: tag[:-5] + '"', False),
    "garbage": (lambda _tag: 'W/,"",\\";;=', False),
    "what is no text": (lambda _tag: "\xff\xfe", False),
    "nothing": (lambda _tag: "", False),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditional_requests(site: Site, here: Restaurant, name: str) -> None:
    form, matches = CONDITIONS[name]
    wire = Wire(site.url)
    etag = wire.get("/restaurants/here/").headers["ETag"]
    for method in ("GET", "HEAD"):
        answer = wire.ask(method, "/restaurants/here/", If_None_Match=form(etag))
        assert (answer.status, answer.headers["ETag"]) == (304 if matches else 200, etag)
        assert answer.headers["X-Cache"] == "hit"


def test_what_has_not_changed_is_sent_without_a_body(site: Site, here: Restaurant) -> None:
    """Also where the page has to be made first; and whatever the client takes."""
    wire = Wire(site.url)
    full = wire.get("/restaurants/here/")
    for how in ("hit", "miss"):
        for method, accepted in (("GET", "gzip"), ("GET", "identity"), ("HEAD", "gzip")):
            if how == "miss":
                forget()
            answer = wire.ask(
                method, "/restaurants/here/", If_None_Match=full.headers["ETag"], Accept_Encoding=accepted
            )
            assert (answer.status, answer.body, answer.headers["X-Cache"]) == (304, b"", how)
            for header in ("ETag", "Cache-Control", "Vary", *PROTECTING):
                assert answer.headers[header] == full.headers[header], header
            for header in ("Content-Type", "Content-Encoding", "Transfer-Encoding", "Set-Cookie"):
                assert header not in answer.headers


def test_a_changed_page_has_another_tag(site: Site, here: Restaurant) -> None:
    wire = Wire(site.url)
    before = wire.get("/restaurants/here/").headers["ETag"]
    here.tagline = "New"
    here.save()
    answer = wire.get("/restaurants/here/", If_None_Match=before)
    assert answer.status == 200
    assert answer.headers["ETag"] != before
    here.tagline = ""
    here.save()
    # Made anew, and the same again.
    assert wire.get("/restaurants/here/", If_None_Match=before).status == 304
