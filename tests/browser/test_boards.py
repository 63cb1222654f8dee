"""The timeline and the floor plan stay as they are in the house, and the focus where it was."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from reservations.models import Reservation, Restaurant
from tests.browser.conftest import Visitor
from tests.browser.hands import host
from tests.conftest import Site
from tests.reservations.evening import make_house, make_party, of_restaurant, tonight

pytestmark = pytest.mark.browser

NOON = dt.datetime(2027, 3, 14, 12, 1, tzinfo=dt.UTC)
"""By the browser's clock, so that a minute later is the same quarter of an hour."""
MINUTE = 61_000


def opened(page: Page, site: Site, restaurant: Restaurant, name: str) -> Page:
    """Open a board in a browser whose clock can be put forward."""
    page.clock.install(time=NOON)
    page.goto(site.url + of_restaurant(restaurant, name))
    return page


def rename(name: str) -> None:
    """Change what is shown, without anything that the pulse would tell of, as time does."""
    Reservation.objects.update(name=name)


def bar(page: Page, name: str) -> Locator:
    return page.locator("a.bar", has_text=name)


def test_the_timeline_is_never_older_than_a_minute(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    house = make_house()
    make_party(house, 1, name="Ada")
    page = opened(host(site, browser, visitors), site, house, "timeline")
    expect(bar(page, "Ada")).to_be_visible()
    for name in ("Bea", "Cyd"):
        rename(name)
        page.clock.fast_forward(MINUTE)
        expect(bar(page, name)).to_be_visible()
    # A bar that is carried stays in hand, and is where it was until it is let go.
    bar(page, "Cyd").focus()
    page.keyboard.press("Space")
    rename("Dee")
    page.clock.fast_forward(MINUTE)
    page.clock.fast_forward(MINUTE)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".landing")).to_contain_text("T2")
    expect(bar(page, "Cyd")).to_be_focused()
    page.keyboard.press("Escape")
    expect(bar(page, "Dee")).to_be_focused()


def test_the_floor_plan_is_never_older_than_a_minute(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    house = make_house()
    make_party(house, 1, name="Ada", status="seated")
    page = opened(host(site, browser, visitors), site, house, "plan")
    spot = page.locator("a.spot", has_text="T1")

    def says(name: str) -> None:
        expect(page.get_by_role("link", name=name)).to_have_count(1)

    says("Ada")
    for name in ("Bea", "Cyd"):
        rename(name)
        page.clock.fast_forward(MINUTE)
        says(name)
    # Not while the choice of a table is open.
    spot.press("Enter")
    dialog = page.get_by_role("dialog", name="Table T1")
    expect(dialog).to_contain_text("Cyd")
    rename("Dee")
    page.clock.fast_forward(MINUTE)
    page.clock.fast_forward(MINUTE)
    expect(dialog.get_by_role("link", name="Cyd")).to_be_focused()
    assert "Cyd" in (spot.get_attribute("aria-label") or "")
    page.keyboard.press("Escape")
    says("Dee")
    expect(spot).to_be_focused()


def test_the_floor_plan_by_keys_goes_on_from_the_table(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    house = make_house(tables=(2, 2))
    make_party(house, 2, name="Ada", starts=-30)
    page = host(site, browser, visitors)
    page.goto(site.url + of_restaurant(house, "plan"))
    spot = page.locator("a.spot", has_text="T2")

    def tab_to(label: str) -> None:
        for _press in range(60):
            page.keyboard.press("Tab")
            if label in page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent"):
                return
        raise AssertionError(label)

    tab_to("T2")
    for label, state in (("Seat", "seated"), ("Finish", "free")):
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Table T2")).to_be_visible()
        tab_to(label)
        page.keyboard.press("Enter")
        expect(page.locator(f"a.spot.{state}", has_text="T2")).to_be_visible()
        expect(spot).to_be_focused()
        assert page.url.endswith(f"/plan/?date={tonight(house)}")
    # Given up, it has the focus too.
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Table T2")).to_be_visible()
    page.keyboard.press("Escape")
    expect(spot).to_be_focused()
