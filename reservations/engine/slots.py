"""Time cut into slots of 15 minutes. Pure: imports the standard library alone.

Services are written in local wall time, tables are claimed by UTC slots. Every
zone in use today is a multiple of 15 minutes from UTC, so both grids coincide.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo

SLOT_MINUTES = 15
SLOT = dt.timedelta(minutes=SLOT_MINUTES)
_DAY = 24 * 60


def slots_needed(minutes: int) -> int:
    """Return how many slots a stay of so many minutes claims, the last one perhaps in part."""
    return -(-minutes // SLOT_MINUTES)


def claimed_slots(start: dt.datetime, minutes: int) -> tuple[dt.datetime, ...]:
    """Return the UTC starts of the slots that a stay from start (aware, on a slot) claims."""
    first = start.astimezone(dt.UTC)
    return tuple(first + index * SLOT for index in range(slots_needed(minutes)))


def is_on_slot(moment: dt.datetime) -> bool:
    """Return whether an aware moment is the start of a UTC slot."""
    utc = moment.astimezone(dt.UTC)
    return not (utc.minute % SLOT_MINUTES or utc.second or utc.microsecond)


def wall_times(date: dt.date, first: dt.time, last: dt.time, interval: int) -> Iterator[dt.datetime]:
    """Yield the naive wall times from first to last, every interval minutes; a last before first is after midnight."""
    begin = first.hour * 60 + first.minute
    end = last.hour * 60 + last.minute
    if end < begin:
        end += _DAY
    midnight = dt.datetime.combine(date, dt.time())
    for minute in range(begin, end + 1, interval):
        yield midnight + dt.timedelta(minutes=minute)


@lru_cache(maxsize=4096)
def seating_times(date: dt.date, first: dt.time, last: dt.time, interval: int, zone: str) -> tuple[dt.datetime, ...]:
    """Return a service's seating times on a service date as aware datetimes of the zone, in order of UTC.

    date is the local date on which the service begins; interval is in minutes.
    A wall time that the night's clock change skips is left out. One that occurs
    twice is there twice, told apart by its offset (``fold``), since both are
    moments at which a party can be seated. Times off the UTC grid of slots,
    which no zone in use has today, are left out too.
    """
    tz = ZoneInfo(zone)
    found: list[dt.datetime] = []
    for wall in wall_times(date, first, last, interval):
        early = wall.replace(tzinfo=tz, fold=0)
        late = wall.replace(tzinfo=tz, fold=1)
        folds = [early] if early.utcoffset() == late.utcoffset() else [early, late]
        for moment in folds:
            # A skipped wall time does not survive the way to UTC and back.
            there_and_back = moment.astimezone(dt.UTC).astimezone(tz)
            if there_and_back.replace(tzinfo=None) == wall and is_on_slot(moment):
                found.append(moment)
    return tuple(sorted(found, key=lambda moment: moment.astimezone(dt.UTC)))


@lru_cache(maxsize=4096)
def local_moment(date: dt.date, clock: dt.time, zone: str) -> dt.datetime:
    """Return the UTC moment of a local wall time: of a skipped one the change itself, of a double one its first."""
    tz = ZoneInfo(zone)
    wall = dt.datetime.combine(date, clock)
    moment = wall.replace(tzinfo=tz).astimezone(dt.UTC)
    if moment.astimezone(tz).replace(tzinfo=None) != wall:
        # Skipped. Read with the offset after the change it lies before it:
        # from there to the first minute at which the clocks are past it.
        moment = wall.replace(second=0, microsecond=0, tzinfo=tz, fold=1).astimezone(dt.UTC)
        while moment.astimezone(tz).replace(tzinfo=None) < wall:
            moment += dt.timedelta(minutes=1)
    return moment
