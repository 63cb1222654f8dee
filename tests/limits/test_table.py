"""No form of the public site is forgotten, and the document shows what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.converters import IntConverter

from restaurant_site.limits.table import KINDS, OTHER, kind_of
from tests.factories import make_restaurant

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "limits.md"


def patterns(within: Any, namespaces: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], URLPattern]]:
    for found in within:
        if isinstance(found, URLResolver):
            here = (*namespaces, found.namespace) if found.namespace else namespaces
            yield from patterns(found.url_patterns, here)
        else:
            yield namespaces, found


def public() -> list[URLPattern]:
    return [found for spaces, found in patterns(get_resolver().url_patterns) if not spaces]


def address(found: URLPattern, slug: str) -> str:
    if found.name == "photo":
        # Its shape is an expression of its own.
        return reverse("photo", kwargs={"name": "0" * 32, "width": 480})
    if found.name == "picture":
        return reverse("picture", kwargs={"slug": slug, "digest": "0" * 12})
    asked = found.pattern.converters
    given = {name: 1 if isinstance(converter, IntConverter) else "x" for name, converter in asked.items()}
    return reverse(str(found.name), kwargs=given | ({"slug": slug} if "slug" in asked else {}))


@pytest.mark.django_db
def test_every_form_that_is_open_to_the_public_has_a_class_of_its_own() -> None:
    slug = make_restaurant().slug
    forms = set()
    for found in public():
        assert found.name, f"{found.pattern} has no name by which it could be limited"
        url = address(found, slug)
        answer = Client().post(url)
        # A page of staff's asks who signs in instead.
        if answer.status_code != 405 and b'id="login-form"' not in answer.content:
            forms.add(found.name)
    # So that the walk is known to find something.
    assert {"hold", "find", "waitlist", "admin_password_reset", "cancel"} <= forms
    unnamed = {name for name in forms if kind_of(name, "POST", {}, is_staff_page=False) in (None, OTHER)}
    assert unnamed == set()
    assert kind_of("one_of_tomorrow", "POST", {}, is_staff_page=False) is OTHER
    login = kind_of("admin:login", "POST", {}, is_staff_page=True)
    assert login is not None
    assert login.name == "sign-in"


def test_every_name_of_the_table_is_an_address() -> None:
    known = {":".join((*spaces, str(found.name))) for spaces, found in patterns(get_resolver().url_patterns)}
    assert {view for kind in KINDS for view in kind.views} <= known
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_one_class_for_each_view_and_method() -> None:
    """Two would count a request twice; a class of searches alone is told by its parameter."""
    placed = [(view, method) for kind in KINDS for view in kind.views for method in kind.methods]
    assert len(placed) == len(set(placed))


def test_the_document_shows_the_table() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", DOCUMENT.read_text("utf-8"), re.M)
    table = [
        (
            kind.name,
            kind.what,
            limit.rate.replace("/hour", " an hour").replace("/", " a "),
            " and ".join(limit.per),
            limit.why,
        )
        for kind in (*KINDS, OTHER)
        for limit in kind.limits
    ]
    assert rows == table
