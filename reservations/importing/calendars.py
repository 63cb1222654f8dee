"""Public holidays: their dates as the opening-hours library reckons them, their names from the holidays package."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache

import holidays
from opening_hours import OpeningHours, State, UnknownCountryError  # type: ignore[attr-defined] # not in its stubs

UNNAMED = "Public holiday"


@lru_cache
def library_knows(country: str) -> bool:
    """Return whether the opening-hours library has a calendar of the country, given by its ISO 3166 code."""
    try:
        OpeningHours("PH", country=country, auto_country=False)
    except UnknownCountryError:
        return False
    return True


@lru_cache(maxsize=1024)
def public_holidays(country: str, year: int) -> frozenset[dt.date]:
    """Return a year's public holidays; those of the holidays package where the library has no calendar, else none."""
    if not library_knows(country):
        return frozenset(_names(country, year))
    calendar = OpeningHours("PH", country=country, auto_country=False, auto_timezone=False)
    found: set[dt.date] = set()
    for start, end, state, _comment in calendar.intervals(dt.datetime(year, 1, 1), dt.datetime(year + 1, 1, 1)):  # noqa: DTZ001 - dates alone
        if state == State.OPEN:
            found.update(start.date() + dt.timedelta(days=day) for day in range((end - start).days))
    return frozenset(found)


def holiday_name(country: str, date: dt.date) -> str:
    """Return the public holiday's name, in English where there is one, or an empty text on an ordinary date."""
    name = _names(country, date.year).get(date, "")
    if not name and date in public_holidays(country, date.year):
        return UNNAMED
    return name


@lru_cache(maxsize=1024)
def _names(country: str, year: int) -> Mapping[dt.date, str]:
    try:
        calendar = holidays.country_holidays(country)
    except NotImplementedError:
        return {}
    # Left to itself, the package takes the language of the process.
    language = next((code for code in calendar.supported_languages if code.startswith("en")), calendar.default_language)
    return dict(holidays.country_holidays(country, years=year, language=language).items())
