"""A host books on the phone by the keyboard: in under ten keys after the name, guests found, rules passed knowingly."""

from __future__ import annotations

import datetime as dt
import os

import pytest
from playwright.sync_api import Browser, Page, expect

from reservations.models import Reservation, Restaurant
from tests.browser.conftest import Visitor, fits
from tests.conftest import Site
from tests.factories import days_ahead, make_staff, make_table, make_venue
from tests.reservations.people import make_guest, make_visit

pytestmark = pytest.mark.browser

MOST_KEYS = 9
"""After the name: under ten."""


def sign_in(page: Page, site: Site) -> None:
    make_staff(email="host@example.org", password="correct horse", name="Hanna Host")
    page.goto(f"{site.url}/admin/login/?next=/admin/password_change/")
    page.fill("#id_username", "host@example.org")
    page.fill("#id_password", "correct horse")
    page.click("input[type=submit]")
    expect(page.locator("#id_old_password")).to_be_visible()


class Keys:
    """The keyboard, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1


def picture(page: Page, name: str, width: int) -> None:
    """Keep a picture where somebody wants to look at it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def open_page(page: Page, site: Site, restaurant: Restaurant) -> None:
    page.goto(f"{site.url}/admin/reservations/reservation/add/?restaurant={restaurant.pk}")
    expect(page.locator("#id_name")).to_be_focused()


def test_a_caller_is_booked_in_under_ten_keys_and_rules_are_passed_knowingly(
    site: Site, browser: Browser, visitors: list[Visitor], width: int
) -> None:
    restaurant = make_venue(tables=(2, 4), service={"max_covers": 4}, lead_minutes=60 * 24 * 60)
    make_table(restaurant, name="Round", seats=8)
    ada = make_guest(restaurant, email="ada@example.org", phone="+49307654321", name="Ada Lovelace", tags=["VIP"])
    make_guest(restaurant, email="adam@example.org", name="Adam <b>Smith</b>", dietary_needs="no nuts")
    make_guest(make_venue(), email="adele@example.org", name="Adele Elsewhere")
    make_visit(ada, -3)
    make_visit(ada, -9, Reservation.Status.NO_SHOW)
    visitor = Visitor(browser, width=width)
    visitors.append(visitor)
    page, keys = visitor.page, Keys(visitor.page)
    sign_in(page, site)
    open_page(page, site, restaurant)

    # Guests are found while typing, of this restaurant alone.
    page.keyboard.type("ada")
    options = page.locator("#phone-guests").get_by_role("option")
    expect(options).to_have_count(2)
    expect(options.first).to_contain_text("1 visit · 1 no-show")
    expect(options.first).to_contain_text("VIP")
    expect(options.nth(1)).to_contain_text("Adam <b>Smith</b>")
    picture(page, "phone-guests", width)
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")

    # From here on every key counts: a party of four, on a day of the week, at half past seven.
    date = days_ahead(restaurant, 5)
    keys.press("Enter")
    expect(page.locator("#id_party_size")).to_be_focused()
    keys.press("4", *f"{date:%A}"[:2].lower(), *"1930")
    expect(page.get_by_role("heading", name=f"{date:%a} {date.day} {date:%b %Y}")).to_be_visible()
    expect(page.get_by_role("radio", name="19:30")).to_be_checked()
    expect(page.locator("#phone-picked")).to_contain_text("The lead time for online booking has run out.")
    expect(page.locator("#id_tables option").first).to_contain_text("Automatic: T")
    assert fits(page)
    picture(page, "phone-picked", width)
    keys.press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Ada Lovelace is booked")
    expect(page.locator(".messagelist")).to_contain_text("is a known guest: 1 visit, 1 no-show")
    assert keys.count <= MOST_KEYS
    booked = Reservation.objects.get(party_size=4)
    assert (booked.guest, booked.email, booked.phone) == (ada, "ada@example.org", "+49307654321")
    assert (booked.service_date, f"{booked.local_start:%H:%M}") == (date, "19:30")
    assert booked.passed_over == "TOO_LATE"

    # The same time once more is above pacing: it is refused until it is passed over knowingly.
    open_page(page, site, restaurant)
    page.keyboard.type("Grace Hopper")
    page.keyboard.press("Enter")
    page.keyboard.type(f"2{f'{date:%A}'[:2].lower()}193")
    expect(page.get_by_role("radio", name="19:30")).to_be_checked()
    expect(page.locator("#phone-picked")).to_contain_text("Pacing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="Exceed pacing knowingly")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Regulars")
    picture(page, "phone-pacing", width)
    page.select_option("#id_tables", label="Round (1–8)")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("Grace Hopper is booked")
    exceeded = Reservation.objects.get(name="Grace Hopper")
    assert exceeded.pacing_exceeded_by is not None
    assert (exceeded.pacing_reason, exceeded.passed_over_reason) == ("Regulars", "Regulars")
    assert exceeded.table_ids == [restaurant.tables.get(name="Round").pk]


def test_the_plain_form_books_without_javascript(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(tables=(2,))
    visitor = Visitor(browser, width=390, script=False)
    visitors.append(visitor)
    page = visitor.page
    sign_in(page, site)
    page.goto(f"{site.url}/admin/reservations/reservation/add/?restaurant={restaurant.pk}")
    page.fill("#id_name", "Plain Person")
    page.fill("#id_date", "+4")
    page.get_by_role("button", name="Show the times").click()
    expect(page.locator("#id_name")).to_have_value("Plain Person")
    page.get_by_text("20:00", exact=True).click()
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("Plain Person is booked")
    booked = Reservation.objects.get()
    assert booked.service_date == days_ahead(restaurant, 4)
    assert booked.local_start.time() == dt.time(20)
