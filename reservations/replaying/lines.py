"""The lines of a log and what became of them. Pure, since another process unpickles them before Django is set up."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

WEEK = 7


@dataclass(frozen=True, slots=True)
class Line:
    """A booking of the log. Both moments are aware; the visit is told by the restaurant's own clock."""

    number: int
    restaurant_id: int
    zone: str
    reserved_at: dt.datetime
    visit_at: dt.datetime
    party: int

    def start(self, shift_days: int) -> dt.datetime:
        """Return when the visit begins, in the restaurant's time, at the same time of day so many days later."""
        tz = ZoneInfo(self.zone)
        local = self.visit_at.astimezone(tz)
        return (local.replace(tzinfo=None) + dt.timedelta(days=shift_days)).replace(tzinfo=tz, fold=local.fold)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a line, and how long it took in seconds: accepted, refused for a reason, or failed by an error."""

    number: int
    seconds: float
    reason: str = ""
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the line became a reservation."""
        return not (self.reason or self.error)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of all lines, how often a collision was tried again, and how long it took in seconds altogether."""

    outcomes: Sequence[Outcome]
    retries: int
    seconds: float

    @property
    def accepted(self) -> int:
        """How many became reservations."""
        return sum(outcome.accepted for outcome in self.outcomes)

    @property
    def refused(self) -> Counter[str]:
        """How many were refused, by reason."""
        return Counter(outcome.reason for outcome in self.outcomes if outcome.reason)

    @property
    def failed(self) -> list[Outcome]:
        """Those that ended in an error, which no rule foresees."""
        return [outcome for outcome in self.outcomes if outcome.error]

    def percentile(self, share: float) -> float:
        """Return within how many milliseconds so large a share of the lines was answered; 0 where there is none."""
        ordered = sorted(outcome.seconds for outcome in self.outcomes)
        return ordered[math.ceil(share * len(ordered)) - 1] * 1000 if ordered else 0.0


def days_to_shift(lines: Sequence[Line], now: dt.datetime) -> int:
    """Return by how many days the log is moved, so that its first booking is made today or in the six days after.

    Whole weeks, so that every weekday stays what it was; now is aware, and today
    is the date at the restaurant of the first booking.
    """
    first = min(lines, key=lambda line: line.reserved_at)
    tz = ZoneInfo(first.zone)
    behind = (now.astimezone(tz).date() - first.reserved_at.astimezone(tz).date()).days
    return WEEK * math.ceil(behind / WEEK)
