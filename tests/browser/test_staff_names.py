"""Names as long as their fields take, from right to left or with HTML in them, leave the pages of the evening whole."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from tests.browser.busy import make_busy, opened
from tests.browser.conftest import Visitor
from tests.browser.hands import host
from tests.conftest import Site
from tests.reservations.evening import make_house, of_restaurant

pytestmark = pytest.mark.browser

WIDTHS = (390, 820, 1280)

# How far a page goes beyond its window, and what of it does; what scrolls by itself may be wider.
_BEYOND = """() => {
    const root = document.documentElement;
    const more = root.scrollWidth - root.clientWidth;
    if (more <= 0) return [];
    const found = [...document.querySelectorAll("#container *")]
        .filter((item) => item.getBoundingClientRect().right > root.clientWidth + 1)
        .map((item) => `${item.tagName.toLowerCase()}#${item.id}.${item.getAttribute("class") || ""}`);
    return [`${more} px`, ...found.slice(0, 8)];
}"""


def beyond(page: Page) -> list[str]:
    """Return by how much a page goes beyond the window sideways, and with what; nothing where it fits."""
    found: list[str] = page.evaluate(_BEYOND)
    return found


def test_no_name_breaks_a_page_sideways(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    page = host(site, browser, visitors)
    found = []
    for address in opened(page, site, make_busy()):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            if problems := beyond(page):
                found.append(f"{address} at {width}: {', '.join(problems)}")
    assert not found, "\n".join(found)


def test_no_name_is_drawn_across_another_table(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_busy()
    page = host(site, browser, visitors)
    for name in ("plan", "plan_edit"):
        page.goto(site.url + of_restaurant(restaurant, name))
        spots = page.locator(".spot")
        boxes = [spots.nth(number).bounding_box() for number in range(spots.count())]
        assert len(boxes) == 7
        first, others = boxes[0], boxes[1:]
        assert first
        assert all(box and (box["x"] >= first["x"] + first["width"] or box["y"] > first["y"] + 20) for box in others)
        assert page.locator(".spot").first.get_attribute("aria-label", timeout=1000).startswith("T" * 30)  # type: ignore[union-attr]


def test_the_buttons_of_the_brake_are_of_one_height(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    # Where it is noon now: there is something to be stopped.
    restaurant = make_house(timezone=f"Etc/GMT{timezone.now().hour - 12:+d}")
    page = host(site, browser, visitors)
    page.goto(site.url + of_restaurant(restaurant))
    shown = page.locator(".brake .touches :is(button, .button)")
    assert shown.count() == 3
    boxes = [shown.nth(number).bounding_box() for number in range(3)]
    assert {(box["y"], box["height"]) for box in boxes if box} == {(boxes[0]["y"], 44)}  # type: ignore[index]
    assert page.locator(".brake a.button").evaluate("item => getComputedStyle(item).alignItems") == "center"
