"""Views that would leak one visitor's content through the cache of whole pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from django.core.cache import caches
from django.test import override_settings

from reservations.models import Restaurant
from restaurant_site.caching import entries, http, stats
from tests import factories as make
from tests.caching import odd_urls
from tests.caching.asking import Told, application, ask, forget, page_keys
from tests.caching.sending import PATHS, sent
from tests.conftest import Site

pytestmark = pytest.mark.django_db(transaction=True)

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
