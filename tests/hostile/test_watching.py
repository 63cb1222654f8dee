"""What a crawl takes for wrong: each can be seen."""

from __future__ import annotations

import pytest

from tests.hostile.browser import Answer
from tests.hostile.reading import read
from tests.hostile.watching import leaves, wrong_with


@pytest.mark.parametrize(
    "where",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:zqx()",
        "\t//evil.example",
        "http:\\\\e",
    ],
)
def test_addresses_that_leave(where: str) -> None:
    assert leaves(where)


@pytest.mark.parametrize("where", ["/", "/a//evil.example", "?next=//evil.example", "http://testserver/a", "../a"])
def test_addresses_that_stay(where: str) -> None:
    assert not leaves(where)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(500, [], b"", "KeyError"), "500 KeyError"),
        (Answer(302, [("Location", "//evil.example/")], b"", ""), "leads to"),
        (Answer(200, [("Set-Cookie", "zqh=1")], b"", ""), "injected"),
        (Answer(200, [("Content-Type", "text/html")], b"<p>zq<script>zqx()</script>", ""), "runs what was typed"),
        (Answer(200, [("Content-Type", "text/html")], b"<p>zq49", ""), "runs what was typed"),
        (Answer(200, [("Content-Type", "text/html")], b"Traceback (most recent call last)", ""), "inside"),
    ],
)
def test_answers_that_are_wrong(answer: Answer, says: str) -> None:
    assert says in " ".join(wrong_with(answer, typed=True))


def test_forms_are_read_as_a_browser_sends_them() -> None:
    page = read(
        '<form id="a" action="/x/" method="post"><input name="a" value="1"><input type="checkbox" name="b">'
        '<select name="c"><option value="2">two</option><option value="3" selected></select>'
        '<textarea name="d">\nfour</textarea><button name="e" value="5" formaction="/y/">go</button><button>no</button>'
        '</form><input form="a" name="f" value="6"><a href="z/">z</a><button hx-post="/h/">h</button>',
        "http://testserver/p/",
    )
    assert page.links == ["http://testserver/p/z/"]
    sent = [(form.method, form.action.removeprefix("http://testserver"), form.pairs()) for form in page.forms]
    fields = [("a", "1"), ("c", "3"), ("d", "four"), ("f", "6")]
    assert sent == [("POST", "/y/", [*fields, ("e", "5")]), ("POST", "/x/", fields), ("POST", "/h/", [])]
