"""How many tables may be held at a time from one address, so that no script empties a house without booking.

What one browser may hold is the write rule's own: `booking.MOST_HOLDS`. A script
has a new browser for each hold, but not a new network. A browser counts once at
each restaurant, since it gives back what it held there before.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest

from restaurant_site.client_address import client_address, network_of
from restaurant_site.limits import leases
from restaurant_site.limits.leases import Lease, Owner

AT_ONE_RESTAURANT: Final = 10
"""So many may be held at one restaurant: colleagues in one office when a day's bookings open."""

IN_ALL: Final = 40
"""So many may be held in all: a mobile network's gateway, behind which a part of a town sits."""


def take(request: HttpRequest, restaurant_id: int, browser: str, minutes: int) -> Lease:
    """Count a hold of this browser's for so many minutes; not granted where its address holds as many as it may."""
    owners = _owners(request, restaurant_id)
    if not owners:
        return Lease(granted=True, is_new=False)
    return leases.take(owners, _member(restaurant_id, browser), minutes * 60)


def give_back(request: HttpRequest, restaurant_id: int, browser: str) -> None:
    """Count the hold no more: it was confirmed, given back, or never came to be."""
    if owners := _owners(request, restaurant_id):
        leases.give_back(owners, _member(restaurant_id, browser))


def _owners(request: HttpRequest, restaurant_id: int) -> tuple[Owner, ...]:
    address = client_address(request)
    scale = settings.LIMITS_SCALE
    if not scale or address == "unknown":
        return ()
    network = network_of(address)
    return (
        leases.owner(max(1, AT_ONE_RESTAURANT * scale // 100), "holds", network, str(restaurant_id)),
        leases.owner(max(1, IN_ALL * scale // 100), "holds", network),
    )


def _member(restaurant_id: int, browser: str) -> str:
    return f"{restaurant_id}:{browser}"
