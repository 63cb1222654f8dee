"""What staff do to menus stands in the restaurant's history, with who did it: an event for each thing done."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from menus import trail
from menus.models import Dish, Menu
from reservations.models import HistoryEvent, Restaurant
from tests.factories import make_dish, make_menu, make_restaurant, make_staff
from tests.menus.staff import url
from tests.pages import read

pytestmark = pytest.mark.django_db

TEN_PERCENT = {"by": "10", "way": "percent", "rounding": "10"}


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(make_staff(name="Mara Manager"))
    return client


@pytest.fixture
def menu() -> Menu:
    return make_menu(make_restaurant(), name="Dinner", dishes=["Soup", "Bread"])


def events(restaurant: Restaurant) -> list[tuple[str, str, int, dict[str, Any]]]:
    """Return what the history has of a restaurant, in order, all of it done by the one who is signed in."""
    rows = HistoryEvent.objects.filter(restaurant=restaurant).order_by("pk")
    assert {(row.actor, row.source, row.user_number is None) for row in rows} <= {("staff", "admin", False)}
    return [(row.kind, row.subject, row.subject_number, row.changes) for row in rows]


def activity(client: Client, restaurant: Restaurant) -> list[str]:
    """Return what staff read of a restaurant, newest first."""
    page = client.get(reverse("admin:reservations_historyevent_restaurant", args=(restaurant.pk,))).content.decode()
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition('id="change-history"')[2], re.DOTALL)
    return [html.unescape(" ".join(re.sub(r"<[^>]+>", " ", row).split())) for row in rows[1:]]


def put_in_order(client: Client, address: str, place: str) -> None:
    form = read(client.get(address)).forms[-1]
    client.post(address, form.values | {place: "1"})


def bring(client: Client, restaurant: Restaurant, text: str) -> None:
    """Import a file that names all dishes that stay."""
    address = url("import", restaurant.pk)
    file = SimpleUploadedFile("menu.csv", text.encode(), "text/csv")
    page = read(client.post(address, {"file": file, "remove": "on"}))
    client.post(address, page.forms[-1].values)


def test_a_dish_that_is_sold_out_kept_off_or_back(manager: Client, menu: Menu) -> None:
    dish = Dish.objects.get(name="Soup")
    for touch in ("sold_out", "kept_off", "on"):
        manager.post(url("sold_out", menu.restaurant_id), {touch: dish.pk})
    assert events(menu.restaurant) == [(kind, "dish", dish.pk, {}) for kind in ("sold_out", "kept_off", "back_on")]
    for line, words in zip(activity(manager, menu.restaurant), ("Back on", "Kept off", "Sold out"), strict=True):
        assert words in line
        assert f"Dish #{dish.pk}" in line
        assert "Mara Manager" in line


def test_prices_in_bulk(manager: Client, menu: Menu) -> None:
    form = read(manager.get(url("menu_prices", menu.pk), TEN_PERCENT)).forms[-1]
    manager.post(url("menu_prices", menu.pk), form.values)
    assert events(menu.restaurant) == [("repriced", "menu", menu.pk, {"dishes": 2})]
    # Of a page that is stale nothing is done, and nothing told.
    manager.post(url("menu_prices", menu.pk), form.values)
    assert len(events(menu.restaurant)) == 1
    [line] = activity(manager, menu.restaurant)
    assert "Prices changed" in line
    assert f"Menu #{menu.pk}" in line
    assert "Dishes" in line


def test_another_order(manager: Client, menu: Menu) -> None:
    place, section = menu.restaurant, menu.sections.get()
    other = make_menu(place, name="Lunch", dishes=[])
    put_in_order(manager, url("order", place.pk), f"place_{other.pk}")
    put_in_order(manager, url("section_order", section.pk), f"place_{Dish.objects.get(name='Bread').pk}")
    assert events(place) == [
        ("reordered", "restaurant", place.pk, {}),
        ("reordered", "section", section.pk, {}),
    ]
    assert all("Put in another order" in line for line in activity(manager, place))


def test_a_copy_is_told_where_it_goes(manager: Client, menu: Menu) -> None:
    there = make_restaurant()
    form = read(manager.get(url("menu_copy", menu.pk))).forms[-1]
    manager.post(url("menu_copy", menu.pk), form.values | {"restaurant": there.pk})
    made = Menu.objects.get(restaurant=there)
    assert events(there) == [("copied", "menu", made.pk, {"from": menu.pk})]
    assert events(menu.restaurant) == []
    assert "Copied" in activity(manager, there)[0]


def test_an_import_with_what_it_removes(manager: Client, menu: Menu) -> None:
    bread = Dish.objects.get(name="Bread")
    bring(manager, menu.restaurant, "menu,section,name,price\nDinner,Starters,Soup,9\nLunch,Noon,Cake,4\n")
    lunch = Menu.objects.get(name="Lunch")
    assert sorted(events(menu.restaurant)) == [
        ("deleted", "dish", bread.pk, {}),
        ("imported_csv", "menu", menu.pk, {"changed": 1, "removed": 1}),
        ("imported_csv", "menu", lunch.pk, {"new": 1}),
    ]
    lines = " ".join(activity(manager, menu.restaurant))
    for words in ("Imported from a CSV file", "Deleted", f"Dish #{bread.pk}", "Removed"):
        assert words in lines


def test_what_fails_is_not_told(manager: Client, menu: Menu, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(trail, "tell", broken)
    manager.raise_request_exception = False
    dish = Dish.objects.get(name="Soup")
    assert manager.post(url("sold_out", menu.restaurant_id), {"kept_off": dish.pk}).status_code == 500
    dish.refresh_from_db()
    assert dish.is_available
    assert events(menu.restaurant) == []


def test_many_dishes_are_told_in_one_statement(manager: Client, menu: Menu) -> None:
    def told() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            bring(manager, menu.restaurant, "menu,section,name\nDinner,Starters,Soup\n")
        return [query["sql"] for query in queries if 'INSERT INTO "reservations_historyevent"' in query["sql"]]

    section = menu.sections.get()
    for number in range(40):
        make_dish(section, name=f"Dish {number}")
    assert len(told()) == 1
    assert sum(kind == "deleted" for kind, *_rest in events(menu.restaurant)) == 41
