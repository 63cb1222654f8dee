"""Axe-core finds nothing at all on diners' pages, in whatever state they are: light, dark, and in forced colours."""

from __future__ import annotations

from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from reservations.links import entry_token, request_token
from reservations.models import BookingRequest, Restaurant, WaitlistEntry
from tests.browser.axe import any_violation
from tests.browser.conftest import Visitor
from tests.conftest import Site
from tests.factories import days_ahead, make_closure, make_dish, make_menu, make_restaurant, make_venue
from tests.reservations.diner import Diner, lapse
from tests.reservations.people import make_old_request, make_waiting

pytestmark = pytest.mark.browser

_UNCHECKED = "form => form.noValidate = true"
Scheme = Literal["light", "dark"]


def states(restaurant: Restaurant, diner: Diner) -> dict[str, str]:
    """Return the addresses of pages by the state that each is in; the diner's browser sees all of them."""
    base, day = f"/restaurants/{restaurant.slug}", days_ahead(restaurant)
    full, closed = days_ahead(restaurant, 9), days_ahead(restaurant, 11)
    make_closure(restaurant, closed, reason="Holidays")
    held, lapsed = diner.hold("18:00"), diner.hold("20:30")
    lapse(lapsed)
    booked, _page = diner.book("19:00", days_ahead(restaurant, 10))
    cancelled, page = diner.book("19:00", days_ahead(restaurant, 12))
    diner.client.post(f"{cancelled}cancel/", page.form("/cancel/").values)
    for time in ("18:00", "20:00", "22:00"):
        diner.book(time, full)
    entries = [make_waiting(restaurant, status=status) for status in ("waiting", "left", "over")]
    requests = [make_old_request(restaurant), make_old_request(restaurant, status=BookingRequest.Status.DECLINED)]
    return {
        "home": "/",
        "home, nothing found": "/?q=nobody",
        "restaurant": f"{base}/",
        "no booking": "/restaurants/off/",
        "menu": f"{base}/menu/",
        "no menu": "/restaurants/off/menu/",
        "privacy": f"{base}/privacy/",
        "month": f"{base}/calendar/",
        "times": f"{base}/times/?date={day}&party=2",
        "sold out": f"{base}/times/?date={full}&party=2",
        "closed": f"{base}/times/?date={closed}&party=2",
        "too large": f"{base}/times/?date={day}&party=9",
        "no date": f"{base}/times/?date=x&party=0",
        "hold": diner.details_url(held),
        "lapsed hold": diner.details_url(lapsed),
        "somebody else's hold": f"{base}/holds/ABCDEFGHJ/",
        "reservation": booked,
        "change": f"{booked}change/?date={day}&party=2",
        "change of details": f"{booked}details/",
        "cancelled": cancelled,
        "waitlist": f"{base}/waitlist/?date={full}&party=2",
        "request": f"{base}/request/?date={day}&party=9",
        **{f"entry {row.status}": f"{base}/waitlist/{entry_token(restaurant.pk, row.reference)}/" for row in entries},
        **{
            f"request {row.status}": f"{base}/requests/{request_token(restaurant.pk, row.reference)}/"
            for row in requests
        },
        "bad link": f"{base}/reservations/x.y/",
        "mine": "/my-reservations/",
        "find": "/my-reservations/find/",
        "nowhere": "/nowhere/",
        "bad request": "/restaurants/%00/",
    }


def empty(page: Page, button: str) -> None:
    """Send the form of a button with nothing typed, past what the browser itself checks."""
    form = page.locator("form", has=page.get_by_role("button", name=button)).first
    form.evaluate(_UNCHECKED)
    form.evaluate("form => form.querySelectorAll('input:not([type=hidden])').forEach(one => one.value = '')")
    page.get_by_role("button", name=button).first.click()
    page.wait_for_load_state()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wrong_in_any_state(site: Site, browser: Browser, visitors: list[Visitor], scheme: Scheme) -> None:
    restaurant = make_venue(slug="here", tables=(2,), takes_waitlist=True, takes_requests=True, max_party=6)
    make_restaurant(slug="off", online_booking="off")
    dish = make_menu(restaurant, name="Dinner", dishes=["Soup", "Stew"]).sections.get()
    make_dish(dish, diets=["vegan"], allergens=["milk"], is_available=False, description="With leek")
    diner = Diner(restaurant)
    pages = states(restaurant, diner)
    visitor = Visitor(browser, width=390)
    visitors.append(visitor)
    page = visitor.page
    page.emulate_media(color_scheme=scheme, forced_colors="active" if scheme == "dark" else "none")
    cookies = [{"name": name, "value": morsel.value, "url": site.url} for name, morsel in diner.client.cookies.items()]
    visitor.context.add_cookies(cookies)  # type: ignore[arg-type]
    found = {}
    for state, address in pages.items():
        page.goto(site.url + address, wait_until="load")
        found[state] = any_violation(page)
    for state, button in (
        ("hold", "Confirm the reservation"),
        ("waitlist", "Join the waitlist"),
        ("request", "Send the request"),
        ("find", "Send"),
    ):
        page.goto(site.url + pages[state], wait_until="load")
        empty(page, button)
        assert page.locator(".errorlist, [role=alert]").count(), state
        found[f"{state}, nothing typed"] = any_violation(page)
    assert WaitlistEntry.objects.count() == 3
    assert [f"{state}: {problem}" for state, problems in found.items() for problem in problems] == []
