"""An owner with a phone sets a restaurant up by keyboard alone, loses the session on the way, and a diner finds it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from reservations.models import Reservation, Restaurant, Service, Table
from tests.browser.conftest import Visitor, fits
from tests.conftest import Site
from tests.factories import days_ahead, make_staff, make_venue

pytestmark = pytest.mark.browser


def picture(page: Page, name: str) -> None:
    """Take a picture where PICTURES names a folder, at three widths; and nothing is wider than the window."""
    assert fits(page), name
    if folder := os.environ.get("PICTURES"):
        for width in (390, 820, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
            assert fits(page), (name, width)
        page.set_viewport_size({"width": 390, "height": 844})


def sign_in(page: Page) -> None:
    page.get_by_label("E-mail address").fill("owner@example.org")
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")


def type_into(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).first.focus()
    page.keyboard.type(text)


def test_an_owner_sets_up_by_keyboard(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    make_staff(email="owner@example.org", password="correct horse")
    visitor = Visitor(browser, width=390)
    visitors.append(visitor)
    page = visitor.page
    page.goto(f"{site.url}/admin/")
    sign_in(page)
    page.get_by_role("link", name="Set up your first restaurant").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("navigation", name="Pages of the set-up")).to_be_visible()
    type_into(page, "Name:", "Gasthaus Lind")
    type_into(page, "City:", "Berlin")
    page.get_by_label("Country:").focus()
    page.keyboard.type("Germany")
    # The session is lost in the middle of it: after signing in what was typed is there again.
    visitor.context.clear_cookies(name="sessionid")
    page.get_by_label("City:").focus()
    page.keyboard.press("Enter")
    sign_in(page)
    expect(page.get_by_text("What you typed is back, and nothing has been saved")).to_be_visible()
    expect(page.get_by_label("Name:")).to_have_value("Gasthaus Lind")
    expect(page.get_by_label("Country:")).to_have_value("DE")
    picture(page, "place")
    page.get_by_label("City:").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="More tables")).to_be_visible()
    type_into(page, "New tables:", "1-4, 1-2")
    page.keyboard.press("Enter")
    page.keyboard.type("5-3, 2-4")
    page.get_by_role("button", name="Save and go on").press("Enter")
    expect(page.get_by_text("Line 2: the last table comes before the first.")).to_be_visible()
    page.get_by_label("New tables:", exact=True).first.press("Control+End")
    for _key in "5-3, 2-4":
        page.keyboard.press("Backspace")
    page.keyboard.type("5-6, 2-4")
    page.get_by_role("button", name="Show what will be made").press("Enter")
    expect(page.get_by_text("6 tables will be made")).to_be_visible()
    picture(page, "tables")
    page.get_by_role("button", name="Save and go on").press("Enter")

    expect(page.get_by_role("heading", name="Services", level=1)).to_be_visible()
    assert Table.objects.count() == 6
    type_into(page, "Opening hours:", "Mo-Fr 18:00-23:00; Sa,Su 17:00-24:00")
    page.get_by_role("button", name="Propose services").press("Enter")
    expect(page.get_by_text("2 services were read")).to_be_visible()
    picture(page, "services")
    page.get_by_role("button", name="Save and go on").press("Enter")

    expect(page.get_by_label("Sections and dishes:")).to_be_visible()
    assert Service.objects.count() == 2
    type_into(page, "Sections and dishes:", "# Starters\nLentil soup 6.50")
    # To and fro without saving: what was typed stays.
    page.get_by_role("link", name="Tables").click()
    expect(page.get_by_text("Tables that are there")).to_be_visible()
    page.get_by_role("link", name="Menu").click()
    expect(page.get_by_label("Sections and dishes:")).to_have_value("# Starters\nLentil soup 6.50")
    picture(page, "menu")
    page.get_by_role("button", name="Save and go on").press("Enter")
    expect(page.get_by_text("gets an account")).to_be_visible()
    picture(page, "staff")
    page.get_by_role("button", name="Go on").press("Enter")
    expect(page.get_by_role("heading", name="What is missing")).to_be_visible()
    expect(page.get_by_text("No table seats 5–8")).to_be_visible()
    picture(page, "test")
    page.get_by_role("button", name="Go on").press("Enter")
    page.get_by_role("radio", name="draft").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="/restaurants/gasthaus-lind_")
    expect(link).to_be_visible()
    picture(page, "open")
    page.get_by_role("link", name="Set-up", exact=True).click()
    expect(page.get_by_role("link", name="Bring guests and future reservations over (CSV)")).to_be_visible()
    picture(page, "overview")

    place = Restaurant.objects.get()
    diner = Visitor(browser, width=390)
    visitors.append(diner)
    diner.page.goto(f"{site.url}/restaurants/{place.address}/")
    expect(diner.page.get_by_role("heading", name="Gasthaus Lind")).to_be_visible()
    expect(diner.page.get_by_text("Lentil soup")).to_be_visible()
    diner.page.goto(f"{site.url}/")
    expect(diner.page.get_by_text("Gasthaus Lind")).to_have_count(0)


def test_reservations_come_over_while_the_page_looks_on(
    site: Site, browser: Browser, visitors: list[Visitor], tmp_path: Path
) -> None:
    restaurant = make_venue(tables=[2] * 6, name="Gasthaus Lind")
    make_staff(email="owner@example.org", password="correct horse")
    lines = ["Visit Date,Visit Time,Party Size,Guest Name,Email"]
    lines += [f"{days_ahead(restaurant, day)},19:00,2,Guest {day},guest{day}@example.org" for day in range(1, 13)]
    lines.append(f"{days_ahead(restaurant, 3)},15:00,2,<b>Early</b>,early@example.org")
    file = tmp_path / "old.csv"
    file.write_text("\n".join(lines))
    visitor = Visitor(browser, width=390)
    visitors.append(visitor)
    page = visitor.page
    page.goto(f"{site.url}/admin/reservations/bookingimport/add/?restaurant={restaurant.pk}")
    sign_in(page)
    page.get_by_label("CSV file").set_input_files(file)
    picture(page, "import-file")
    page.get_by_role("button", name="Look at it").press("Enter")
    expect(page.get_by_text("12: will be brought over")).to_be_visible()
    picture(page, "import-preview")
    page.get_by_role("button", name="Bring them over").press("Enter")
    # Nobody presses anything: the page goes on by itself until it is done, and says what is left.
    expect(page.get_by_text("12: brought over")).to_be_visible()
    expect(page.get_by_role("cell", name="<b>Early</b>")).to_be_visible()
    assert Reservation.objects.filter(source=Reservation.Source.IMPORT).count() == 12
    picture(page, "import-result")
    page.get_by_role("link", name="Place by hand").press("Enter")
    expect(page.get_by_label("Name")).to_have_value("<b>Early</b>")
    page.get_by_label("Time").fill("21:00")
    picture(page, "import-by-hand")
    page.get_by_role("button", name="Book").press("Enter")
    expect(page.get_by_text("13: brought over")).to_be_visible()
