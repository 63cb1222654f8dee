"""Hosts at the timeline: bars are moved by mouse, keys and touch, gaps are pointed at, and two work side by side."""

from __future__ import annotations

import contextlib
import datetime as dt
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from reservations.engine import floor
from reservations.models import Block, Reservation, Restaurant, Table
from tests.browser.conftest import Visitor, fits
from tests.browser.hands import drag, host, middle, press_and_drag
from tests.browser.sheet import SOON
from tests.conftest import Site
from tests.factories import days_ahead, make_by, make_seated, make_venue, make_wish
from tests.reservations.evening import make_house, make_party, of_restaurant, tables_of

pytestmark = pytest.mark.browser

ROW, HOUR = 46, 96
"""Pixels of a table's row, and of an hour at the least."""


@pytest.fixture
def venue() -> Restaurant:
    """Tables T1 to T4 in one room; on the day after tomorrow Ada is at T1 and Bob at T2, both at 19:00."""
    restaurant = make_venue(tables=[2, 2, 2, 4], service={"first_seating": dt.time(12), "interval_minutes": 15})
    for number, table in enumerate(tables_of(restaurant), 1):
        Table.objects.filter(pk=table.pk).update(name=f"T{number}")
    wish = make_wish(restaurant, date=days_ahead(restaurant, 2))
    for table, name in zip(tables_of(restaurant), ("Ada", "Bob"), strict=False):
        make_seated(restaurant, [table], wish, name=name, service=restaurant.services.get())
    return restaurant


def opened(page: Page, site: Site, restaurant: Restaurant, days: int = 2) -> Page:
    date = days_ahead(restaurant, days)
    page.goto(f"{site.url}{of_restaurant(restaurant, 'timeline')}?date={date}")
    return page


def bar(page: Page, name: str) -> Locator:
    return page.locator("a.bar", has_text=name)


def row(page: Page, name: str) -> Locator:
    return page.locator(f'tr[data-name="{name}"]')


def place(name: str) -> tuple[str, str]:
    """Return the table and local time that the database has for a party."""
    found = Reservation.objects.select_related("restaurant").get(name=name)
    return Table.objects.get(pk=found.table_ids[0]).name, f"{found.local_start:%H:%M}"


def test_a_bar_is_dragged_and_two_hosts_see_the_same(
    site: Site, browser: Browser, visitors: list[Visitor], venue: Restaurant
) -> None:
    page = opened(host(site, browser, visitors), site, venue)
    other = opened(host(site, browser, visitors), site, venue)
    # The other carries the bar already, so that what she sees stays as it is.
    bar(other, "Ada").focus()
    other.keyboard.press("Space")
    expect(other.locator("#said")).to_contain_text("Ada is picked up")

    drag(page, bar(page, "Ada"), 0, 2 * ROW)
    expect(page.locator("#said")).to_contain_text("is now at T3, 19:00")
    expect(row(page, "T3").locator("a.bar")).to_contain_text("Ada")
    assert place("Ada") == ("T3", "19:00")

    other.keyboard.press("ArrowDown")
    other.keyboard.press("Enter")
    expect(other.locator("#said")).to_contain_text("Somebody has changed it meanwhile")
    expect(row(other, "T3").locator("a.bar")).to_contain_text("Ada")

    drag(page, bar(page, "Ada"), 0, -ROW)
    expect(page.locator("#said.refused")).to_contain_text("T2 is taken: 19:00")
    expect(row(page, "T3").locator("a.bar")).to_contain_text("Ada")
    width = page.locator("tr.hours th").nth(1).evaluate("cell => cell.getBoundingClientRect().width")
    drag(page, bar(page, "Ada"), -width, -2 * ROW)
    expect(page.locator("#said")).to_contain_text("is now at T1, 18:00")
    assert place("Ada") == ("T1", "18:00")
    expect(bar(page, "Ada")).to_be_focused()
    # Escape gives a drag up, and letting go after it is no click.
    x, y = middle(bar(page, "Ada"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + ROW, steps=3)
    expect(page.locator(".landing")).to_contain_text("T2")
    page.keyboard.press("Escape")
    page.mouse.move(x, y, steps=3)
    page.mouse.up()
    expect(page.locator("#said")).to_have_text("Ada stays where it was.")
    expect(page.locator(".landing")).to_have_count(0)
    assert place("Ada") == ("T1", "18:00")
    # A click is no drag.
    bar(page, "Ada").click()
    expect(page.get_by_role("heading", name=re.compile("Ada"))).to_be_visible()


def test_everything_by_keys(site: Site, browser: Browser, visitors: list[Visitor], venue: Restaurant) -> None:
    page = opened(host(site, browser, visitors, width=820), site, venue)
    said = page.locator("#said")
    bar(page, "Ada").focus()
    page.keyboard.press("ArrowDown")
    expect(bar(page, "Bob")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    expect(said).to_have_text("T1, 19:00")
    page.keyboard.press("Escape")
    expect(said).to_have_text("Bob stays where it was.")
    expect(bar(page, "Bob")).to_be_focused()
    page.keyboard.press("Space")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(said).to_contain_text("is now at T4, 19:30")
    assert place("Bob") == ("T4", "19:30")
    expect(bar(page, "Bob")).to_be_focused()

    page.keyboard.press("ArrowUp")
    expect(row(page, "T3").locator("a.gap")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(said).to_have_text("T3, 19:15")
    page.keyboard.press("Enter")
    choice = page.get_by_role("dialog", name="Table T3")
    expect(choice).to_contain_text("19:15")
    choice.get_by_role("link", name="Block").press("Enter")
    expect(page.get_by_label("T3")).to_be_checked()
    expect(page.get_by_label("From")).to_have_value(re.compile("^19:15"))
    page.get_by_label("Reason").fill("A broken chair")
    page.get_by_role("button", name="Block").press("Enter")
    expect(row(page, "T3").locator("a.bar")).to_contain_text("A broken chair")
    # What was pointed at has the focus again.
    expect(row(page, "T3").locator("a.bar")).to_be_focused()
    assert "#" not in page.url
    block = Block.objects.get()
    assert (block.ends_at - block.starts_at, block.service_date) == (dt.timedelta(hours=1), days_ahead(venue, 2))

    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Table T3").get_by_role("button", name="Lift").press("Enter")
    expect(row(page, "T3").locator("a.bar")).to_have_count(0)
    expect(row(page, "T3").locator("a.gap")).to_be_focused()


def test_the_time_that_is_pointed_at_stays_while_others_change_the_board(
    site: Site, browser: Browser, visitors: list[Visitor], venue: Restaurant
) -> None:
    page = opened(host(site, browser, visitors), site, venue)
    row(page, "T3").locator("a.gap").focus()
    for clock in ("12:15", "12:30"):
        page.keyboard.press("ArrowRight")
        expect(page.locator("#said")).to_have_text(f"T3, {clock}")
    floor.move(reservation=Reservation.objects.get(name="Ada"), table_ids=(tables_of(venue)[3].pk,), by=make_by())
    expect(row(page, "T4").locator("a.bar")).to_contain_text("Ada")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#said")).to_have_text("T3, 12:45")


def test_on_a_tablet_a_long_press_carries_and_a_gap_takes_a_walk_in(
    site: Site, browser: Browser, visitors: list[Visitor], venue: Restaurant
) -> None:
    page = opened(host(site, browser, visitors, width=820, touch=True), site, venue)
    scroller = page.locator(".board-scroll")
    press_and_drag(page, bar(page, "Ada"), HOUR / 2, 2 * ROW, lifted="#board.carrying")
    expect(page.locator("#said")).to_contain_text("is now at T3, 19:30")
    assert place("Ada") == ("T3", "19:30")
    # Without the long press the board scrolls.
    before = scroller.evaluate("box => box.scrollLeft")
    for _time in range(5):
        press_and_drag(page, bar(page, "Bob"), 200, 0)
        # A board that is made anew in this very moment takes the finger's hold away.
        with contextlib.suppress(PlaywrightTimeoutError):
            page.wait_for_function(
                "before => document.querySelector('.board-scroll').scrollLeft < before - 50", arg=before, timeout=3000
            )
            break
    assert scroller.evaluate("box => box.scrollLeft") < before - 50
    assert place("Bob") == ("T2", "19:00")

    house = make_house(tables=(2, 4))
    page.goto(f"{site.url}{of_restaurant(house, 'timeline')}")
    gap = row(page, "T2").locator("a.gap")
    gap.tap(position={"x": 10, "y": 20})
    page.get_by_role("dialog", name="Table T2").get_by_role("link", name="Walk-in").tap()
    page.get_by_label("Party size").fill("3")
    page.get_by_role("button", name="Seat now").tap()
    expect(row(page, "T2").locator("a.bar.seated")).to_contain_text("3")
    expect(page).to_have_url(re.compile("/timeline/"))
    assert Reservation.objects.get(restaurant=house).table_ids == [tables_of(house)[1].pk]
    assert fits(page)


def test_the_floor_plan_is_drawn_by_hand_and_seats_by_a_touch(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    house = make_house(tables=(2, 4))
    make_party(house, 1, name="Ada")
    page = host(site, browser, visitors, width=820, touch=True)
    page.goto(f"{site.url}{of_restaurant(house, 'plan_edit')}")
    one, two = page.locator("g.spot").nth(0), page.locator("g.spot").nth(1)
    drag(page, one, 100, 160)
    two.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect(page.locator("#said")).to_have_text("T2: 7 from the left, 3 from the top")
    page.get_by_label("T2: Shape").select_option("long")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The floor plan is saved.")).to_be_visible()
    places = [(table.plan_x, table.plan_y, table.plan_shape) for table in tables_of(house)]
    assert places == [(6, 9, "round"), (7, 3, "long")]
    spot = page.locator("a.spot", has_text="T1")
    expect(spot).to_have_attribute("transform", "translate(120 180)")

    other = host(site, browser, visitors)
    other.goto(f"{site.url}{of_restaurant(house, 'plan')}")
    expect(other.locator("a.spot.confirmed", has_text="T1")).to_be_visible()
    spot.tap()
    page.get_by_role("dialog", name="Table T1").get_by_role("button", name="Seat").tap()
    expect(page.locator("a.spot.seated", has_text="T1")).to_be_visible()
    expect(page).to_have_url(re.compile("/plan/"))
    # The other host sees it without doing anything.
    expect(other.locator("a.spot.seated", has_text="T1")).to_be_visible(timeout=SOON)
