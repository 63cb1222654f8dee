"""Somebody who meets a limit sees what happened, keeps what was typed, and goes on by one button."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.cache import caches
from playwright.sync_api import Browser, expect

from tests.browser.axe import serious
from tests.browser.conftest import Visitor
from tests.concurrency.fleet import serving
from tests.factories import make_venue

pytestmark = pytest.mark.browser

HEADING = "That was a lot in a short time"


def test_a_limit_is_told_and_nothing_that_was_typed_is_lost(
    tmp_path: Path, transactional_db: None, browser: Browser, visitors: list[Visitor], width: int
) -> None:
    place = make_venue()
    make_venue()
    visitor = Visitor(browser, width=width)
    visitors.append(visitor)
    page = visitor.page
    # A hundredth of each rate: one look-up and six looks at times a minute.
    with serving(tmp_path / "log", redis=os.environ["REDIS_URL"], workers=1, LIMITS_SCALE="1") as server:
        for turn in range(2):
            page.goto(f"{server.url}/my-reservations/find/")
            page.get_by_label("Reference").fill("ABCDEFGHJ")
            page.get_by_label("E-mail").fill("zoe@example.org")
            page.keyboard.press("Enter")
            if not turn:
                page.wait_for_url("**/find/?sent=1")
        expect(page.get_by_role("heading", name=HEADING)).to_be_visible()
        expect(page.get_by_text("zoe@example.org")).to_be_visible()
        assert serious(page) == []
        caches["default"].clear()
        # The process itself knows until when it refuses: the button leads to the same answer, and nothing is lost.
        page.get_by_role("button", name="Send it again").click()
        expect(page.get_by_text("zoe@example.org")).to_be_visible()

        page.goto(f"{server.url}/restaurants/{place.slug}/")
        expect(page.locator("#times .times-head")).to_be_visible()
        for party in ("3", "4", "5", "6", "1", "2"):
            with page.expect_response("**/times/**"):
                page.get_by_label("Guests").fill(party)
                page.get_by_label("Guests").press("Tab")
        expect(page.locator("#times").get_by_role("alert")).to_contain_text(HEADING)
        assert serious(page) == []
