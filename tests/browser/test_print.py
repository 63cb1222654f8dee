"""The day sheet as the kitchen prints it: A4, what is to be heeded first, nothing that can be pressed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from reservations.models import Reservation
from tests.browser.conftest import Visitor
from tests.browser.hands import host
from tests.conftest import Site
from tests.reservations.evening import make_house, make_party, of_restaurant

pytestmark = pytest.mark.browser

A4 = 703
"""Pixels of its width without the margins."""


@pytest.fixture
def sheet(site: Site, browser: Browser, visitors: list[Visitor]) -> Page:
    """Return a printed sheet of three parties, one of them with an allergy, and of one that does not come."""
    restaurant = make_house(tables=(2, 2, 2, 4), name="Zur Linde")
    make_party(restaurant, 1, starts=0, name="Ada Lark", note="by the window")
    make_party(restaurant, 2, starts=30, name="Bo Swan", dietary_needs="no nuts")
    make_party(restaurant, 3, starts=60, name="Cy Hawk")
    make_party(restaurant, 4, starts=60, name="Di Crow", status=Reservation.Status.CANCELLED)
    page = host(site, browser, visitors, width=A4)
    page.emulate_media(media="print")
    page.goto(site.url + of_restaurant(restaurant, "day"))
    return page


def test_the_printed_sheet_is_for_reading(sheet: Page) -> None:
    for gone in ("button", "input", "select", ".button", "#header", ".breadcrumbs", ".chart", ".acts", "dialog"):
        for item in sheet.locator(gone).all():
            expect(item).to_be_hidden()
    needs, table = sheet.locator(".needs-first"), sheet.locator("table.sheet")
    expect(needs).to_contain_text(re.compile(r"no nuts: \d\d:\d\d.*, T2, Bo Swan \(2\)"))
    first, then = needs.bounding_box(), table.bounding_box()
    assert first
    assert then
    assert first["y"] + first["height"] <= then["y"]
    expect(sheet.get_by_role("heading", name="Zur Linde")).to_be_visible()
    for name in ("Ada Lark", "Bo Swan", "Cy Hawk"):
        row = sheet.locator("tbody tr", has_text=name)
        expect(row).to_be_visible()
        expect(row.locator(".tables")).to_have_text(re.compile(r"T\d"))
    expect(sheet.locator("tbody tr", has_text="Ada Lark")).to_contain_text("by the window")
    expect(sheet.locator("tbody tr", has_text="Di Crow")).to_be_hidden()


def test_each_column_stands_under_its_heading(sheet: Page) -> None:
    shown = "row => [...row.children].filter((cell) => cell.offsetParent)"
    lefts = f"{shown}.map((cell) => cell.getBoundingClientRect().x)"
    sides = f"{shown}.map((cell) => getComputedStyle(cell).textAlign)"
    row, head = sheet.locator(".sheet tbody tr", has_text="Bo Swan"), sheet.locator(".sheet thead tr")
    assert len(row.evaluate(lefts)) == 6
    assert row.evaluate(lefts) == head.evaluate(lefts)
    assert {*row.evaluate(sides), *head.evaluate(sides)} <= {"left", "start"}
    assert sheet.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_small_evening_is_one_sheet_of_paper(sheet: Page) -> None:
    paper = sheet.pdf(format="A4", prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    size = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", paper)
    assert size
    assert [round(float(side)) for side in size.groups()] == [595, 842]
