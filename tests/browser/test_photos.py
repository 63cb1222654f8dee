"""A manager gives a restaurant and a dish their photos, and takes one away; diners see them on a phone and in print."""

from __future__ import annotations

import os

import pytest
from django.conf import settings
from django.db.models import Model
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from menus.models import Dish
from reservations.models import Restaurant
from tests.browser.axe import serious
from tests.browser.conftest import Visitor, fits
from tests.conftest import Site
from tests.factories import make_member, make_menu, make_restaurant
from tests.photos.desk import form_of
from tests.photos.pictures import jpeg, located

pytestmark = pytest.mark.browser


def picture(page: Page, name: str) -> None:
    """Take a picture where PICTURES names a folder, at two widths; and nothing is wider than the window."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert fits(page), (name, width)
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 844})


def give(page: Page, site: Site, row: Model, alt: str, data: bytes) -> None:
    page.goto(site.url + form_of(row))
    page.get_by_label("Photo:", exact=True).set_input_files({"name": "x.jpg", "mimeType": "image/jpeg", "buffer": data})
    page.get_by_label("What the photo shows:").fill(alt)
    page.get_by_role("button", name="Save and continue editing").click()


def test_photos_from_the_form_to_the_diner(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    place = make_restaurant(slug="here", name="Gasthaus Lind", tagline="Under the lime trees since 1921")
    make_restaurant(slug="other", name="Other")
    make_menu(place, name="Dinner", dishes=["Soup", "Crème brûlée", "Eel"])
    soup = Dish.objects.get(name="Soup")
    Dish.objects.update(description="With whatever the market had this morning, and bread", price=7)
    manager, diner = Visitor(browser, width=390, touch=True), Visitor(browser, width=390, touch=True)
    visitors += [manager, diner]
    client = Client()
    client.force_login(make_member(place, "manager"))
    name = settings.SESSION_COOKIE_NAME
    manager.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site.url}])
    page = manager.page

    # A damaged one is refused beside the field; what was typed stays.
    give(page, site, place, "The terrace in the evening", jpeg()[:-3000])
    expect(page.locator(".field-photo .errorlist")).to_contain_text("damaged or not complete")
    expect(page.get_by_label("What the photo shows:")).to_have_value("The terrace in the evening")
    give(page, site, place, "The terrace in the evening", jpeg((1600, 1000)))
    shown = page.get_by_role("img", name="The terrace in the evening")
    expect(shown).to_be_visible()
    assert serious(page) == []
    picture(page, "form")
    give(page, site, soup, "Soup with cream", located())
    expect(page.get_by_role("img", name="Soup with cream")).to_be_visible()
    picture(page, "dish")

    page = diner.page
    for where, count in (("", 2), ("menu/", 2)):
        page.goto(f"{site.url}/restaurants/here/{where}")
        images = page.locator("main img")
        expect(images).to_have_count(count)
        for number in range(count):
            images.nth(number).scroll_into_view_if_needed()
        page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth)")
        assert serious(page) == []
        picture(page, f"place{where[:-1]}")
    dish = page.get_by_role("img", name="Soup with cream").bounding_box()
    assert dish
    assert (dish["width"], dish["height"]) == (76, 76)
    page.emulate_media(media="print")
    expect(page.locator("main img:visible")).to_have_count(0)
    page.emulate_media(media="screen")
    page.goto(f"{site.url}/")
    page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth)")
    assert serious(page) == []
    picture(page, "home")

    # The accent, by the browser's picker. The photo taken away, by a large enough box.
    page = manager.page
    page.goto(site.url + form_of(place))
    page.locator("input[type=color]").fill("#8a1f2b")
    expect(page.get_by_label("Colour:").first).to_have_value("#8a1f2b")
    page.get_by_label("Remove the photo").check()
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_role("img", name="The terrace in the evening")).to_have_count(0)
    diner.page.goto(f"{site.url}/restaurants/here/")
    expect(diner.page.locator(".place-photo")).to_have_count(0)
    row = Restaurant.objects.get(slug="here")
    assert (row.photo, row.accent) == (None, "#8a1f2b")
