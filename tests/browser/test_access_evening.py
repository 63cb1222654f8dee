"""Nothing serious in the eyes of axe-core on what staff have open in an evening, on a phone too, and after a touch."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Browser, Page, expect

from reservations.models import Restaurant, Table
from tests.browser.axe import serious
from tests.browser.busy import make_busy, opened
from tests.browser.conftest import Visitor
from tests.browser.hands import host
from tests.conftest import Site
from tests.factories import days_ahead, make_seated, make_venue, make_wish
from tests.reservations.evening import of_restaurant, tables_of, tonight

pytestmark = pytest.mark.browser

WIDTHS = (390, 1280)


def both(page: Page, name: str) -> list[str]:
    """Return what is serious on a page as it stands, at the width of a phone and of a desk."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        found += [f"{name} at {width}: {problem}" for problem in serious(page)]
    return found


def test_no_page_keeps_anybody_out_on_a_phone_or_a_desk(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    page = host(site, browser, visitors)
    found = [problem for address in opened(page, site, make_busy()) for problem in both(page, address)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("board", "touched"), [("timeline", "a.gap"), ("plan", "a.spot")])
def test_the_choice_of_a_table_keeps_nobody_out(
    site: Site, browser: Browser, visitors: list[Visitor], board: str, touched: str
) -> None:
    page = host(site, browser, visitors)
    page.goto(site.url + of_restaurant(make_busy(), board))
    page.locator(touched).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert both(page, board) == []


def test_closing_with_parties_that_are_hit_keeps_nobody_out(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    restaurant = make_busy()
    page = host(site, browser, visitors)
    page.goto(f"{site.url}/admin/reservations/closure/close/?restaurant={restaurant.pk}")
    for name in ("starts_on", "ends_on"):
        page.locator(f"#id_{name}").fill(tonight(restaurant).isoformat())
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator("#hits")).to_be_visible()
    assert both(page, "close") == []


@pytest.fixture
def paced() -> Restaurant:
    """Return a restaurant of two covers a slot: in two days Ada comes at 19:00, and Bob at 19:15."""
    restaurant = make_venue(
        tables=[2, 2], service={"first_seating": dt.time(12), "interval_minutes": 15, "max_covers": 2}
    )
    for table, name, clock in zip(tables_of(restaurant), ("Ada", "Bob"), (dt.time(19), dt.time(19, 15)), strict=True):
        Table.objects.filter(pk=table.pk).update(name=f"of {name}")
        wish = make_wish(restaurant, date=days_ahead(restaurant, 2), at=clock)
        make_seated(restaurant, [table], wish, name=name, service=restaurant.services.get())
    return restaurant


def test_exceeding_pacing_on_the_timeline_keeps_nobody_out(
    site: Site, browser: Browser, visitors: list[Visitor], paced: Restaurant
) -> None:
    page = host(site, browser, visitors)
    page.goto(f"{site.url}{of_restaurant(paced, 'timeline')}?date={days_ahead(paced, 2)}")
    page.locator("a.bar", has_text="Bob").focus()
    for key in ("Space", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#exceed")).to_be_visible()
    assert both(page, "exceed") == []
