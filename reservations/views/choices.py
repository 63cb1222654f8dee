"""A day's times as buttons and options: grouped by service, without those that are over, the nearest marked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from reservations.engine.availability import Time
from reservations.engine.errors import Reason
from reservations.engine.slots import local_moment
from reservations.forms import TimesForm
from reservations.reasons import diner_day_text

NEARBY = 4
"""How many times are suggested around a wanted one."""

FULL = (Reason.TABLES_TAKEN, Reason.PACING_FULL)
"""The reasons for which it helps to wait."""

# Which reason speaks for a day that has no time left: the one closest to a table.
_TELLING = (
    Reason.TABLES_TAKEN,
    Reason.PACING_FULL,
    Reason.NO_TABLE,
    Reason.PARTY_TOO_LARGE,
    Reason.PARTY_TOO_SMALL,
    Reason.PAUSED,
    Reason.TOO_LATE,
    Reason.PAST,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A time as a button: its label has the zone's name where a wall time occurs twice."""

    time: Time
    label: str
    value: str
    nearby: bool
    present: bool = False
    """Whether it is the time of the reservation that is about to be changed."""
    wished: bool = False
    """Whether it is the time that was asked for, and can be booked."""


@dataclass(frozen=True, slots=True)
class Group:
    """A service's times."""

    name: str
    choices: tuple[Choice, ...]


def labelled(day: Sequence[Time]) -> list[tuple[Time, str]]:
    """Return the times that are not over, each with its label."""
    walls = [time.start.replace(tzinfo=None) for time in day]
    return [
        (time, time.start.strftime("%H:%M" if walls.count(wall) == 1 else "%H:%M %Z"))
        for time, wall in zip(day, walls, strict=True)
        if time.reason not in (Reason.PAST, Reason.TOO_LATE)
    ]


def grouped(
    day: Sequence[Time],
    near: Collection[Time] = (),
    present: dt.datetime | None = None,
    wished: Time | None = None,
) -> tuple[Group, ...]:
    """Group the times by service, without those that are over; mark the nearest, the present (UTC), the wished one."""
    groups: dict[int, tuple[str, list[Choice]]] = {}
    for time, label in labelled(day):
        start = time.start_utc
        choice = Choice(time, label, start.isoformat(), time in near, start == present, time is wished)
        groups.setdefault(time.service_id, (time.service_name, []))[1].append(choice)
    return tuple(Group(name, tuple(choices)) for name, choices in groups.values())


def nearest(bookable: Sequence[Time], moment: dt.datetime | None) -> tuple[Time, ...]:
    """Return the times next to a moment, the nearest first; none without one."""
    if moment is None:
        return ()
    return tuple(sorted(bookable, key=lambda time: abs(time.start_utc - moment))[:NEARBY])


def moment_of(date: dt.date, clock: dt.time, zone: str, day: Sequence[Time]) -> dt.datetime:
    """Return the UTC moment of a wall time on a service date; after midnight, where that is nearer to its times."""
    moments = (local_moment(date + dt.timedelta(days=days), clock, zone) for days in (0, 1))
    return min(moments, key=lambda moment: min((abs(time.start_utc - moment) for time in day), default=dt.timedelta()))


def telling(day: Sequence[Time]) -> Reason:
    """Return the reason that speaks for a day of which no time is left."""
    reasons = {time.reason for time in day}
    return next((reason for reason in _TELLING if reason in reasons), Reason.NO_SERVICE)


def no_times(search: TimesForm, reason: Reason | None, day: Sequence[Time]) -> str:
    """Return what a diner is told of a day that has no time to choose, for this reason or since all are over."""
    if search.errors or (reason is None and labelled(day)):
        return ""
    return diner_day_text(reason or Reason.TOO_LATE)


def is_full(time: Time) -> bool:
    """Return whether a time is one for which it helps to wait."""
    return time.reason in FULL


def longest_wait(day: Sequence[Time]) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the first and last start (UTC) of the longest row of times that are full, or None where none is."""
    rows = [list(times) for full, times in groupby(day, key=is_full) if full]
    if not rows:
        return None
    longest = max(rows, key=len)
    return longest[0].start_utc, longest[-1].start_utc
