"""Dates, times and numbers as booking systems write them. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable

ORDERS = ("ymd", "dmy", "mdy")
"""In which order a date's numbers stand; one that begins with the year is read in any."""

# Where the month comes first.
_MONTH_FIRST = frozenset({"US", "PH", "PR", "GU", "AS", "MP", "VI", "FM", "MH", "PW"})
# By the first letters, in English, German, French, Spanish and Italian.
_MONTHS = {
    "jan": 1,
    "ene": 1,
    "gen": 1,
    "feb": 2,
    "fev": 2,
    "mar": 3,
    "mrz": 3,
    "maer": 3,
    "apr": 4,
    "abr": 4,
    "avr": 4,
    "may": 5,
    "mai": 5,
    "mag": 5,
    "jun": 6,
    "juin": 6,
    "giu": 6,
    "jul": 7,
    "juil": 7,
    "lug": 7,
    "aug": 8,
    "ago": 8,
    "aou": 8,
    "sep": 9,
    "set": 9,
    "oct": 10,
    "okt": 10,
    "ott": 10,
    "nov": 11,
    "dec": 12,
    "dez": 12,
    "dic": 12,
}
_NUMBERS = re.compile(r"(\d{1,4})\s*[-./ ]\s*(\d{1,2})\s*[-./ ]\s*(\d{1,4})\.?", re.ASCII)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[.\s-]*([^\W\d]+)[.,\s-]*(\d{2,4})")
_MONTH_DAY = re.compile(r"([^\W\d]+)[.\s-]*(\d{1,2})(?:st|nd|rd|th)?[,\s-]+(\d{2,4})")
_WEEKDAY = re.compile(r"[^\W\d]{2,10}\.?,?\s+(?=\S*\d)|[^\W\d]{2,10}\.?,\s*(?=\S)")
_CLOCK = re.compile(
    r"(\d{1,2})(?:\s*[:.h]\s*(\d{2}))?(?::\d{2}(?:\.\d+)?)?\s*(?:(a|p)\.?\s*m\.?|h|uhr)?", re.IGNORECASE
)
_FOUR = re.compile(r"(\d{2})(\d{2})", re.ASCII)
_FIRST, _LAST = 2000, 2100


def date_of(text: str, order: str) -> dt.date | None:
    """Return a date, its numbers in the order that is told; None for what is no date from 2000 to 2100."""
    text = text.strip()
    if found := _NUMBERS.fullmatch(text):
        one, two, three = (int(part) for part in found.groups())
        if len(found[1]) == 4:
            return _date(one, two, three)
        year = three if len(found[3]) == 4 else _year(three)
        return _date(year, one, two) if order == "mdy" else _date(year, two, one)
    if found := _COMPACT.fullmatch(text):
        return _date(*(int(part) for part in found.groups()))
    return _by_name(text) or _by_name(_WEEKDAY.sub("", text, count=1))


def order_of(texts: Iterable[str], country: str) -> str:
    """Return the order in which most of the dates can be read; where several do, the country's."""
    texts = list(texts)
    usual = "mdy" if country in _MONTH_FIRST else "dmy"
    counted = {order: sum(date_of(text, order) is not None for text in texts) for order in ("dmy", "mdy")}
    return max(counted, key=lambda order: (counted[order], order == usual))


def time_of(text: str) -> dt.time | None:
    """Return a clock time such as 19:30, 7.30 pm, 19h30, 1930 or 7pm, to the minute; else None."""
    text = text.strip()
    if found := _FOUR.fullmatch(text):
        return _time(int(found[1]), int(found[2]))
    found = _CLOCK.fullmatch(text)
    if found is None or (found[2] is None and text.isdecimal()):
        return None
    hour = int(found[1])
    if half := (found[3] or "").lower():
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return _time(hour, int(found[2] or 0))


def start_of(text: str, order: str) -> dt.datetime | tuple[dt.date, dt.time] | None:
    """Return a moment (aware) where an offset is told, else a local date and time; None for neither."""
    text = text.strip()
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        if not _FIRST <= moment.year <= _LAST:
            return None
        if moment.tzinfo is not None:
            return moment
        if moment.time() != dt.time() or len(text) > len("2027-01-01"):
            return moment.date(), moment.time().replace(second=0, microsecond=0)
        return None
    # The time is the last part that is one, with "pm" or without.
    parts = re.split(r"(?:\s*,\s*|\s+)(?:at\s+|um\s+)?", text)
    for size in (1, 2, 3):
        if len(parts) <= size:
            break
        time = time_of(" ".join(parts[-size:]))
        date = date_of(" ".join(parts[:-size]), order)
        if time is not None and date is not None:
            return date, time
    return None


def number_of(text: str) -> int | None:
    """Return a whole number of up to four digits, with “2.0” and “2 guests” for 2; else None."""
    found = re.fullmatch(r"(\d{1,4})(?:[.,]0+)?(?:\s*[^\W\d]+\.?)?", text.strip(), re.ASCII)
    return int(found[1]) if found else None


def _by_name(text: str) -> dt.date | None:
    if found := _DAY_MONTH.fullmatch(text):
        day, month, year = found.groups()
    elif found := _MONTH_DAY.fullmatch(text):
        month, day, year = found.groups()
    else:
        return None
    plain = unicodedata.normalize("NFKD", month.casefold())
    letters = "".join(letter for letter in plain if letter.isalpha())
    number = _MONTHS.get(letters[:3]) or _MONTHS.get(letters[:4])
    return _date(_year(int(year)), number, int(day)) if number else None


def _year(number: int) -> int:
    return number + 2000 if number < 100 else number


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        found = dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None
    return found if _FIRST <= found.year <= _LAST else None


def _time(hour: int, minute: int) -> dt.time | None:
    return dt.time(hour, minute) if hour < 24 and minute < 60 else None
