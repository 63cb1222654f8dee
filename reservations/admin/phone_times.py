"""The times of a day for a caller: free, free for staff alone, or refused with the reason; and the tables of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from reservations.admin.formats import date_text
from reservations.admin.pages import names_text
from reservations.engine.availability import Ask, DayPlan, Time, day_reason, times
from reservations.engine.errors import Reason
from reservations.engine.explain import Choice, TimeExplained, explain
from reservations.engine.fitting import Misfit
from reservations.explaining import MISFITS
from reservations.models import Restaurant
from reservations.queries.day import day_plan
from reservations.queries.floor import table_names
from reservations.reasons import staff_text

# Until this local hour a service of the evening before may still seat.
_NIGHT_ENDS = 5
# Staff seat a party here all the same, if they choose to.
_PASSED_MISFITS = (Misfit.TOO_LARGE, Misfit.WRONG_AREA, Misfit.NOT_STEP_FREE)


@dataclass(frozen=True, slots=True)
class Row:
    """One time as a button. A time that is refused has a reason and can't be chosen."""

    value: int
    """The UTC second, as `phone_form` reads it."""
    clock: str
    digits: str
    tables: str
    note: str
    """Why a diner could not book it, or why nobody can; empty for one that is free for all."""
    refused: bool
    needs_pacing: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The times of one service."""

    name: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Day:
    """A date's times, or why it has none."""

    date: dt.date
    title: str
    reason: str
    groups: list[Group]


@dataclass(frozen=True, slots=True)
class Picked:
    """A chosen time: what it passes over, and the tables that could be had; the first is taken where none is chosen."""

    value: int
    clock: str
    notes: list[str]
    needs_pacing: bool
    tables: list[tuple[str, str]]


def day_of(restaurant: Restaurant, date: dt.date, ask: Ask, now: dt.datetime, chosen: int | None = None) -> Day:
    """Return the times to come of a local date, in a constant number of statements; ask is that of staff."""
    names = table_names(restaurant.pk)
    local = now.astimezone(restaurant.zone)
    dates = [date - dt.timedelta(days=1), date] if date == local.date() and local.hour < _NIGHT_ENDS else [date]
    groups: list[Group] = []
    reason: Reason | None = None
    for one in dates:
        plan = day_plan(restaurant.pk, one)
        reason = day_reason(plan, ask, now)
        groups += _groups(plan, ask, now, names, chosen)
    if not groups and reason is None:
        reason = Reason.PAST
    return Day(date, date_text(date), staff_text(reason) if reason and not groups else "", groups)


def picked(
    restaurant: Restaurant, start: dt.datetime, dates: Sequence[dt.date], ask: Ask, now: dt.datetime
) -> Picked | None:
    """Return what is to be known of one start (UTC) of these service dates; None where none has it to give."""
    for date in dates:
        plan = day_plan(restaurant.pk, date)
        of_staff = explain(plan, replace(ask, ignore_pacing=True), now)
        time = next((time for time in of_staff.times if time.start_utc == start), None)
        if time is None:
            continue
        if time.reason not in (None, Reason.NO_TABLE, Reason.TABLES_TAKEN) or of_staff.reason is not None:
            return None
        return _picked(plan, time, ask, now)
    return None


def _groups(plan: DayPlan, ask: Ask, now: dt.datetime, names: dict[int, str], chosen: int | None) -> list[Group]:
    diner = replace(ask, online=True)
    of_day = day_reason(plan, diner, now)
    of_diner = {time.start_utc: time.reason for time in times(plan, diner, now)}
    exceeding = {time.start_utc: time for time in times(plan, replace(ask, ignore_pacing=True), now)}
    found: dict[int, Group] = {}
    for time in times(plan, ask, now):
        if time.reason == Reason.PAST:
            continue
        exceeds = time.reason == Reason.PACING_FULL and exceeding[time.start_utc].bookable
        given = exceeding[time.start_utc] if exceeds else time
        reason = time.reason or of_day or of_diner.get(time.start_utc)
        if time.bookable and reason in (Reason.TABLES_TAKEN, Reason.NO_TABLE):
            # Staff have tables that diners have not.
            reason = None
        row = _row(time, given, names, reason, exceeds, chosen)
        found.setdefault(time.service_id, Group(time.service_name, [])).rows.append(row)
    return list(found.values())


def _row(
    time: Time, given: Time, names: dict[int, str], reason: Reason | None, exceeds: bool, chosen: int | None
) -> Row:
    value = int(time.start_utc.timestamp())
    return Row(
        value=value,
        clock=_clock(time.start),
        digits=f"{time.start:%H%M}",
        tables=names_text(given.table_ids, names) if given.table_ids else "",
        note=staff_text(reason) if reason else "",
        refused=not time.bookable and not exceeds,
        needs_pacing=exceeds,
        chosen=value == chosen,
    )


def _picked(plan: DayPlan, time: TimeExplained, ask: Ask, now: dt.datetime) -> Picked:
    as_diner = next(
        one for one in explain(plan, replace(ask, online=True), now).times if one.start_utc == time.start_utc
    )
    as_staff = next(one for one in explain(plan, ask, now).times if one.start_utc == time.start_utc)
    # The tables speak for themselves in the list below.
    reasons = [step.reason for step in as_diner.steps[:-1] if step.reason]
    free = [choice for choice in (*time.tables, *time.combinations) if choice.free]
    others = [
        choice
        for choice in time.tables
        if choice.misfit in _PASSED_MISFITS and choice.taken_by is None and choice.largest >= ask.party
    ]
    best = _("Automatic: %(tables)s") % {"tables": " + ".join(free[0].names)} if free else _("Choose a table")
    return Picked(
        value=int(time.start_utc.timestamp()),
        clock=_clock(time.start),
        notes=[staff_text(reason) for reason in dict.fromkeys(reasons)],
        needs_pacing=as_staff.reason == Reason.PACING_FULL,
        tables=[("", best), *((_value(choice), _label(choice)) for choice in (*free, *others))],
    )


def _value(choice: Choice) -> str:
    return "-".join(map(str, choice.table_ids))


def _label(choice: Choice) -> str:
    text = f"{' + '.join(choice.names)} ({choice.smallest}–{choice.largest})"
    return f"{text}: {MISFITS[choice.misfit]}" if choice.misfit else text


def _clock(local: dt.datetime) -> str:
    """Return the wall time, with the zone's name where the clocks show it twice."""
    zone = local.tzinfo
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - for the type checker
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if twice else f"{local:%H:%M}"
