"""The floor is fetched anew under a host's hands: the focus and what was chosen stay."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from reservations.engine import floor
from reservations.models import Reservation
from tests.browser.conftest import Visitor
from tests.browser.hands import host
from tests.conftest import Site
from tests.factories import make_by
from tests.reservations.evening import make_house, make_party, of_reservation, of_restaurant

pytestmark = pytest.mark.browser


@pytest.fixture
def parties() -> list[Reservation]:
    """Lara and Bo, who are late."""
    house = make_house(tables=(2, 2))
    return [make_party(house, number, starts=-30, name=name) for number, name in enumerate(("Lara", "Bo"), 1)]


def at_floor(site: Site, browser: Browser, visitors: list[Visitor], party: Reservation) -> Page:
    page = host(site, browser, visitors)
    page.goto(f"{site.url}{of_restaurant(party.restaurant)}")
    return page


def test_the_floor_keeps_focus_and_choice_when_somebody_else_does_something(
    site: Site, browser: Browser, visitors: list[Visitor], parties: list[Reservation]
) -> None:
    lara, other = parties
    page = at_floor(site, browser, visitors, lara)
    row = page.get_by_role("row", name="Lara")
    row.get_by_label("Minutes late").select_option("45")
    row.get_by_role("button", name="Seat").focus()
    floor.seat(reservation=other, by=make_by())
    expect(page.locator("#seated")).to_contain_text("Bo")
    expect(row.get_by_role("button", name="Seat")).to_be_focused()
    expect(row.get_by_label("Minutes late")).to_have_value("45")
    row.get_by_role("button", name="Late").press("Enter")
    expect(page.get_by_text("will be 45 minutes late")).to_be_visible()


def test_where_the_button_is_taken_away_the_party_has_the_focus(
    site: Site, browser: Browser, visitors: list[Visitor], parties: list[Reservation]
) -> None:
    lara = parties[0]
    page = at_floor(site, browser, visitors, lara)
    page.get_by_role("row", name="Lara").get_by_role("button", name="Seat").focus()
    floor.seat(reservation=lara, by=make_by())
    expect(page.locator("#seated")).to_contain_text("Lara")
    assert page.evaluate("document.activeElement.getAttribute('href')") == of_reservation(lara, "change")
