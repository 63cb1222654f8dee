"""How heavy a first visit is, over the wire, as production serves it: bytes, requests, whose, and what moves."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.conftest import Site
from tests.factories import days_ahead, make_dish, make_menu, make_restaurant, make_venue
from tests.site import production

# Playwright's loop runs in this thread, which Django would take for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ORIGIN = f"https://{production.HOST}"
MOST_BYTES, MOST_REQUESTS = 60_000, 14
_SHIFTS = """
    window.shifts = 0;
    window.moved = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (entry.hadRecentInput) continue;
            window.shifts += entry.value;
            for (const source of entry.sources) window.moved.push(source.node?.outerHTML?.slice(0, 90) ?? "text");
        }
    }).observe({ type: "layout-shift", buffered: true });
"""

pytestmark = pytest.mark.browser


@dataclass
class Visit:
    """A first visit with an empty cache; bytes are those on the wire, with headers."""

    page: Page
    asked: list[str] = field(default_factory=list)
    bytes: dict[str, int] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.bytes.values())

    def told(self) -> str:
        return f"{self.total} bytes: {dict(sorted(self.bytes.items(), key=lambda pair: -pair[1]))}"


def visiting(chrome: Browser, width: int) -> Visit:
    context = chrome.new_context(viewport={"width": width, "height": 844}, ignore_https_errors=True, locale="en-GB")
    page = context.new_page()
    page.add_init_script(_SHIFTS)
    visit = Visit(page)
    addresses: dict[str, str] = {}
    session = context.new_cdp_session(page)

    def answered(event: dict[str, Any]) -> None:
        headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
        visit.encodings[event["response"]["url"]] = headers.get("content-encoding", "")

    def sent(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]
        visit.asked.append(event["request"]["url"])

    def finished(event: dict[str, Any]) -> None:
        address = addresses[event["requestId"]]
        visit.bytes[address] = visit.bytes.get(address, 0) + round(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", sent)
    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    page.on("console", lambda message: visit.complaints.append(message.text) if message.type == "error" else None)
    return visit


def check(visit: Visit) -> None:
    assert visit.total < MOST_BYTES, visit.told()
    assert len(visit.asked) <= MOST_REQUESTS, visit.asked
    assert [url for url in visit.asked if not url.startswith((f"{ORIGIN}/", "data:"))] == [], "a third party"
    assert visit.page.evaluate("window.shifts") == 0, visit.page.evaluate("window.moved")
    assert visit.complaints == []
    loose = [url for url, coding in visit.encodings.items() if "/static/" in url and coding not in ("br", "gzip")]
    assert [url for url in loose if not url.endswith((".png", ".webp", ".woff2"))] == []


@pytest.mark.parametrize("width", [390, 1280])
def test_first_visits_are_light_and_nothing_moves(production_site: Site, chrome: Browser, width: int) -> None:
    restaurant = make_venue(slug="here", name="Zum Ochsen", tagline="Fire and salt", description="A place. " * 30)
    menu = make_menu(restaurant, dishes=[f"Dish {number} with whatever the market has" for number in range(40)])
    for number in range(60):
        make_dish(menu.sections.get(), name=f"Plate {number}", description="Leek, butter, dill " * 3, diets=["vegan"])
    for number in range(30):
        make_restaurant(name=f"Place {number}", tagline="Something good", city="Berlin")
    day = days_ahead(restaurant).isoformat()
    figures = {}
    for path in ("/", "/restaurants/here/", "/restaurants/here/menu/", f"/restaurants/here/times/?date={day}&party=2"):
        visit = visiting(chrome, width)
        visit.page.goto(ORIGIN + path, wait_until="networkidle")
        check(visit)
        figures[path] = (visit.total, len(visit.asked))
        visit.page.context.close()
    # The page on which a held table is confirmed, to a browser that holds one and has nothing else yet.
    visit = visiting(chrome, width)
    visit.page.goto(f"{ORIGIN}/restaurants/here/times/?date={day}&party=2", wait_until="networkidle")
    visit.page.get_by_role("button", name="19:00").first.click()
    visit.page.get_by_label("Your name").wait_for()
    address, cookies = visit.page.url, visit.page.context.cookies()
    visit.page.context.close()
    visit = visiting(chrome, width)
    visit.page.context.add_cookies([{**cookie} for cookie in cookies])  # type: ignore[typeddict-item]
    visit.page.goto(address, wait_until="networkidle")
    check(visit)
    figures["a held table"] = (visit.total, len(visit.asked))
    visit.page.context.close()
    print(figures)  # noqa: T201 - docs/found.md has them


def test_files_are_compressed_and_kept_for_ever(production_site: Site) -> None:
    wire = production.SecureWire(production_site.url)
    make_venue()
    page = wire.get("/privacy/").body.decode()
    address = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert address.startswith("/static/css/base.")
    sizes = {}
    for coding in ("br", "gzip", "identity"):
        answer = wire.ask("GET", address, Accept_Encoding=coding)
        assert answer.headers.get("Content-Encoding", "identity") == coding
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Accept-Encoding" in answer.headers["Vary"]
        sizes[coding] = len(answer.body)
    assert sizes["br"] < sizes["gzip"] < sizes["identity"] / 2


def test_what_is_the_same_for_everyone_is_compressed_and_what_has_secrets_is_not(production_site: Site) -> None:
    restaurant = make_venue(slug="here")
    make_venue()
    wire = production.SecureWire(production_site.url)
    times = f"/restaurants/here/times/?date={days_ahead(restaurant).isoformat()}&party=2"
    for path in ("/", "/restaurants/here/", "/privacy/", "/sitemap.xml", "/robots.txt", times):
        assert wire.ask("GET", path, Accept_Encoding="gzip").headers["Content-Encoding"] == "gzip", path
    lengths = {len(wire.ask("GET", times, Accept_Encoding="gzip").body) for _ask in range(8)}
    assert len(lengths) > 1, "its length tells nothing of its token"
    form = wire.get(times).page.form("/hold/")
    held = wire.send(form, "19:00").headers["Location"]
    for path in (held, "/admin/login/", "/my-reservations/find/", "/my-reservations/"):
        answer = wire.ask("GET", path, Accept_Encoding="gzip, br")
        assert answer.status == 200, path
        assert "Content-Encoding" not in answer.headers, path
