"""Error pages: in the site's design and the address's language, without the database, never a bare answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.test import Client

from reservations.queries import venue
from tests.conftest import Site
from tests.factories import days_ahead, make_venue
from tests.pages import read
from tests.wire import Wire

Ask = Callable[[Client], Any]

PAGES: dict[str, tuple[int, str, Ask]] = {
    "a bad host": (400, "We could not read this request", lambda c: c.get("/", headers={"host": "evil.example"})),
    "no host": (400, "We could not read this request", lambda c: c.get("/", headers={"host": ""})),
    "NUL in the path": (400, "We could not read this request", lambda c: c.get("/restaurants/a%00b/")),
    "NUL in the query": (400, "We could not read this request", lambda c: c.get("/?city=%00")),
    "too many fields": (
        413,
        "more text than we can take",
        lambda c: c.post("/admin/login/", {f"f{n}": n for n in range(2100)}),
    ),
    "a large body": (413, "more text than we can take", lambda c: c.post("/my-reservations/", {"x": "y" * 2_000_000})),
    "an unknown page": (404, "There is nothing here", lambda c: c.get("/wp-login.php")),
    "an unknown language": (404, "There is nothing here", lambda c: c.get("/fr/")),
    "no token": (403, "Please send that once more", lambda c: c.post("/admin/login/", {"username": "a"})),
}


@pytest.mark.parametrize("name", PAGES)
def test_an_error_is_a_page_that_needs_no_database(name: str) -> None:
    """Without the mark for it, pytest-django refuses every query, also those of a session."""
    status, heading, ask = PAGES[name]
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = client.cookies["csrftoken"] = "a" * 32
    response = ask(client)
    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    page = read(response)
    assert heading in page.headings[0]
    assert page.title == page.headings[0]
    assert page.links["To the home page"] == "/"
    assert page.links["My reservations"] == "/my-reservations/"
    assert "sessionid" not in response.cookies


@pytest.mark.parametrize("name", ["NUL in the query", "a large body", "an unknown page"])
def test_an_error_is_in_the_language_of_its_own_address(name: str) -> None:
    """The same thread served another language just before."""
    status, _heading, ask = PAGES[name]
    client = Client()
    german = client.get("/de/nothing/")
    assert read(german).language == "de"
    response = ask(client)
    assert response.status_code == status
    assert read(response).language == "en"
    assert response["Content-Language"] == "en"


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_while_the_database_is_away_the_answer_is_503(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(venue, "only_slug", fail)
    for url in ("/", "/de/"):
        response = Client(raise_request_exception=False).get(url)
        assert response.status_code == 503
        assert response["Retry-After"] == "30"
        assert read(response).language == ("de" if url == "/de/" else "en")
    assert "We can't look that up right now" in read(Client(raise_request_exception=False).get("/")).headings


@pytest.mark.parametrize("error", [RuntimeError("a bug"), ProgrammingError("no such column"), KeyError("x")])
def test_a_bug_is_a_page_and_tells_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(venue, "only_slug", fail)
    response = Client(raise_request_exception=False).get("/")
    assert response.status_code == 500
    assert "Retry-After" not in response
    page = read(response)
    assert page.headings == ["Something went wrong on our side"]
    assert str(error) not in page.text


@pytest.mark.django_db
def test_a_page_with_a_post_has_no_link_to_another_language() -> None:
    """Following it would lose what was typed, or end at an address that takes forms alone."""
    place = make_venue()
    response = Client().post(f"/restaurants/{place.slug}/hold/", {"start": "x"})
    assert response.status_code == 400
    assert "Deutsch" not in read(response).links


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/my-reservations", "/restaurants/x", "/admin", "/de"])
def test_a_forgotten_slash_is_added(url: str) -> None:
    response = Client().get(url + "?a=1")
    assert (response.status_code, response["Location"]) == (301, f"{url}/?a=1")


# --- As served --------------------------------------------------------------


def request_of(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """Return the bytes of a request, for the served host unless another is named."""
    host = () if any(header.startswith(b"Host:") for header in headers) else (b"Host: 127.0.0.1",)
    return b"\r\n".join([line + b" HTTP/1.1", *host, b"Connection: close", *headers, b"", body])


COOKIE = b'Cookie: sessionid="\\000aaaaaaaaaaaaaaaa"; browser="\\000"; \xff=\xfe'


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        (b"GET /", [b"Host: evil.example"], 400),
        (b"GET /", [b"Host: 127.0.0.1:port"], 400),
        (b"GET /", [b"Host: a b"], 400),
        (b"GET /%00", [], 400),
        (b"GET //[x", [], 404),
        (b"GET //evil.example/%2e%2e", [], 404),
        (b"GET /restaurants/%ed%a0%80/", [], 404),
        (b"GET /%ff%fe", [], 404),
        (b"GET /?q=%ff&%ed%a0%80=%c0%80", [], 200),
        (b"GET /my-reservations/", [COOKIE], 200),
        (b"GET /my-reservations/", [b"Cookie: " + b"a=b; " * 1000], 200),
        (b"GET /", [b"Accept: \xff\xfe;q=x,,;", b"Accept-Language: *;q=9", b"HX-Request: \xff"], 200),
        (b"BREW /", [], 403),
        (b"POST /my-reservations/", [b"Content-Length: 0"], 403),
        (b"POST /my-reservations/", [b"Content-Type: multipart/form-data", b"Content-Length: 0"], 403),
    ],
)
def test_gunicorn_answers_what_no_browser_sends(
    site: Site, request_line: bytes, headers: list[bytes], status: int
) -> None:
    make_venue()
    make_venue()
    answer = Wire(site.url).raw(request_of(request_line, *headers))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status), head
    assert b"Content-Security-Policy: default-src 'self'" in head
    assert read(body).links["Tafel"] == "/"


@pytest.mark.parametrize(
    "request_bytes",
    [
        request_of(b"GET /\xff\xfe"),
        request_of(b"GET /", b"Content-Length: -1"),
        request_of(b"GET /", b"Content-Length: 1\r\nContent-Length: 2"),
        request_of(b"GET /", b"No colon"),
        request_of(b"GET /", b"X: " + b"a" * 10_000),
        request_of(b"GET /" + b"a" * 10_000),
        b"nonsense\r\n\r\n",
        request_of(b"POST /", b"Transfer-Encoding: chunked", body=b"zz\r\n"),
    ],
)
def test_what_is_no_request_is_refused_and_breaks_nothing(site: Site, request_bytes: bytes) -> None:
    make_venue()
    answer = Wire(site.url).raw(request_bytes)
    assert answer[:12].split(b" ")[-1] in (b"400", b"403", b"404", b"405", b"414", b"431", b"")
    assert Wire(site.url).get("/").status == 200


@pytest.mark.parametrize("charset", ["hex", "base64", "rot13", "utf-7", "raw_unicode_escape", "idna", "undefined", "x"])
def test_a_claimed_charset_is_not_believed(site: Site, charset: str) -> None:
    restaurant = make_venue()
    date = days_ahead(restaurant).isoformat()
    wire = Wire(site.url)
    query = "/?city=%2B2AA-%5Cud800"
    assert wire.get(query, Content_Type=f"text/plain; charset={charset}").status == 200
    assert wire.get("/healthz?x=%41", Content_Type=f"text/plain; charset={charset}").status == 200
    # Of a coming day: late in the evening today has no time left, and so no form.
    wire.get(f"/restaurants/{restaurant.slug}/times/?date={date}&party=2")
    fields = {
        "csrfmiddlewaretoken": wire.cookies["csrftoken"],
        "date": date,
        "party": "2",
        "start": "nonsense",
        "key": "12345678",
        "note": "+2AA-\\ud800",
    }
    for body, kind in (
        (urlencode(fields), "application/x-www-form-urlencoded"),
        (
            "".join(f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
            + "--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
    ):
        path = f"/restaurants/{restaurant.slug}/hold/"
        answer = wire.ask("POST", path, body.encode(), Content_Type=f"{kind}; charset={charset}")
        assert answer.status == 400
        assert "This time can't be read" in answer.page.text
