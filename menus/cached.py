"""Cached reads of what a restaurant serves. ``cache_tags`` of the models are the other half."""

from __future__ import annotations

from menus import queries
from menus.queries import MenuCard
from restaurant_site.caching.reads import cached


@cached(tags=lambda restaurant_id: (f"menu:{restaurant_id}",))
def menus_of(restaurant_id: int) -> tuple[MenuCard, ...]:
    """Return the restaurant's published menus in their order; see `queries.menus_of`."""
    return queries.menus_of(restaurant_id)
