"""Cached pieces of the site's own pages."""

from __future__ import annotations

from typing import Any

from reservations import cached
from restaurant_site.caching.fragments import fragment


@fragment("_cards.html")
def cards(text: str, city: str, cuisine: str, page: int) -> dict[str, Any]:
    """Show the cards of one page of the listing."""
    return {"listing": cached.listing(text, city, cuisine, page)}


@fragment("_footer.html", optional=True)
def footer() -> dict[str, Any]:
    """Show the foot of every page. It reads nothing: what it read, every page would depend on."""
    return {}
