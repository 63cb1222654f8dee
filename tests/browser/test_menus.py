"""Staff take a dish off by touch, put a menu in order by hand and by keys, and see what a change would do."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, expect

from menus.models import Dish, Section
from tests.browser.conftest import Visitor, fits
from tests.conftest import Site
from tests.factories import make_menu, make_restaurant, make_staff

pytestmark = pytest.mark.browser


def sign_in(visitor: Visitor, site: Site) -> None:
    """Let the visitor be a member of staff, without the login page."""
    client = Client()
    client.force_login(make_staff())
    name = settings.SESSION_COOKIE_NAME
    visitor.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site.url}])


def diners_see(site: Site) -> str:
    """Return the menu page as diners get it."""
    with urllib.request.urlopen(f"{site.url}/restaurants/here/menu/", timeout=10) as answer:
        body: bytes = answer.read()
    return body.decode()


def test_a_dish_is_taken_off_by_touch_on_a_phone(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    place = make_restaurant(slug="here")
    make_restaurant()
    make_menu(place, name="Dinner", dishes=["Soup", "Crème brûlée", "Eel"])
    host = Visitor(browser, width=390, touch=True)
    visitors.append(host)
    sign_in(host, site)
    page = host.page
    assert "not today" not in diners_see(site)
    page.goto(site.url + reverse("admin:menus_sold_out", args=(place.pk,)))
    # Search as you type, whatever the accents.
    page.get_by_label("Find a dish").fill("creme")
    expect(page.locator("#dishes bdi", has_text="Soup")).to_be_hidden()
    button = page.get_by_role("button", name="Sold out Crème brûlée")
    box = button.bounding_box()
    assert box is not None
    assert min(box["height"], box["width"]) >= 44
    button.tap()
    expect(page.locator("#said")).to_contain_text("Crème brûlée is sold out until")
    expect(page.get_by_role("button", name="Back on Crème brûlée")).to_be_focused()
    assert "not today" in diners_see(site)
    page.get_by_role("button", name="Undo Crème brûlée").tap()
    expect(page.locator("#said")).to_have_text("Crème brûlée is back.")
    assert "not today" not in diners_see(site)
    # The keyboard does it too.
    page.get_by_label("Find a dish").fill("")
    page.get_by_role("button", name="Keep off Soup").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Soup is off until somebody brings it back.")
    assert fits(page)
    # Signed out, a touch is refused visibly, and the list stays.
    host.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Sold out Eel").tap()
    expect(page.get_by_role("alert")).to_contain_text("That was not saved")
    expect(page.get_by_role("button", name="Sold out Eel")).to_be_visible()
    assert Dish.objects.get(name="Eel").off_until is None


def test_order_prices_and_an_import_are_seen_before_they_are_saved(
    site: Site, browser: Browser, visitors: list[Visitor], tmp_path: Path
) -> None:
    place = make_restaurant(slug="here")
    menu = make_menu(place, name="Dinner", dishes=["Soup", "Bread", "Eel"])
    section = menu.sections.get()
    manager = Visitor(browser)
    visitors.append(manager)
    sign_in(manager, site)
    page = manager.page
    page.goto(site.url + reverse("admin:menus_menu_change", args=(menu.pk,)))
    page.get_by_role("link", name="Order", exact=True).click()
    page.get_by_role("link", name="What is in it Starters").click()
    # The last is dragged to the top, then goes down one by the keyboard.
    page.get_by_role("button", name="Move Eel").hover()
    page.mouse.down()
    top = page.get_by_role("button", name="Move Soup").bounding_box()
    assert top is not None
    page.mouse.move(top["x"] + 10, top["y"] + 40, steps=5)
    page.mouse.move(top["x"] + 10, top["y"] + 2, steps=5)
    page.mouse.up()
    expect(page.get_by_role("status")).to_have_text("Eel: place 1 of 3, not saved yet.")
    page.get_by_role("button", name="Move Eel").press("ArrowDown")
    expect(page.get_by_role("status")).to_have_text("Eel: place 2 of 3, not saved yet.")
    expect(page.get_by_role("button", name="Move Eel")).to_be_focused()
    page.get_by_role("button", name="Move Bread").press("Home")
    page.get_by_role("button", name="Save the order").click()
    expect(page.get_by_text("The order is saved.")).to_be_visible()
    names = Dish.objects.filter(section=section).order_by("position").values_list("name", flat=True)
    assert list(names) == ["Bread", "Soup", "Eel"]
    # Prices: what it shows, then what it does.
    page.goto(site.url + reverse("admin:menus_menu_change", args=(menu.pk,)))
    page.get_by_role("link", name="Change prices").click()
    page.get_by_label("By:", exact=True).fill("10")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("row", name=re.compile("Soup.*€7.50 €8.30"))).to_be_visible()
    page.get_by_role("button", name="Change 3 prices").click()
    expect(page.get_by_text("3 prices were changed.")).to_be_visible()
    # A file: the same.
    page.get_by_role("link", name="Import dishes").click()
    file = tmp_path / "dishes.csv"
    file.write_text("menu,section,name,price\nDinner,Starters,Soup,9.90\nDinner,Mains,<b>Duck</b>,21\n")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("row", name=re.compile("Soup.*price 8.30 9.90"))).to_be_visible()
    assert not Section.objects.filter(name="Mains").exists()
    page.get_by_role("button", name="Import this").click()
    expect(page.get_by_text("1 new dish. 1 changed. 0 removed.")).to_be_visible()
    assert "&lt;b&gt;Duck&lt;/b&gt;" in diners_see(site)
