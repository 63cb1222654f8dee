"""Which times of a day can be booked, and at which tables. Pure: imports the standard library alone.

Everything about a day that does not change by itself stands in a `DayPlan`;
the clock comes in as an argument, so a plan may be cached and asked later.
Tables are bit masks of slots: bit i is the i-th slot of the day's horizon.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from reservations.engine.errors import Reason
from reservations.engine.slots import SLOT, local_moment, seating_times, slots_needed

_ROUND_UP = SLOT - dt.timedelta(microseconds=1)


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


@dataclass(frozen=True, slots=True)
class Seating:
    """A reservation or hold whose tables may be taken on the day. Times in UTC."""

    start: dt.datetime
    end: dt.datetime
    service_date: dt.date
    party: int
    online: bool
    table_ids: tuple[int, ...]
    held_until: dt.datetime | None = None


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
    hold_minutes: int = 10
    offer_minutes: int = 30


@dataclass(frozen=True, slots=True)
class Ask:
    """What a party wants. Staff (online False) may use every table, and no lead time, window or party limit."""

    party: int
    area_id: int | None = None
    step_free: bool = False
    online: bool = True
    ignore_pacing: bool = False


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


def candidates(plan: DayPlan, ask: Ask) -> list[tuple[int, ...]]:
    """Return the sets of tables that seat the party, best first.

    The smallest table that fits comes first, so that large tables are kept for
    large parties; combinations come last, those of fewest tables and seats
    first. Ties go by the tables' own order.
    """
    single = sorted(
        (table.max_seats, position, (table.id,))
        for position, table in enumerate(plan.tables)
        if table.min_seats <= ask.party <= table.max_seats and _table_suits(table, ask)
    )
    by_id = {table.id: table for table in plan.tables}
    combined = sorted(
        (len(combination.table_ids), combination.max_party, position, combination.table_ids)
        for position, combination in enumerate(plan.combinations)
        if combination.min_party <= ask.party <= combination.max_party
        and (combination.online or not ask.online)
        and combination.table_ids
        and all(member in by_id and _table_suits(by_id[member], ask) for member in combination.table_ids)
    )
    return [tables for *_rank, tables in single] + [tables for *_rank, tables in combined]


def _table_suits(table: TableSpec, ask: Ask) -> bool:
    return (
        (table.online or not ask.online)
        and (ask.area_id is None or table.area_id == ask.area_id)
        and (table.step_free or not ask.step_free)
    )


def pick(choices: Iterable[tuple[int, ...]], taken: Collection[int]) -> tuple[int, ...] | None:
    """Return the first choice none of whose tables is taken, or None."""
    for tables in choices:
        if not any(table in taken for table in tables):
            return tables
    return None


def day_reason(plan: DayPlan, ask: Ask, now: dt.datetime) -> Reason | None:
    """Return why no time of the day can be asked for at all: closure, no service, past, beyond the window."""
    if ask.online and plan.online_reason is not None:
        return plan.online_reason
    if plan.closed:
        return Reason.CLOSED
    if not plan.services:
        return Reason.NO_SERVICE
    # The local date, because the window opens at the restaurant's midnight.
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    # Yesterday's service may still run after midnight; its times decide.
    if plan.date < today - dt.timedelta(days=1):
        return Reason.PAST
    if ask.online and plan.date > today + dt.timedelta(days=plan.window_days):
        return Reason.TOO_FAR
    return None


def rules_reason(
    plan: DayPlan, service: ServiceRules, ask: Ask, start: dt.datetime, now: dt.datetime, covers: tuple[int, int]
) -> Reason | None:
    """Return why one time is refused by lead time, party size or pacing; covers are those already arriving then.

    start is in UTC. covers is the pair (all, of those online). Staff pass over lead time and the
    online party limits, and over pacing where they said so.
    """
    if start <= now:
        return Reason.PAST
    if ask.online:
        if now > service.lead.moment(start, plan.date, plan.zone):
            return Reason.TOO_LATE
        if ask.party < service.min_party:
            return Reason.PARTY_TOO_SMALL
        if ask.party > service.max_party:
            return Reason.PARTY_TOO_LARGE
    if not ask.ignore_pacing and pacing_full(service, ask, covers):
        return Reason.PACING_FULL
    return None


def pacing_full(service: ServiceRules, ask: Ask, covers: tuple[int, int]) -> bool:
    """Return whether the party would exceed the covers that may arrive at one time."""
    total, online = covers
    if service.max_covers is not None and total + ask.party > service.max_covers:
        return True
    return ask.online and service.max_online_covers is not None and online + ask.party > service.max_online_covers


def starts(plan: DayPlan) -> list[tuple[dt.datetime, ServiceRules]]:
    """Return every UTC start of the day with its service; where two services share a time, the earlier one has it."""
    return [(utc, service) for utc, _local, service in _day(plan)]


def _day(plan: DayPlan) -> list[tuple[dt.datetime, dt.datetime, ServiceRules]]:
    """Return the day's times in UTC and as the local clock shows them, in order.

    Times are compared in UTC only: Python never finds a local time of the
    doubled hour equal to its UTC moment.
    """
    hours = tuple((service.first, service.last, service.interval) for service in plan.services)
    return [(utc, local, plan.services[position]) for utc, local, position in _clock(plan.date, plan.zone, hours)]


@lru_cache(maxsize=4096)
def _clock(
    date: dt.date, zone: str, hours: tuple[tuple[dt.time, dt.time, int], ...]
) -> tuple[tuple[dt.datetime, dt.datetime, int], ...]:
    """Return each time (UTC, local) with the position of its service's hours; cached, since zones are slow to ask."""
    found: dict[dt.datetime, tuple[dt.datetime, dt.datetime, int]] = {}
    for position, (first, last, interval) in enumerate(hours):
        for local in seating_times(date, first, last, interval, zone):
            utc = local.astimezone(dt.UTC)
            found.setdefault(utc, (utc, local, position))
    return tuple(found[utc] for utc in sorted(found))


def times(plan: DayPlan, ask: Ask, now: dt.datetime) -> tuple[Time, ...]:
    """Return every time of the day, bookable or with the first reason against it; empty where `day_reason` speaks.

    now is aware. Lapsed holds take no table and no covers, even before their
    rows say so.
    """
    if day_reason(plan, ask, now) is not None:
        return ()
    day = _day(plan)
    if not day:
        return ()
    now = now.astimezone(dt.UTC)
    stays = {service.id: service.turn(ask.party) for service in plan.services}
    origin, horizon = day[0][0], day[-1][0] + dt.timedelta(minutes=max(stays.values()))
    # A plan holds the dates on either side too; most of theirs touch nothing here.
    live = [
        seating
        for seating in plan.seatings
        if seating.start < horizon and seating.end > origin and (seating.held_until is None or seating.held_until > now)
    ]
    covers = _covers(plan, live)

    open_by_length: dict[int, int] = {}
    answers: list[tuple[dt.datetime, ServiceRules, int, Reason | None]] = []
    for utc, local, service in day:
        offset = (utc - origin) // SLOT
        reason = rules_reason(plan, service, ask, utc, now, covers.get(utc, (0, 0)))
        answers.append((local, service, offset, reason))
        if reason is None:
            length = slots_needed(stays[service.id])
            open_by_length[length] = open_by_length.get(length, 0) | (1 << offset)

    choices = candidates(plan, ask)
    seated = _seat(choices, _taken(live, origin), open_by_length)
    none_fits = Reason.TABLES_TAKEN if choices else Reason.NO_TABLE
    result = []
    for local, service, offset, reason in answers:
        tables = seated.get(offset, ()) if reason is None else ()
        result.append(
            Time(
                start=local,
                service_id=service.id,
                service_name=service.name,
                minutes=stays[service.id],
                reason=reason if reason is not None or tables else none_fits,
                table_ids=tables,
            )
        )
    return tuple(result)


def _covers(plan: DayPlan, live: Iterable[Seating]) -> dict[dt.datetime, tuple[int, int]]:
    """Sum the covers by start, for reservations of this service date alone: only their claims cross midnight."""
    sums: dict[dt.datetime, tuple[int, int]] = {}
    for seating in live:
        if seating.service_date == plan.date:
            total, online = sums.get(seating.start, (0, 0))
            sums[seating.start] = (total + seating.party, online + (seating.party if seating.online else 0))
    return sums


def _taken(live: Iterable[Seating], origin: dt.datetime) -> dict[int, int]:
    """Return each table's mask of taken slots, counted from origin; what lies before it is cut off."""
    masks: dict[int, int] = {}
    # Most parties of an evening share a few starts and stays.
    spans: dict[tuple[dt.datetime, dt.datetime], int] = {}
    for seating in live:
        span = (seating.start, seating.end)
        mask = spans.get(span)
        if mask is None:
            first = (seating.start - origin) // SLOT
            mask = (1 << ((seating.end - seating.start + _ROUND_UP) // SLOT)) - 1
            mask = spans[span] = mask << first if first >= 0 else mask >> -first
        for table in seating.table_ids:
            masks[table] = masks.get(table, 0) | mask
    return masks


def _seat(
    choices: list[tuple[int, ...]], taken: dict[int, int], open_by_length: dict[int, int]
) -> dict[int, tuple[int, ...]]:
    """Return, for each open start, the first choice of tables that is free for its whole length."""
    seated: dict[int, tuple[int, ...]] = {}
    for length, still_open in open_by_length.items():
        for tables in choices:
            if not still_open:
                break
            mask = 0
            for table in tables:
                mask |= taken.get(table, 0)
            # Smear every taken slot down over the starts that would run into
            # it: doubling does it in log2(length) steps for all starts at once.
            done = 1
            while done < length:
                step = min(done, length - done)
                mask |= mask >> step
                done += step
            free = still_open & ~mask
            still_open &= mask
            while free:
                lowest = free & -free
                seated[lowest.bit_length() - 1] = tables
                free ^= lowest
    return seated
