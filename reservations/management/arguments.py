"""Arguments of commands as they are typed. Each raises CommandError with one line that says what to write instead."""

from __future__ import annotations

import datetime as dt
import difflib

from django.core.management.base import CommandError

from reservations.models import Restaurant

_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def date(text: str, name: str) -> dt.date:
    """Return a local date; name is the argument's."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{name}: {text!r} is not a date such as 2026-12-01.") from error
    _check_year(found, text, name)
    return found


def moment(text: str, name: str) -> dt.datetime:
    """Return a moment of ISO 8601, naive where it has no offset."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{name}: {text!r} is not a moment such as 2026-12-01T18:30.") from error
    _check_year(found.date(), text, name)
    return found


def clock(text: str, name: str) -> dt.time:
    """Return a local clock time, to the minute."""
    try:
        return dt.datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a clock time has no zone
    except ValueError as error:
        raise CommandError(f"{name}: {text!r} is not a time such as 19:30.") from error


def number(text: str, name: str, *, low: int, high: int) -> int:
    """Return a whole number from low to high, both included."""
    # Nine digits are more than any number here has; int() refuses thousands of them.
    if not (text.isascii() and text.isdigit() and low <= int(text[:9]) <= high and len(text) <= 9):
        raise CommandError(f"{name}: {text!r} is not a whole number from {low} to {high}.")
    return int(text)


def restaurant(slug: str) -> Restaurant:
    """Return the restaurant of a slug."""
    found = Restaurant.objects.filter(slug=slug.replace("\x00", "")).first()
    if found is None:
        near = difflib.get_close_matches(slug, Restaurant.objects.values_list("slug", flat=True), n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "Its slug stands in the address of its page."
        raise CommandError(f"There is no restaurant {slug!r}. {hint}")
    return found


def _check_year(found: dt.date, text: str, name: str) -> None:
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise CommandError(f"{name}: {text!r} is too far away. Use a year from {_FIRST_YEAR} to {_LAST_YEAR}.")
