"""Cached pieces of the site's own pages."""

from __future__ import annotations

from typing import Any

from reservations import cached
from restaurant_site.caching.fragments import fragment

FOOTER_CITIES = 8


@fragment("_cards.html")
def cards(text: str, city: str, cuisine: str, page: int) -> dict[str, Any]:
    """Show the cards of one page of the listing."""
    return {"listing": cached.listing(text, city, cuisine, page)}


@fragment("_footer.html", optional=True)
def footer() -> dict[str, Any]:
    """Show the cities with most restaurants, at the foot of every page."""
    return {"cities": cached.cities(FOOTER_CITIES)}
