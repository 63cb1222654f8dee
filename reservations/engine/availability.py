"""Which times of a day can be booked, and at which tables. Pure: imports the standard library alone.

Tables are bit masks of slots: bit i is the i-th slot of the day's horizon.
`explain` says why, by the same functions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from zoneinfo import ZoneInfo

from reservations.engine.braking import is_stopped, within_brakes
from reservations.engine.errors import Reason
from reservations.engine.fitting import candidates, none_fits, pick
from reservations.engine.plan import (
    Ask,
    BrakeSpec,
    CombinationSpec,
    DayPlan,
    Deadline,
    Seating,
    ServiceRules,
    TableSpec,
    Time,
)
from reservations.engine.slots import SLOT, seating_times, slots_needed

__all__ = [
    "Ask",
    "BrakeSpec",
    "CombinationSpec",
    "DayPlan",
    "Deadline",
    "Seating",
    "ServiceRules",
    "TableSpec",
    "Time",
    "candidates",
    "day_reason",
    "day_times",
    "last_date",
    "lasting",
    "none_fits",
    "pacing_full",
    "party_reason",
    "pick",
    "reach",
    "rules_reason",
    "slot_mask",
    "starts",
    "sums_of_covers",
    "surely_full",
    "times",
    "within_brakes",
]

_ROUND_UP = SLOT - dt.timedelta(microseconds=1)


def day_reason(plan: DayPlan, ask: Ask, now: dt.datetime) -> Reason | None:
    """Return why no time of the day can be asked for at all: closure, no service, past, beyond the window."""
    if ask.online and plan.online_reason is not None:
        return plan.online_reason
    if plan.closed:
        return Reason.CLOSED
    if not plan.services:
        return Reason.NO_SERVICE
    # Yesterday's service may still run after midnight; its times decide.
    if plan.date < _today(plan, now) - dt.timedelta(days=1):
        return Reason.PAST
    if ask.online and plan.date > last_date(plan, now):
        return Reason.TOO_FAR
    return None


def _today(plan: DayPlan, now: dt.datetime) -> dt.date:
    return now.astimezone(ZoneInfo(plan.zone)).date()


def last_date(plan: DayPlan, now: dt.datetime) -> dt.date:
    """Return the last service date of the booking window, which opens at the restaurant's midnight."""
    return _today(plan, now) + dt.timedelta(days=plan.window_days)


def rules_reason(
    plan: DayPlan, service: ServiceRules, ask: Ask, start: dt.datetime, now: dt.datetime, covers: tuple[int, int]
) -> Reason | None:
    """Return why one time is refused by a brake, lead time, party size or pacing; covers are those arriving then.

    start is in UTC. covers is the pair (all, of those online). Staff pass over brakes, lead time and the
    online party limits, and over pacing where they said so.
    """
    if start <= now:
        return Reason.PAST
    if is_stopped(plan, service.id, ask, start, now):
        return Reason.PAUSED
    if ask.online:
        if now > service.lead.moment(start, plan.date, plan.zone):
            return Reason.TOO_LATE
        if reason := party_reason(service, ask):
            return reason
    if not ask.ignore_pacing and pacing_full(service, ask, covers):
        return Reason.PACING_FULL
    return None


def party_reason(service: ServiceRules, ask: Ask) -> Reason | None:
    """Return why a party of that size can't book the service online, or None."""
    if ask.party < service.min_party:
        return Reason.PARTY_TOO_SMALL
    return Reason.PARTY_TOO_LARGE if ask.party > service.max_party else None


def pacing_full(service: ServiceRules, ask: Ask, covers: tuple[int, int]) -> bool:
    """Return whether the party would exceed the covers that may arrive at one time."""
    total, online = covers
    if service.max_covers is not None and total + ask.party > service.max_covers:
        return True
    return ask.online and service.max_online_covers is not None and online + ask.party > service.max_online_covers


def starts(plan: DayPlan) -> list[tuple[dt.datetime, ServiceRules]]:
    """Return every UTC start of the day with its service; where two services share a time, the earlier one has it."""
    return [(utc, service) for utc, _local, service in day_times(plan)]


def day_times(plan: DayPlan) -> list[tuple[dt.datetime, dt.datetime, ServiceRules]]:
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


def reach(plan: DayPlan) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the first start of the day and when whoever comes last may leave, in UTC; None where nobody can come."""
    day = day_times(plan)
    if not day:
        return None
    longest = max(
        max([service.default_turn, *(stay for _up_to, stay in service.turn_times)]) for service in plan.services
    )
    return day[0][0], day[-1][0] + dt.timedelta(minutes=longest)


def times(plan: DayPlan, ask: Ask, now: dt.datetime) -> tuple[Time, ...]:
    """Return every time of the day, bookable or with the first reason against it; empty where `day_reason` speaks.

    now is aware. Lapsed holds take no table and no covers, even before their
    rows say so.
    """
    if day_reason(plan, ask, now) is not None:
        return ()
    day = day_times(plan)
    if not day:
        return ()
    now = now.astimezone(dt.UTC)
    stays = {service.id: service.turn(ask.party) for service in plan.services}
    origin, horizon = day[0][0], day[-1][0] + dt.timedelta(minutes=max(stays.values()))
    # A plan holds the dates on either side too; most of theirs touch nothing here.
    live = [one for one in lasting(plan, now) if one.start < horizon and one.end > origin]
    covers = sums_of_covers(plan, live)

    # Starts that are asked for alike: all of them, but where a brake stops an area for some.
    open_by_ask: dict[Ask, dict[int, int]] = {}
    answers: list[tuple[dt.datetime, ServiceRules, int, Reason | None, Ask]] = []
    for utc, local, service in day:
        offset = (utc - origin) // SLOT
        reason = rules_reason(plan, service, ask, utc, now, covers.get(utc, (0, 0)))
        asked = within_brakes(plan, service.id, ask, utc, now)
        answers.append((local, service, offset, reason, asked))
        if reason is None:
            length = slots_needed(stays[service.id])
            open_by_length = open_by_ask.setdefault(asked, {})
            open_by_length[length] = open_by_length.get(length, 0) | (1 << offset)

    taken = _taken(live, origin)
    seated: dict[int, tuple[int, ...]] = {}
    misses: dict[Ask, Reason] = {}
    for asked, open_by_length in open_by_ask.items():
        choices = candidates(plan, asked)
        seated |= _seat(choices, taken, open_by_length)
        misses[asked] = none_fits(plan, asked, choices)
    result = []
    for local, service, offset, reason, asked in answers:
        tables = seated.get(offset, ()) if reason is None else ()
        result.append(
            Time(
                start=local,
                service_id=service.id,
                service_name=service.name,
                minutes=stays[service.id],
                reason=reason if reason is not None or tables else misses[asked],
                table_ids=tables,
            )
        )
    return tuple(result)


CLOCKS_APART = dt.timedelta(minutes=2)
"""More than what the clock of a node, by which a cached plan is shown, is before or behind that of the database."""


def surely_full(plan: DayPlan, ask: Ask, start: dt.datetime, now: dt.datetime) -> Reason | None:
    """Return why a start (UTC) is full by any node's clock, or None: for a no on the cached plan.

    Holds count where they last by the database's clock too. Whoever asks for
    somebody who has one of them must look themselves.
    """
    surely = now + CLOCKS_APART
    settled = replace(plan, seatings=tuple(lasting(plan, surely)))
    found = next((time for time in times(settled, ask, now) if time.start_utc == start), None)
    return found.reason if found is not None and found.reason in (Reason.PACING_FULL, Reason.TABLES_TAKEN) else None


def lasting(plan: DayPlan, now: dt.datetime) -> list[Seating]:
    """Return the plan's seatings without the holds that have lapsed at now."""
    return [one for one in plan.seatings if one.held_until is None or one.held_until > now]


def holds_end(plan: DayPlan, now: dt.datetime) -> dt.datetime | None:
    """Return when the first of the plan's holds ends that last at now, or None without any.

    So long it is right to show it, also where one is confirmed meanwhile: what is free is the same.
    """
    return min((one.held_until for one in plan.seatings if one.held_until and one.held_until > now), default=None)


def sums_of_covers(plan: DayPlan, live: Iterable[Seating]) -> dict[dt.datetime, tuple[int, int]]:
    """Sum the covers by start, for reservations of this service date alone: only their claims cross midnight."""
    sums: dict[dt.datetime, tuple[int, int]] = {}
    for seating in live:
        if seating.service_date == plan.date:
            total, online = sums.get(seating.start, (0, 0))
            sums[seating.start] = (total + seating.party, online + (seating.party if seating.online else 0))
    return sums


def slot_mask(start: dt.datetime, end: dt.datetime, origin: dt.datetime) -> int:
    """Return the slots from start to end, the last one perhaps in part, as a mask counted from origin."""
    first = (start - origin) // SLOT
    mask = (1 << ((end - start + _ROUND_UP) // SLOT)) - 1
    return mask << first if first >= 0 else mask >> -first


def _taken(live: Iterable[Seating], origin: dt.datetime) -> dict[int, int]:
    """Return each table's mask of taken slots, counted from origin; what lies before it is cut off."""
    masks: dict[int, int] = {}
    # Most parties of an evening share a few starts and stays.
    spans: dict[tuple[dt.datetime, dt.datetime], int] = {}
    for seating in live:
        span = (seating.start, seating.end)
        mask = spans.get(span)
        if mask is None:
            mask = spans[span] = slot_mask(seating.start, seating.end, origin)
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
