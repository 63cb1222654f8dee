"""An owner's first days: a phone is set up on a phone, a code is asked for, and a recovery code when it is lost."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import serious
from tests.browser.conftest import Visitor, fits
from tests.concurrency.fleet import serving
from tests.factories import make_member, make_venue
from tests.site.accounts.phones import PASSWORD, code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EMAIL = "olga@example.org"


def test_an_owner_signs_in_with_codes(browser: Browser, visitors: list[Visitor], tmp_path: Path) -> None:
    make_member(make_venue(), "owner", email=EMAIL, password=PASSWORD)
    with serving(tmp_path / "log.txt", redis=os.environ["REDIS_URL"], SECOND_FACTOR="required") as site:
        visitor = Visitor(browser, width=390, touch=True)
        visitors.append(visitor)
        page = visitor.page

        def sign_in() -> None:
            page.get_by_label("e-mail address").fill(EMAIL)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").tap()

        page.goto(f"{site.url}/admin/reservations/guest/")
        sign_in()
        expect(page.get_by_role("heading", name="Set up codes for signing in")).to_be_visible()
        assert fits(page)
        assert serious(page) == []
        picture = page.get_by_role("img", name="Picture for the app").locator("svg")
        box = picture.bounding_box()
        assert box
        assert min(box["width"], box["height"]) > 200
        # All of it, with a margin: a phone can't read a part.
        for drawn in picture.locator("path").all()[-1:]:
            ink = drawn.bounding_box()
            assert ink
            assert ink["x"] > box["x"]
            assert ink["y"] > box["y"]
            assert ink["x"] + ink["width"] < box["x"] + box["width"]
            assert ink["y"] + ink["height"] < box["y"] + box["height"]
        link = page.get_by_role("link", name="open the app by this link")
        assert str(link.get_attribute("href")).startswith("otpauth://totp/Tafel%3Aolga")
        key = page.locator("code").inner_text()
        page.get_by_label("Code of the app").fill("12 34")
        page.get_by_role("button", name="Use this phone").tap()
        expect(page.get_by_text("The app shows another code")).to_be_visible()
        assert page.locator("code").inner_text() == key
        page.get_by_label("Code of the app").fill(code_of(key, steps=-1))
        page.get_by_role("button", name="Use this phone").tap()
        expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
        recovery = page.locator(".recovery code").all_inner_texts()
        assert len(recovery) == 10
        assert fits(page)
        assert serious(page) == []
        page.get_by_role("link", name="I have them").tap()
        expect(page).to_have_url(re.compile(r"/admin/reservations/guest/"))
        page.get_by_role("button", name="Log out").tap()
        page.get_by_role("link", name="Log in again").tap()
        sign_in()
        expect(page.get_by_role("heading", name="One more step")).to_be_visible()
        assert fits(page)
        assert serious(page) == []
        # Nothing of the house is on the way.
        assert page.locator("#nav-sidebar, .module").count() == 0
        page.get_by_label("Code").press_sequentially(code_of(key))
        page.get_by_label("Code").press("Enter")
        expect(page.get_by_role("heading", name="Restaurants and reservations")).to_be_visible()
        page.get_by_role("link", name="Codes for signing in").tap()
        expect(page.get_by_text("10 recovery codes are left")).to_be_visible()
        assert fits(page)
        assert serious(page) == []
        page.get_by_role("button", name="Log out").tap()
        page.get_by_role("link", name="Log in again").tap()
        sign_in()
        page.get_by_label("Code").fill(recovery[3])
        page.get_by_role("button", name="Sign in").tap()
        expect(page.get_by_role("heading", name="Restaurants and reservations")).to_be_visible()
