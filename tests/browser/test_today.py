"""Today in a real browser: it keeps itself new, and neither what somebody types nor the page is lost for that."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from reservations.models import Reservation
from tests.browser.conftest import Visitor
from tests.browser.test_evening import arrive
from tests.conftest import Site
from tests.factories import make_restaurant
from tests.reservations.evening import make_house, make_party

pytestmark = pytest.mark.browser


def opened(site: Site, browser: Browser, visitors: list[Visitor], query: str = "") -> Page:
    """Return the page of a host whose clock the test moves."""
    page = arrive(site, browser, visitors, "Hanna").page
    page.clock.install()
    page.goto(f"{site.url}/admin/{query}")
    return page


def a_minute_later(page: Page) -> None:
    with page.expect_response(lambda response: "/admin/" in response.url):
        page.clock.run_for(61_000)


def test_search_page_and_typing_are_kept(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_house(tables=(2, 2), name="Alte Linde", city="Rom")
    for number in range(21):
        make_restaurant(name=f"Idle {number:02}", city="Rom")
    make_restaurant(name="Elsewhere", city="Bern")
    page = opened(site, browser, visitors, "?q=rom")
    card = page.locator(".today-card", has_text="Alte Linde")
    expect(card).to_contain_text("Nobody is booked.")
    search = page.get_by_label("Restaurant", exact=True)
    search.fill("Lin")
    make_party(restaurant, 1, starts=30)
    a_minute_later(page)
    expect(card).to_contain_text("Dinner: 2 covers")
    expect(page.locator(".today-card", has_text="Elsewhere")).to_have_count(0)
    expect(search).to_have_value("Lin")
    expect(search).to_be_focused()
    page.get_by_role("link", name="More").click()
    expect(page.locator(".today-card")).to_have_count(2)
    a_minute_later(page)
    expect(page.locator(".today-card")).to_have_count(2)


def test_it_stays_and_says_so_once_signed_out(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    make_party(make_house(tables=(2, 2), name="Zur Linde"), 1, starts=30)
    page = opened(site, browser, visitors)
    card = page.locator(".today-card", has_text="Dinner: 2 covers")
    note = page.locator("[data-refused-note]")
    expect(card).to_be_visible()
    cookies = page.context.cookies()
    page.context.clear_cookies()
    a_minute_later(page)
    expect(note).to_be_visible()
    expect(note).to_contain_text("You are signed out")
    expect(card).to_be_visible()
    # Signed in again, in another tab perhaps.
    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    a_minute_later(page)
    expect(note).to_be_hidden()
    expect(card).to_be_visible()


def test_it_stays_while_the_line_is_down(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    party = make_party(make_house(tables=(2, 2), name="Zur Linde"), 1, starts=30)
    page = opened(site, browser, visitors)
    note = page.locator("[data-offline-note]")
    sheet = page.get_by_role("link", name="Day sheet")
    page.context.set_offline(True)
    page.clock.run_for(61_000)
    expect(note).to_be_visible()
    sheet.click()
    expect(note).to_be_focused()
    Reservation.objects.filter(pk=party.pk).update(party_size=1)
    page.context.set_offline(False)
    page.clock.run_for(7_000)
    expect(note).to_be_hidden()
    expect(page.locator(".today-card")).to_contain_text("Dinner: 1 cover")
    sheet.click()
    expect(page.locator("#sheet")).to_be_visible()
