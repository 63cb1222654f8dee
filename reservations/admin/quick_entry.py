"""Dates and times as a host types them on the phone: “fr”, “24.12.”, “tomorrow”, “+3”; “1930”, “7pm”."""

from __future__ import annotations

import datetime as dt
import re

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

_NUMBERS = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{1,2})(?:\s*[./-]\s*(\d{4}|\d{2}))?\s*[./-]?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})\.?", re.ASCII)
_AHEAD = re.compile(r"\+\s*(\d{1,3})", re.ASCII)
_TIME = re.compile(r"(\d{1,2})(?:\s*[:.h]\s*(\d{2})|(\d{2}))?\s*(?:([ap])\.?m\.?|uhr|h)?", re.ASCII | re.IGNORECASE)

_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST = 2


def date_of(text: str, today: dt.date) -> dt.date | None:
    """Return the local date that is meant, the next one from today on, or None where it can't be told.

    Weekdays in full or by their first two letters or more, in English and the
    active language; day and month in this order; a day alone; days ahead (+3).
    """
    typed = " ".join(text.split()).casefold()
    words = {"today": 0, "tonight": 0, "tomorrow": 1}
    words |= {_("today").casefold(): 0, _("tonight").casefold(): 0, _("tomorrow").casefold(): 1}
    if typed in words:
        return _after(today, words[typed])
    if found := _AHEAD.fullmatch(typed):
        return _after(today, int(found[1]))
    if found := _NUMBERS.fullmatch(typed):
        return _next_date(int(found[1]), int(found[2]), found[3], today)
    if found := _DAY.fullmatch(typed):
        return _next_day(int(found[1]), today)
    weekday = _weekday(typed.rstrip("."))
    return None if weekday is None else _after(today, (weekday - today.weekday()) % 7)


def time_of(text: str) -> dt.time | None:
    """Return the wall time that is meant (“1930”, “19.30”, “730pm”, “19”), or None where it can't be told."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or found[3] or 0), (found[4] or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None


def _weekday(typed: str) -> int | None:
    if len(typed) < _SHORTEST:
        return None
    for names in ({day: str(name) for day, name in WEEKDAYS.items()}, dict(enumerate(_ENGLISH)), _short()):
        for day, name in names.items():
            if name.casefold().startswith(typed):
                return day
    return None


def _short() -> dict[int, str]:
    return {day: str(name) for day, name in WEEKDAYS_ABBR.items()}


def _after(today: dt.date, days: int) -> dt.date:
    return today + dt.timedelta(days=days)


def _next_day(day: int, today: dt.date) -> dt.date | None:
    year, month = today.year, today.month
    for _step in range(12):
        date = _date(year, month, day)
        if date is not None and date >= today:
            return date
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None


def _next_date(day: int, month: int, year: str | None, today: dt.date) -> dt.date | None:
    if month > 12 >= day:
        # As Americans write it, where it can't be anything else.
        day, month = month, day
    if year is not None:
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    # Up to the next leap day.
    dates = (_date(today.year + ahead, month, day) for ahead in range(9))
    return next((date for date in dates if date is not None and date >= today), None)


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
