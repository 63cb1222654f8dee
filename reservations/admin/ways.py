"""The ways between the pages of an evening: the same ones, under the same names, on each of them."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from reservations.admin import pages, phone
from reservations.models import Restaurant
from reservations.scoping import Link

_UNDATED = ("floor", "day")


def boards(restaurant_id: int, date: dt.date | None = None, *, but: str = "") -> list[Link]:
    """Return the links to the pages that show an evening, of a date or of the present one, without the page itself."""
    labels = {"day": _("Day sheet"), "floor": _("Floor"), "timeline": _("Timeline"), "plan": _("Floor plan")}
    return [(_address(restaurant_id, name, date), label) for name, label in labels.items() if name != but]


def evening_links(
    request: HttpRequest, restaurant: Restaurant, date: dt.date | None = None, *, but: str = "", back: str = ""
) -> list[Link]:
    """Return the ways on from a page of an evening: a new reservation, from which back leads here, and the others.

    Only those that are for the user. but is the page's own name.
    """
    found: list[Link] = []
    if request.user.has_perm(phone.ADD):
        found.append((phone.address(restaurant.pk, back, date), _("New reservation")))
    if request.user.has_perm(pages.VIEW) or request.user.has_perm(pages.CHANGE):
        found += boards(restaurant.pk, date, but=but)
    return found


def _address(restaurant_id: int, name: str, date: dt.date | None) -> str:
    if date and name == "day":
        return reverse("admin:reservations_restaurant_sheet", args=(restaurant_id, date.isoformat()))
    address = reverse(f"admin:reservations_restaurant_{name}", args=(restaurant_id,))
    return f"{address}?{urlencode({'date': date.isoformat()})}" if date and name not in _UNDATED else address
