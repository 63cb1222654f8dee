"""The day sheet is narrowed as somebody types and chooses, and keeps in sight what was just touched."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.hands import host
from tests.browser.sheet import SOON, make_evening, press, row
from tests.conftest import Site
from tests.factories import make_area, make_table
from tests.reservations.evening import make_party, of_restaurant

pytestmark = pytest.mark.browser

ALL = ["Ada Lark", "Bo Swan", "Cy Hawk"]


def see(page: Page, *names: str) -> None:
    """Wait until these rows are in sight and no other, and the sheet says how many."""
    expect(page.locator("#sheet tr[data-status]:visible .who a")).to_have_text([*names])
    expect(page.locator("#shown")).to_have_text(f"{len(names)} shown")


def test_the_sheet_is_searched_as_one_types(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_evening()
    make_party(restaurant, 4, starts=15, name="Dee Wren", phone="+4930123", note="Seat 7, <b>by</b> the door")
    page = host(site, browser, visitors)
    page.goto(site.url + of_restaurant(restaurant, "day"))
    search = page.get_by_label("Search")
    # What it is narrowed by is what stands in a row, not its buttons and state.
    for typed, names in (
        ("LARK", ["Ada Lark"]),
        ("no nuts", ["Ada Lark"]),
        ("t2", ["Bo Swan"]),
        ("30123", ["Dee Wren"]),
        ("seat", ["Dee Wren"]),
        ("<B>by</b> wren", ["Dee Wren"]),
        ("arrived", []),
        ("cancel", []),
        ("move", []),
        ("note", []),
        ("confirmed", []),
    ):
        search.fill("")
        search.press_sequentially(typed)
        see(page, *names)
    search.fill("")
    expect(page.locator("#sheet tr[data-status]:visible")).to_have_count(4)
    # The address has it too, and the server finds the same.
    search.fill("seat")
    page.reload()
    see(page, "Dee Wren")
    search.fill("")
    expect(page.locator("#sheet tr[data-status]:visible")).to_have_count(4)


def test_the_sheet_is_narrowed_by_status_area_and_service(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    restaurant = make_evening()
    make_table(restaurant, area=make_area(restaurant, name="Terrace"), name="T9")
    make_party(restaurant, 6, starts=15, name="Dee Wren", status="seated", service=None, service_name="Brunch")
    page = host(site, browser, visitors)
    page.goto(site.url + of_restaurant(restaurant, "day"))
    selects = {name: page.get_by_label(name, exact=True) for name in ("Status", "Area", "Service")}
    for name, chosen, names in (
        ("Status", "seated", ["Dee Wren"]),
        ("Status", "confirmed", ["Bo Swan", "Ada Lark", "Cy Hawk"]),
        ("Status", "finished", []),
        ("Area", "Terrace", ["Dee Wren"]),
        ("Area", "Dining room", ["Bo Swan", "Ada Lark", "Cy Hawk"]),
        ("Service", "Brunch", ["Dee Wren"]),
        ("Service", restaurant.services.get().name, ["Bo Swan", "Ada Lark", "Cy Hawk"]),
    ):
        selects[name].select_option(label=chosen)
        see(page, *names)
        assert f"?{name.lower()}=" in page.url
        selects[name].select_option(label="All")
        expect(page.locator("#sheet tr[data-status]:visible")).to_have_count(4)
        assert "?" not in page.url
    # Together, by the keyboard, and with what is typed.
    selects["Area"].focus()
    page.keyboard.type("Din")
    page.get_by_label("Search").press_sequentially("t1")
    see(page, "Ada Lark")
    assert re.search(r"\?q=t1&area=\d+$", page.url)


def two_hosts(site: Site, browser: Browser, visitors: list[Visitor]) -> list[Page]:
    """Return the day sheet of one restaurant as two hosts have it open."""
    restaurant = make_evening()
    pages = [host(site, browser, visitors) for _host in range(2)]
    for page in pages:
        page.goto(site.url + of_restaurant(restaurant, "day"))
    return pages


def test_what_was_touched_stays_in_sight(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    page, other = two_hosts(site, browser, visitors)
    for one in (page, other):
        one.get_by_label("Status", exact=True).select_option(label="confirmed")
    row(page, "Ada").get_by_role("button", name="Seat", exact=True).press("Enter")
    undo = row(page, "Ada").get_by_role("button", name="Undo: Seated")
    expect(undo).to_be_visible()
    expect(undo).to_be_focused()
    see(page, "Bo Swan", "Ada Lark", "Cy Hawk")
    # Whoever has not touched it sees who is still expected.
    expect(row(other, "Ada")).to_be_hidden(timeout=SOON)
    # What another does meanwhile takes neither the row nor the focus away.
    press(other, "Bo", "No-show")
    expect(row(page, "Bo")).to_be_hidden(timeout=SOON)
    see(page, "Ada Lark", "Cy Hawk")
    expect(undo).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, "Ada").locator(".state")).to_contain_text("confirmed")
    press(page, "Ada", "Seat")
    expect(undo).to_be_focused()
    page.get_by_label("Area", exact=True).select_option(label="Dining room")
    see(page, "Cy Hawk")


def test_the_focus_stays_in_the_row_that_another_touches(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    page, other = two_hosts(site, browser, visitors)
    page.get_by_label("Status", exact=True).select_option(label="confirmed")
    row(page, "Ada").get_by_role("button", name="Seat", exact=True).focus()
    press(other, "Ada", "Seat")
    expect(row(page, "Ada").locator(".state")).to_contain_text("seated", timeout=SOON)
    expect(row(page, "Ada")).to_be_visible()
    expect(row(page, "Ada")).to_be_focused()


def test_a_refresh_brings_back_no_row_that_was_narrowed_away(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    page, _other = two_hosts(site, browser, visitors)
    page.get_by_label("Status", exact=True).select_option(label="confirmed")
    press(page, "Ada", "Seat")
    expect(row(page, "Ada").get_by_role("button", name="Undo: Seated")).to_be_focused()
    # In one moment: the browser has not yet taken the focus from what is hidden.
    page.evaluate(
        """() => {
            const area = document.getElementById("narrow").elements.area;
            area.value = [...area.options].find((one) => one.text === "Dining room").value;
            area.dispatchEvent(new Event("input", { bubbles: true }));
            const detail = { target: document.getElementById("sheet"), xhr: { getResponseHeader: () => "sheet" } };
            for (const name of ["htmx:beforeSwap", "htmx:afterSwap"]) {
                document.dispatchEvent(new CustomEvent(name, { detail }));
            }
        }"""
    )
    see(page, "Bo Swan", "Cy Hawk")
