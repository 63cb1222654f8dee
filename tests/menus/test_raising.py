"""Prices in bulk: how they are rounded, previewed, and written, all or none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from menus import pricing
from menus.models import Dish, Menu, Section
from menus.raising import Raise, Rounding, Way, raised
from reservations.models import User
from tests.factories import make_dish, make_menu, make_restaurant
from tests.menus.staff import staff_with, url
from tests.pages import read


@pytest.mark.parametrize(
    ("old", "way", "by", "rounding", "decimals", "new"),
    [
        ("7.50", Way.PERCENT, "10", Rounding.UNIT, 2, "8.25"),
        ("7.50", Way.PERCENT, "10", Rounding.TEN, 2, "8.30"),
        ("7.50", Way.PERCENT, "10", Rounding.FIFTY, 2, "8.50"),
        ("7.50", Way.PERCENT, "10", Rounding.HUNDRED, 2, "8.00"),
        ("7.50", Way.PERCENT, "10", Rounding.NINETY, 2, "7.90"),
        ("8.45", Way.PERCENT, "0", Rounding.NINETY, 2, "8.90"),
        ("0.20", Way.PERCENT, "5", Rounding.NINETY, 2, "0.90"),
        ("7.53", Way.PERCENT, "3.3", Rounding.FIVE, 2, "7.80"),
        ("7.50", Way.AMOUNT, "0.45", Rounding.UNIT, 2, "7.95"),
        ("7.50", Way.AMOUNT, "-9", Rounding.TEN, 2, "0.00"),
        ("0.00", Way.AMOUNT, "5", Rounding.TEN, 2, "0.00"),
        # Yen have no decimals: ten is ten yen.
        ("1180", Way.PERCENT, "5", Rounding.TEN, 0, "1240.00"),
        ("1180", Way.PERCENT, "5", Rounding.UNIT, 0, "1239.00"),
        ("1180", Way.PERCENT, "5", Rounding.NINETY, 0, "1190.00"),
        ("1180", Way.AMOUNT, "0.60", Rounding.UNIT, 0, "1181.00"),
    ],
)
def test_a_price_is_rounded_as_menus_write_it(
    old: str, way: Way, by: str, rounding: Rounding, decimals: int, new: str
) -> None:
    found = raised(Decimal(old), Raise(way, Decimal(by), rounding), decimals)
    assert str(found) == new


@pytest.fixture
def manager(client: Client, db: None) -> Client:
    client.force_login(staff_with("change_dish", "view_menu", "change_menu"))
    return client


@pytest.fixture
def menu(db: None) -> Menu:
    menu = make_menu(make_restaurant(), dishes=["Soup", "Bread"])
    mains = Section.objects.create(restaurant=menu.restaurant, menu=menu, name="Mains", position=1)
    make_dish(mains, name="Eel", price="20")
    make_dish(mains, name="Market fish", price=None)
    return menu


def prices() -> dict[str, str]:
    return {dish.name: str(dish.price) for dish in Dish.objects.all()}


TEN_PERCENT = {"by": "10", "way": "percent", "rounding": "10"}


def previewed(manager: Client, menu: Menu, **data: Any) -> Any:
    return read(manager.get(url("menu_prices", menu.pk), TEN_PERCENT | data))


def test_what_was_previewed_is_written_at_once_and_logged(manager: Client, menu: Menu) -> None:
    page = previewed(manager, menu)
    assert "Soup Starters €7.50 €8.30" in page.text
    assert "Eel Mains €20.00 €22.00" in page.text
    assert "Market fish" not in page.text
    assert prices()["Soup"] == "7.50"
    answer = manager.post(url("menu_prices", menu.pk), page.forms[-1].values, follow=True)
    assert "3 prices were changed." in read(answer).text
    assert prices() == {"Soup": "8.30", "Bread": "8.30", "Eel": "22.00", "Market fish": "None"}
    entries = LogEntry.objects.order_by("object_id")
    assert {entry.user_id for entry in entries} == {User.objects.get().pk}
    assert {(entry.object_repr, entry.change_message) for entry in entries} == {
        ("Soup", "Price €7.50 → €8.30."),
        ("Bread", "Price €7.50 → €8.30."),
        ("Eel", "Price €20.00 → €22.00."),
    }


def test_sections_are_chosen(manager: Client, menu: Menu) -> None:
    mains = Section.objects.get(name="Mains")
    page = previewed(manager, menu, sections=mains.pk)
    assert "1 price changes" in page.text
    manager.post(url("menu_prices", menu.pk), page.forms[-1].values)
    assert prices()["Eel"] == "22.00"
    assert prices()["Soup"] == "7.50"


def change_price(menu: Menu) -> None:
    Dish.objects.filter(name="Soup").update(price="8.00")


def add_dish(menu: Menu) -> None:
    make_dish(Section.objects.get(name="Mains"), price="3.00")


def delete_dish(menu: Menu) -> None:
    Dish.objects.get(name="Soup").delete()


def change_currency(menu: Menu) -> None:
    menu.restaurant.currency = "JPY"
    menu.restaurant.save()


@pytest.mark.parametrize("change", [change_price, add_dish, delete_dish, change_currency])
def test_a_stale_preview_writes_nothing_and_says_so(manager: Client, menu: Menu, change: Any) -> None:
    seen = previewed(manager, menu).forms[-1].values
    change(menu)
    before = prices()
    page = read(manager.post(url("menu_prices", menu.pk), seen))
    assert "Prices were changed meanwhile. Nothing was done" in page.text
    assert prices() == before
    assert not LogEntry.objects.exists()
    # What it shows now can be done.
    manager.post(url("menu_prices", menu.pk), page.forms[-1].values)
    assert prices() != before


def test_a_form_that_saves_a_price_at_the_same_moment_wins(
    manager: Client, menu: Menu, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = previewed(manager, menu).forms[-1].values
    before = pricing.price_lines

    def read_then_change(*args: Any) -> Any:
        found = before(*args)
        Dish.objects.filter(name="Eel").update(price="1.00")
        return found

    monkeypatch.setattr(pricing, "price_lines", read_then_change)
    assert "Prices were changed meanwhile" in read(manager.post(url("menu_prices", menu.pk), seen)).text
    assert prices()["Soup"] == "7.50"


def test_other_parameters_than_the_previewed_ones_write_nothing(manager: Client, menu: Menu) -> None:
    seen = previewed(manager, menu).forms[-1].values
    before = prices()
    for forged in ({"by": "50"}, {"seen": ""}, {"seen": "x" * 500}, {"rounding": "90"}):
        assert manager.post(url("menu_prices", menu.pk), seen | forged).status_code == 200
    assert prices() == before


def test_odd_values_are_refused(manager: Client, menu: Menu) -> None:
    other = make_menu(make_restaurant()).sections.get()
    odd: list[dict[str, Any]] = [
        {"by": "1e9"},
        {"by": "NaN"},
        {"by": "x"},
        {"way": "both"},
        {"rounding": "7"},
        {"sections": other.pk},
        {"sections": "9" * 40},
        {"sections": "\x01"},
    ]
    for values in odd:
        assert len(previewed(manager, menu, **values).alerts) == 0
        answer = manager.post(url("menu_prices", menu.pk), TEN_PERCENT | values)
        assert answer.status_code == 200
        assert answer.context["form"].errors
    Dish.objects.filter(name="Eel").update(price="9999999.99")
    page = previewed(manager, menu)
    assert "too high" in page.text
    seen = TEN_PERCENT | {"seen": "x"}
    assert manager.post(url("menu_prices", menu.pk), seen).status_code == 200


def test_a_change_takes_no_more_statements_for_more_dishes_of_one_price(manager: Client, menu: Menu) -> None:
    def statements() -> int:
        values = previewed(manager, menu).forms[-1].values
        with CaptureQueriesContext(connection) as queries:
            assert manager.post(url("menu_prices", menu.pk), values).status_code == 302
        return len(queries)

    statements()
    few = statements()
    section = menu.sections.get(name="Starters")
    price = section.dishes.values_list("price", flat=True)[0]
    for _ in range(30):
        make_dish(section, price=price)
    assert statements() == few


def test_only_who_may_change_dishes_does(client: Client, menu: Menu) -> None:
    client.force_login(staff_with("view_menu", "view_dish", "sell_out_dish"))
    assert client.get(url("menu_prices", menu.pk)).status_code == 403
    assert client.post(url("menu_prices", menu.pk), TEN_PERCENT).status_code == 403
