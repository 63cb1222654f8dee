"""Cached pieces of pages that show a menu."""

from __future__ import annotations

import datetime as dt
from typing import Any

from menus.cached import applying_menus, menus_of
from menus.queries import MenuCard
from restaurant_site.caching.fragments import fragment


@fragment("menus/_menus.html")
def menus(restaurant_id: int, currency: str, date: dt.date | None = None, text_language: str = "") -> dict[str, Any]:
    """Show a restaurant's menus, with prices in its currency: those that apply on a service date, or now; the others.

    Where none applies the first is shown in full all the same.
    """
    applies, others = _sorted(restaurant_id, date)
    if not applies:
        applies, others = others[:1], others[1:]
    return {"menus": applies, "others": others, "currency": currency, "text_language": text_language}


@fragment("menus/_beginning.html")
def menu_beginning(restaurant_id: int, slug: str, currency: str, text_language: str = "") -> dict[str, Any]:
    """Show the first dishes of the first menu that applies now, with a link to the whole; nothing without a menu."""
    applies, others = _sorted(restaurant_id, None)
    return {"menus": applies or others, "slug": slug, "currency": currency, "text_language": text_language}


def _sorted(restaurant_id: int, date: dt.date | None) -> tuple[list[MenuCard], list[MenuCard]]:
    found = menus_of(restaurant_id)
    if not found:
        return [], []
    asked = applying_menus(restaurant_id, date)
    seen = [menu for menu in found if menu.id not in asked.over]
    return [menu for menu in seen if menu.id in asked.applies], [menu for menu in seen if menu.id not in asked.applies]
