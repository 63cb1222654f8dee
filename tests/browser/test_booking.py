"""A diner books a table in a real browser and cancels it, in the ways people do."""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from reservations.models import Reservation, Restaurant, TableClaim
from tests.browser.conftest import Visitor, fits
from tests.conftest import Site
from tests.factories import make_menu, make_venue

pytestmark = pytest.mark.browser


def in_days(days: int) -> str:
    # As the restaurants of the tests have it.
    return (timezone.now().astimezone(ZoneInfo("Europe/Berlin")).date() + dt.timedelta(days=days)).isoformat()


def fill_details(page: Page, name: str = "Ada Lovelace") -> None:
    page.get_by_label("Your name").fill(name)
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Phone").fill("030 1234567")


def choose_time(page: Page, site: Site, restaurant: Restaurant, *, days: int = 3, label: str = "19:00") -> None:
    page.goto(f"{site.url}/restaurants/{restaurant.slug}/times/?date={in_days(days)}&party=2")
    page.get_by_role("group", name="Dinner").get_by_role("button", name=re.compile(label)).click()
    expect(page.get_by_role("heading", name="Who is coming?")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_books_and_cancels(site: Site, browser: Browser, visitors: list[Visitor], width: int, script: bool) -> None:
    restaurant = make_venue(tables=[2, 4], name="Gasthaus Lind")
    make_venue(tables=[2], name="Another place")
    make_menu(restaurant, dishes=["Lentil soup"])
    visitor = Visitor(browser, width=width, script=script)
    visitors.append(visitor)
    page = visitor.page

    page.goto(site.url)
    page.get_by_role("link", name="Gasthaus Lind").click()
    expect(page.get_by_text("Lentil soup")).to_be_visible()
    page.get_by_label("Guests").fill("2")
    page.get_by_label("Date").fill(in_days(3))
    page.get_by_role("button", name="Show times").click()
    page.get_by_role("group", name="Dinner").get_by_role("button", name="19:30").click()

    expect(page.get_by_text("The table is held for")).to_be_visible()
    countdown = page.locator("[data-countdown]")
    if script:
        expect(countdown).to_have_text(re.compile(r"^(9:5\d|10:00)$"))
    page.get_by_role("button", name="10 more minutes").click()
    expect(page.get_by_role("button", name="10 more minutes")).to_have_count(0)
    fill_details(page)
    page.get_by_label("Occasion").select_option("birthday")
    page.get_by_label("Children among you").fill("1")
    page.get_by_role("button", name="Confirm the reservation").last.click()

    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()
    reservation = Reservation.objects.get()
    assert reservation.status == Reservation.Status.CONFIRMED
    assert (reservation.name, reservation.phone, reservation.children) == ("Ada Lovelace", "+49301234567", 1)
    expect(page.get_by_text(reservation.reference, exact=True)).to_be_visible()
    assert fits(page) if script else True

    page.get_by_role("link", name="My reservations").first.click()
    page.get_by_role("link", name="Gasthaus Lind").click()
    page.get_by_text("Cancel this reservation").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("heading", name="Your reservation is cancelled")).to_be_visible()
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CANCELLED
    assert not TableClaim.objects.exists()


def test_times_come_without_a_reload(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(tables=[2])
    visitor = Visitor(browser)
    visitors.append(visitor)
    page = visitor.page
    page.goto(f"{site.url}/restaurants/{restaurant.slug}/")
    page.evaluate("window.sameDocument = true")
    page.get_by_label("Date").fill(in_days(4))
    expect(page.get_by_role("button", name="19:00")).to_be_visible()
    page.get_by_label("Guests").fill("9")
    page.get_by_label("Guests").press("Tab")
    expect(page.get_by_text("larger than can be booked online")).to_be_visible()
    assert page.evaluate("window.sameDocument") is True


def test_books_with_the_keyboard_alone(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(tables=[2])
    visitor = Visitor(browser)
    visitors.append(visitor)
    page = visitor.page
    page.goto(f"{site.url}/restaurants/{restaurant.slug}/times/?date={in_days(2)}&party=2")
    press_until(page, "19:00")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Who is coming?")).to_be_visible()
    for text in ("Your name", "E-mail", "Phone"):
        press_until(page, text)
        page.keyboard.type({"Your name": "Grace", "E-mail": "grace@example.org", "Phone": "+4930123456"}[text])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()


def press_until(page: Page, text: str) -> None:
    """Press Tab until the focused control is called text."""
    for _press in range(60):
        page.keyboard.press("Tab")
        called = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()")
        if called.startswith(text):
            return
    raise AssertionError(f"Tab never reached {text!r}")


def test_errors_stand_beside_their_fields_and_keep_what_was_typed(
    site: Site, browser: Browser, visitors: list[Visitor], width: int
) -> None:
    restaurant = make_venue(tables=[2])
    visitor = Visitor(browser, width=width)
    visitors.append(visitor)
    page = visitor.page
    choose_time(page, site, restaurant)
    page.get_by_label("Your name").fill("Ada 🎉")
    page.get_by_label("Phone").fill("12")
    page.get_by_label("Children among you").fill("5")
    page.get_by_role("button", name="Confirm the reservation").last.click()
    expect(page.locator("#problems")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_value("Ada 🎉")
    expect(page.get_by_label("Phone")).to_have_value("12")
    expect(page.locator(".field-email .errorlist")).to_have_text("Give an address for the confirmation.")
    expect(page.locator(".field-phone .errorlist")).to_contain_text("Begin with the country code")
    expect(page.locator(".field-children .errorlist")).to_contain_text("There are 2 guests in all")
    assert fits(page)


def test_two_browsers_race_for_the_last_table(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(tables=[2])
    first, second = Visitor(browser), Visitor(browser, width=390)
    visitors += [first, second]
    for visitor in visitors:
        visitor.page.goto(f"{site.url}/restaurants/{restaurant.slug}/times/?date={in_days(3)}&party=2")
    first.page.get_by_role("button", name="19:00").click()
    expect(first.page.get_by_role("heading", name="Who is coming?")).to_be_visible()
    second.page.get_by_role("button", name="19:00").click()
    expect(second.page.get_by_role("alert")).to_contain_text("Every table for your party is taken then")
    expect(second.page.get_by_role("button", name="near the time you wanted")).not_to_have_count(0)
    expect(second.page.get_by_role("button", name=re.compile("^19:00"))).to_be_disabled()
    expect(second.page.locator(".month")).to_be_visible()
    fill_details(first.page)
    first.page.get_by_role("button", name="Confirm the reservation").last.click()
    expect(first.page.get_by_role("heading", name="You are expected")).to_be_visible()
    assert Reservation.objects.filter(status=Reservation.Status.CONFIRMED).count() == 1


def test_a_lapsed_hold_keeps_what_was_typed(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(tables=[2])
    visitor = Visitor(browser)
    visitors.append(visitor)
    page = visitor.page
    choose_time(page, site, restaurant)
    fill_details(page, "Slow Typist")
    Reservation.objects.update(held_until=timezone.now() - dt.timedelta(minutes=1))
    page.get_by_role("button", name="Confirm the reservation").last.click()
    expect(page.get_by_role("alert")).to_contain_text("we could hold the same time once more")
    expect(page.get_by_label("Your name")).to_have_value("Slow Typist")
    page.get_by_role("button", name="Confirm the reservation").last.click()
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()


def test_a_double_click_confirms_once(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(tables=[2, 2, 2])
    visitor = Visitor(browser)
    visitors.append(visitor)
    page = visitor.page
    page.goto(f"{site.url}/restaurants/{restaurant.slug}/times/?date={in_days(3)}&party=2")
    page.get_by_role("button", name="19:00").dblclick()
    expect(page.get_by_role("heading", name="Who is coming?")).to_be_visible()
    fill_details(page)
    page.get_by_role("button", name="Confirm the reservation").last.dblclick()
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()
    assert Reservation.objects.count() == 1
