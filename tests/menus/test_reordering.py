"""Menus, sections and dishes are put in order, by numbers where there is no script."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from menus.models import Dish, Menu, Section
from menus.ordering import wanted_order
from reservations.models import Restaurant
from tests.factories import make_dish, make_menu, make_restaurant
from tests.menus.staff import staff_with, url
from tests.pages import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(staff_with("change_menu", "change_section", "change_dish"))
    return client


@pytest.fixture
def place() -> Restaurant:
    place = make_restaurant()
    for name in ("One", "Two", "Three"):
        make_menu(place, name=name, dishes=["A", "B", "C"])
    return place


def names(rows: Any) -> str:
    return " ".join(rows.order_by("position", "pk").values_list("name", flat=True))


def test_menus_sections_and_dishes_are_put_in_order(manager: Client, place: Restaurant) -> None:
    menu = Menu.objects.get(name="One")
    section = menu.sections.get()
    Section.objects.create(restaurant=place, menu=menu, name="Mains")
    for address, rows, first, wanted in (
        (url("order", place.pk), place.menus, "Three", "Three One Two"),
        (url("menu_order", menu.pk), menu.sections, "Mains", "Mains Starters"),
        (url("section_order", section.pk), section.dishes, "C", "C A B"),
    ):
        form = read(manager.get(address)).forms[-1]
        row: Any = rows
        field = f"place_{row.get(name=first).pk}"
        answer = manager.post(address, form.values | {field: "1"}, follow=True)
        assert "The order is saved." in read(answer).text
        assert names(rows) == wanted
        # The same again is stale, since the page had the old order; nothing is lost.
        assert "Somebody changed this list meanwhile" in read(manager.post(address, form.values)).text
        assert names(rows) == wanted
    assert set(LogEntry.objects.values_list("object_repr", "change_message")) == {
        (str(row), "Put in another order.") for row in (place, menu, section)
    }


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ({"A": 3}, "B C A"),
        ({"C": 1}, "C A B"),
        ({"A": 2}, "B A C"),
        ({"A": 2, "B": 3, "C": 1}, "C A B"),
        ({"A": 10**17}, "B C A"),
        ({"B": 0}, "B A C"),
        ({}, "A B C"),
    ],
)
def test_a_place_is_where_the_row_comes_to_stand(place: Restaurant, typed: dict[str, int], wanted: str) -> None:
    rows = list(Section.objects.filter(menu__name="One").get().dishes.order_by("position", "pk"))
    places = {row.pk: typed[row.name] for row in rows if row.name in typed}
    assert " ".join(row.name for row in wanted_order(rows, places)) == wanted


def add(section: Section) -> None:
    make_dish(section, name="D")


def delete(section: Section) -> None:
    section.dishes.filter(name="A").delete()


def move(section: Section) -> None:
    section.dishes.filter(name="A").update(position=9)


@pytest.mark.parametrize("change", [add, delete, move])
def test_a_stale_order_is_refused(manager: Client, place: Restaurant, change: Any) -> None:
    section = Menu.objects.get(name="One").sections.get()
    address = url("section_order", section.pk)
    values = read(manager.get(address)).forms[-1].values
    change(section)
    before = names(section.dishes)
    page = read(manager.post(address, values | {f"place_{section.dishes.get(name='C').pk}": "1"}))
    assert "Somebody changed this list meanwhile" in page.text
    assert names(section.dishes) == before
    again = page.forms[-1].values | {f"place_{section.dishes.get(name='C').pk}": "1"}
    manager.post(address, again)
    assert names(section.dishes).startswith("C")


def test_odd_places_are_left_out(manager: Client, place: Restaurant) -> None:
    section = Menu.objects.get(name="One").sections.get()
    address = url("section_order", section.pk)
    values = read(manager.get(address)).forms[-1].values
    elsewhere = Dish.objects.exclude(section=section).first()
    assert elsewhere is not None
    odd = {name: "x" for name in values if name.startswith("place_")}
    odd |= {f"place_{elsewhere.pk}": "1", "place_": "1", "place_x": "2", f"place_{'9' * 40}": "1", "place_1": "-" * 500}
    assert manager.post(address, values | odd).status_code == 302
    assert names(section.dishes) == "A B C"


def test_others_are_refused(client: Client, place: Restaurant) -> None:
    menu = Menu.objects.get(name="One")
    client.force_login(staff_with("view_menu", "view_section", "view_dish", "sell_out_dish"))
    for address in (url("order", place.pk), url("menu_order", menu.pk), url("section_order", menu.sections.get().pk)):
        assert client.get(address).status_code == 403
        assert client.post(address, {"seen": ""}).status_code == 403
    client.force_login(staff_with("change_menu", "change_section", "change_dish"))
    for name in ("order", "menu_order", "section_order"):
        assert client.get(url(name, 10**30)).status_code == 404
