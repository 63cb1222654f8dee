"""A diner changes a reservation in a real browser, and waits for a table that somebody gives up."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from reservations.engine import booking
from reservations.links import entry_token, reservation_token
from reservations.models import Reservation, Restaurant, WaitlistEntry
from tests.browser.conftest import Visitor, fits
from tests.browser.test_booking import choose_time, fill_details, in_days, press_until
from tests.conftest import Site
from tests.factories import days_ahead, make_entry, make_reservation, make_venue

pytestmark = pytest.mark.browser


def book(page: Page, site: Site, restaurant: Restaurant, label: str = "19:00") -> str:
    """Book a time in three days, and return the address of the reservation."""
    choose_time(page, site, restaurant, label=label)
    fill_details(page)
    page.get_by_role("button", name="Confirm the reservation").last.click()
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()
    return page.url


def test_changes_with_the_keyboard_alone(site: Site, browser: Browser, visitors: list[Visitor], width: int) -> None:
    restaurant = make_venue(tables=[2, 4])
    visitor = Visitor(browser, width=width)
    visitors.append(visitor)
    page = visitor.page
    book(page, site, restaurant)
    press_until(page, "Change date, time or party")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Change your reservation")).to_be_visible()
    expect(page.get_by_role("button", name="19:00 your time")).to_be_visible()
    press_until(page, "Guests")
    page.keyboard.press("Control+a")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("4 guests"))).to_be_visible()
    assert fits(page)
    press_until(page, "20:30")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your reservation is changed")
    reservation = Reservation.objects.get()
    assert (reservation.party_size, reservation.local_start.strftime("%H:%M")) == (4, "20:30")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_waits_and_gets_the_table_that_somebody_gives_up(
    site: Site, browser: Browser, visitors: list[Visitor], width: int, script: bool
) -> None:
    one_time = {"last_seating": "18:00"}
    restaurant = make_venue(tables=[2], service=one_time, cutoff_minutes=0)
    first, second = Visitor(browser), Visitor(browser, width=width, script=script)
    visitors += [first, second]
    address = book(first.page, site, restaurant, label="18:00")

    page = second.page
    page.goto(f"{site.url}/restaurants/{restaurant.slug}/times/?date={in_days(3)}&party=2")
    page.get_by_role("link", name="Join the waitlist").click()
    fill_details(page, "Grace Hopper")
    page.get_by_role("button", name="Join the waitlist").last.click()
    expect(page.get_by_text("You are number 1 in the queue of this day.")).to_be_visible()

    first.page.goto(address)
    first.page.get_by_text("Cancel this reservation").click()
    first.page.get_by_role("button", name="Yes, cancel it").click()
    expect(first.page.get_by_role("heading", name="Your reservation is cancelled")).to_be_visible()

    page.reload()
    expect(page.get_by_role("heading", name="A table is free for you")).to_be_visible()
    if script:
        expect(page.locator("[data-countdown]")).to_have_text(re.compile(r"^(29:\d\d|30:00)$"))
        assert fits(page)
    page.get_by_role("button", name="Yes, we come").click()
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()
    assert WaitlistEntry.objects.get().status == WaitlistEntry.Status.ACCEPTED
    reservation = Reservation.objects.get(status=Reservation.Status.CONFIRMED)
    assert (reservation.name, reservation.source) == ("Grace Hopper", Reservation.Source.WAITLIST)
    page.get_by_role("link", name="My reservations").first.click()
    expect(page.get_by_text(reservation.reference)).to_be_visible()


def ends_in(seconds: int) -> str:
    """Offer a table for so long, and return the address of the page that says so."""
    restaurant = make_venue(tables=[2], service={"last_seating": "18:00"}, takes_waitlist=True)
    taken = make_reservation(restaurant, at=dt.time(18))
    entry = make_entry(restaurant, at=dt.time(18))
    booking.cancel(reservation=taken, by_guest=False)
    offer = WaitlistEntry.objects.get().offer
    assert offer
    Reservation.objects.filter(pk=offer.pk).update(held_until=timezone.now() + dt.timedelta(seconds=seconds))
    return f"/restaurants/{restaurant.slug}/waitlist/{entry_token(restaurant.pk, entry.reference)}/"


def test_an_offer_that_ends_while_it_is_looked_at_is_offered_no_more(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    address = ends_in(6)
    visitor = Visitor(browser)
    visitors.append(visitor)
    page, loads = visitor.page, []
    page.on("request", lambda request: loads.append(request.url) if request.is_navigation_request() else None)
    page.goto(f"{site.url}{address}")
    expect(page.get_by_role("button", name="Yes, we come")).to_be_visible()
    expect(page.get_by_role("heading", name="The offer has lapsed")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name="Yes, we come")).to_have_count(0)
    expect(page.get_by_role("button", name="Join again")).to_be_visible()
    # Once, when it is over by the server's clock as well.
    assert len(loads) == 2


def test_an_offer_that_ends_while_there_is_no_line_stays_on_the_page(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    address = ends_in(4)
    visitor = Visitor(browser)
    visitors.append(visitor)
    page, context = visitor.page, visitor.page.context
    page.goto(f"{site.url}{address}")
    context.set_offline(True)
    expect(page.locator("[data-hold][data-over]")).to_be_attached(timeout=10_000)
    page.wait_for_timeout(3_000)
    expect(page.get_by_text("The offer has lapsed")).to_be_visible()
    context.set_offline(False)


def test_why_more_cannot_come_can_be_read_on_a_phone(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    restaurant = make_venue(tables=[4])
    reservation = make_reservation(restaurant, date=days_ahead(restaurant, 1), at=dt.time(18), party=2)
    soon = timezone.now() + dt.timedelta(hours=2)
    Reservation.objects.filter(pk=reservation.pk).update(starts_at=soon, ends_at=soon + dt.timedelta(hours=2))
    visitor = Visitor(browser, width=390)
    visitors.append(visitor)
    page = visitor.page
    token = reservation_token(restaurant.pk, reservation.reference)
    page.goto(f"{site.url}/de/restaurants/{restaurant.slug}/reservations/{token}/")
    page.get_by_label("Gäste").fill("5")
    page.get_by_role("button", name="Wir kommen mit weniger Gästen").click()
    error = page.locator(".field-party .errorlist")
    expect(error).to_contain_text("dass weniger Gäste kommen")
    seen = error.bounding_box()
    assert seen
    assert seen["width"] > 250
    assert seen["height"] < 100
