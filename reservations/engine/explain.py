"""Why each time of a day can be booked or not: every rule with its figures, table by table. Pure: standard library.

The rules themselves stand in `availability` and `fitting`; here they are asked
one by one, also those behind the first that refuses.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from reservations.engine.availability import (
    day_reason,
    day_times,
    last_date,
    lasting,
    pacing_full,
    party_reason,
    slot_mask,
    sums_of_covers,
)
from reservations.engine.braking import is_stopped, paused_until, within_brakes
from reservations.engine.errors import Reason
from reservations.engine.fitting import (
    Misfit,
    combination_misfit,
    combinations_in_order,
    table_misfit,
    tables_in_order,
)
from reservations.engine.plan import Ask, DayPlan, Kind, Seating, ServiceRules


class Rule(enum.StrEnum):
    """What is asked of a time, in this order."""

    ONLINE = "online"
    CLOSURE = "closure"
    SERVICE = "service"
    WINDOW = "window"
    BRAKE = "brake"
    LEAD_TIME = "lead_time"
    PARTY_SIZE = "party_size"
    PACING = "pacing"
    TABLES = "tables"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, with the least and the most that a rule admits where it has such a limit."""

    number: int
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one rule says of one time: the reason if it refuses, and what it went by."""

    rule: Rule
    reason: Reason | None = None
    binds: bool = True
    """False where the rule does not bind who asks: staff, or whoever exceeds pacing knowingly."""
    until: dt.datetime | None = None
    """The UTC moment: of the lead time until which the time can be booked, of a brake when it ends."""
    last_date: dt.date | None = None
    """Of the window: the last service date that can be booked."""
    figures: tuple[Figure, ...] = ()
    """Of the party size: it. Of pacing: the covers that arrive then, all and those online, without the party."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A table, or tables that are put together, and why the party can't have them: not for it, or taken until then."""

    table_ids: tuple[int, ...]
    names: tuple[str, ...]
    smallest: int
    largest: int
    misfit: Misfit | None
    taken_by: Kind | None = None
    taken_until: dt.datetime | None = None

    @property
    def free(self) -> bool:
        """Whether the party could sit here."""
        return self.misfit is None and self.taken_by is None


@dataclass(frozen=True, slots=True)
class TimeExplained:
    """One time of the day. start is local, with its offset; the choices stand in the order in which they are asked."""

    start: dt.datetime
    service: ServiceRules
    minutes: int
    steps: tuple[Step, ...]
    tables: tuple[Choice, ...]
    combinations: tuple[Choice, ...]

    @property
    def start_utc(self) -> dt.datetime:
        """The start in UTC, by which the time is known."""
        return self.start.astimezone(dt.UTC)

    @property
    def refusal(self) -> Step | None:
        """The first rule that refuses, which is why the time is not offered; None where it is."""
        return next((step for step in self.steps if step.reason is not None), None)

    @property
    def reason(self) -> Reason | None:
        """The reason as `availability.times` has it."""
        return self.refusal.reason if self.refusal else None

    @property
    def chosen(self) -> Choice | None:
        """The tables that a booking would be given now: the first that are free, where no rule refuses."""
        if self.refusal:
            return None
        return next(choice for choice in (*self.tables, *self.combinations) if choice.free)


@dataclass(frozen=True, slots=True)
class DayExplained:
    """A day: why it can't be asked for at all, as `availability.day_reason` has it, and each of its times.

    The times are there also where the day's reason speaks, each with that reason first.
    """

    reason: Reason | None
    times: tuple[TimeExplained, ...]


def explain(plan: DayPlan, ask: Ask, now: dt.datetime) -> DayExplained:
    """Return every time of the day with what each rule says of it; now is aware.

    It never says anything else than `availability.times`, and is slower.
    """
    now = now.astimezone(dt.UTC)
    day = day_times(plan)
    live = lasting(plan, now)
    covers = sums_of_covers(plan, live)
    of_day = _day_steps(plan, ask, now)
    room = _Room(plan, live, day[0][0] if day else now)
    explained = []
    for start, local, service in day:
        minutes = service.turn(ask.party)
        of_slot = _slot_steps(plan, service, ask, start, now, covers.get(start, (0, 0)))
        asked = within_brakes(plan, service.id, ask, start, now)
        tables, combinations = room.choices(asked, start, minutes)
        steps = (*of_day, *of_slot, _tables_step((*tables, *combinations)))
        explained.append(TimeExplained(local, service, minutes, steps, tables, combinations))
    return DayExplained(day_reason(plan, ask, now), tuple(explained))


def _day_steps(plan: DayPlan, ask: Ask, now: dt.datetime) -> tuple[Step, ...]:
    last = last_date(plan, now)
    return (
        Step(Rule.ONLINE, plan.online_reason if ask.online else None, binds=ask.online),
        Step(Rule.CLOSURE, Reason.CLOSED if plan.closed else None),
        Step(Rule.SERVICE),
        Step(
            Rule.WINDOW,
            Reason.TOO_FAR if ask.online and plan.date > last else None,
            binds=ask.online,
            last_date=last,
        ),
    )


def _slot_steps(
    plan: DayPlan, service: ServiceRules, ask: Ask, start: dt.datetime, now: dt.datetime, covers: tuple[int, int]
) -> tuple[Step, ...]:
    until = service.lead.moment(start, plan.date, plan.zone)
    too_late = Reason.TOO_LATE if ask.online and now > until else None
    full = not ask.ignore_pacing and pacing_full(service, ask, covers)
    total, online = covers
    stopped = is_stopped(plan, service.id, ask, start, now)
    return (
        Step(
            Rule.BRAKE,
            Reason.PAUSED if stopped and start > now else None,
            binds=ask.online,
            until=paused_until(plan, service.id, start, now),
        ),
        Step(
            Rule.LEAD_TIME,
            # Staff too can't book what has begun.
            Reason.PAST if start <= now else too_late,
            binds=ask.online,
            until=until if ask.online else start,
        ),
        Step(
            Rule.PARTY_SIZE,
            party_reason(service, ask) if ask.online else None,
            binds=ask.online,
            figures=(Figure(ask.party, service.min_party, service.max_party),),
        ),
        Step(
            Rule.PACING,
            Reason.PACING_FULL if full else None,
            binds=not ask.ignore_pacing,
            figures=(Figure(total, most=service.max_covers), Figure(online, most=service.max_online_covers)),
        ),
    )


def _tables_step(choices: Sequence[Choice]) -> Step:
    if any(choice.free for choice in choices):
        return Step(Rule.TABLES)
    misfits = {choice.misfit for choice in choices}
    if None in misfits:
        return Step(Rule.TABLES, Reason.TABLES_TAKEN)
    return Step(Rule.TABLES, Reason.PAUSED if Misfit.PAUSED in misfits else Reason.NO_TABLE)


class _Room:
    """The tables and combinations of a day, and who sits at them in which slots, counted from origin."""

    def __init__(self, plan: DayPlan, live: Sequence[Seating], origin: dt.datetime) -> None:
        self._origin = origin
        self._by_id = {table.id: table for table in plan.tables}
        self._tables = tables_in_order(plan)
        self._combinations = combinations_in_order(plan)
        self._busy: dict[int, list[tuple[int, Seating]]] = {}
        for seating in live:
            mask = slot_mask(seating.start, seating.end, origin)
            for table in seating.table_ids:
                self._busy.setdefault(table, []).append((mask, seating))

    def choices(self, ask: Ask, start: dt.datetime, minutes: int) -> tuple[tuple[Choice, ...], tuple[Choice, ...]]:
        """Return the tables and the combinations, as they are for a stay of so many minutes from start."""
        wanted = slot_mask(start, start + dt.timedelta(minutes=minutes), self._origin)
        return (
            tuple(
                self._choice(wanted, (table.id,), table.min_seats, table.max_seats, table_misfit(table, ask))
                for table in self._tables
            ),
            tuple(
                self._choice(
                    wanted, one.table_ids, one.min_party, one.max_party, combination_misfit(one, self._by_id, ask)
                )
                for one in self._combinations
            ),
        )

    def _choice(
        self, wanted: int, table_ids: tuple[int, ...], smallest: int, largest: int, misfit: Misfit | None
    ) -> Choice:
        inside = [one for table in table_ids for mask, one in self._busy.get(table, ()) if mask & wanted]
        # The last to leave: until then the tables are not this party's.
        last = max(inside, key=lambda one: one.end, default=None)
        return Choice(
            table_ids=table_ids,
            names=tuple(self._by_id[table].name for table in table_ids if table in self._by_id),
            smallest=smallest,
            largest=largest,
            misfit=misfit,
            taken_by=last.kind if last else None,
            taken_until=last.end if last else None,
        )
