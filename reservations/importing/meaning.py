"""What a text of opening hours means: plain values, in local wall time."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass


class Problem(enum.Enum):
    """Why hours are not understood; the raw text is shown then, and nothing can be booked."""

    MISSING = "no opening hours are given"
    NOT_PARSED = "the opening hours are not written as OpenStreetMap asks"
    NO_TIMES = "the opening hours name no time of day"
    NEVER_OPEN = "the opening hours name no time in the coming year at which it is open"
    CONDITIONAL = "the opening hours leave in doubt when it is open"


@dataclass(frozen=True, slots=True)
class Period:
    """A line of the opening hours shown; day 7 is public holidays, and no times are a closed day."""

    day: int
    opens: dt.time | None
    closes: dt.time | None


@dataclass(frozen=True, slots=True)
class Sitting:
    """A proposed service; a last seating before the first is after midnight. Monday is bit 0 of the weekdays."""

    name: str
    weekdays: int
    first_seating: dt.time
    last_seating: dt.time
    interval_minutes: int


@dataclass(frozen=True, slots=True)
class Special:
    """A date whose hours differ from the usual week's; without services nobody is seated, closed or not."""

    date: dt.date
    name: str
    is_closed: bool
    hours: str
    services: tuple[Sitting, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """What a text says, or the problem that kept it from being understood (the rest is empty then)."""

    periods: tuple[Period, ...] = ()
    services: tuple[Sitting, ...] = ()
    special_days: tuple[Special, ...] = ()
    problem: Problem | None = None

    @property
    def understood(self) -> bool:
        """Whether the text is understood. It may still leave no time for a seating."""
        return self.problem is None
