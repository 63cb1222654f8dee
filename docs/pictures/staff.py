"""Take the pictures of the staff's pages, at three widths, from the running site: see make.py.

A page is a line in PAGES. SITE names another address than http://127.0.0.1:8000;
the account is the demo's, from var/staff-login.txt. The evening that they show
is arranged around the present moment, in the demo: lively.py.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

import lively  # noqa: E402 - the path comes first

from tests.browser.install import chromium  # noqa: E402

SITE = os.environ.get("SITE", "http://127.0.0.1:8000")
WIDTHS = (390, 820, 1280)
_COLOURS = 128

PAGES: dict[str, str] = {
    "today": "/admin/",
    "day-sheet": "/admin/reservations/restaurant/{restaurant}/day/",
    "floor": "/admin/reservations/restaurant/{restaurant}/floor/",
    "walk-in": "/admin/reservations/restaurant/{restaurant}/walk-in/",
    "door": "/admin/reservations/restaurant/{restaurant}/door/",
    "night": "/admin/reservations/restaurant/{restaurant}/night/",
    "timeline": "/admin/reservations/restaurant/{restaurant}/timeline/",
    "plan": "/admin/reservations/restaurant/{restaurant}/plan/",
    "plan-edit": "/admin/reservations/restaurant/{restaurant}/plan/edit/",
    "phone": "/admin/reservations/reservation/add/?restaurant={restaurant}",
    "brake": "/admin/reservations/restaurant/{restaurant}/brake/",
    "reports": "/admin/reservations/restaurant/{restaurant}/reports/",
    "sold-out": "/admin/menus/menu/restaurant/{restaurant}/sold-out/",
    "set-up": "/admin/set-up/{restaurant}/",
}
"""A page's name in docs/pictures/staff/, and its address; {restaurant} is the number of the one that is arranged."""


def main() -> None:
    """Write one PNG a page and width."""
    folder = HERE / "staff"
    folder.mkdir(exist_ok=True)
    lively.start()
    restaurant = lively.arrange()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        sign_in(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for name, address in PAGES.items():
                # Not until the network is idle: the page goes on asking whether anything has changed.
                page.goto(SITE + address.format(restaurant=restaurant), wait_until="load")
                taken = Image.open(io.BytesIO(page.screenshot()))
                taken.convert("RGB").quantize(_COLOURS).save(folder / f"{name}-{width}.png", optimize=True)
        browser.close()


def sign_in(page: Page) -> None:
    """Sign in as the demo's staff."""
    email, _blank, password = (ROOT / "var" / "staff-login.txt").read_text(encoding="utf-8").strip().partition(" ")
    page.goto(f"{SITE}/admin/login/")
    page.locator("input[name=username]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("input[type=submit]").click()
    page.wait_for_url(f"{SITE}/admin/")


if __name__ == "__main__":
    main()
