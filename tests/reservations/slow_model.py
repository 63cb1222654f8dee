"""The rules of availability once more, slow and obvious, to compare the engine with.

Written from the words of the rules: it walks through UTC in steps, asks the zone
what its clocks show, and keeps sets and sums, no masks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo

from reservations.engine.availability import Ask, DayPlan, Deadline, Seating, ServiceRules
from reservations.engine.errors import Reason

Answer = tuple[dt.datetime, str, int, int, Reason | None, tuple[int, ...]]
"""A time as the model and the engine both tell it: UTC start, local ISO text, service, minutes, reason, tables."""

MINUTE = dt.timedelta(minutes=1)
QUARTER = 15 * MINUTE


def clock_at(moment: dt.datetime, zone: str) -> dt.datetime:
    """Return what the clocks on the wall show at a moment."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def walk(date: dt.date, step: dt.timedelta, days: int) -> Iterator[dt.datetime]:
    """Yield UTC in steps, from well before the local date begins anywhere, over so many days."""
    moment = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) - dt.timedelta(hours=16)
    for _i in range((dt.timedelta(days=days) + dt.timedelta(hours=32)) // step):
        yield moment
        moment += step


@lru_cache(maxsize=2000)
def model_starts(date: dt.date, first: dt.time, last: dt.time, interval: int, zone: str) -> tuple[dt.datetime, ...]:
    """Return every quarter of an hour at which the clocks show one of the service's times."""
    midnight = dt.datetime.combine(date, dt.time())
    wanted = set()
    wall = dt.datetime.combine(date, first)
    end = dt.datetime.combine(date, last)
    if last < first:
        end += dt.timedelta(days=1)
    while wall <= end:
        wanted.add(wall)
        wall += interval * MINUTE
    assert min(wanted) >= midnight
    return tuple(moment for moment in walk(date, QUARTER, 2) if clock_at(moment, zone) in wanted)


@lru_cache(maxsize=2000)
def model_clock(date: dt.date, clock: dt.time, zone: str) -> dt.datetime:
    """Return the first moment at which the clocks of that date show the time, or have jumped over it."""
    wall = dt.datetime.combine(date, clock)
    return next(moment for moment in walk(date, MINUTE, 1) if clock_at(moment, zone) >= wall)


def model_limit(deadline: Deadline, start: dt.datetime, plan: DayPlan) -> dt.datetime:
    if deadline.clock is not None:
        day = plan.date - dt.timedelta(days=deadline.days_before)
        return min(start, model_clock(day, deadline.clock, plan.zone))
    return start - (deadline.minutes or 0) * MINUTE


def quarters(start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    found = []
    while start < end:
        found.append(start)
        start += QUARTER
    return found


def model_turn(service: ServiceRules, party: int) -> int:
    fitting = [minutes for up_to, minutes in service.turn_times if party <= up_to]
    return fitting[0] if fitting else service.default_turn


def model_brakes(
    plan: DayPlan, service: ServiceRules, ask: Ask, start: dt.datetime, now: dt.datetime
) -> set[int | None]:
    """Return the areas in which that time is stopped for who asks; None among them stands for everywhere."""
    if not ask.online or ask.kept_start == start:
        return set()
    on = [brake for brake in plan.brakes if now < brake.ends_at]
    on = [brake for brake in on if brake.service_id is None or brake.service_id == service.id]
    return {brake.area_id for brake in on if brake.start is None or brake.start == start}


def model_choices(plan: DayPlan, ask: Ask, paused: Collection[int | None] = ()) -> list[tuple[int, ...]]:
    usable = [
        table
        for table in plan.tables
        if (table.online or not ask.online)
        and ask.area_id in (None, table.area_id)
        and (table.step_free or not ask.step_free)
        and table.area_id not in paused
    ]
    single = [table for table in usable if table.min_seats <= ask.party <= table.max_seats]
    single.sort(key=lambda table: table.max_seats)
    pushed = [
        combination
        for combination in plan.combinations
        if combination.min_party <= ask.party <= combination.max_party
        and (combination.online or not ask.online)
        and combination.table_ids
        and set(combination.table_ids) <= {table.id for table in usable}
    ]
    pushed.sort(key=lambda combination: (len(combination.table_ids), combination.max_party))
    return [(table.id,) for table in single] + [combination.table_ids for combination in pushed]


def model_day_reason(plan: DayPlan, ask: Ask, now: dt.datetime) -> Reason | None:
    today = clock_at(now, plan.zone).date()
    if ask.online and plan.online_reason:
        return plan.online_reason
    if plan.closed:
        return Reason.CLOSED
    if not plan.services:
        return Reason.NO_SERVICE
    if (today - plan.date).days > 1:
        return Reason.PAST
    if ask.online and (plan.date - today).days > plan.window_days:
        return Reason.TOO_FAR
    return None


def model_covers(live: list[Seating], plan: DayPlan, start: dt.datetime) -> tuple[int, int]:
    arriving = [one for one in live if one.service_date == plan.date and one.start == start]
    return sum(one.party for one in arriving), sum(one.party for one in arriving if one.online)


def model_reason(
    plan: DayPlan, service: ServiceRules, ask: Ask, start: dt.datetime, now: dt.datetime, covers: tuple[int, int]
) -> Reason | None:
    if start <= now:
        return Reason.PAST
    if None in model_brakes(plan, service, ask, start, now):
        return Reason.PAUSED
    if ask.online and now > model_limit(service.lead, start, plan):
        return Reason.TOO_LATE
    if ask.online and ask.party < service.min_party:
        return Reason.PARTY_TOO_SMALL
    if ask.online and ask.party > service.max_party:
        return Reason.PARTY_TOO_LARGE
    if not ask.ignore_pacing:
        if service.max_covers is not None and covers[0] + ask.party > service.max_covers:
            return Reason.PACING_FULL
        if ask.online and service.max_online_covers is not None and covers[1] + ask.party > service.max_online_covers:
            return Reason.PACING_FULL
    return None


def model_times(plan: DayPlan, ask: Ask, now: dt.datetime) -> list[Answer]:
    if model_day_reason(plan, ask, now):
        return []
    owner: dict[dt.datetime, ServiceRules] = {}
    for service in reversed(plan.services):
        for start in model_starts(plan.date, service.first, service.last, service.interval, plan.zone):
            owner[start] = service
    live = [one for one in plan.seatings if one.held_until is None or one.held_until > now]
    taken = {(table, slot) for one in live for table in one.table_ids for slot in quarters(one.start, one.end)}
    answers: list[Answer] = []
    for start, service in sorted(owner.items(), key=lambda item: item[0]):
        minutes = model_turn(service, ask.party)
        slots = quarters(start, start + minutes * MINUTE)
        reason = model_reason(plan, service, ask, start, now, model_covers(live, plan, start))
        tables: tuple[int, ...] = ()
        if reason is None:
            choices = model_choices(plan, ask, model_brakes(plan, service, ask, start, now))
            free = [one for one in choices if not any((table, slot) in taken for table in one for slot in slots)]
            tables = free[0] if free else ()
            if not choices:
                reason = Reason.PAUSED if model_choices(plan, ask) else Reason.NO_TABLE
            elif not free:
                reason = Reason.TABLES_TAKEN
        text = start.astimezone(ZoneInfo(plan.zone)).isoformat()
        answers.append((start, text, service.id, minutes, reason, tables))
    return answers
