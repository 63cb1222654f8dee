"""The pages that the tests of whole pages look at, and what of an answer belongs to a page."""

from __future__ import annotations

from tests.wire import Answer

PAGES = {
    "home": "/",
    "listing of a city": "/?city=Berlin",
    "second page of the listing": "/?page=2",
    "restaurant": "/restaurants/here/",
    "menu": "/restaurants/here/menu/",
    "home in German": "/de/",
    "restaurant in German": "/de/restaurants/here/",
    "menu in German": "/de/restaurants/here/menu/",
    "sitemap": "/sitemap.xml",
    "part of the sitemap": "/sitemap-1.xml",
}
OF_HERE = ["restaurant", "menu", "restaurant in German", "menu in German"]
PROTECTING = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
)
OF_THE_MOMENT = ("Date", "X-Cache", "X-Request-ID")
"""Headers of an answer, not of its page."""


def told(answer: Answer) -> list[tuple[str, str]]:
    """Return the headers that belong to the page, not to the moment."""
    return sorted((name, value) for name, value in answer.headers.items() if name not in OF_THE_MOMENT)
