"""Guests found while somebody types."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from reservations.models import Guest
from reservations.queries.guests import counted, recent_no_shows

SHORTEST = 2
"""Fewer letters find too many to be of help."""

_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class FoundGuest:
    """A guest of the restaurant with what a host on the phone wants to know."""

    id: int
    name: str
    email: str
    phone: str
    language: str
    dietary_needs: str
    tags: tuple[str, ...]
    visits: int
    no_shows: int
    recent_no_shows: int
    """Those within 12 months."""
    last_visit: dt.date | None


def found_guests(restaurant_id: int, typed: str, most: int = 8) -> list[FoundGuest]:
    """Return a restaurant's guests whose name, phone or e-mail holds what was typed, who came most recently first.

    A phone number is found as people write it: stored is +49301234567, typed
    is 030 123. Who is merged into another or erased is not found. One statement,
    and one more where somebody has had no-shows.
    """
    text = " ".join(typed.replace("\x00", "").split())[:120]
    if len(text) < SHORTEST:
        return []
    # Each word somewhere in the name: “ada lov” and “lovelace a” find the same person.
    by_name = Q()
    for word in text.split()[:5]:
        by_name &= Q(name__icontains=word)
    digits = "".join(char for char in text if char.isdecimal()).lstrip("0")
    is_number = not text.strip(" +-/().0123456789")
    by_phone = Q(phone__contains=digits) if is_number and len(digits) >= _FEWEST_DIGITS else Q(pk=None)
    rows = Guest.objects.filter(
        by_name | Q(email__icontains=text) | by_phone,
        restaurant_id=restaurant_id,
        merged_into=None,
        erased_at=None,
    )
    # NULL sorts first on one database and last on the other; few are left to sort here.
    listed = list(counted(rows).order_by("name", "pk")[: most * 3])
    recent = recent_no_shows([row.pk for row in listed if row.no_shows], timezone.now().date())
    found = [
        FoundGuest(
            id=row.pk,
            name=row.name,
            email=row.email,
            phone=row.phone,
            language=row.language,
            dietary_needs=row.dietary_needs,
            tags=tuple(row.tags),
            visits=row.visits,
            no_shows=row.no_shows,
            recent_no_shows=recent.get(row.pk, 0),
            last_visit=row.last_visit,
        )
        for row in listed
    ]
    found.sort(key=lambda guest: (not _begins(guest, text), guest.last_visit is None, -_days(guest.last_visit)))
    return found[:most]


def _begins(guest: FoundGuest, text: str) -> bool:
    """Return whether a word of the name begins with what was typed: that is whom most mean."""
    name, wanted = guest.name.casefold(), text.casefold()
    return name.startswith(wanted) or f" {wanted}" in name


def _days(date: dt.date | None) -> int:
    return date.toordinal() if date else 0
