"""What is known of a restaurant's day, and what a party asks of it. Pure: imports the standard library alone.

Everything about a day that does not change by itself stands in a `DayPlan`;
the clock comes in as an argument, so a plan may be cached and asked later.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from reservations.engine.errors import Reason
from reservations.engine.slots import local_moment


@dataclass(frozen=True, slots=True)
class Deadline:
    """Minutes before the start, or a local clock time days_before days before the service date; neither: none."""

    minutes: int | None = None
    clock: dt.time | None = None
    days_before: int = 0

    def moment(self, start: dt.datetime, date: dt.date, zone: str) -> dt.datetime:
        """Return the UTC moment until which something may be done to a time (aware) of that service date."""
        # In UTC, because minutes taken from a local time go by the wall clock,
        # an hour wrong across a change.
        utc = start.astimezone(dt.UTC)
        if self.clock is not None:
            return min(utc, local_moment(date - dt.timedelta(days=self.days_before), self.clock, zone))
        return utc - dt.timedelta(minutes=self.minutes or 0)


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """One service of the day; party limits and pacing in covers, everything already fallen back to the restaurant's."""

    id: int
    name: str
    first: dt.time
    last: dt.time
    interval: int
    min_party: int
    max_party: int
    lead: Deadline
    cutoff: Deadline
    turn_times: tuple[tuple[int, int], ...]
    """Pairs of (parties up to, minutes), ascending."""
    default_turn: int
    max_covers: int | None = None
    max_online_covers: int | None = None

    def turn(self, party: int) -> int:
        """Return how many minutes a party of that size holds its table."""
        for up_to, minutes in self.turn_times:
            if party <= up_to:
                return minutes
        return self.default_turn


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table in use."""

    id: int
    name: str
    area_id: int
    min_seats: int
    max_seats: int
    online: bool = True
    step_free: bool = False


@dataclass(frozen=True, slots=True)
class CombinationSpec:
    """Tables that together seat a party none of them seats alone."""

    id: int
    table_ids: tuple[int, ...]
    min_party: int
    max_party: int
    online: bool = True


class Kind(enum.StrEnum):
    """What takes a table."""

    RESERVATION = "reservation"
    HOLD = "hold"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Seating:
    """A reservation, hold or block whose tables may be taken on the day. Times in UTC; a block is of no covers."""

    start: dt.datetime
    end: dt.datetime
    service_date: dt.date
    party: int
    online: bool
    table_ids: tuple[int, ...]
    held_until: dt.datetime | None = None

    @property
    def kind(self) -> Kind:
        """What takes the tables."""
        if not self.party:
            return Kind.BLOCK
        return Kind.RESERVATION if self.held_until is None else Kind.HOLD


@dataclass(frozen=True, slots=True)
class BrakeSpec:
    """Online booking is stopped until a UTC moment: of the whole date, or of one service, area or start (UTC).

    What is None does not narrow it.
    """

    ends_at: dt.datetime
    service_id: int | None = None
    area_id: int | None = None
    start: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What is known of one restaurant's one service date, apart from the clock."""

    date: dt.date
    zone: str
    window_days: int
    closed: bool
    services: tuple[ServiceRules, ...]
    tables: tuple[TableSpec, ...]
    combinations: tuple[CombinationSpec, ...] = ()
    seatings: tuple[Seating, ...] = ()
    online_reason: Reason | None = None
    """Why online booking is off as a whole, if it is."""
    has_row: bool = True
    """Whether the row that a booking of the date locks is there, as far as is known."""
    hold_minutes: int = 10
    offer_minutes: int = 30
    brakes: tuple[BrakeSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """What a party wants. Staff (online False) may use every table, and no lead time, window or party limit."""

    party: int
    area_id: int | None = None
    step_free: bool = False
    online: bool = True
    ignore_pacing: bool = False
    table_ids: tuple[int, ...] = ()
    """Tables that staff have chosen themselves; empty: the best that are free."""
    paused_areas: frozenset[int] = frozenset()
    """Areas in which a brake has stopped online booking of the time that is asked for; `braking` fills it in."""
    kept_start: dt.datetime | None = None
    """The start (UTC) that a party has booked already and that no brake takes from it."""


@dataclass(frozen=True, slots=True)
class Time:
    """One time of the day: bookable at these tables, or not for this reason. start is local, with its offset."""

    start: dt.datetime
    service_id: int
    service_name: str
    minutes: int
    reason: Reason | None
    table_ids: tuple[int, ...] = ()

    @property
    def bookable(self) -> bool:
        """Whether the time can be booked."""
        return self.reason is None

    @property
    def start_utc(self) -> dt.datetime:
        """The start in UTC, by which the time is known."""
        return self.start.astimezone(dt.UTC)
