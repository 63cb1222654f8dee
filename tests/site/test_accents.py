"""The accent of a restaurant: chosen by staff, checked, on its pages, and gone from the cache once it changes."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from reservations.models import Restaurant
from restaurant_site.accents import address
from tests.factories import make_restaurant, make_staff
from tests.photos.desk import errors, send

pytestmark = pytest.mark.django_db


def sheet_of(path: str) -> str:
    """Return the address of the accent that a page links."""
    body = Client().get(path).content.decode()
    (found,) = re.findall(r'<link rel="stylesheet" href="(/accents/[^"]+)">', body)
    return str(found)


def test_each_page_of_a_restaurant_has_its_accent() -> None:
    make_restaurant(slug="here", accent="#8a1f2b")
    make_restaurant(slug="there")
    for path in ("", "menu/", "privacy/", "waitlist/", "request/"):
        assert sheet_of(f"/restaurants/here/{path}") == address("#8a1f2b")
    assert sheet_of("/restaurants/there/") == sheet_of("/restaurants/there/menu/") != address("#8a1f2b")


def test_the_sheet_is_kept_for_ever_and_only_a_colour_that_works_has_one() -> None:
    answer = Client().get(address("#8a1f2b"))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/css")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content.startswith(b":root{--accent:light-dark(#8a1f2b,")
    assert not answer.cookies
    # Of a release that mixes colours otherwise: right, but not for ever.
    assert Client().get("/accents/8a1f2b-00000000.css")["Cache-Control"] == "public, max-age=60"
    for name in (
        "ffffff-00000000",
        "8a1f2b",
        "zzzzzz-00000000",
        "8A1F2B-00000000",
        "8a1f2b-00000000;",
        "%00",
        "a" * 500,
    ):
        assert Client().get(f"/accents/{name}.css").status_code in (400, 404), name


@pytest.mark.parametrize("text", ["red", "#8A1F2B", "8a1f2b", "#fff", "#1234567", "\x00", "#12345g"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Restaurant(name="X", slug="x", timezone="UTC", currency="EUR", accent=text).full_clean()


@pytest.mark.django_db(transaction=True)
def test_staff_choose_an_accent_and_are_told_of_the_nearest() -> None:
    place = make_restaurant(slug="here")
    client = Client()
    client.force_login(make_staff())
    (refusal,) = errors(send(client, place, accent="#FFE100"))["accent"]
    assert "#ffe100 is too light" in refusal
    found = re.search(r"nearest colour that works is (#[0-9a-f]{6})", refusal)
    assert found is not None
    nearest = found[1]
    assert errors(send(client, place, accent="teal"))["accent"] == [
        "Write the colour with six digits, such as #1f5a48."
    ]
    before = sheet_of("/restaurants/here/")
    assert send(client, place, accent=nearest.upper().removeprefix("#")).status_code == 302
    place.refresh_from_db()
    assert place.accent == nearest
    # The page follows at once.
    assert sheet_of("/restaurants/here/") == address(nearest)
    assert send(client, place, accent="").status_code == 302
    assert sheet_of("/restaurants/here/") == before
