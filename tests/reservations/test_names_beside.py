"""Names from right to left, and names that turn what follows, leave the order of the staff's pages as it is."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from reservations.messages.lines import isolated
from reservations.models import Reservation, Restaurant, Table
from tests.factories import make_staff
from tests.reservations.evening import make_house, make_party, of_reservation, of_restaurant, tables_of, tonight

pytestmark = pytest.mark.django_db

HEBREW = "שלום רב"
TURNED = "Eve \u202e\u2069Lark"
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066\u2067]")
FIRST, POP = "\u2068", "\u2069"


@pytest.fixture
def house() -> Restaurant:
    restaurant = make_house(name="מסעדה")
    Table.objects.filter(pk=tables_of(restaurant)[1].pk).update(name="שולחן")
    make_party(restaurant, 1, starts=-30, name=HEBREW, note=HEBREW, dietary_needs=TURNED, phone="+493012345678")
    make_party(restaurant, 2, starts=30, name=TURNED, note=TURNED, dietary_needs=HEBREW)
    return restaurant


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


@pytest.mark.parametrize("page", ["floor", "timeline", "plan", "door", "night", "history"])
def test_no_page_of_the_evening_is_turned(staff: Client, house: Restaurant, page: str) -> None:
    text = staff.get(of_restaurant(house, page)).content.decode()
    assert not TURNING.search(unescape(text))
    assert text.count(FIRST) == text.count(POP)


@pytest.mark.parametrize("page", ["alter", "move", "stay", "cancel", "note", "late", "seat"])
def test_no_page_of_a_reservation_is_turned(staff: Client, house: Restaurant, page: str) -> None:
    turned = Reservation.objects.get(name=TURNED)
    text = staff.get(of_reservation(turned, page)).content.decode()
    # What is in a field is by itself, and as it was typed.
    beside = re.sub(r"(?s)<input\b[^>]*>|<textarea\b.*?</textarea>", "", text)
    assert not TURNING.search(unescape(beside))


def test_the_kitchen_list_keeps_its_order(staff: Client, house: Restaurant) -> None:
    text = staff.get(f"{of_restaurant(house, 'day')}{tonight(house)}/").content.decode()
    # What the search looks in is not shown.
    assert not TURNING.search(unescape(re.sub(r'data-text="[^"]*"', "", text)))
    assert re.search(rf"<bdi>T1</bdi>, <bdi>{FIRST}{HEBREW}{POP}</bdi> \(2\)", text)


def test_what_is_said_keeps_its_order(staff: Client, house: Restaurant) -> None:
    for name, shown in ((HEBREW, f"{FIRST}{HEBREW}{POP}"), (TURNED, "Eve Lark")):
        party = Reservation.objects.get(name=name)
        page = staff.post(of_reservation(party, "arrive"), follow=True).content.decode()
        assert f">{party.reference} {shown}</a> has arrived." in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ada", "Ada"),
        ("Žofie 🍕", "Žofie 🍕"),
        (HEBREW, f"{FIRST}{HEBREW}{POP}"),
        (f"{HEBREW}{POP}", f"{FIRST}{HEBREW}{POP}"),
        ("Eve\u202eLark", "EveLark"),
        ("\u200f", ""),
    ],
)
def test_isolated_text(text: str, shown: str) -> None:
    assert isolated(text) == shown
