"""Which menus apply at a moment or on a date, and when a sold-out dish is back. Pure: the standard library alone.

A service date is the local date on which a service begins, also after midnight.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_DAY = dt.timedelta(days=1)
_EVERY_DAY = 0b111_1111


@dataclass(frozen=True, slots=True)
class Sitting:
    """A service on a service date: from its first seating to a turn after its last. Both moments are UTC."""

    service_id: int
    name: str
    date: dt.date
    begins: dt.datetime
    ends: dt.datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """When a menu applies. services are numbers (None where the row is gone) and names; none: at any time of day."""

    menu_id: int
    weekdays: int
    valid_from: dt.date | None
    valid_until: dt.date | None
    services: tuple[tuple[int | None, str], ...] = ()

    @property
    def is_always(self) -> bool:
        """Whether it applies whatever the date, the time and the services: then nobody need ask for those."""
        bounded = self.services or self.valid_from or self.valid_until
        return not bounded and self.weekdays & _EVERY_DAY == _EVERY_DAY


@dataclass(frozen=True, slots=True)
class Applying:
    """The numbers of the menus that apply, and of those whose last date is past."""

    applies: frozenset[int]
    over: frozenset[int]


def on_date(rules: Iterable[Rule], sittings: Sequence[Sitting], date: dt.date) -> Applying:
    """Return what applies on a service date, whose sittings are among those given."""
    return _applying(rules, [sitting for sitting in sittings if sitting.date == date], date)


def at(rules: Iterable[Rule], sittings: Sequence[Sitting], now: dt.datetime, zone: ZoneInfo) -> Applying:
    """Return what applies at a moment (aware): at the services that run, or else at those that come next.

    A menu of no service goes by the service date that runs, or the local date.
    """
    running = [sitting for sitting in sittings if sitting.begins <= now < sitting.ends]
    date = min((sitting.date for sitting in running), default=now.astimezone(zone).date())
    coming = [sitting for sitting in sittings if sitting.begins > now]
    first = min((sitting.begins for sitting in coming), default=None)
    return _applying(rules, running or [sitting for sitting in coming if sitting.begins == first], date)


def changes_at(sittings: Iterable[Sitting], now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return until when, at the latest, what `at` returns stays right."""
    moments = [moment for sitting in sittings for moment in (sitting.begins, sitting.ends) if moment > now]
    return min([midnight(now.astimezone(zone).date() + _DAY, zone), *moments])


def next_service_date(sittings: Sequence[Sitting], now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return when the service date that is now is over, in UTC: its local midnight, or its last service's end."""
    date = min(
        (sitting.date for sitting in sittings if sitting.begins <= now < sitting.ends),
        default=now.astimezone(zone).date(),
    )
    return max([midnight(date + _DAY, zone), *(sitting.ends for sitting in sittings if sitting.date == date)])


def midnight(date: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the UTC moment at which a local date begins, also where the clocks skip its first hour."""
    return dt.datetime.combine(date, dt.time(), tzinfo=zone).astimezone(dt.UTC)


def _applying(rules: Iterable[Rule], sittings: Sequence[Sitting], date: dt.date) -> Applying:
    applies, over = set(), set()
    for rule in rules:
        if rule.valid_until is not None and rule.valid_until < date:
            over.add(rule.menu_id)
        elif rule.services:
            if any(_is_of(rule, sitting) and _is_within(rule, sitting.date) for sitting in sittings):
                applies.add(rule.menu_id)
        elif _is_within(rule, date):
            applies.add(rule.menu_id)
    return Applying(applies=frozenset(applies), over=frozenset(over))


def _is_of(rule: Rule, sitting: Sitting) -> bool:
    name = sitting.name.casefold()
    return any(pk == sitting.service_id or known.casefold() == name for pk, known in rule.services)


def _is_within(rule: Rule, date: dt.date) -> bool:
    return (
        bool(rule.weekdays & (1 << date.weekday()))
        and (rule.valid_from is None or rule.valid_from <= date)
        and (rule.valid_until is None or date <= rule.valid_until)
    )
