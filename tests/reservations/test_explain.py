"""Why a time is offered or not: the explanation never says anything else than the times themselves."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given

from reservations.engine.availability import (
    Ask,
    CombinationSpec,
    DayPlan,
    Deadline,
    Seating,
    ServiceRules,
    TableSpec,
    day_reason,
    times,
    within_brakes,
)
from reservations.engine.errors import Reason
from reservations.engine.explain import Choice, Figure, Rule, TimeExplained, explain
from reservations.engine.fitting import Misfit, candidates
from reservations.engine.plan import Kind
from tests.reservations.test_availability_model import EXAMPLES, days


def test_any_day_is_explained_as_it_is_offered() -> None:
    seen: Counter[object] = Counter()

    @EXAMPLES
    @given(days())
    def compare(day: tuple[DayPlan, Ask, dt.datetime]) -> None:
        plan, drawn, now = day
        for party, online in product((1, 2, 3, 4, 6, 9, drawn.party), (True, False)):
            ask = replace(drawn, party=party, online=online)
            explained = explain(plan, ask, now)
            assert explained.reason == day_reason(plan, ask, now), ask
            if explained.reason is not None:
                assert {time.reason for time in explained.times} <= {explained.reason}, ask
            else:
                offered = [
                    (time.start, time.service_id, time.minutes, time.reason, time.table_ids)
                    for time in times(plan, ask, now)
                ]
                assert offered == [
                    (time.start, time.service.id, time.minutes, time.reason, tables(time.chosen))
                    for time in explained.times
                ], ask
            for time in explained.times:
                fitting = candidates(plan, within_brakes(plan, time.service.id, ask, time.start_utc, now))
                assert [step.rule for step in time.steps] == list(Rule)
                both = (*time.tables, *time.combinations)
                assert len(both) == len(plan.tables) + len(plan.combinations)
                assert [choice.table_ids for choice in both if choice.misfit is None] == fitting, ask
                seen.update(choice.misfit or choice.taken_by or "free" for choice in both)
                seen[time.reason] += 1

    compare()
    for outcome in ("free", *Misfit, Kind.RESERVATION, Kind.HOLD, None, *OF_A_TIME):
        assert seen[outcome] > 0, (outcome, seen)


def tables(choice: Choice | None) -> tuple[int, ...]:
    return choice.table_ids if choice else ()


OF_A_TIME = (
    Reason.HOURS_UNKNOWN,
    Reason.TOO_FAR,
    Reason.PAST,
    Reason.PAUSED,
    Reason.TOO_LATE,
    Reason.PARTY_TOO_SMALL,
    Reason.PARTY_TOO_LARGE,
    Reason.PACING_FULL,
    Reason.NO_TABLE,
    Reason.TABLES_TAKEN,
)

DATE = dt.date(2026, 12, 4)
NOW = dt.datetime(2026, 12, 4, 12, tzinfo=dt.UTC)


def at(hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 12, 4, hour, minute, tzinfo=dt.UTC)


def seating(start: dt.datetime, end: dt.datetime, *table_ids: int, party: int = 2, **fields: Any) -> Seating:
    found = Seating(start, end, DATE, party, True, table_ids)
    return replace(found, **fields)


PLAN = DayPlan(
    date=DATE,
    zone="UTC",
    window_days=60,
    closed=False,
    services=(
        ServiceRules(
            id=1,
            name="Dinner",
            first=dt.time(18),
            last=dt.time(21),
            interval=60,
            min_party=1,
            max_party=4,
            lead=Deadline(minutes=90),
            cutoff=Deadline(),
            turn_times=((2, 90),),
            default_turn=120,
            max_covers=6,
            max_online_covers=4,
        ),
    ),
    tables=(
        TableSpec(1, "T1", 1, 1, 2, step_free=True),
        TableSpec(2, "T2", 1, 3, 4),
        TableSpec(3, "Bar", 2, 1, 2, online=False),
        TableSpec(4, "T4", 2, 1, 4),
    ),
    combinations=(CombinationSpec(1, (1, 4), 2, 6), CombinationSpec(2, (2, 9), 1, 8)),
    seatings=(
        seating(at(18), at(19, 30), 1),
        seating(at(18), at(19, 15), 4, party=2, held_until=NOW + dt.timedelta(minutes=5)),
        seating(at(20), at(21, 40), 4, party=0, online=False),
        seating(at(21), at(23), 1, held_until=NOW - dt.timedelta(minutes=1)),
    ),
)


def explained(hour: int, **fields: Any) -> TimeExplained:
    ask = replace(Ask(party=2), **fields)
    return next(time for time in explain(PLAN, ask, NOW).times if time.start == at(hour))


def by_name(time: TimeExplained) -> dict[str, Choice]:
    return {" + ".join(choice.names): choice for choice in (*time.tables, time.combinations[0])}


def test_every_rule_is_asked_even_behind_the_first_that_refuses() -> None:
    time = explained(18)
    assert time.reason == Reason.PACING_FULL
    steps = {step.rule: step for step in time.steps}
    assert steps[Rule.WINDOW].last_date == DATE + dt.timedelta(days=60)
    assert steps[Rule.LEAD_TIME].until == at(16, 30)
    assert steps[Rule.PARTY_SIZE].figures == (Figure(2, 1, 4),)
    assert steps[Rule.PACING].figures == (Figure(4, most=6), Figure(4, most=4))
    assert steps[Rule.TABLES].reason == Reason.TABLES_TAKEN
    assert time.chosen is None


def test_each_table_says_why_it_is_not_for_the_party_or_who_has_it_until_when() -> None:
    choices = by_name(explained(18))
    assert (choices["T1"].taken_by, choices["T1"].taken_until) == (Kind.RESERVATION, at(19, 30))
    assert (choices["T4"].taken_by, choices["T4"].taken_until) == (Kind.HOLD, at(19, 15))
    assert choices["T2"].misfit == Misfit.TOO_LARGE
    assert choices["Bar"].misfit == Misfit.NOT_ONLINE
    # Of the two tables, the one that is taken for longer decides.
    assert (choices["T1 + T4"].taken_by, choices["T1 + T4"].taken_until) == (Kind.RESERVATION, at(19, 30))
    # A member that is out of use has no name, and its combination goes to nobody.
    assert explained(18).combinations[1].names == ("T2",)
    assert explained(18).combinations[1].misfit == Misfit.OUT_OF_USE
    later = by_name(explained(20))
    assert (later["T4"].taken_by, later["T4"].taken_until) == (Kind.BLOCK, at(21, 40))
    assert later["T1"].free


def test_a_lapsed_hold_takes_nothing_and_the_smallest_table_is_chosen() -> None:
    time = explained(21)
    assert time.reason is None
    assert time.chosen is not None
    assert time.chosen.names == ("T1",)


def test_area_step_free_and_staff() -> None:
    assert by_name(explained(21, area_id=2))["T1"].misfit == Misfit.WRONG_AREA
    assert by_name(explained(21, step_free=True))["T4"].misfit == Misfit.NOT_STEP_FREE
    staff = explained(18, online=False, party=5)
    assert by_name(staff)["T4"].misfit == Misfit.TOO_SMALL
    assert [step.rule for step in staff.steps if not step.binds] == [
        Rule.ONLINE,
        Rule.WINDOW,
        Rule.BRAKE,
        Rule.LEAD_TIME,
        Rule.PARTY_SIZE,
    ]
    # Nine covers are more than six, for staff too unless they say so.
    assert staff.reason == Reason.PACING_FULL
    assert explained(18, online=False, ignore_pacing=True).reason is None
