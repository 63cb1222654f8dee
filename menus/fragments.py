"""Cached pieces of pages that show a menu."""

from __future__ import annotations

from typing import Any

from menus.cached import menus_of
from restaurant_site.caching.fragments import fragment


@fragment("menus/_menus.html")
def menus(restaurant_id: int, currency: str) -> dict[str, Any]:
    """Show all of a restaurant's menus, with prices in its currency."""
    return {"menus": menus_of(restaurant_id), "currency": currency}


@fragment("menus/_beginning.html")
def menu_beginning(restaurant_id: int, slug: str, currency: str) -> dict[str, Any]:
    """Show the first dishes of the first menu, with a link to the whole; nothing where there is no menu."""
    return {"menus": menus_of(restaurant_id), "slug": slug, "currency": currency}
