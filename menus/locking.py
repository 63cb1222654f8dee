"""The lock of a restaurant's menus: who changes many rows of them at once takes it first."""

from __future__ import annotations

from django.db.models import F

from reservations.models import Restaurant


class StaleError(Exception):
    """What a page has shown is no longer what is there: nothing was done."""


def lock(restaurant_id: int) -> None:
    """Wait, in a transaction, until nobody else changes the restaurant's menus in bulk.

    An UPDATE locks the row on every database, and unlike SELECT FOR UPDATE
    keeps no booking waiting, whose rows refer to the restaurant's key alone.
    """
    Restaurant.objects.filter(pk=restaurant_id).renewing().update(position=F("position"))
