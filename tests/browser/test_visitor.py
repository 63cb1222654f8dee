"""What is a visitor's own comes into a public page afterwards, and only where there is something."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Request, expect

from tests.browser.conftest import Visitor
from tests.browser.test_booking import choose_time, fill_details
from tests.conftest import Site
from tests.factories import make_venue

pytestmark = pytest.mark.browser


def test_only_a_browser_that_has_booked_asks_for_its_next_visit(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    restaurant = make_venue(name="Here", slug="here")
    make_venue()
    visitor = Visitor(browser)
    visitors.append(visitor)
    page, asked = visitor.page, list[str]()

    def note(request: Request) -> None:
        if request.url.endswith("/my-reservations/next/"):
            asked.append(request.url)

    page.on("request", note)
    for path in ("/", "/restaurants/here/", "/restaurants/here/menu/"):
        page.goto(site.url + path, wait_until="networkidle")
        expect(page.locator("#visitor")).to_be_hidden()
    assert asked == []
    choose_time(page, site, restaurant)
    fill_details(page)
    page.get_by_role("button", name="Confirm the reservation").click()
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()
    asked.clear()
    page.goto(f"{site.url}/")
    expect(page.get_by_role("link", name="Your next visit: Here")).to_be_visible()
    assert len(asked) == 1
    # The cookie may outlive the reservation, of which this browser alone knows: asked once more, it goes.
    visitor.context.clear_cookies(name="browser")
    page.goto(f"{site.url}/restaurants/here/", wait_until="networkidle")
    expect(page.locator("#visitor")).to_be_hidden()
    assert len(asked) == 2
    page.goto(f"{site.url}/", wait_until="networkidle")
    assert len(asked) == 2
