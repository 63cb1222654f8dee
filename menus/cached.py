"""Cached reads of what a restaurant serves. Every write of a menu, section or dish renews ``menu:<restaurant>``."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from menus import applying, queries, sittings
from menus.applying import Applying
from menus.queries import MenuCard
from reservations.models import Restaurant
from restaurant_site.caching.reads import cached
from restaurant_site.caching.stamps import valid_until


@cached(tags=lambda restaurant_id: (f"menu:{restaurant_id}",))
def menus_of(restaurant_id: int) -> tuple[MenuCard, ...]:
    """Return the restaurant's live menus in their order; see `queries.menus_at`.

    Good until the next menu goes live or the next sold-out dish is back.
    """
    found = queries.menus_at(restaurant_id, timezone.now())
    if found.until is not None:
        valid_until(found.until)
    return found.menus


@cached(tags=lambda restaurant_id, date: (f"menu:{restaurant_id}", f"restaurant:{restaurant_id}"))
def applying_menus(restaurant_id: int, date: dt.date | None) -> Applying:
    """Return which of the restaurant's menus, live or not, apply on a service date, or now where date is None.

    Now is good until the next service begins or ends, and until the local
    midnight; for longer where all of them always apply.
    """
    rules = sittings.rules(restaurant_id)
    if all(rule.is_always for rule in rules):
        return Applying(applies=frozenset(rule.menu_id for rule in rules), over=frozenset())
    restaurant = Restaurant.objects.get(pk=restaurant_id)
    if date is not None:
        return applying.on_date(rules, sittings.sittings(restaurant, date, date), date)
    now = timezone.now()
    near = sittings.around(restaurant, now)
    valid_until(applying.changes_at(near, now, restaurant.zone))
    return applying.at(rules, near, now, restaurant.zone)
