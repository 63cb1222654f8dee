"""Staff at a board: signed in, dragging with the mouse or a finger."""

from __future__ import annotations

from django.test import Client
from playwright.sync_api import Browser, Locator, Page

from reservations.models import User
from tests.browser.conftest import Visitor
from tests.conftest import Site
from tests.factories import make_staff


def host(
    site: Site,
    browser: Browser,
    visitors: list[Visitor],
    *,
    width: int = 1280,
    touch: bool = False,
    user: User | None = None,
) -> Page:
    """Return the page of a member of staff who is signed in, by default one with every right."""
    visitor = Visitor(browser, width=width, touch=touch)
    visitors.append(visitor)
    client = Client()
    client.force_login(user or make_staff())
    visitor.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.url}])
    return visitor.page


def middle(item: Locator) -> tuple[float, float]:
    """Return the middle of an item on the screen, which is brought there first, away from the edges."""
    item.evaluate("item => item.scrollIntoView({ inline: 'center', block: 'center', behavior: 'instant' })")
    # What is being replaced by news has none for a moment.
    for _attempt in range(50):
        if box := item.bounding_box():
            break
        item.page.wait_for_timeout(20)
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, item: Locator, across: float, down: float) -> None:
    """Drag something with the mouse, so many pixels."""
    x, y = middle(item)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across / 2, y + down / 2, steps=3)
    page.mouse.move(x + across, y + down, steps=3)
    page.mouse.up()


def press_and_drag(page: Page, item: Locator, across: float, down: float, *, lifted: str = "") -> None:
    """Drag something with a finger, so many pixels; first press until the selector lifted is there, if one is given."""
    x, y = middle(item)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        told = [{"x": left, "y": top} for left, top in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})

    touch("touchStart", (x, y))
    if lifted:
        page.wait_for_selector(lifted)
    for part in (0.2, 0.4, 0.6, 0.8, 1):
        touch("touchMove", (x + across * part, y + down * part))
    touch("touchEnd")
