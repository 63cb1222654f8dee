"""A restaurant's opening hours in schema.org's words: the usual week, and the days that differ. Pure."""

from __future__ import annotations

import datetime as dt
import re

from reservations.queries.venue import DateNotice, HoursLine
from restaurant_site.schema_org import Thing, term, thing

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday", "PublicHolidays")
_PERIOD = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\s*[-–—]\s*(?:([01]?[0-9]|2[0-3]):([0-5][0-9])|24:00)")
# So schema.org's readers write a day on which nobody opens: it opens and closes at midnight.
_MIDNIGHT = dt.time()
_CLOSED = (_MIDNIGHT, _MIDNIGHT)
_ALL_DAY = (_MIDNIGHT, dt.time(23, 59))

Period = tuple[dt.time, dt.time]


def opening_hours(hours: tuple[HoursLine, ...], notices: tuple[DateNotice, ...]) -> list[Thing]:
    """Return an OpeningHoursSpecification for each period of the week, days with the same hours together, then notices.

    A period that ends at or before it begins ends on the next day. A day that
    differs is told where its hours are known: it is closed, or they are written
    as times. Hours in other words are left to people, and so is a day on which
    one service alone does not take place.
    """
    return [*_usual(hours), *(spec for notice in notices for spec in _of(notice))]


def _usual(hours: tuple[HoursLine, ...]) -> list[Thing]:
    days: dict[Period, list[int]] = {}
    for line in hours:
        for period in line.periods or (_CLOSED,):
            open_all_day = line.periods and period == _CLOSED
            days.setdefault(_ALL_DAY if open_all_day else period, []).append(line.day)
    return [_spec(period, dayOfWeek=[term(_DAYS[day]) for day in of]) for period, of in days.items()]


def _of(notice: DateNotice) -> list[Thing]:
    if notice.service:
        return []
    periods = [_CLOSED] if notice.closed else periods_of(notice.hours)
    first, last = notice.starts_on.isoformat(), notice.ends_on.isoformat()
    return [_spec(period, validFrom=first, validThrough=last) for period in periods]


def _spec(period: Period, **when: object) -> Thing:
    opens, closes = (f"{time:%H:%M}" for time in period)
    return thing("OpeningHoursSpecification", opens=opens, closes=closes, **when)


def periods_of(text: str) -> list[Period]:
    """Return the periods of hours such as “12:00–16:00, 18:00–23:00”; none where any of it is something else."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _PERIOD.fullmatch(part)
        if match is None:
            return []
        first, minute, last, minute_last = match.groups()
        closes = dt.time(int(last), int(minute_last)) if last else _MIDNIGHT
        period = dt.time(int(first), int(minute)), closes
        found.append(_ALL_DAY if period == _CLOSED else period)
    return found
