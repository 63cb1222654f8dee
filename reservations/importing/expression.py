"""One text of opening hours, read by the opening-hours library and evaluated date by date.

A night belongs to the date on which it begins. The library thinks in days: it
cuts ``Fr-Sa 18:00-03:00; Su off`` short at midnight on Saturday, and any night
that runs into a day with a rule of its own. So where a text crosses midnight,
all its times are moved back until it does not, and moved forward again once
they are evaluated.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined] # not in its stubs

from reservations.importing.calendars import library_knows

DAY = 24 * 60

_WEEKDAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# "Fr, Sa 18:00-02:00": the library (like the specification, taken at its word)
# reads two rules, the first of them all of Friday. Nobody means that.
_LOOSE_WEEKDAYS = re.compile(rf"(?<![A-Za-z])({_WEEKDAY}(?:\[[-\d,]+\])?)\s*,\s+(?={_WEEKDAY}(?![A-Za-z]))")
_LOOSE_DATES = re.compile(rf"({_MONTH} \d\d?(?:-\d\d?)?)\s*,\s+(?={_MONTH}(?![A-Za-z]))")
_QUOTED = re.compile(r'("[^"]*")')
_TIME = r"(?<![\d:])(\d{1,2}):(\d{2})(?![\d:])"
_ANY_TIME = re.compile(_TIME)
_RANGE_OR_TIME = re.compile(rf"{_TIME}(?:(\s*-\s*){_TIME})?")
_OPEN_END = re.compile(rf"(?<!-)(?<!- ){_TIME}\+")
_ALL_DAY = re.compile(r"24/7|(?<!\d)0?0:00\s*-\s*(?:24:00|0?0:00)")
_SUN = re.compile(r"sunrise|sunset|dawn|dusk")
_YEAR = re.compile(r"(?<![\d:])(?:19|20)\d\d(?![\d:])")
_HOLIDAYS = re.compile(r"(?<![A-Za-z])PH(?![A-Za-z])")
_SCHOOL_HOLIDAYS = re.compile(r"(?<![A-Za-z])SH(?![A-Za-z])")
# Nothing but weekdays, times and states: every week is the same.
_WEEKLY = re.compile(r"(?:Mo|Tu|We|Th|Fr|Sa|Su|off|closed|open|unknown|24/7|\"\"|[\d:\s,;+-])*", re.IGNORECASE)
# Repetitions and sums of times mean something other than a range.
_UNMOVABLE = re.compile(r"[/()]")
_NOT_AT_A_TABLE = re.compile(r"take|drive|delivery|dine-in|abhol|liefer", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A time of being open, in minutes from the midnight that begins its date; closes is above 1440 after midnight.

    known is False where the text says only that it may be open. through: it
    goes on into the next date's first span. open_end: no closing time is given.
    """

    opens: int
    closes: int
    known: bool = True
    through: bool = False
    open_end: bool = False


Pattern = tuple[Span, ...]
"""The spans of one date."""


class NotParsedError(Exception):
    """The library can't read the text."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text holds: country (ISO 3166, or blank) for public holidays, zone and coordinates for the sun."""

    country: str
    timezone: str = ""
    coordinates: tuple[float, float] | None = None


class Expression:
    """A text that can be evaluated. Raises `NotParsedError` for one that can't."""

    def __init__(self, text: str) -> None:
        self.text = _LOOSE_DATES.sub(r"\1,", _LOOSE_WEEKDAYS.sub(r"\1,", text.strip()))
        plain = _QUOTED.sub('""', self.text)
        self.is_weekly = _WEEKLY.fullmatch(plain) is not None and _YEAR.search(plain) is None
        self.by_sun = _SUN.search(plain) is not None
        self.names_year = _YEAR.search(plain) is not None
        self.names_holidays = _HOLIDAYS.search(plain) is not None
        # No calendar of school holidays is to be had; and of a fallback rule
        # ("||") the library loses sight after the first day that it evaluates.
        self.is_beyond_us = _SCHOOL_HOLIDAYS.search(plain) is not None or "||" in plain
        self.names_times = self.by_sun or _ANY_TIME.search(plain) is not None or "24/7" in plain
        self._all_day = _ALL_DAY.search(plain) is not None
        self._open_ends = {int(hour) * 60 + int(minute) for hour, minute in _OPEN_END.findall(plain)}
        self._moved_by = 0 if self.by_sun else _minutes_past_midnight(plain)
        self._evaluated = _moved_back(self.text, self._moved_by) if self._moved_by else self.text
        try:
            OpeningHours(text, auto_country=False, auto_timezone=False)
            OpeningHours(self._evaluated, auto_country=False, auto_timezone=False)
        except ParserError as error:
            raise NotParsedError(str(error)) from error

    def patterns(self, place: Place, start: dt.date, days: int) -> list[Pattern]:
        """Return what the text says of each of so many dates from start, at that place."""
        found: dict[dt.date, list[Span]] = {}
        for date, span in self._spans(place, start, days):
            found.setdefault(date, []).append(span)
        return [tuple(found.get(start + dt.timedelta(days=day), ())) for day in range(days)]

    def _spans(self, place: Place, start: dt.date, days: int) -> Iterator[tuple[dt.date, Span]]:
        midnight = dt.datetime.combine(start, dt.time())
        # From the day before to the day after, so that neither end cuts a night.
        for opens, closes, known in self._open_times(
            place, midnight - dt.timedelta(days=1), midnight + dt.timedelta(days=days + 1)
        ):
            date = opens.date()
            begin = opens.hour * 60 + opens.minute
            end = begin + int((closes - opens).total_seconds()) // 60
            if end - begin < DAY:
                yield date, self._span(begin, end, known)
                continue
            # Several days on end: each has its part.
            while end > 0:
                part = self._span(begin, min(end, DAY), known)
                yield date, replace(part, through=end > DAY)
                date, begin, end = date + dt.timedelta(days=1), 0, end - DAY

    def _open_times(
        self, place: Place, start: dt.datetime, end: dt.datetime
    ) -> Iterator[tuple[dt.datetime, dt.datetime, bool]]:
        """Yield opening and closing, naive, of all times but the closed ones, those that touch joined."""
        hours = OpeningHours(
            self._evaluated,
            country=place.country if place.country and library_knows(place.country) else None,
            timezone=ZoneInfo(place.timezone) if self.by_sun and place.timezone else None,
            coords=place.coordinates if self.by_sun else None,
            auto_country=False,
            # Without it the library leaves the coordinates aside, and the sun
            # rises at 07:00 everywhere.
            auto_timezone=self.by_sun,
        )
        last: tuple[dt.datetime, dt.datetime, bool] | None = None
        for opens, closes, state, comment in hours.intervals(start, end):
            if state == State.CLOSED:
                continue
            if self.by_sun:
                opens, closes = opens.replace(tzinfo=None), closes.replace(tzinfo=None)
            known = state == State.OPEN and self._is_remark(comment)
            if last is not None and last[1] == opens and last[2] == known:
                last = (last[0], closes, known)
                continue
            if last is not None:
                yield last
            last = (opens, closes, known)
        if last is not None:
            yield last

    def _is_remark(self, comment: str) -> bool:
        """Return whether a comment leaves the place open: none, or a remark on a span that says ``open``.

        A comment alone ("by appointment") makes it doubtful; so the
        specification says, though the library answers open.
        """
        if not comment:
            return True
        said_open = re.search(rf'open\s*"{re.escape(comment)}"', self.text) is not None
        return said_open and _NOT_AT_A_TABLE.search(comment) is None

    def _span(self, begin: int, end: int, known: bool) -> Span:
        # All day long without saying so: a day is named, but no time of it.
        known = known and (end - begin < DAY or self._all_day)
        opens, closes = begin + self._moved_by, end + self._moved_by
        open_end = opens in self._open_ends and end == DAY
        return Span(opens, DAY if open_end else closes, known, open_end=open_end)


def _minutes_past_midnight(plain: str) -> int:
    """Return by how many minutes all times must be moved back so that none crosses midnight; 0 if none does.

    Also 0 where that can't be done, because something opens before the last
    night ends: the library's own reading has to do.
    """
    if _UNMOVABLE.search(plain):
        return 0
    latest, earliest = 0, DAY
    for hour, minute, dash, until_hour, until_minute in _RANGE_OR_TIME.findall(plain):
        opens = int(hour) * 60 + int(minute)
        earliest = min(earliest, opens)
        if dash:
            closes = int(until_hour) * 60 + int(until_minute)
            if closes > DAY:
                latest = max(latest, closes - DAY)
            elif closes < opens:
                latest = max(latest, closes)
    return latest if latest <= earliest else 0


def _moved_back(text: str, minutes: int) -> str:
    """Return the text with every time that many minutes earlier, comments left as they are."""

    def clock(value: int) -> str:
        return f"{value // 60:02d}:{value % 60:02d}"

    def moved(match: re.Match[str]) -> str:
        opens = int(match[1]) * 60 + int(match[2])
        begin = clock(opens - minutes)
        if match[3] is None:
            return begin
        closes = int(match[4]) * 60 + int(match[5])
        return f"{begin}-{clock(closes - minutes + (DAY if closes <= opens else 0))}"

    return "".join(
        part if index % 2 else _RANGE_OR_TIME.sub(moved, part) for index, part in enumerate(_QUOTED.split(text))
    )
