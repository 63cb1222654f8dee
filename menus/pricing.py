"""The write rule of prices in bulk: what was previewed is what is written, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from menus import trail
from menus.locking import StaleError, lock
from menus.models import Dish, Menu
from menus.money import decimals, format_money
from menus.raising import MOST, Raise, raised
from reservations.models import User

_ROWS = 1000
"""Rows of one UPDATE: as many as an IN list takes on every database."""


@dataclass(frozen=True, slots=True)
class Line:
    """A dish whose price would change."""

    dish: Dish
    old: Decimal
    new: Decimal

    @property
    def too_high(self) -> bool:
        """Whether no dish can cost that much."""
        return self.new > MOST


def price_lines(menu: Menu, sections: Collection[int], how: Raise) -> list[Line]:
    """Return what would change in a menu, or in some of its sections by number, in the menu's order."""
    rows = Dish.objects.filter(section__menu=menu, price__isnull=False).select_related("section")
    if sections:
        rows = rows.filter(section__in=sections)
    places = decimals(menu.restaurant.currency)
    found = []
    for dish in rows.order_by("section__position", "section", "position", "pk"):
        old = dish.price or Decimal(0)
        new = raised(old, how, places)
        if new != old:
            found.append(Line(dish, old, new))
    return found


def digest(lines: Sequence[Line]) -> str:
    """Return what tells one set of changes from another."""
    text = ";".join(f"{line.dish.pk}:{line.old}:{line.new}" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def change_prices(*, menu: Menu, sections: Collection[int], how: Raise, seen: str, user: User) -> int:
    """Change the prices, all or none, and return how many. seen is the `digest` of what was previewed.

    Raises `StaleError` where it would be something else now, and ValueError for
    a price that no dish can have.
    """
    with transaction.atomic():
        lock(menu.restaurant_id)
        lines = price_lines(menu, sections, how)
        if digest(lines) != seen:
            raise StaleError
        if any(line.too_high for line in lines):
            raise ValueError("a price is too high")
        alike: dict[tuple[Decimal, Decimal], list[int]] = {}
        for line in lines:
            alike.setdefault((line.old, line.new), []).append(line.dish.pk)
        for (old, new), keys in alike.items():
            for start in range(0, len(keys), _ROWS):
                some = keys[start : start + _ROWS]
                # A form of one dish takes no lock: where it came first, nothing is written.
                rows = Dish.objects.filter(pk__in=some, price=old).renewing(f"menu:{menu.restaurant_id}")
                if rows.update(price=new) != len(some):
                    raise StaleError
        trail.record(user, [(line.dish, _words(line, menu.restaurant.currency)) for line in lines])
        if lines:
            trail.tell(user, menu.restaurant_id, [("repriced", menu, {"dishes": len(lines)})])
    return len(lines)


def _words(line: Line, currency: str) -> str:
    prices = {"old": format_money(line.old, currency), "new": format_money(line.new, currency)}
    return _("Price %(old)s → %(new)s.") % prices
