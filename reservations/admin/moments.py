"""Dates and moments in the addresses of the admin's pages: read leniently, since anybody can type there."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest

from reservations.engine.tables import slot_of
from reservations.models import Restaurant
from reservations.numbers import read_number

_YEARS = range(1990, 2100)


def asked_date(request: HttpRequest) -> dt.date | None:
    """Return the date that the address names (``date=2027-03-14``), or None where it names none."""
    try:
        date = dt.date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        return None
    return date if date.year in _YEARS else None


def asked_moment(request: HttpRequest, name: str = "start") -> dt.datetime | None:
    """Return the slot in UTC that the address names in seconds of the epoch, or None where it names none."""
    return read_moment(request.GET.get(name, ""))


def read_moment(text: str) -> dt.datetime | None:
    """Return the slot in UTC in which a moment lies that is written in seconds of the epoch, or None."""
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        return None
    try:
        moment = dt.datetime.fromtimestamp(int(text), dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return slot_of(moment) if moment.year in _YEARS else None


def pointed_at(request: HttpRequest, restaurant: Restaurant) -> dict[str, Any]:
    """Return the table, and the local date and time, that the address points at, as a form begins with them."""
    found: dict[str, Any] = {}
    if table := read_number(request.GET.get("table", "")):
        found["table"] = table
    if start := asked_moment(request):
        local = start.astimezone(restaurant.zone)
        found |= {"date": local.date(), "time": local.time().replace(fold=0)}
    return found
