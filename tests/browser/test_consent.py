"""By HTTPS, as production serves it: a guest agrees, takes it back, cancels; no page tells its address to anything."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from reservations.models import Guest, Reservation
from tests.browser.axe import serious
from tests.browser.conftest import fits
from tests.factories import days_ahead, make_venue
from tests.site import production
from tests.site.proxy import Proxy, write_certificate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_guest_agrees_takes_it_back_and_cancels(browser: Browser, tmp_path: Path) -> None:
    venue = make_venue(tables=(2, 4), slug="here", email="linde@example.org", sends_thanks=True)
    make_venue()
    variables = production.environment(tmp_path, 1) | {"ALLOWED_HOSTS": "127.0.0.1"}
    with (
        production.served(tmp_path, variables) as site,
        Proxy(urlsplit(site.url).port or 0, write_certificate("127.0.0.1", tmp_path)) as proxy,
    ):
        context = browser.new_context(ignore_https_errors=True, viewport={"width": 390, "height": 844}, locale="en-GB")
        page = context.new_page()
        home = f"https://127.0.0.1:{proxy.port}"
        page.goto(f"{home}/restaurants/here/times/?date={days_ahead(venue)}&party=2")
        page.get_by_role("button", name="19:00").click()
        page.get_by_label("Your name").fill("Ada Guest")
        page.get_by_label("E-mail", exact=True).fill("ada@example.org")
        page.get_by_label("Phone").fill("030 7654321")
        page.get_by_label("Allergies and dietary needs", exact=True).fill("No nuts")
        remember = page.get_by_label("Remember my allergies and dietary needs for my next visits")
        assert not remember.is_checked()
        remember.check()
        assert serious(page) == []
        assert fits(page)
        page.get_by_role("button", name="Confirm the reservation").last.click()
        page.get_by_role("heading", name="You are expected").wait_for()
        token = urlsplit(page.url).path.split("/")[-2]
        assert Guest.objects.get().dietary_needs == "No nuts"

        page.get_by_text("Your data").click()
        assert serious(page) == []
        page.get_by_role("button", name="Take back what I agreed to").press("Enter")
        page.get_by_text("is taken back").wait_for()
        assert Guest.objects.get().needs_consent_at is None

        page.get_by_text("Cancel this reservation").click()
        page.get_by_role("button", name="Yes, cancel it").click()
        page.get_by_role("heading", name="Your reservation is cancelled").wait_for()
        assert Reservation.objects.get().status == Reservation.Status.CANCELLED

        page.get_by_text("Your data").click()
        page.get_by_role("link", name="What is kept of this").click()
        page.get_by_role("heading", name="What is kept of you").wait_for()
        for width in (390, 820, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert fits(page)
            assert serious(page) == []
        context.close()
        assert home in "".join(proxy.referers)
        assert [referer for referer in proxy.referers if token in referer or token.partition(".")[0] in referer] == []
