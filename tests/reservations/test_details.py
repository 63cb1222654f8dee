"""Who comes: what is asked of a diner, what is refused and kept, and what the browser remembers."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant
from reservations.reasons import diner_text
from tests.factories import (
    make_table,
    make_venue,
)
from tests.pages import read
from tests.reservations.diner import EVERYTHING, TYPED, Diner, status

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def place() -> Restaurant:
    return make_venue(tables=(2, 4))


@pytest.fixture
def one_table() -> Restaurant:
    return make_venue(tables=(2,))


# --- The details ------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"name": ""}, "name", "Tell the restaurant whom to expect."),
        ({"name": "   "}, "name", "Tell the restaurant whom to expect."),
        ({"email": ""}, "email", "Give an address for the confirmation."),
        ({"email": "ada@"}, "email", "Enter a valid email address."),
        # Each of these letters becomes two when the address is normalised.
        ({"email": "ada@" + ("ﬀ" * 31 + ".") * 6 + "example"}, "email", "at most 254 characters"),
        ({"phone": ""}, "phone", "Give a number at which you can be reached."),
        ({"phone": "12"}, "phone", "This is not a phone number that can be called."),
        ({"phone": "call me"}, "phone", "This is not a phone number that can be called."),
        ({"phone": "030 1234567 ext. 5"}, "phone", "This is not a phone number that can be called."),
        ({"children": "3"}, "children", "There are 2 guests in all, children included."),
        ({"children": "-1"}, "children", "greater than or equal to 0"),
        ({"children": "one"}, "children", "whole number"),
        ({"children": "1", "high_chairs": "2"}, "high_chairs", "There are more high chairs than children."),
        ({"occasion": "wake"}, "occasion", "wake is not one of the available choices"),
        ({"dietary_needs": "x" * 301}, "dietary_needs", "at most 300 characters"),
        ({"note": "x" * 1001}, "note", "at most 1000 characters"),
        ({"name": "x" * 121}, "name", "at most 120 characters"),
    ],
)
def test_what_is_wrong_is_said_and_everything_kept(
    place: Restaurant, typed: dict[str, str], field: str, says: str
) -> None:
    diner = Diner(place)
    held = diner.hold()
    sent = {**EVERYTHING, **typed}
    response = diner.confirm(held, **sent)
    assert response.status_code == 400
    page = read(response)
    assert any(says in alert for alert in page.alerts), page.alerts
    assert f'href="#id_{field}"' in response.content.decode()
    kept = page.form(diner.details_url(held)).values
    expected = {name: value for name, value in sent.items() if name != "needs_step_free"}
    if field == "occasion":
        expected["occasion"] = ""
    assert {name: kept[name] for name in expected} == expected
    assert status(held) == Status.HELD
    # And it can still be put right.
    assert diner.confirm(held).status_code == 302


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("DE", "030/765-43 21", "+49307654321"),
        ("DE", "+44 20 7946 0958", "+442079460958"),
        ("DE", "0044 20 7946 0958", "+442079460958"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("", "+81 3-1234-5678", "+81312345678"),
        ("AE", "٠٤ ١٢٣ ٤٥٦٧", "+97141234567"),
    ],
)
def test_phone_numbers_are_read_as_people_write_them(country: str, typed: str, kept: str) -> None:
    place = make_venue(country=country)
    Diner(place).book(phone=typed)
    assert Reservation.objects.get().phone == kept


def test_addresses_are_kept_in_one_spelling(place: Restaurant) -> None:
    Diner(place).book(email="  ADA@Example.ORG ")
    assert Reservation.objects.get().email == "ada@example.org"


@pytest.mark.parametrize("party", [1, 2])
def test_children_are_within_the_covers(place: Restaurant, party: int) -> None:
    diner = Diner(place)
    assert diner.confirm(diner.hold(party=party), children=str(party)).status_code == 302


def test_step_free_access_moves_the_party(place: Restaurant) -> None:
    level = make_table(place, seats=6, is_step_free=True)
    Diner(place).book(needs_step_free="on")
    assert set(Reservation.objects.get().claims.values_list("table", flat=True)) == {level.pk}


def test_step_free_access_that_cannot_be_had_is_said(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    response = diner.confirm(held, **{**EVERYTHING, "needs_step_free": "on"})
    assert response.status_code == 409
    page = read(response)
    assert any(diner_text(Reason.NO_STEP_FREE_TABLE) in alert for alert in page.alerts)
    assert page.form(diner.details_url(held)).values["needs_step_free"] == "on"
    assert page.form(diner.details_url(held)).values["note"] == EVERYTHING["note"]
    assert status(held) == Status.HELD


def test_the_step_free_search_is_the_forms_beginning(place: Restaurant) -> None:
    make_table(place, seats=6, is_step_free=True)
    diner = Diner(place)
    held = diner.hold(step_free="on")
    assert diner.details(held).form(diner.details_url(held)).values["needs_step_free"] == "on"


# --- My reservations --------------------------------------------------------


def test_a_booking_writes_no_session(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book()
    assert url in diner.client.get("/my-reservations/").content.decode()
    diner.client.get(f"/restaurants/{place.slug}/")
    assert "sessionid" not in diner.client.cookies
    assert not Session.objects.exists()


def test_a_booking_keeps_the_browser_known_for_longer(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    before = diner.client.cookies["browser"].value
    kept = diner.confirm(held).cookies["browser"]
    assert kept["max-age"] == 60 * 60 * 24 * 30
    # The signature tells the moment; the value is the same.
    assert kept.value.split(":")[0] == before.split(":")[0]


def test_my_reservations_are_those_of_this_browser(place: Restaurant) -> None:
    diner, other = Diner(place), Diner(place)
    assert "There is none yet." in read(diner.client.get("/my-reservations/")).text
    url, _page = diner.book("19:00")
    diner.book("21:30")
    other.book("18:00")
    page = read(diner.client.get("/my-reservations/"))
    mine = [link for label, link in page.links.items() if "/reservations/" in link]
    assert len(mine) == 2
    assert mine[0] == url
    assert page.headings == ["My reservations", "Coming up"]
    diner.send(read(diner.client.get(url)).form("/cancel/"), "Yes, cancel it")
    page = read(diner.client.get("/my-reservations/"))
    assert page.headings == ["My reservations", "Coming up", "Past and cancelled"]
    assert "18:00" not in page.text
    assert "There is none yet." in read(Client().get("/my-reservations/")).text


def test_private_pages_are_stored_nowhere(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    pages = [diner.client.get(diner.details_url(held))]
    url, _page = diner.book()
    pages += [diner.client.get(url), diner.client.get("/my-reservations/")]
    for page in pages:
        assert "no-store" in page["Cache-Control"]
        assert "private" in page["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in pages[1].content.decode()


def test_the_address_is_in_the_language_in_which_it_was_booked(place: Restaurant) -> None:
    diner = Diner(place)
    diner.base = f"/de{diner.base}"
    held = diner.hold()
    response = diner.client.get(diner.details_url(held))
    assert response["Content-Language"] == "de"
    assert held.language == "de"
    form = read(response).form(diner.details_url(held))
    confirmed = diner.client.post(form.action, form.values | TYPED)
    assert confirmed["Location"].startswith("/de/")


def test_a_line_break_of_the_note_counts_as_one_character(place: Restaurant) -> None:
    diner = Diner(place)
    note = "\n".join("x" * 9 for _line in range(100))
    assert diner.confirm(diner.hold(), **{**EVERYTHING, "note": note.replace("\n", "\r\n")}).status_code == 302
    assert Reservation.objects.get().note == note
