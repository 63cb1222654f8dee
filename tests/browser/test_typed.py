"""What a diner has typed outlives a page that was stopped, and the choice of another language."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from reservations.models import Reservation
from tests.browser.conftest import Visitor
from tests.browser.test_booking import choose_time, fill_details
from tests.conftest import Site
from tests.factories import make_venue

pytestmark = pytest.mark.browser

_PRESS = "setTimeout(() => document.querySelector('#details .actions .primary').click(), 1)"


def test_who_stops_a_slow_page_may_press_again(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    visitor = Visitor(browser)
    visitors.append(visitor)
    page = visitor.page
    choose_time(page, site, make_venue(tables=[2]))
    fill_details(page)
    is_sent: list[bool] = []
    # The first answer never comes.
    page.route("**/holds/**", lambda route: route.continue_() if is_sent else is_sent.append(True))
    tools = visitor.context.new_cdp_session(page)
    tools.send("Runtime.evaluate", {"expression": _PRESS})
    page.wait_for_timeout(500)
    assert is_sent
    tools.send("Page.stopLoading")
    tools.send("Runtime.evaluate", {"expression": _PRESS})
    expect(page.get_by_role("heading", name="You are expected")).to_be_visible()
    assert Reservation.objects.get().name == "Ada Lovelace"


def test_another_language_keeps_what_was_typed(site: Site, browser: Browser, visitors: list[Visitor]) -> None:
    visitor = Visitor(browser)
    visitors.append(visitor)
    page = visitor.page
    choose_time(page, site, make_venue(tables=[2]))
    fill_details(page, "Halfway Through")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_label("Ihr Name")).to_have_value("Halfway Through")
    page.get_by_label("Ihr Name").fill("Ganz Fertig")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_label("Your name")).to_have_value("Ganz Fertig")
    page.get_by_role("link", name="Deutsch").click()
    page.get_by_role("button", name="Reservierung bestätigen").last.click()
    expect(page.get_by_role("heading", name="Sie werden erwartet")).to_be_visible()
    assert not page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('draft'))")
