"""Dates and times as a host types them on the phone: “fr”, “24.12.”, “tomorrow”, “+3”; “1930”, “7pm”, “19時半”."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import get_language
from django.utils.translation import gettext as _

_NUMBERS = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{1,2})(?:\s*[./-]\s*(\d{4}|\d{2}))?\s*[./-]?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})\.?", re.ASCII)
_AHEAD = re.compile(r"\+\s*(\d{1,3})", re.ASCII)
_TIME = re.compile(r"(\d{1,2})(?:\s*[:.h]\s*(\d{2})|(\d{2}))?\s*(?:([ap])\.?m\.?|uhr|h)?", re.ASCII | re.IGNORECASE)

_JAPANESE = re.compile(r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日", re.ASCII)
_JAPANESE_TIME = re.compile(r"(午前|午後|夜|昼)?(\d{1,2})時(?:(半)|(\d{1,2})分?)?", re.ASCII)
# Where the month is written first.
_MONTH_FIRST = ("ja",)

_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST = 2


def date_of(text: str, today: dt.date) -> dt.date | None:
    """Return the local date that is meant, the next one from today on, or None where it can't be told.

    Weekdays in full or by their first two letters or more, in English and the
    active language; day and month in the language's order; a day alone; days
    ahead (+3). Digits may be as wide as Japanese keyboards make them.
    """
    typed = " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
    words = {"today": 0, "tonight": 0, "tomorrow": 1}
    words |= {_("today").casefold(): 0, _("tonight").casefold(): 0, _("tomorrow").casefold(): 1}
    if typed in words:
        return _after(today, words[typed])
    if found := _AHEAD.fullmatch(typed):
        return _after(today, int(found[1]))
    if found := _NUMBERS.fullmatch(typed):
        day, month = int(found[1]), int(found[2])
        if (get_language() or "").split("-")[0] in _MONTH_FIRST:
            day, month = month, day
        return _next_date(day, month, found[3], today)
    if found := _JAPANESE.fullmatch(typed):
        if found[2] is None:
            return _next_day(int(found[3]), today) if found[1] is None else None
        return _next_date(int(found[3]), int(found[2]), found[1], today)
    if found := _DAY.fullmatch(typed):
        return _next_day(int(found[1]), today)
    weekday = _weekday(typed.rstrip("."))
    return None if weekday is None else _after(today, (weekday - today.weekday()) % 7)


def time_of(text: str) -> dt.time | None:
    """Return the wall time that is meant (“1930”, “19.30”, “730pm”, “19”), or None where it can't be told."""
    typed = unicodedata.normalize("NFKC", text).strip()
    found = _TIME.fullmatch(typed)
    if found is None:
        return _japanese_time(typed)
    hour, minute, half = int(found[1]), int(found[2] or found[3] or 0), (found[4] or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None


def _japanese_time(typed: str) -> dt.time | None:
    found = _JAPANESE_TIME.fullmatch(typed)
    if found is None:
        return None
    hour, minute = int(found[2]), 30 if found[3] else int(found[4] or 0)
    if found[1] and found[1] != "午前" and hour < 12:
        hour += 12
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None


def _weekday(typed: str) -> int | None:
    # One letter of Japanese is a word.
    if len(typed) < _SHORTEST and typed.isascii():
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
