"""Staff edit menus in the admin."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from menus.admin import INLINE_DISHES
from menus.models import Dish, Menu, Section
from reservations.models import Restaurant
from tests.factories import make_dish, make_member, make_menu, make_restaurant, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, settings: Any) -> Client:
    # Where the cache is slow, a session takes one statement more: not what is counted here.
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.db"
    client.force_login(make_staff())
    return client


@pytest.fixture
def restaurant() -> Restaurant:
    return make_restaurant(name="Zum Löwen", city="Bonn")


def url(model: str, view: str, *args: object) -> str:
    return reverse(f"admin:menus_{model}_{view}", args=args)


def inline(prefix: str, *rows: dict[str, object], initial: int = 0) -> dict[str, object]:
    """Return the POST data of an inline of those rows, the first so many of which exist already."""
    data: dict[str, object] = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def dish_data(section: Section, **fields: object) -> dict[str, object]:
    return {"section": section.pk, "name": "Soup", "position": 0, "is_available": "on", **fields}


def errors(response: Any) -> str:
    form = response.context["adminform"].form
    return str(form.errors) + "".join(
        str(formset.formset.errors) for formset in response.context["inline_admin_formsets"]
    )


def test_a_menu_with_its_sections_is_made_on_one_page(staff: Client, restaurant: Restaurant) -> None:
    data = {"restaurant": restaurant.pk, "name": "Dinner", "position": 1, "is_published": "on"}
    sections = inline("sections", {"name": "Starters", "position": 1}, {"name": "Mains", "position": 2})
    response = staff.post(url("menu", "add"), data | sections)
    assert response.status_code == 302, errors(response)
    menu = Menu.objects.get()
    assert [(row.name, row.restaurant_id) for row in menu.sections.all()] == [
        ("Starters", restaurant.pk),
        ("Mains", restaurant.pk),
    ]


def test_a_section_takes_its_restaurant_from_the_menu_and_its_dishes_from_it(
    staff: Client, restaurant: Restaurant
) -> None:
    menu = Menu.objects.create(restaurant=restaurant, name="Dinner")
    dishes = inline("dishes", {"name": "Eel", "price": "12.5", "position": 1, "is_available": "on"})
    response = staff.post(url("section", "add"), {"menu": menu.pk, "name": "Fish", "position": 0} | dishes)
    assert response.status_code == 302, errors(response)
    dish = Dish.objects.get()
    assert dish.restaurant_id == dish.section.restaurant_id == restaurant.pk
    assert dish.price == Decimal("12.50")


def test_allergens_and_diets_are_ticked(staff: Client, restaurant: Restaurant) -> None:
    section = make_menu(restaurant, dishes=[]).sections.get()
    data = dish_data(
        section, allergens=["fish", "gluten"], diets=["halal"], other_labels=" pork \r\n\r\nMystery\r\npork"
    )
    response = staff.post(url("dish", "add"), data)
    assert response.status_code == 302, errors(response)
    dish = Dish.objects.get()
    assert (dish.allergens, dish.diets, dish.other_labels) == (["fish", "gluten"], ["halal"], ["pork", "Mystery"])
    assert dish.restaurant_id == restaurant.pk
    page = staff.get(url("dish", "change", dish.pk)).content.decode()
    ticked = re.findall(r'<input type="checkbox" name="(?:allergens|diets)" value="(\w+)"[^>]* checked', page)
    assert ticked == ["gluten", "fish", "halal"]
    assert re.search(r"<textarea[^>]*>\s*pork\nMystery</textarea>", page)


def test_an_unknown_allergen_is_refused_and_what_was_typed_stays(staff: Client, restaurant: Restaurant) -> None:
    section = make_menu(restaurant, dishes=[]).sections.get()
    data = dish_data(section, name="Soup du jour", allergens=["plutonium"], price="-1", other_labels="a\nb")
    response = staff.post(url("dish", "add"), data)
    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) == {"allergens", "price"}
    assert "Soup du jour" in response.content.decode()
    assert re.search(r"<textarea[^>]*>\s*a\nb</textarea>", response.content.decode())
    assert not Dish.objects.exists()


@pytest.mark.parametrize("text", ["\x00", "🍜" * 301])
def test_odd_names_are_refused_not_crashed_on(staff: Client, restaurant: Restaurant, text: str) -> None:
    section = make_menu(restaurant, dishes=[]).sections.get()
    response = staff.post(url("dish", "add"), dish_data(section, name=text, other_labels=text * 20))
    assert response.status_code == 200
    assert "name" in response.context["adminform"].form.errors
    assert staff.post(url("dish", "add"), dish_data(section, name="🍜")).status_code == 302


def test_a_dish_does_not_move_to_another_restaurant(staff: Client, restaurant: Restaurant) -> None:
    dish = make_dish(make_menu(restaurant).sections.get())
    elsewhere = make_menu(make_restaurant()).sections.get()
    response = staff.post(url("dish", "change", dish.pk), dish_data(elsewhere))
    assert response.status_code == 200
    assert "section" in response.context["adminform"].form.errors
    menu_elsewhere = {"menu": elsewhere.menu_id, "name": "Fish", "position": 0}
    response = staff.post(url("section", "change", dish.section_id), menu_elsewhere | inline("dishes"))
    assert response.status_code == 200
    assert "menu" in response.context["adminform"].form.errors


def test_a_menu_keeps_its_restaurant_and_no_two_share_a_name(staff: Client, restaurant: Restaurant) -> None:
    make_menu(restaurant, name="Lunch")
    menu = make_menu(restaurant, name="Dinner", dishes=[])
    other = make_restaurant()
    data: dict[str, object] = {"restaurant": other.pk, "name": "Supper", "position": 0, "is_published": "on"}
    assert staff.post(url("menu", "change", menu.pk), data | inline("sections")).status_code == 302
    menu.refresh_from_db()
    assert (menu.name, menu.restaurant_id) == ("Supper", restaurant.pk)
    response = staff.post(url("menu", "change", menu.pk), data | {"name": "Lunch"} | inline("sections"))
    assert response.status_code == 200
    assert "already exists" in errors(response)


def test_price_and_availability_are_changed_in_the_list(staff: Client, restaurant: Restaurant) -> None:
    make_menu(restaurant, dishes=["Soup", "Bread"])
    soup, bread = Dish.objects.order_by("position")
    rows: dict[str, object] = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    rows |= {"form-0-id": soup.pk, "form-0-price": "8.20"}
    rows |= {"form-1-id": bread.pk, "form-1-price": "", "form-1-is_available": "on"}
    assert staff.post(url("dish", "changelist"), rows).status_code == 302
    soup.refresh_from_db()
    bread.refresh_from_db()
    assert (soup.price, soup.is_available) == (Decimal("8.20"), False)
    assert (bread.price, bread.is_available) == (None, True)


def test_a_section_too_long_for_one_form_leads_to_the_list(staff: Client, restaurant: Restaurant) -> None:
    section = make_menu(restaurant, dishes=map(str, range(INLINE_DISHES))).sections.get()
    page = staff.get(url("section", "change", section.pk))
    assert "dishes-TOTAL_FORMS" in page.content.decode()
    make_dish(section)
    page = staff.get(url("section", "change", section.pk))
    assert "dishes-TOTAL_FORMS" not in page.content.decode()
    link = f"{url('dish', 'changelist')}?section__id__exact={section.pk}"
    assert f'<a href="{link}">{INLINE_DISHES + 1} dishes</a>' in page.content.decode()
    assert staff.get(link).context["cl"].result_count == INLINE_DISHES + 1
    response = staff.post(url("section", "change", section.pk), {"menu": section.menu_id, "name": "All", "position": 0})
    assert response.status_code == 302
    section.refresh_from_db()
    assert section.name == "All"
    # A form that was opened before the section grew is still taken as it is.
    row = section.dishes.values("id", "price", "position").first()
    assert row is not None
    posted = inline("dishes", {**row, "section": section.pk, "name": "Renamed"}, initial=1)
    posted |= {"menu": section.menu_id, "name": "All", "position": 0}
    assert staff.post(url("section", "change", section.pk), posted).status_code == 302
    assert section.dishes.filter(name="Renamed").exists()


def test_choices_say_where_they_belong(staff: Client, restaurant: Restaurant) -> None:
    section = make_menu(restaurant, name="Dinner").sections.get()
    make_menu(make_restaurant(), name="Dinner")
    for model, field, text in (
        ("dish", "section", "Zum Löwen · Bonn › Dinner › Starters"),
        ("section", "menu", "Zum Löwen · Bonn › Dinner"),
    ):
        query = {"app_label": "menus", "model_name": model, "field_name": field, "term": "Löwen"}
        assert [option["text"] for option in staff.get(reverse("admin:menus_options"), query).json()["results"]] == [
            text
        ]
    dish = section.dishes.first()
    assert dish is not None
    page = staff.get(url("dish", "change", dish.pk)).content.decode()
    assert f'<option value="{section.pk}" selected>Zum Löwen · Bonn › Dinner › Starters</option>' in page
    assert "Zum Löwen · Bonn › Dinner</option>" in staff.get(url("section", "change", section.pk)).content.decode()


def test_only_staff_with_the_right_to_see_menus_get_choices(client: Client) -> None:
    query = {"app_label": "menus", "model_name": "dish", "field_name": "section"}
    assert client.get(reverse("admin:menus_options"), query).status_code == 302
    client.force_login(make_staff(is_superuser=False))
    assert client.get(reverse("admin:menus_options"), query).status_code == 403


def test_whatever_is_asked_of_the_choices_is_an_answer(restaurant: Restaurant, client: Client) -> None:
    """Every field of every model, also the other ends of relations, and pages and words that are none."""
    make_menu(restaurant)
    client.force_login(make_member(restaurant, "owner"))
    pairs = [
        {"app_label": model._meta.app_label, "model_name": str(model._meta.model_name), "field_name": field.name}
        for model in apps.get_models()
        for field in model._meta.get_fields(include_hidden=True)
        if field.is_relation
    ]
    assert len(pairs) > 100
    for name in ("admin:menus_options", "admin:autocomplete"):
        answered = set()
        for pair in pairs:
            response = client.get(reverse(name), pair)
            assert response.status_code in (200, 403, 404), pair
            if response.status_code == 200:
                answered.add((pair["model_name"], pair["field_name"]))
        assert ("dish", "section") in answered
        assert (("menu", "restaurant") in answered) == (name == "admin:autocomplete")
        for odd in ({"page": "9" * 5000}, {"page": "²"}, {"term": "9" * 5000}, {"term": "\ufffd"}):
            query = {"app_label": "menus", "model_name": "dish", "field_name": "section", **odd}
            assert client.get(reverse(name), query).status_code in (200, 404), odd


PAGES = [
    ("menu", "changelist", "?q=Zum"),
    ("menu", "changelist", "?is_published__exact=1"),
    ("section", "changelist", "?q=Starters"),
    ("section", "changelist", "?menu__is_published__exact=1"),
    ("dish", "changelist", "?q=Zum"),
    ("dish", "changelist", "?price__isempty=0&is_available__exact=1&section__menu__is_published__exact=1"),
]


@pytest.mark.parametrize(("model", "view", "query"), PAGES)
def test_lists_take_the_same_statements_for_twice_the_rows(staff: Client, model: str, view: str, query: str) -> None:
    def fill() -> None:
        for _ in range(4):
            make_menu(make_restaurant(name="Zum Löwen"), dishes=["Soup", "Bread"])

    def measure() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            response = staff.get(url(model, view) + query)
        assert response.status_code == 200
        return response.context["cl"].result_count, len(queries)

    fill()
    staff.get(url(model, view))
    rows, statements = measure()
    fill()
    more_rows, more_statements = measure()
    assert rows > 0
    assert more_rows == 2 * rows
    assert more_statements == statements


@pytest.mark.parametrize("model", ["menu", "section"])
def test_inlines_take_the_same_statements_for_twice_the_rows(staff: Client, restaurant: Restaurant, model: str) -> None:
    menu = make_menu(restaurant, dishes=["Soup"] * 4)
    section = menu.sections.get()
    page = url(model, "change", menu.pk if model == "menu" else section.pk)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(page).status_code == 200
        return len(queries)

    statements()
    few = statements()
    for _ in range(8):
        make_dish(section)
        Section.objects.create(restaurant=restaurant, menu=menu, name="More")
    assert statements() == few


@pytest.mark.parametrize("model", ["menu", "section", "dish"])
def test_pages_hold_nothing_that_the_policy_forbids(staff: Client, restaurant: Restaurant, model: str) -> None:
    section = make_menu(restaurant).sections.get()
    dish = section.dishes.first()
    assert dish is not None
    pk = {"menu": section.menu_id, "section": section.pk, "dish": dish.pk}[model]
    for page in (url(model, "changelist"), url(model, "add"), url(model, "change", pk)):
        response = staff.get(page)
        assert "unsafe-inline" not in response["Content-Security-Policy"]
        html = response.content.decode()
        assert re.findall(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", html) == []
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=", html) == []


def test_menus_lead_to_their_sections_and_dishes(staff: Client, restaurant: Restaurant) -> None:
    menu = make_menu(restaurant, dishes=["Soup", "Bread", "Eel"])
    make_menu(restaurant)
    page = staff.get(url("menu", "changelist")).content.decode()
    links = re.findall(rf'<a href="([^"]*menu__id__exact={menu.pk})">(\d+)</a>', page)
    assert [int(number) for _link, number in links] == [1, 3]
    for link, number in links:
        assert staff.get(link).context["cl"].result_count == int(number)
