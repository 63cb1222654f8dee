"""The design under hard conditions: names of all kinds, a screen of 320 px, forced colours, print, less motion."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from menus.models import Menu, Section
from reservations.models import OpeningPeriod, Restaurant, RestaurantCuisine
from restaurant_site.colours import DARK, accent
from tests.browser.axe import serious
from tests.browser.conftest import Visitor
from tests.conftest import Site
from tests.factories import days_ahead, make_dish, make_menu, make_restaurant, make_venue

pytestmark = pytest.mark.browser

LONG = "Rinderkraftbrühe" * 12 + " mit Ei"
ARABIC = "مطعم الزيتون 🫒"


def set_menu(place: Restaurant) -> None:
    """Give a restaurant a menu with what is hard to set."""
    menu: Menu = make_menu(place, name="Dinner", dishes=["Soup"])
    section = Section.objects.get(menu=menu)
    Section.objects.filter(pk=section.pk).update(name=ARABIC)
    make_dish(section, name=LONG[:200], description=LONG, price=1_234_567, diets=["vegan"], allergens=["soy", "nuts"])
    make_dish(section, name="Misoshiru", price=980, diets=["vegetarian"])
    make_dish(section, name="كبة", price=1200, price_note="per person", is_available=False)
    stew = Section.objects.create(restaurant=place, menu=menu, name="Stews", position=9)
    make_dish(stew, name="Oden", price=None, price_note="market price")


def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_all_pages_hold_together_on_a_narrow_screen(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    place = make_venue(
        slug="here", name=ARABIC, tagline=LONG[:160], currency="JPY", accent="#8a1f2b", takes_waitlist=True
    )
    RestaurantCuisine.objects.create(restaurant=place, cuisine="middle_eastern")
    OpeningPeriod.objects.create(restaurant=place, day=0, opens="12:00", closes="15:00")
    set_menu(place)
    # No tables, no hours, no menu, no photo, and a name that nobody can break.
    make_restaurant(slug="bare", name="W" * 120, tagline="", phone="", email="", street="", city="")
    visitor = Visitor(browser, width=320)
    visitors.append(visitor)
    page = visitor.page
    query = f"?date={days_ahead(place).isoformat()}&party=2"
    of_place = ("", "menu/", f"times/{query}", f"waitlist/{query}", f"request/{query}", "privacy/")
    paths = ["/", *(f"/restaurants/here/{path}" for path in of_place), "/restaurants/bare/", "/restaurants/bare/menu/"]
    found = []
    for path in [*paths, "/my-reservations/", "/my-reservations/find/", "/nothing/"]:
        # Dark on every page; the light ones are those of test_access_states.
        page.emulate_media(color_scheme="dark", forced_colors="none")
        page.goto(site.url + path, wait_until="load")
        found += [f"{path}: {sideways(page)} px too wide"] if sideways(page) > 0 else []
        found += [f"{path}: {problem}" for problem in serious(page)]
        page.emulate_media(forced_colors="active")
        found += [f"{path}: forced: {problem}" for problem in serious(page)]
    assert not found
    # Of what a cover is drawn, nothing needs a style that the policy forbids.
    page.goto(site.url + "/restaurants/here/", wait_until="load")
    assert page.locator(".place-cover svg path").count() > 1
    title = page.locator("h1 bdi")
    expect(title).to_have_text(ARABIC)
    page.emulate_media(forced_colors="none", color_scheme="light", reduced_motion="reduce")
    button = page.get_by_role("button", name="Show times")
    style = "button => [getComputedStyle(button).backgroundColor, getComputedStyle(button).transitionDuration]"
    colour, motion = button.evaluate(style)
    assert colour == "rgb(138, 31, 43)", "as it was chosen"
    assert set(motion.split(", ")) == {"0s"}
    page.emulate_media(color_scheme="dark")
    colour, _motion = button.evaluate(style)
    shown = accent("#8a1f2b", DARK).fill
    assert colour == f"rgb{tuple(int(shown[place : place + 2], 16) for place in (1, 3, 5))}", (
        "lightened on the dark page"
    )


def test_a_menu_is_filtered_and_printed(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    place = make_venue(slug="here", currency="JPY")
    set_menu(place)
    plain = Visitor(browser, script=False)
    visitor = Visitor(browser, width=390)
    visitors += [plain, visitor]
    address = f"{site.url}/restaurants/here/menu/"
    plain.page.goto(address)
    assert plain.page.locator(".dish:visible").count() == 5
    expect(plain.page.locator(".diets")).to_be_hidden()

    page = visitor.page
    page.goto(address)
    shown = page.locator(".dish:visible")
    vegetarian = page.get_by_role("button", name="vegetarian")
    vegan = page.get_by_role("button", name="vegan", exact=True)
    # One with a photo is set otherwise, and goes all the same.
    page.locator(".dish").first.evaluate("dish => dish.classList.add('with-photo')")
    vegetarian.focus()
    page.keyboard.press("Enter")
    # What is vegan is vegetarian too; a section in which nothing is left goes.
    expect(shown).to_have_count(2)
    expect(page.get_by_role("heading", name="Stews")).to_be_hidden()
    expect(page.locator(".diets [aria-live]")).to_have_text("Dishes that are shown: 2 / 5")
    vegan.click()
    expect(shown).to_have_count(1)
    assert serious(page) == []
    vegan.click()
    vegetarian.click()
    expect(shown).to_have_count(5)
    box = vegan.bounding_box()
    assert box is not None
    assert box["height"] >= 44

    # Prices stand in one line at the edge, whatever the dish is called.
    edges = page.locator(".dish-price:visible").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert max(edges) - min(edges) < 1
    assert "¥1,234,567" in page.locator(".dish-price").nth(1).inner_text()

    page.emulate_media(media="print")
    for gone in (".site-header", ".site-footer", ".diets", ".back", ".place-cover"):
        expect(page.locator(gone)).to_be_hidden()
    expect(shown).to_have_count(5)
    page.goto(f"{site.url}/restaurants/here/")
    expect(page.locator(".panel")).to_be_hidden()
