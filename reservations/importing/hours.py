"""Opening hours as people wrote them become a usual week, services and special days. Pure: no database.

docs/import.md states the rules.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from reservations.importing.calendars import holiday_name, library_knows, public_holidays
from reservations.importing.expression import DAY, Expression, NotParsedError, Pattern, Place, Span
from reservations.importing.meaning import Hours, Period, Problem, Sitting, Special
from reservations.importing.sittings import clock, sittings_of_date, sittings_of_week

__all__ = ["COMING_DAYS", "Hours", "Period", "Problem", "Sitting", "Special", "understand"]

COMING_DAYS = 365
"""Special days are found from today to so many days later."""
HOURS_NOT_KNOWN = "hours not known"
HOLIDAY = 7
"""The day of a `Period` that holds on public holidays."""

# The usual week is read off one fixed year, so that a text has the same week
# whenever it is imported: of two seasons of equal length neither takes turns.
_REFERENCE_START = dt.date(2025, 1, 6)
_WEEKS = 52
# What a text says of public holidays is the same in every country.
_REFERENCE_COUNTRY = "DE"
_MOST_HOURS_SHOWN = 120


def understand(
    text: str,
    *,
    timezone: str,
    latitude: float | None,
    longitude: float | None,
    country: str,
    today: dt.date,
) -> Hours:
    """Return what the text means: the usual week, its services, and the special days from today for 365 days.

    country may be blank: public holidays have no dates then. Never raises for
    a text, whatever it holds; timezone must be a zone's name.
    """
    text = text.strip()
    if not text:
        return Hours(problem=Problem.MISSING)
    try:
        expression = _parsed(text)
    except NotParsedError:
        return Hours(problem=Problem.NOT_PARSED)
    place = Place(country)
    if expression.by_sun and latitude is not None and longitude is not None:
        place = Place(country, timezone, (latitude, longitude))
    return _understand(text, place, today)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    return Expression(text)


@lru_cache(maxsize=4096)
def _understand(text: str, place: Place, today: dt.date) -> Hours:
    expression = _parsed(text)
    coming = [] if expression.is_weekly else expression.patterns(place, today, COMING_DAYS + 1)
    if expression.names_year:
        reference, start = coming, today
    else:
        weeks = 1 if expression.is_weekly else _WEEKS
        reference, start = expression.patterns(place, _REFERENCE_START, weeks * 7), _REFERENCE_START
    problem = _problem(expression, reference)
    if problem is not None:
        return Hours(problem=problem)
    week = _week_by_sun(reference, start) if expression.by_sun else _usual_week(reference, start)
    if not all(span.known for pattern in week for span in pattern):
        return Hours(problem=Problem.CONDITIONAL)
    on_holidays = _on_holidays(expression) if expression.names_holidays else None
    if on_holidays is not None and place.country and not library_knows(place.country):
        coming = _with_holidays(coming, today, place.country, on_holidays)
    return Hours(
        periods=_periods(week, on_holidays),
        services=sittings_of_week(week),
        special_days=_special_days(coming, today, week, place.country, by_sun=expression.by_sun),
    )


def _problem(expression: Expression, patterns: Sequence[Pattern]) -> Problem | None:
    spans = [span for pattern in patterns for span in pattern]
    if expression.is_beyond_us:
        return Problem.CONDITIONAL
    if not spans:
        return Problem.NEVER_OPEN
    if not expression.names_times:
        return Problem.NO_TIMES
    return None if any(span.known for span in spans) else Problem.CONDITIONAL


def _usual_week(patterns: Sequence[Pattern], start: dt.date) -> tuple[Pattern, ...]:
    """Return the most frequent week, Monday first; of two, the one that more dates agree with, or with longer hours.

    A whole week is taken, so that it is never summer on Mondays and winter on
    Tuesdays. One that is closed throughout is not usual: a place that opens
    from June to September has its summer week.
    """
    first_monday = -start.weekday() % 7
    weeks = Counter(tuple(patterns[at : at + 7]) for at in range(first_monday, len(patterns) - 6, 7))
    frequency = [Counter(patterns[(first_monday + weekday) % 7 :: 7]) for weekday in range(7)]

    def rank(week: tuple[Pattern, ...]) -> tuple[int, int, int, str]:
        agreeing = sum(frequency[weekday][pattern] for weekday, pattern in enumerate(week))
        minutes = sum(span.closes - span.opens for pattern in week for span in pattern if span.known)
        return weeks[week], agreeing, minutes, repr(week)

    return max((week for week in weeks if any(span.known for pattern in week for span in pattern)), key=rank)


def _week_by_sun(patterns: Sequence[Pattern], start: dt.date) -> tuple[Pattern, ...]:
    """Return the week of latest openings and earliest closings, so that nobody is seated before sunrise in winter."""
    week = []
    for weekday in range(7):
        of_weekday = patterns[(weekday - start.weekday()) % 7 :: 7]
        length = Counter(map(len, of_weekday)).most_common(1)[0][0]
        pairs = zip(*(pattern for pattern in of_weekday if len(pattern) == length), strict=True)
        spans = [
            Span(-(-max(span.opens for span in same) // 15) * 15, min(span.closes for span in same) // 15 * 15)
            for same in pairs
        ]
        week.append(tuple(span for span in spans if span.opens < span.closes))
    return tuple(week)


def _on_holidays(expression: Expression) -> Pattern:
    """Return what the text says of public holidays: what it says of most of them."""
    patterns = expression.patterns(Place(_REFERENCE_COUNTRY), _REFERENCE_START, _WEEKS * 7)
    dates = public_holidays(_REFERENCE_COUNTRY, _REFERENCE_START.year)
    of_holidays = [
        pattern for day, pattern in enumerate(patterns) if _REFERENCE_START + dt.timedelta(days=day) in dates
    ]
    return Counter(of_holidays).most_common(1)[0][0]


def _with_holidays(patterns: Sequence[Pattern], start: dt.date, country: str, on_holidays: Pattern) -> list[Pattern]:
    """Return the patterns with those of public holidays put in, for a country that the library does not know."""
    dates = (start + dt.timedelta(days=day) for day in range(len(patterns)))
    return [
        on_holidays if date in public_holidays(country, date.year) else pattern
        for date, pattern in zip(dates, patterns, strict=True)
    ]


def _periods(week: Sequence[Pattern], on_holidays: Pattern | None) -> tuple[Period, ...]:
    days = list(enumerate(week))
    # Of a doubtful holiday nothing is said, rather than that it is closed.
    if on_holidays is not None and all(span.known for span in on_holidays):
        days.append((HOLIDAY, on_holidays))
    return tuple(
        period
        for day, pattern in days
        for period in ([Period(day, clock(s.opens), clock(s.closes)) for s in pattern] or [Period(day, None, None)])
    )


def _special_days(
    patterns: Sequence[Pattern], start: dt.date, week: Sequence[Pattern], country: str, *, by_sun: bool
) -> tuple[Special, ...]:
    found = []
    for day, pattern in enumerate(patterns):
        date = start + dt.timedelta(days=day)
        usual = week[date.weekday()]
        # The sun is never twice at the same time: only what opens or not counts.
        if pattern == usual or (by_sun and len(pattern) == len(usual)):
            continue
        known = all(span.known for span in pattern)
        found.append(
            Special(
                date=date,
                name=holiday_name(country, date)[:120] if country else "",
                is_closed=not pattern,
                hours=_shown(pattern) if known else HOURS_NOT_KNOWN,
                services=sittings_of_date(pattern) if known else (),
            )
        )
    return tuple(found)


def _shown(pattern: Pattern) -> str:
    parts = [f"{clock(span.opens):%H:%M}–{_closing(span.closes)}" for span in pattern]
    while len(", ".join(parts)) > _MOST_HOURS_SHOWN:
        parts.pop()
    return ", ".join(parts)


def _closing(minutes: int) -> str:
    return "24:00" if minutes == DAY else f"{clock(minutes):%H:%M}"
