"""Headless Chromium, driven by Playwright against the site as gunicorn serves it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.browser.install import FLAGS, chromium

# Playwright's synchronous API runs an event loop in this thread, which Django
# would take for asynchronous code; the tests' own queries are not.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Return a running Chromium."""
    path = chromium()
    assert path, "No Chromium: run `make test`, or python tests/browser/install.py, which installs it."
    running = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
    yield running
    running.close()


class Visitor:
    """Somebody with a browser of their own; collects what the console complains of."""

    def __init__(self, browser: Browser, *, width: int = 1280, script: bool = True, touch: bool = False) -> None:
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": 844}, java_script_enabled=script, has_touch=touch, locale="en-GB"
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)

    def _note(self, text: str) -> None:
        # An answer of 400, 404 or 409 that a test provokes is a line in the console
        # too, and so is htmx's request for the times when the page is left meanwhile.
        expected = ("Failed to load resource", "htmx:sendError", "htmx:sendAbort", "htmx:afterRequest")
        if not any(words in text for words in expected):
            self.complaints.append(text)

    def close(self) -> None:
        """Close the browser; a complaint, such as one of the content security policy, fails the test."""
        self.context.close()
        assert self.complaints == []


def fits(page: Page) -> bool:
    """Return whether nothing of the page, once it has loaded, reaches beyond the side of the window."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.fixture
def visitors(browser: Browser) -> Iterator[list[Visitor]]:
    """Return a list; whoever is in it when the test ends is closed and checked."""
    found: list[Visitor] = []
    yield found
    for visitor in found:
        visitor.close()


@pytest.fixture(params=[390, 1280], ids=["phone", "desktop"])
def width(request: pytest.FixtureRequest) -> int:
    """Return the width of a phone, then that of a desktop."""
    number: int = request.param
    return number
