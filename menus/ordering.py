"""The write rule of order: rows are put into the order in which a page has them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from menus import trail
from menus.locking import StaleError, lock
from menus.models import Dish, Menu, Section
from reservations.models import User

R = TypeVar("R", Menu, Section, Dish)

MOST = 1000
"""So many rows are put in order on one page."""

_BATCH = 500


def in_order(rows: QuerySet[R]) -> list[R]:
    """Return the rows in their order."""
    return list(rows.order_by("position", "pk"))


def digest(rows: Sequence[Menu | Section | Dish]) -> str:
    """Return what tells one order of rows from another."""
    return hashlib.sha256(",".join(str(row.pk) for row in rows).encode()).hexdigest()[:32]


def wanted_order(rows: Sequence[R], places: Mapping[int, int]) -> list[R]:
    """Return the rows by the places (from 1) that were given to them by number; without one a row keeps its own.

    Of a row that was moved to a place and the one that is there, the one that
    came from below is first.
    """
    now = {row.pk: place for place, row in enumerate(rows, 1)}

    def key(row: R) -> tuple[int, int, int]:
        old = now[row.pk]
        new = places.get(row.pk, old)
        return new, (new > old) - (new < old), old

    return sorted(rows, key=key)


def put_in_order(
    *, restaurant_id: int, rows: QuerySet[R], places: Mapping[int, int], seen: str, parent: Model, user: User
) -> bool:
    """Put the rows, which are all of parent's, into the order of `wanted_order`; return whether that changed any.

    seen is the `digest` of the order that the page has shown. Raises
    `StaleError` where rows came, went or were moved since.
    """
    with transaction.atomic():
        lock(restaurant_id)
        found = in_order(rows)
        if digest(found) != seen:
            raise StaleError
        wanted = wanted_order(found, places)
        if wanted == found:
            return False
        moved = []
        for place, row in enumerate(wanted, 1):
            if row.position != place:
                row.position = place
                moved.append(row)
        rows.model._default_manager.bulk_update(moved, ["position"], batch_size=_BATCH)
        trail.record(user, [(parent, _("Put in another order."))])
        trail.tell(user, restaurant_id, [("reordered", parent, {})])
    return True
