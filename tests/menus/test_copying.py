"""A menu is copied with all that is in it; a draft is shown to staff alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import ADDITION, LogEntry
from django.test import Client

from menus.models import Dish, Menu, MenuService, Section
from reservations.models import Membership
from tests.factories import make_dish, make_menu, make_menu_service, make_restaurant, make_service, make_staff, utc
from tests.menus.staff import staff_with, url
from tests.pages import read
from tests.site.test_csp import complaints

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(make_staff())
    return client


@pytest.fixture
def menu() -> Menu:
    place = make_restaurant(timezone="America/New_York")
    menu = make_menu(place, name="Dinner", note="From six", dishes=["Soup"], weekdays=0b11, position=3)
    make_menu_service(menu, make_service(place))
    section = Section.objects.create(restaurant=place, menu=menu, name="Mains", note="Ask us", position=2)
    make_dish(
        section,
        name="Eel",
        description="Smoked",
        price="20",
        price_note="per piece",
        allergens=["fish"],
        diets=["halal"],
        other_labels=["phosphate"],
        is_available=False,
        source_ref="abc",
        position=4,
    )
    return menu


def content(menu: Menu) -> Any:
    fields = ("name", "description", "price", "price_note", "allergens", "diets", "other_labels", "is_available")
    return [
        (section.name, section.note, section.position, list(section.dishes.values_list(*fields, "position")))
        for section in menu.sections.all()
    ]


def copy(manager: Client, menu: Menu, **data: Any) -> Any:
    form = read(manager.get(url("menu_copy", menu.pk))).forms[-1]
    return manager.post(url("menu_copy", menu.pk), form.values | data)


def test_a_copy_has_everything_and_is_a_draft(manager: Client, menu: Menu) -> None:
    answer = copy(manager, menu)
    made = Menu.objects.get(name="Dinner (copy)")
    assert answer.headers["Location"] == url("menu_change", made.pk)
    assert content(made) == content(menu)
    assert (made.shown_name, made.note, made.weekdays, made.position) == ("Dinner", "From six", 0b11, 3)
    assert (made.is_published, made.goes_live_at, made.replaces) == (False, None, None)
    assert list(MenuService.objects.filter(menu=made).values_list("name", flat=True)) == ["Dinner"]
    # An import finds the one dish that it made, not its copy.
    assert Dish.objects.get(source_ref="abc").section.menu == menu
    assert LogEntry.objects.get(object_id=made.pk, action_flag=ADDITION).change_message == "Copied from “Dinner”."


def test_a_copy_goes_live_at_the_restaurants_own_time_and_replaces(manager: Client, menu: Menu) -> None:
    with time_machine.travel(dt.datetime(2027, 3, 1, tzinfo=dt.UTC)):
        manager.force_login(make_staff())
        # At 02:30 of that night there is no wall time in New York: it is the change itself.
        copy(manager, menu, goes_live_at="2027-03-14T02:30", replaces="on")
        made = Menu.objects.get(name="Dinner (copy)")
        assert made.goes_live_at == utc(menu.restaurant, dt.date(2027, 3, 14), dt.time(3))
        assert (made.is_published, made.replaces) == (True, menu)
        page = read(manager.get(url("menu_change", made.pk)))
        assert page.forms[-1].values["goes_live_at"] == "2027-03-14T03:00"
        assert "live from Sun 14 Mar 2027, 03:00 EDT" in read(manager.get(url("menu_changelist"))).text
        # Without it, diners would see the old one again.
        answer = read(manager.post(url("menu_delete", made.pk), {"post": "yes"}))
        assert "“Dinner (copy)” replaces “Dinner”" in answer.text
        assert Menu.objects.filter(pk=made.pk).exists()


def test_at_another_restaurant_services_go_by_name_and_foreign_prices_are_left_out(manager: Client, menu: Menu) -> None:
    tokyo = make_restaurant(currency="JPY", timezone="Asia/Tokyo")
    assert copy(manager, menu, restaurant=tokyo.pk, name="Dinner", replaces="on").status_code == 302
    made = Menu.objects.get(restaurant=tokyo)
    assert (made.name, made.title, made.replaces) == ("Dinner", "", None)
    assert not MenuService.objects.filter(menu=made).exists()
    assert set(Dish.objects.filter(section__menu=made).values_list("restaurant", "price")) == {(tokyo.pk, None)}
    berlin = make_restaurant()
    make_service(berlin, name="dinner")
    copy(manager, menu, restaurant=berlin.pk)
    assert [row.service for row in MenuService.objects.filter(menu__restaurant=berlin)] == [berlin.services.get()]
    # Both count in euros.
    assert content(Menu.objects.get(restaurant=berlin)) == content(menu)


def test_what_can_not_be_copied_says_why(manager: Client, menu: Menu) -> None:
    odd = [
        ({"name": "Dinner"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"goes_live_at": "2001-01-01T10:00"}, "goes_live_at"),
        ({"goes_live_at": "0001-01-01T00:00"}, "goes_live_at"),
        ({"goes_live_at": "9999-12-31T23:59"}, "goes_live_at"),
        ({"goes_live_at": "soon"}, "goes_live_at"),
        ({"restaurant": "9" * 40}, "restaurant"),
        ({"restaurant": "x"}, "restaurant"),
    ]
    for values, field in odd:
        answer = copy(manager, menu, **values)
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == [field]
    assert Menu.objects.count() == 1


def test_a_long_name_is_cut_and_markup_is_text(manager: Client) -> None:
    menu = make_menu(make_restaurant(), name="<script>" * 10)
    assert copy(manager, menu).status_code == 302
    assert "<script>" not in manager.get(url("menu_copy", menu.pk)).content.decode().replace("<script src", "")


def test_staff_see_a_draft_as_diners_will(client: Client, menu: Menu) -> None:
    menu.is_published = False
    menu.save()
    client.force_login(staff_with("view_menu"))
    answer = client.get(url("menu_preview", menu.pk))
    page = read(answer)
    assert "This menu is: draft." in page.text
    assert "Eel not today" in page.text
    assert "no-store" in answer.headers["Cache-Control"]
    Dish.objects.all().delete()
    assert "diners would not see it" in read(client.get(url("menu_preview", menu.pk))).text
    client.force_login(staff_with("sell_out_dish"))
    assert client.get(url("menu_preview", menu.pk)).status_code == 403
    assert client.get(url("menu_copy", menu.pk)).status_code == 403


def test_services_dates_and_weekdays_are_kept_on_the_form(manager: Client, menu: Menu) -> None:
    address = url("menu_change", menu.pk)
    lunch = make_service(menu.restaurant, name="Lunch")
    page = read(manager.get(address)).forms[-1]
    assert page.values["at_services"] == "Dinner"
    data = page.values | {
        "at_services": ["Lunch"],
        "weekdays": ["5", "6"],
        "valid_from": "2027-05-01",
        "valid_until": "2027-06-01",
        "goes_live_at": "2027-04-01T10:00",
    }
    assert manager.post(address, data).status_code == 302
    menu.refresh_from_db()
    assert (menu.weekdays, menu.valid_until) == (0b1100000, dt.date(2027, 6, 1))
    assert menu.goes_live_at == dt.datetime(2027, 4, 1, 14, tzinfo=dt.UTC)
    assert MenuService.objects.get(menu=menu).service == lunch
    # A service that is gone stays on the form, to be unticked.
    lunch.delete()
    assert read(manager.get(address)).forms[-1].values["at_services"] == "Lunch"
    for odd in (
        {"valid_until": "2027-04-01"},
        {"at_services": ["Brunch"]},
        {"weekdays": ["9"]},
        {"goes_live_at": "0001-01-01T00:00"},
        {"replaces": menu.pk},
        {"replaces": make_menu(make_restaurant()).pk},
    ):
        assert manager.post(address, data | {"at_services": []} | odd).status_code == 200, odd
    assert manager.post(address, data | {"at_services": [], "weekdays": []}).status_code == 302
    menu.refresh_from_db()
    assert menu.weekdays == 0b1111111
    assert not MenuService.objects.filter(menu=menu).exists()


def test_two_menus_do_not_replace_each_other(manager: Client, menu: Menu) -> None:
    other = make_menu(menu.restaurant, name="Other", replaces=menu)
    data = read(manager.get(url("menu_change", menu.pk))).forms[-1].values
    answer = manager.post(url("menu_change", menu.pk), data | {"replaces": other.pk})
    assert "That menu replaces this one already." in str(answer.context["adminform"].form.errors)


def test_the_pages_hold_nothing_that_the_policy_forbids(manager: Client, menu: Menu) -> None:
    for address in (
        *(url(f"menu_{page}", menu.pk) for page in ("order", "prices", "copy", "preview", "change")),
        *(url(page, menu.restaurant_id) for page in ("order", "sold_out", "import")),
        f"{url('menu_prices', menu.pk)}?by=5&way=percent&rounding=10",
        url("section_order", menu.sections.order_by("pk")[0].pk),
    ):
        answer = manager.get(address)
        assert answer.status_code == 200
        assert complaints(answer.content.decode()) == [], address


def test_everybody_sees_the_menus_of_their_own_restaurants_alone(client: Client, menu: Menu) -> None:
    own = make_restaurant()
    mine = make_menu(own, name="Mine")
    client.force_login(
        staff_with(
            *(f"{verb}_{model}" for verb in ("view", "add", "change") for model in ("menu", "section", "dish")),
            "view_restaurant",
            "sell_out_dish",
        )
    )
    Membership.objects.exclude(restaurant=own).delete()
    section = menu.sections.order_by("pk")[0]
    dish = section.dishes.get()
    for address in (
        *(url(f"menu_{page}", menu.pk) for page in ("order", "prices", "copy", "preview")),
        *(url(page, menu.restaurant_id) for page in ("order", "sold_out")),
        url("section_order", section.pk),
    ):
        assert client.get(address).status_code == 404, address
        assert client.post(address, {}).status_code in (404, 405), address
    for model, pk in (("menu", menu.pk), ("section", section.pk), ("dish", dish.pk)):
        # The admin says that there is none.
        assert client.get(url(f"{model}_change", pk)).status_code == 302
        assert client.get(url(f"{model}_changelist")).context["cl"].result_count == len(
            mine.sections.all() if model != "dish" else Dish.objects.filter(restaurant=own)
        )
    assert copy(client, mine, restaurant=menu.restaurant_id).status_code == 200
    query = {"app_label": "menus", "model_name": "dish", "field_name": "section"}
    assert len(client.get(url("options"), query).json()["results"]) == 1
    forged = {"section": section.pk, "name": "Forged", "position": 0}
    assert client.post(url("dish_add"), forged).status_code == 200
    forged_menu = {"restaurant": menu.restaurant_id, "name": "Forged", "position": 0}
    lines = {"sections-TOTAL_FORMS": 0, "sections-INITIAL_FORMS": 0}
    assert client.post(url("menu_add"), forged_menu | lines).status_code == 200
    assert not Dish.objects.filter(name="Forged").exists()
    assert not Menu.objects.filter(name="Forged").exists()
