"""A whole evening in real browsers: with the pointer, the keyboard alone and by touch; two hosts; a line that drops."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from reservations.models import Block, Reservation, Restaurant, TableClaim
from tests.browser.axe import serious
from tests.browser.conftest import Visitor, fits
from tests.browser.sheet import SOON, make_evening, press, row, status
from tests.conftest import Site
from tests.factories import make_staff
from tests.reservations.evening import of_restaurant, tonight

pytestmark = pytest.mark.browser


def arrive(site: Site, browser: Browser, visitors: list[Visitor], name: str, **kind: object) -> Visitor:
    """Return a host in a browser of their own, signed in."""
    client = Client()
    client.force_login(make_staff(email=f"{name.lower()}@example.org", name=name))
    visitor = Visitor(browser, **kind)  # type: ignore[arg-type]
    visitors.append(visitor)
    cookie = client.cookies["sessionid"].value
    visitor.context.add_cookies([{"name": "sessionid", "value": cookie, "url": site.url}])
    return visitor


NAME_OF_FOCUS = """() => {
    const { labels, textContent } = document.activeElement;
    return ((labels && labels[0]) || { textContent }).textContent.trim().replace(/:$/, "");
}"""


def tab_to(page: Page, label: str, key: str = "Tab") -> None:
    """Press Tab until what is called so has the focus: a button, a link or a field."""
    for _press in range(40):
        page.keyboard.press(key)
        if page.evaluate(NAME_OF_FOCUS) == label:
            return
    raise AssertionError(label)


def fill_in_block(page: Page, restaurant: Restaurant) -> None:
    """Say that a chair is broken for an hour from now on."""
    now = timezone.now().astimezone(restaurant.zone)
    page.get_by_label("From").fill(f"{now:%H:%M}")
    page.get_by_label("Until").fill(f"{now + dt.timedelta(hours=1):%H:%M}")
    page.get_by_label("Reason").fill("A broken chair")


def assert_blocked(page: Page, restaurant: Restaurant, table: str) -> None:
    """Wait until the page says that it is done; then that table is blocked tonight, and no other."""
    expect(page.locator(".messagelist .success")).to_contain_text(table)
    block = Block.objects.get(restaurant=restaurant)
    assert (block.service_date, block.reason) == (tonight(restaurant), "A broken chair")
    assert {claim.table.name for claim in TableClaim.objects.filter(block=block)} == {table}


def test_a_whole_evening_of_two_hosts(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_evening()
    first = arrive(site, browser, visitors, "Hanna")
    second = arrive(site, browser, visitors, "Otto")
    page, other = first.page, second.page
    page.goto(f"{site.url}/admin/")
    assert serious(page) == []
    page.get_by_role("link", name="Day sheet").click()
    expect(page.get_by_role("heading", name=re.compile("Day sheet of"))).to_be_visible()
    expect(row(page, "Bo Swan").locator(".flags")).to_contain_text("late by")
    assert serious(page) == []
    other.goto(page.url)

    # Each touch is there at once, and on the other's screen within two seconds.
    press(page, "Ada", "Arrived")
    expect(row(other, "Ada")).to_contain_text("arrived", timeout=SOON)
    expect(row(page, "Ada").get_by_role("button", name="Undo: Arrived")).to_be_focused()
    press(page, "Ada", "Seat")
    expect(row(other, "Ada").locator(".state")).to_contain_text("seated", timeout=SOON)
    expect(page.get_by_role("status").first).to_contain_text("is seated")
    press(other, "Bo", "No-show")
    expect(row(page, "Bo").locator(".state")).to_contain_text("no-show", timeout=SOON)
    press(page, "Bo", "Undo: No-show")
    expect(row(other, "Bo").locator(".state")).to_contain_text("confirmed", timeout=SOON)
    assert status("Bo Swan") == "confirmed"
    press(page, "Cy", "Cancel")
    expect(row(page, "Cy").locator(".state")).to_contain_text("cancelled")
    press(page, "Cy", "Undo: Cancelled")
    expect(row(page, "Cy").locator(".tables")).to_have_text("T3")

    # A note by the dialog; a move by its page, and back on the sheet.
    row(page, "Cy").get_by_role("link", name="Note").click()
    expect(page.get_by_role("dialog")).to_contain_text("Cy Hawk")
    page.get_by_label("Note", exact=True).fill("<b>Window</b>")
    page.get_by_role("button", name="Add note").click()
    expect(row(page, "Cy").locator(".notes")).to_contain_text("<b>Window</b>")
    row(page, "Cy").get_by_role("link", name="Move").click()
    page.get_by_label(re.compile("T4")).check()
    page.get_by_label(re.compile("T3")).uncheck()
    page.get_by_role("button", name="Move", exact=True).click()
    expect(row(page, "Cy").locator(".tables")).to_have_text("T4")
    expect(row(other, "Cy").locator(".tables")).to_have_text("T4", timeout=SOON)

    # Narrowed while typing, also after the other has done something.
    other.get_by_label("Search").fill("NUTS")
    expect(other.locator("#sheet tr[data-status]:visible")).to_have_count(1)
    press(page, "Ada", "Finish")
    expect(row(other, "Ada").locator(".state")).to_contain_text("finished", timeout=SOON)
    expect(other.locator("#sheet tr[data-status]:visible")).to_have_count(1)
    assert other.url.endswith("?q=NUTS")
    other.get_by_label("Search").fill("")

    # Walk-in and block, from the sheet.
    page.get_by_role("link", name="Walk-in").click()
    page.get_by_label(re.compile("Party size|Covers")).first.fill("2")
    page.get_by_role("button", name="Seat now").click()
    expect(page.get_by_text("is seated at")).to_be_visible()
    assert serious(page) == []
    expect(row(other, "No name")).to_be_visible(timeout=SOON)
    page.goto(site.url + of_restaurant(restaurant, "day"))
    page.get_by_role("link", name="Block tables").click()
    fill_in_block(page, restaurant)
    page.get_by_label("T5").check()
    page.get_by_role("button", name="Block", exact=True).click()
    assert_blocked(page, restaurant, "T5")
    # The floor lists it, and lifts it.
    page.goto(site.url + of_restaurant(restaurant))
    expect(page.locator("#blocks")).to_contain_text("A broken chair")
    assert serious(page) == []
    page.locator("#blocks").get_by_role("button", name="Lift").click()
    expect(page.locator("#blocks")).to_have_count(0)
    assert Block.objects.get().lifted_at is not None

    # The line drops: it stays readable, says so, refuses, and comes back by itself.
    second.context.set_offline(True)
    note = other.locator("[data-offline-note]")
    expect(note).to_be_visible()
    expect(note).to_contain_text(re.compile(r"Offline since \d\d:\d\d"))
    expect(row(other, "Bo")).to_be_visible()
    press(other, "Bo", "Seat")
    expect(note).to_be_focused()
    assert status("Bo Swan") == "confirmed"
    page.goto(site.url + of_restaurant(restaurant, "day"))
    press(page, "Bo", "No-show")
    expect(row(page, "Bo").locator(".state")).to_contain_text("no-show")
    second.context.set_offline(False)
    expect(note).to_be_hidden()
    expect(row(other, "Bo").locator(".state")).to_contain_text("no-show")


def test_the_evening_with_the_keyboard_alone(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_evening()
    page = arrive(site, browser, visitors, "Hanna").page
    page.goto(site.url + of_restaurant(restaurant, "day"))
    page.get_by_label("Search").focus()
    page.keyboard.type("ada")
    expect(page.locator("#sheet tr[data-status]:visible")).to_have_count(1)

    tab_to(page, "Seat")
    page.keyboard.press("Enter")
    undo = row(page, "Ada").get_by_role("button", name="Undo: Seated")
    expect(undo).to_be_focused()
    expect(row(page, "Ada").locator(".state")).to_contain_text("seated")
    page.keyboard.press("Enter")
    expect(row(page, "Ada").locator(".state")).to_contain_text("confirmed")
    expect(row(page, "Ada").get_by_role("button", name="Arrived")).to_be_focused()
    tab_to(page, "Note")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert serious(page) == []
    page.keyboard.type("by the door")
    page.keyboard.press("Enter")
    expect(row(page, "Ada").locator(".notes")).to_contain_text("by the door")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert status("Ada Lark") == "confirmed"

    # Who did not come, and who comes without having booked.
    page.get_by_label("Search").focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("bo")
    expect(page.locator("#sheet tr[data-status]:visible")).to_have_count(1)
    tab_to(page, "No-show")
    page.keyboard.press("Enter")
    expect(row(page, "Bo").locator(".state")).to_contain_text("no-show")
    expect(row(page, "Bo").get_by_role("button", name="Undo: No-show")).to_be_focused()
    assert status("Bo Swan") == "no_show"
    tab_to(page, "Walk-in", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Walk-in")).to_be_visible()
    tab_to(page, "Skip to main content")
    page.keyboard.press("Enter")
    tab_to(page, "Party size")
    page.keyboard.type("3")
    tab_to(page, "Table")
    page.keyboard.type("T5")
    tab_to(page, "Name")
    page.keyboard.type("Wim Stork")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is seated at")).to_be_visible()
    walked_in = Reservation.objects.get(name="Wim Stork")
    assert (walked_in.status, walked_in.party_size, walked_in.source) == ("seated", 3, "walk_in")
    assert walked_in.table_ids == [restaurant.tables.get(name="T5").pk]


def test_the_evening_by_touch(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_evening()
    page = arrive(site, browser, visitors, "Hanna", width=390, touch=True).page
    page.goto(site.url + of_restaurant(restaurant, "day"))
    for label, shown in (("Arrived", "arrived"), ("Seat", "seated"), ("Finish", "finished")):
        button = row(page, "Ada").get_by_role("button", name=label, exact=True)
        box = button.bounding_box()
        assert box is not None
        assert min(box["height"], box["width"]) >= 44
        button.tap()
        expect(row(page, "Ada").locator(".state")).to_contain_text(shown)
    row(page, "Ada").get_by_role("button", name="Undo: Finished").tap()
    expect(row(page, "Ada").locator(".state")).to_contain_text("seated")
    row(page, "Bo").get_by_role("button", name="No-show", exact=True).tap()
    expect(row(page, "Bo").locator(".state")).to_contain_text("no-show")
    assert status("Bo Swan") == "no_show"
    assert fits(page)
    assert serious(page) == []
    page.get_by_role("link", name="Block tables").tap()
    fill_in_block(page, restaurant)
    page.get_by_label("T4").tap()
    page.get_by_role("button", name="Block", exact=True).tap()
    assert_blocked(page, restaurant, "T4")


def test_the_evening_without_script(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_evening()
    page = arrive(site, browser, visitors, "Hanna", script=False).page
    page.goto(site.url + of_restaurant(restaurant, "day"))
    page.get_by_label("Search").fill("ada")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#sheet tr[data-status]")).to_have_count(1)
    press(page, "Ada", "Seat")
    expect(row(page, "Ada").locator(".state")).to_contain_text("seated")
    assert re.search(r"\?q=ada.*#r\d+$", page.url)
    press(page, "Ada", "Undo: Seated")
    row(page, "Ada").get_by_role("link", name="Note").click()
    page.get_by_label("Note").fill("by the door")
    page.get_by_role("button", name="Add note").click()
    expect(row(page, "Ada").locator(".notes")).to_contain_text("by the door")
