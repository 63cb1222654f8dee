"""The timeline and the floor plan stay as they are in the house, and the focus where it was."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from reservations.models import Reservation, Restaurant
from tests.browser.conftest import Visitor
from tests.browser.hands import drag, host
from tests.browser.sheet import SOON, press, row
from tests.conftest import Site
from tests.reservations.evening import make_house, make_party, of_restaurant, tables_of, tonight

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


SHOWN: dict[str, dict[str, str]] = {
    "timeline": {
        "arrived": "tr[data-name=T1] a.bar.confirmed:has-text('arrived')",
        "seated": "tr[data-name=T1] a.bar.seated:has-text('Ada')",
        "undone": "tr[data-name=T1] a.bar.confirmed:has-text('Ada')",
        "blocked": "tr[data-name=T2] a.bar.blocked:has-text('Broken')",
        "walked in": "tr[data-name=T3] a.bar.seated:has-text('Wim')",
    },
    "plan": {
        "arrived": "a.spot.arrived[aria-label*=Ada]",
        "seated": "a.spot.seated[aria-label*=Ada]",
        "undone": "a.spot.arrived[aria-label*=Ada]",
        "blocked": "a.spot.blocked[aria-label*=T2]",
        "walked in": "a.spot.seated[aria-label*=Wim]",
    },
    "floor": {
        "arrived": "#arriving tr:has-text('Ada'):has-text('arrived')",
        "seated": "#seated tr:has-text('Ada')",
        "undone": "#arriving tr:has-text('Ada')",
        "blocked": "#blocks tr:has-text('T2')",
        "walked in": "#seated tr:has-text('Wim')",
    },
}
"""What a page that nobody touches shows of what another host did."""


@pytest.mark.parametrize("name", list(SHOWN))
def test_an_idle_page_shows_what_another_host_did(
    site: Site, browser: Browser, visitors: list[Visitor], name: str
) -> None:
    house = make_house(tables=(2, 2, 4))
    make_party(house, 1, name="Ada")
    idle = host(site, browser, visitors)
    idle.goto(site.url + of_restaurant(house, name))
    page = host(site, browser, visitors)
    sheet = site.url + of_restaurant(house, "day")

    def is_shown(what: str) -> None:
        expect(idle.locator(SHOWN[name][what])).to_have_count(1, timeout=SOON)

    page.goto(sheet)
    press(page, "Ada", "Arrived")
    expect(row(page, "Ada").locator(".state")).to_contain_text("arrived")
    is_shown("arrived")
    press(page, "Ada", "Seat")
    expect(row(page, "Ada").locator(".state")).to_contain_text("seated")
    is_shown("seated")
    press(page, "Ada", "Undo: Seated")
    expect(row(page, "Ada").locator(".state")).to_contain_text("confirmed")
    is_shown("undone")

    page.get_by_role("link", name="Block tables").click()
    now = timezone.now().astimezone(house.zone)
    page.get_by_label("From").fill(f"{now:%H:%M}")
    page.get_by_label("Until").fill(f"{now + dt.timedelta(hours=2):%H:%M}")
    page.get_by_label("T2").check()
    page.get_by_label("Reason").fill("Broken")
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("T2")
    is_shown("blocked")

    page.goto(site.url + of_restaurant(house, "walk_in"))
    page.get_by_label("Party size").fill("3")
    page.get_by_label("Name").fill("Wim")
    page.get_by_role("button", name="Seat now").click()
    expect(page.get_by_text("is seated at")).to_be_visible()
    is_shown("walked in")


def test_the_timeline_offline_stays_readable_and_refuses(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    house = make_house()
    make_party(house, 1, name="Ada", starts=15)
    page = host(site, browser, visitors)
    page.goto(site.url + of_restaurant(house, "timeline"))
    other = host(site, browser, visitors)
    other.goto(site.url + of_restaurant(house, "day"))
    page.context.set_offline(True)
    note = page.locator("[data-offline-note]")
    expect(note).to_be_visible()
    expect(note).to_contain_text(re.compile(r"Offline since \d\d:\d\d"))
    expect(bar(page, "Ada")).to_be_visible()
    # Neither pointed at nor carried, by the mouse or by keys.
    page.locator("tr[data-name=T2] a.gap").click(position={"x": 10, "y": 20})
    expect(note).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    bar(page, "Ada").focus()
    page.keyboard.press("Space")
    said = page.locator("#said.refused")
    expect(said).to_have_text("Nothing was moved: the site could not be reached.")
    expect(page.locator(".landing")).to_have_count(0)
    drag(page, bar(page, "Ada"), 0, 46)
    expect(said).to_have_text("Nothing was moved: the site could not be reached.")
    bar(page, "Ada").press("Enter")
    expect(note).to_be_focused()
    assert Reservation.objects.get().table_ids == [tables_of(house)[0].pk]
    # It comes back by itself, with what happened meanwhile, and takes what is done again.
    press(other, "Ada", "Seat")
    expect(row(other, "Ada").locator(".state")).to_contain_text("seated")
    expect(page.locator("a.bar.seated")).to_have_count(0)
    page.context.set_offline(False)
    expect(note).to_be_hidden()
    expect(page.locator("a.bar.seated", has_text="Ada")).to_be_visible()
    bar(page, "Ada").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("is now at T2")
