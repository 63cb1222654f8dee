"""The whole way of a diner, from the list to a cancelled table, by keys alone, in forced colours, in each language.

`test_booking` goes it at both widths, with and without a script.
"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import Browser, Locator, Page, expect

from reservations.models import Reservation
from tests.browser.axe import serious
from tests.browser.conftest import Visitor
from tests.browser.test_booking import in_days
from tests.conftest import Site
from tests.factories import make_venue

pytestmark = pytest.mark.browser

_MOST_TABS = 60


def press(page: Page, wanted: Locator) -> None:
    """Go to something by the tab key, see that the ring around it is there, and press Enter."""
    for _step in range(_MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => getComputedStyle(element).outlineStyle !== 'none'")
            page.keyboard.press("Enter")
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{wanted} is not reached by the tab key")


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("de", 1280), ("ja", 1280)])
def test_the_whole_way_by_keys_in_forced_colours(
    site: Site, browser: Browser, visitors: list[Visitor], language: str, width: int
) -> None:
    place = make_venue(tables=[2], name="Gasthaus Lind")
    make_venue(tables=[2], name="Another place")
    visitor = Visitor(browser, width=width)
    visitors.append(visitor)
    page = visitor.page
    page.emulate_media(forced_colors="active")

    def said(text: str) -> str:
        with translation.override(language):
            return translation.gettext(text)

    def arrived(heading: str) -> None:
        expect(page.get_by_role("heading", name=said(heading), level=1)).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert serious(page) == []

    page.goto(f"{site.url}{'' if language == settings.LANGUAGE_CODE else f'/{language}'}/")
    arrived("A table is waiting for you")
    press(page, page.get_by_role("link", name="Gasthaus Lind"))
    with page.expect_response("**/times/**"):
        page.get_by_label(said("Date")).fill(in_days(3))
    # Those of the day before are exchanged for them.
    expect(page.locator(f"#times input[name=date][value='{in_days(3)}']").first).to_be_attached()
    press(page, page.get_by_role("button", name="19:30"))

    arrived("Who is coming?")
    for label, typed in (("Your name", "Ada Lovelace"), ("E-mail", "ada@example.org"), ("Phone", "+49 30 1234567")):
        field = page.get_by_label(said(label), exact=True).first
        field.focus()
        page.keyboard.type(typed)
    press(page, page.get_by_role("button", name=said("Confirm the reservation")).last)

    arrived("You are expected")
    reservation = Reservation.objects.get(restaurant=place)
    assert (reservation.status, reservation.language) == (Reservation.Status.CONFIRMED, language)
    summary = page.locator("summary", has_text=said("Cancel this reservation"))
    press(page, summary)
    press(page, page.get_by_role("button", name=said("Yes, cancel it")))
    arrived("Your reservation is cancelled")
