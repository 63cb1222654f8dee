"""Cached pieces of pages about a restaurant."""

from __future__ import annotations

from typing import Any

from reservations import cached
from restaurant_site.caching.fragments import fragment


@fragment("reservations/_facts.html")
def facts(slug: str) -> dict[str, Any]:
    """Show a restaurant's coming special days, its hours, and where it is."""
    return {"place": cached.place(slug)}
