"""The booking panel and the hold in a real browser: by keyboard, without a script, after sleep, and back again."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from reservations.links import reservation_token
from reservations.models import Reservation, Restaurant
from tests.browser.axe import serious
from tests.browser.conftest import Visitor, fits
from tests.browser.test_booking import choose_time, fill_details, in_days
from tests.conftest import Site
from tests.factories import days_ahead, make_block, make_menu, make_reservation, make_venue

pytestmark = pytest.mark.browser

_SHOWN = "document.visibilityState === 'visible' && document.dispatchEvent(new Event('visibilitychange'))"
_TO_END = "item => item.scrollIntoView({ block: 'end', behavior: 'instant' })"
_BACK = "window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"


def visit(browser: Browser, visitors: list[Visitor], *, width: int = 1280, script: bool = True) -> Page:
    visitor = Visitor(browser, width=width, script=script)
    visitors.append(visitor)
    return visitor.page


def fill_up(restaurant: Restaurant, date: dt.date) -> None:
    make_block(restaurant, list(restaurant.tables.all()), date=date, at=dt.time(17), minutes=600)


def test_the_panel_is_in_reach_and_complete_by_keyboard(
    site: Site, browser: Browser, visitors: list[Visitor], width: int
) -> None:
    restaurant = make_venue(tables=[2], takes_waitlist=True, slug="here")
    make_venue()
    make_menu(restaurant, dishes=[f"Dish {number}" for number in range(40)])
    full = days_ahead(restaurant, 2)
    fill_up(restaurant, full)
    page = visit(browser, visitors, width=width)
    page.goto(f"{site.url}/restaurants/here/")
    expect(page.locator(".month")).to_be_visible()
    # Tomorrow: what is left of today depends on the hour at which the test runs.
    page.goto(f"{site.url}/restaurants/here/?date={days_ahead(restaurant, 1)}&party=2")
    expect(page.locator(".month")).to_be_visible()
    expect(page.get_by_role("button", name="19:00")).to_be_visible()
    boxes = [page.get_by_label(label, exact=True).bounding_box() for label in ("Guests", "Date", "Time")]
    assert len({box and box["y"] for box in boxes}) == 1, "party, date and time stand in one line"
    assert fits(page)

    # Down the menu the panel stays, or on a phone a bar that leads to it.
    bar = page.locator(".reach")
    expect(bar).to_be_hidden()
    page.get_by_text("Dish 5", exact=True).evaluate(_TO_END)
    if width < 960:
        expect(bar).to_be_in_viewport()
        bar.get_by_role("link", name="Book a table").click()
        expect(bar).to_be_hidden()
    expect(page.get_by_label("Guests")).to_be_in_viewport()

    # What is wrong stands beside its field, which has the focus; right again, it is gone.
    guests = page.get_by_label("Guests")
    guests.fill("0")
    guests.press("Enter")
    expect(guests).to_be_focused()
    expect(guests).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_party_error")).to_have_text("A table is for at least one guest.")
    assert guests.get_attribute("aria-describedby") == "id_party_error"
    assert serious(page) == []
    guests.fill("2")
    guests.press("Enter")
    expect(page.locator("#id_party_error")).to_have_count(0)
    expect(guests).not_to_have_attribute("aria-invalid", "true")

    # By arrows to a full day: its times, others that have room, and the waitlist in place.
    page.locator('.month a[aria-current="date"]').focus()
    page.keyboard.press("ArrowRight")
    if page.locator(".month").get_attribute("data-month") != f"{full:%Y-%m}":
        page.get_by_role("link", name=f"{full:%B %Y}").click()
        page.locator(f'.month a[data-date="{full}"]').focus()
    expect(page.locator(f'.month a[data-date="{full}"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Every table for your party is taken on this day")).to_be_visible()
    expect(page.locator("#times-head")).to_be_focused()
    expect(page.locator("#said")).to_have_text(re.compile(r"2 guests 0 times can be booked$"))
    expect(page.locator(f'.month a[data-date="{full}"]')).to_have_attribute("aria-current", "date")
    page.emulate_media(forced_colors="active")
    assert serious(page) == []
    page.get_by_role("link", name="Join the waitlist").press("Enter")
    expect(page.get_by_label("From")).to_be_focused()
    assert serious(page) == []
    fill_details(page, "Grace")
    page.get_by_role("button", name="Join the waitlist").last.press("Enter")
    # Robots are as fast; a person who is asked once more is let in.
    if page.locator("#suspected").count():
        page.get_by_role("button", name="Join the waitlist").last.press("Enter")
    expect(page.get_by_role("heading", name="You are on the waitlist")).to_be_visible()

    # What was looked for is there again, and a wished time that is taken has its neighbours marked.
    page.goto(f"{site.url}/restaurants/here/?date={full + dt.timedelta(days=1)}&party=2&time=19:00")
    expect(page.get_by_role("button", name="19:00 (the time you wanted)")).to_be_visible()
    page.locator(".other-days, .days").get_by_role("link").first.press("Enter")
    expect(page.get_by_text("Every table for your party is taken on this day")).to_be_visible()
    expect(page.get_by_label("Date")).to_have_value(str(full))
    page.reload()
    expect(page.get_by_label("Date")).to_have_value(str(full))
    expect(page.get_by_text("Every table for your party is taken on this day")).to_be_visible()


def test_without_a_script_every_part_is_a_page(
    site: Site, browser: Browser, visitors: list[Visitor], width: int
) -> None:
    restaurant = make_venue(tables=[2])
    page = visit(browser, visitors, width=width, script=False)
    page.goto(f"{site.url}/restaurants/{restaurant.slug}/")
    link = page.get_by_role("link", name="See which days have room")
    # Nothing comes in its place, and so no room is kept for it.
    room, left = page.locator("#calendar").bounding_box(), link.bounding_box()
    assert room
    assert left
    assert room["height"] < 3 * left["height"]
    link.click()
    expect(page.get_by_role("table")).to_be_visible()
    page.locator('a[rel="next"]').click()
    page.get_by_role("link", name=re.compile("has room")).first.click()
    expect(page.locator('.month [aria-current="date"]')).to_be_visible()
    page.get_by_label("Time", exact=True).select_option("20:00")
    page.get_by_role("button", name="Show times").click()
    expect(page.get_by_role("button", name="20:00 (the time you wanted)")).to_be_visible()
    page.get_by_label("Guests").fill("0")
    page.get_by_role("button", name="Show times").click()
    expect(page.locator("#id_party_error")).to_have_text("A table is for at least one guest.")
    expect(page.get_by_label("Guests")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Guests")).to_be_focused()


def test_a_phone_that_sleeps_is_told_what_the_server_says(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    restaurant = make_venue(tables=[2])
    page = visit(browser, visitors, width=390)
    page.clock.install()
    choose_time(page, site, restaurant)
    said, countdown = page.locator("[data-announce]"), page.locator("[data-countdown]")
    page.clock.run_for(1500)
    expect(said).to_have_text(re.compile(r"^The table is held for 10 minutes, until"))
    fill_details(page, "Slow Typist")

    # Two minutes are left as the phone wakes, whatever its own clock has counted.
    def sleep(minutes: int, left: int) -> None:
        Reservation.objects.update(held_until=timezone.now() + dt.timedelta(seconds=left))
        page.clock.fast_forward(minutes * 60_000)
        page.evaluate(_SHOWN)

    sleep(3, 119)
    expect(said).to_have_text("2 minutes left")
    expect(countdown).to_have_text(re.compile(r"^1:5\d$"))
    page.clock.run_for(62_000)
    expect(said).to_have_text("One minute left")
    page.clock.run_for(30_000)
    expect(said).to_have_text("30 seconds left")
    # Another tab has extended it meanwhile.
    Reservation.objects.update(held_until=timezone.now() + dt.timedelta(seconds=400))
    page.clock.run_for(31_000)
    expect(countdown).to_have_text(re.compile(r"^6:\d\d$"))
    expect(page.get_by_role("button", name="Hold the same time again")).to_be_hidden()
    sleep(30, -60)
    expect(said).to_have_text(re.compile("^The hold has run out, and nothing is booked"))
    expect(said).to_be_visible()
    expect(countdown).to_be_hidden()
    expect(page.get_by_role("button", name="10 more minutes")).to_be_hidden()
    assert serious(page) == []
    page.get_by_role("button", name="Hold the same time again").click()
    expect(page.get_by_role("alert")).to_contain_text("we could hold the same time once more")
    expect(page.get_by_label("Your name")).to_have_value("Slow Typist")


def test_back_and_forward_show_no_time_that_is_gone_and_lose_nothing(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    restaurant = make_venue(tables=[2])
    page = visit(browser, visitors)
    date = days_ahead(restaurant, 3)
    page.goto(f"{site.url}/restaurants/{restaurant.slug}/times/?date={date}&party=2")
    page.get_by_role("button", name="19:00").click()
    fill_details(page, "Typed before")
    page.get_by_label("A note for the restaurant").fill("By the window")
    page.go_back()
    # Its own hold is a table that is taken, too: the browser shows what is now.
    expect(page.get_by_role("button", name="19:00")).to_be_disabled()
    page.go_forward()
    expect(page.get_by_label("Your name")).to_have_value("Typed before")
    expect(page.get_by_label("A note for the restaurant")).to_have_value("By the window")
    page.get_by_role("button", name="Confirm the reservation").last.click()
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()
    assert not page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('draft'))")
    page.go_back()
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()

    # A page that the browser has kept whole is refreshed as it comes back.
    page.goto(f"{site.url}/restaurants/{restaurant.slug}/?date={in_days(5)}&party=2")
    expect(page.get_by_role("button", name="19:00")).to_be_enabled()
    make_reservation(restaurant, date=days_ahead(restaurant, 5))
    page.evaluate(_BACK)
    expect(page.get_by_role("button", name="19:00")).to_be_disabled()


def test_two_tabs_at_two_restaurants_and_a_browser_without_cookies(
    site: Site, browser: Browser, visitors: list[Visitor]
) -> None:
    here, there = make_venue(tables=[2], slug="here"), make_venue(tables=[2], slug="there")
    first = visit(browser, visitors)
    second = first.context.new_page()
    for page, place in ((first, here), (second, there)):
        choose_time(page, site, place)
    for page, name in ((second, "Second"), (first, "First")):
        fill_details(page, name)
        page.get_by_role("button", name="Confirm the reservation").last.click()
        expect(page.get_by_role("heading", name="You are expected")).to_be_visible()
    booked = Reservation.objects.filter(status=Reservation.Status.CONFIRMED)
    assert set(booked.values_list("restaurant__slug", "name")) == {("here", "First"), ("there", "Second")}

    page = visit(browser, visitors, width=390)
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'cookieEnabled', { get: () => false })")
    page.goto(f"{site.url}/restaurants/here/times/?date={in_days(4)}&party=2")
    expect(page.get_by_text("Your browser keeps no cookies")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("button", name="19:00").click()
    expect(page.get_by_role("heading", name="Your browser sends no cookies")).to_be_visible()
    page.get_by_role("link", name="To the restaurant, with its phone number").click()
    expect(page.get_by_role("link", name="+49 30 1234567").first).to_be_visible()
    assert booked.count() == 2


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_what_is_wrong_with_the_number_of_guests_can_be_read(
    site: Site, browser: Browser, visitors: list[Visitor], width: int
) -> None:
    """The field is as wide as two digits; what is wrong with it is not squeezed into that."""
    restaurant = make_venue(tables=[2])
    page = visit(browser, visitors, width=width)
    reservation = make_reservation(restaurant)
    token = reservation_token(restaurant.pk, reservation.reference)
    base = f"{site.url}/de/restaurants/{restaurant.slug}"
    for address in (f"{base}/times/", f"{base}/reservations/{token}/change/"):
        page.goto(f"{address}?date={in_days(5)}&party=0")
        error = page.locator(".field-party .errorlist")
        expect(error).to_have_text("Ein Tisch ist für mindestens einen Gast.")
        seen = error.bounding_box()
        assert seen
        assert seen["height"] < 60
        assert seen["width"] > 200
        assert fits(page)
        date = page.get_by_label("Datum").bounding_box()
        assert date
        assert date["width"] > 120


def test_no_room_is_kept_for_times_that_do_not_come(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    page = visit(browser, visitors)
    page.goto(f"{site.url}/restaurants/{make_venue(tables=[2]).slug}/times/?date={in_days(5)}&party=0")
    panel, button = page.locator("#panel").bounding_box(), page.locator(".search > .button").bounding_box()
    assert panel
    assert button
    assert panel["y"] + panel["height"] - button["y"] - button["height"] < 80
