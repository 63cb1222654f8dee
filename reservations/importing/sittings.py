"""Times of being open become times at which parties are seated. docs/import.md states the rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from reservations.engine.slots import SLOT_MINUTES
from reservations.importing.expression import DAY, Pattern, Span
from reservations.importing.meaning import Sitting
from reservations.models.hours import EVERY_DAY

MARGIN = 60
"""The last seating is this many minutes before closing..."""
SHORT_MARGIN = 30
"""...or this many, where it is open for less than `SHORT_SPAN` minutes."""
SHORT_SPAN = 180
LEAST_SPAN = 60
"""Nobody is seated where it is open for fewer minutes than this."""
OPEN_END_CLOSES = 21 * 60
"""Where no closing time is given, it is taken to close then, or `OPEN_END_STAYS` minutes after opening if later."""
OPEN_END_STAYS = 180
INTERVAL = 30
SHORT_INTERVAL = 15
_AROUND_THE_CLOCK = DAY - SLOT_MINUTES


def clock(minutes: int) -> dt.time:
    """Return a clock time, of the next day where the minutes are beyond midnight."""
    return dt.time(minutes % DAY // 60, minutes % 60)


def sittings_of_week(week: Sequence[Pattern]) -> tuple[Sitting, ...]:
    """Return the services of a usual week (Monday first); weekdays with the same times share one."""
    weekdays: dict[tuple[int, int], int] = {}
    for weekday, pattern in enumerate(week):
        for seating in _seatings(pattern):
            weekdays[seating] = weekdays.get(seating, 0) | 1 << weekday
    return tuple(_sitting(first, last, mask) for (first, last), mask in sorted(weekdays.items()))


def sittings_of_date(pattern: Pattern) -> tuple[Sitting, ...]:
    """Return the replacement services of one date."""
    return tuple(_sitting(first, last, EVERY_DAY) for first, last in _seatings(pattern))


def _seatings(pattern: Pattern) -> Iterable[tuple[int, int]]:
    return [pair for pair in map(_seating, pattern) if pair is not None]


def _seating(span: Span) -> tuple[int, int] | None:
    """Return first and last seating in minutes, or None where there is no time for one."""
    if not span.known:
        return None
    first = -(-span.opens // SLOT_MINUTES) * SLOT_MINUTES
    if span.through:
        last = _AROUND_THE_CLOCK
    else:
        closes = span.closes
        if span.open_end:
            closes = min(closes, max(OPEN_END_CLOSES, span.opens + OPEN_END_STAYS))
        length = closes - span.opens
        if length < LEAST_SPAN:
            return None
        margin = MARGIN if length >= SHORT_SPAN else SHORT_MARGIN
        last = (closes - margin) // SLOT_MINUTES * SLOT_MINUTES
    return (first, last) if first <= last else None


def _sitting(first: int, last: int, weekdays: int) -> Sitting:
    return Sitting(
        name=_name(first, last),
        weekdays=weekdays,
        first_seating=clock(first),
        last_seating=clock(last),
        interval_minutes=SHORT_INTERVAL if last - first <= SHORT_SPAN // 3 else INTERVAL,
    )


def _name(first: int, last: int) -> str:
    """Return what a service of these times (minutes) is commonly called; staff may rename it."""
    if first < 10 * 60 + 30 and last <= 11 * 60:
        return "Breakfast" if last >= 6 * 60 else "Late"
    if first < 14 * 60:
        if last >= 17 * 60:
            return "All day"
        return "Lunch" if first >= 10 * 60 + 30 else "Breakfast and lunch"
    if first < 16 * 60 + 30:
        return "Afternoon" if last < 18 * 60 else "Afternoon and dinner"
    return "Dinner" if first < 21 * 60 else "Late"
