"""What the public sees of a restaurant's menus."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from menus.models import Dish, Menu, Section
from menus.queries import has_menu, menus_of
from reservations.models import Restaurant
from tests.factories import make_dish, make_menu, make_restaurant

pytestmark = pytest.mark.django_db


@pytest.fixture
def restaurant() -> Restaurant:
    return make_restaurant()


def statements(restaurant: Restaurant) -> int:
    with CaptureQueriesContext(connection) as queries:
        menus_of(restaurant.pk)
    return len(queries)


def test_menus_sections_and_dishes_come_in_their_order(restaurant: Restaurant) -> None:
    drinks = make_menu(restaurant, name="Drinks", position=2, dishes=["Tea"])
    food = make_menu(restaurant, name="Food", position=1, note="From noon", dishes=["Soup", "Bread"])
    first = Section.objects.create(restaurant=restaurant, menu=food, name="Specials", note="Ask us", position=0)
    Section.objects.filter(menu=food, name="Starters").update(position=1)
    make_dish(
        first,
        name="Eel",
        description="Smoked",
        price=None,
        price_note="market price",
        allergens=["celery", "fish"],
        diets=["halal"],
        other_labels=["phosphate"],
        is_available=False,
    )
    food_card, drinks_card = menus_of(restaurant.pk)
    assert (food_card.id, food_card.name, food_card.note) == (food.pk, "Food", "From noon")
    assert drinks_card.id == drinks.pk
    assert [(section.name, [dish.name for dish in section.dishes]) for section in food_card.sections] == [
        ("Specials", ["Eel"]),
        ("Starters", ["Soup", "Bread"]),
    ]
    assert food_card.sections[0].note == "Ask us"
    assert dataclasses.asdict(food_card.sections[0].dishes[0]) == {
        "name": "Eel",
        "description": "Smoked",
        "photo": None,
        "price": None,
        "price_note": "market price",
        # In the order of the regulation, not as stored.
        "allergens": ("fish", "celery"),
        "diets": ("halal",),
        "other_labels": ("phosphate",),
        "is_available": False,
    }
    assert drinks_card.sections[0].dishes[0].price == Decimal("7.50")


def test_what_is_not_published_or_empty_or_of_others_is_left_out(restaurant: Restaurant) -> None:
    make_menu(restaurant, name="Archive", is_published=False)
    Menu.objects.create(restaurant=restaurant, name="Empty")
    make_menu(make_restaurant(), name="Elsewhere")
    assert menus_of(restaurant.pk) == ()
    assert not has_menu(restaurant.pk)
    shown = make_menu(restaurant, name="Shown")
    Section.objects.create(restaurant=restaurant, menu=shown, name="Nothing yet")
    assert [[section.name for section in menu.sections] for menu in menus_of(restaurant.pk)] == [["Starters"]]
    assert has_menu(restaurant.pk)


def test_a_menu_takes_four_statements_whatever_its_length(restaurant: Restaurant) -> None:
    make_menu(restaurant)
    short = statements(restaurant)
    for _ in range(3):
        make_menu(restaurant, dishes=["Soup"] * 20)
    assert statements(restaurant) == short == 4
    assert Dish.objects.count() == 62


def test_cards_cannot_be_changed(restaurant: Restaurant) -> None:
    make_menu(restaurant)
    card = menus_of(restaurant.pk)[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        card.sections[0].dishes[0].name = "Other"  # type: ignore[misc]
    hash(card)
