"""Take the README's pictures from the running site: `make run` in one terminal, `make pictures` in another.

SITE names another address than http://127.0.0.1:8000.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from tests.browser.install import chromium  # noqa: E402 - the path comes first

SITE = os.environ.get("SITE", "http://127.0.0.1:8000")


def main() -> None:
    """Write one PNG a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        desktop = browser.new_page(viewport={"width": 1280, "height": 900})
        desktop.goto(SITE)
        desktop.screenshot(path=HERE / "home.png")
        show_times(desktop)
        desktop.screenshot(path=HERE / "restaurant.png")
        phone = browser.new_page(viewport={"width": 390, "height": 844})
        show_times(phone)
        phone.get_by_role("group").get_by_role("button").and_(phone.locator(":enabled")).first.click()
        phone.get_by_label("Your name").wait_for()
        phone.screenshot(path=HERE / "hold.png")
        phone.get_by_role("button", name="Give the table back").click()
        phone.wait_for_load_state()
        browser.close()


def show_times(page: Page) -> None:
    """Open the first restaurant of the home page and go to a day that has times."""
    page.goto(SITE)
    page.locator(".card").first.click()
    page.locator("#times > *").first.wait_for()
    # Today may be over at the restaurant; in two days there is room.
    page.get_by_label("Date").fill((dt.datetime.now(dt.UTC).date() + dt.timedelta(days=2)).isoformat())
    page.get_by_label("Guests").focus()
    page.wait_for_load_state("networkidle")
    page.locator(".slot:enabled").first.wait_for()


if __name__ == "__main__":
    main()
