"""What the days of one restaurant have in common, and what sets some of them apart; who comes is another question.

Pure: imports the standard library alone. It changes when somebody edits the
restaurant, and no booking changes it, so that it is read once and serves for
all its days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from reservations.engine.errors import Reason
from reservations.engine.plan import BrakeSpec, CombinationSpec, DayPlan, Seating, ServiceRules, TableSpec


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A service, and on which dates it seats; one of a special day seats on that day alone."""

    rules: ServiceRules
    weekdays: int
    """A bit for each, Monday the first."""
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    special_day: int | None = None


@dataclass(frozen=True, slots=True)
class SpecialSpec:
    """A date with services of its own, or closed."""

    id: int
    date: dt.date
    is_closed: bool


@dataclass(frozen=True, slots=True)
class ClosureSpec:
    """Dates, both included, on which a service does not seat; without one, none does."""

    service_id: int | None
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True)
class House:
    """The rules and tables of a restaurant for every service date from since on."""

    since: dt.date
    zone: str
    window_days: int
    hold_minutes: int
    offer_minutes: int
    online_reason: Reason | None
    tables: tuple[TableSpec, ...]
    combinations: tuple[CombinationSpec, ...]
    services: tuple[ServiceSpec, ...]
    """In order of their first seating."""
    special_days: tuple[SpecialSpec, ...]
    closures: tuple[ClosureSpec, ...]

    def plan(self, date: dt.date, seatings: Iterable[Seating] = (), brakes: Iterable[BrakeSpec] = ()) -> DayPlan:
        """Return the plan of a date with who comes then; raises ValueError for one before since.

        Whether the date has a row to lock is not known: it says that it has.
        """
        if date < self.since:
            raise ValueError(f"The house is known from {self.since} on, not on {date}.")
        special = next((day for day in self.special_days if day.date == date), None)
        shut = {closure.service_id for closure in self.closures if closure.first <= date <= closure.last}
        closed = None in shut or (special is not None and special.is_closed)
        return DayPlan(
            date=date,
            zone=self.zone,
            window_days=self.window_days,
            closed=closed,
            services=() if closed else tuple(self._services(date, special, shut)),
            tables=self.tables,
            combinations=self.combinations,
            seatings=tuple(seatings),
            online_reason=self.online_reason,
            hold_minutes=self.hold_minutes,
            offer_minutes=self.offer_minutes,
            brakes=tuple(brakes),
        )

    def _services(self, date: dt.date, special: SpecialSpec | None, shut: set[int | None]) -> Iterable[ServiceRules]:
        for service in self.services:
            if service.rules.id in shut:
                continue
            if special is not None:
                seats = service.special_day == special.id
            else:
                starts, ends = service.valid_from or date, service.valid_until or date
                on_weekday = bool(service.weekdays & (1 << date.weekday()))
                seats = service.special_day is None and on_weekday and starts <= date <= ends
            if seats:
                yield service.rules
