"""Which tables are free from a moment on, and until when: what the host at the door needs to know. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from reservations.engine.availability import Ask, DayPlan, Seating, candidates
from reservations.engine.slots import SLOT


@dataclass(frozen=True, slots=True)
class Opening:
    """Tables that a party could sit at from now until a moment in UTC, or without an end (None)."""

    table_ids: tuple[int, ...]
    until: dt.datetime | None


def slot_of(moment: dt.datetime) -> dt.datetime:
    """Return the start of the slot in which an aware moment lies, in UTC."""
    utc = moment.astimezone(dt.UTC)
    return utc.replace(minute=utc.minute - utc.minute % 15, second=0, microsecond=0)


def next_slot(moment: dt.datetime) -> dt.datetime:
    """Return the first start of a slot that is not before an aware moment, in UTC."""
    start = slot_of(moment)
    return start if start == moment else start + SLOT


def openings(plan: DayPlan, ask: Ask, now: dt.datetime) -> list[Opening]:
    """Return the tables that suit a party and are free in this slot, best first, each until it is taken next."""
    start = slot_of(now)
    found = []
    for tables in candidates(plan, ask):
        later = _taken_from(plan.seatings, tables, start, now)
        if later is None or later > start:
            found.append(Opening(tables, later))
    return found


def quoted_wait(
    plan: DayPlan, ask: Ask, ahead: Sequence[tuple[int, int]], minutes: int, now: dt.datetime
) -> int | None:
    """Return the minutes after which a party at the door can expect a table for a stay of minutes; None: not tonight.

    By when seated parties are expected to leave. ahead are the parties who wait
    already, each with the minutes that so many stay: each gets the first table
    that comes free for it.
    Rounded up to five minutes, since nobody believes less.
    """
    seatings = list(plan.seatings)
    for party, stay in ahead:
        if found := _first_free(plan, seatings, Ask(party=party, online=False), stay, now):
            seatings.append(_sitting(plan, found, party, stay))
    own = _first_free(plan, seatings, ask, minutes, now)
    if own is None:
        return None
    wait = max(0, int((own[0] - now).total_seconds() // 60))
    return -(-wait // 5) * 5


def _sitting(plan: DayPlan, at: tuple[dt.datetime, tuple[int, ...]], party: int, minutes: int) -> Seating:
    return Seating(
        start=at[0],
        end=at[0] + dt.timedelta(minutes=minutes),
        service_date=plan.date,
        party=party,
        online=False,
        table_ids=at[1],
    )


def _first_free(
    plan: DayPlan, seatings: Sequence[Seating], ask: Ask, minutes: int, now: dt.datetime
) -> tuple[dt.datetime, tuple[int, ...]] | None:
    slot = slot_of(now)
    # Nobody stands at the door for longer than this.
    for step in range(4 * 4 + 1):
        start = slot + step * SLOT
        end = start + dt.timedelta(minutes=minutes)
        for tables in candidates(plan, ask):
            later = _taken_from(seatings, tables, start, now)
            if later is None or later >= end:
                return start, tables
    return None


def _taken_from(
    seatings: Sequence[Seating], tables: tuple[int, ...], start: dt.datetime, now: dt.datetime
) -> dt.datetime | None:
    """Return when one of the tables is taken next from start on: start itself where it is taken then."""
    wanted = set(tables)
    begins = [
        max(seating.start, start)
        for seating in seatings
        if seating.end > start
        and wanted & set(seating.table_ids)
        and (seating.held_until is None or seating.held_until > now)
    ]
    return min(begins, default=None)
