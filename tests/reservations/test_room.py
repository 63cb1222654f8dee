"""Which days have room: as their times say, and for as long as is said."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from reservations.cached import next_midnight
from reservations.engine.availability import Ask, DayPlan
from reservations.engine.errors import Reason
from reservations.engine.room import Room, lasting_room, room
from tests.reservations.slow_model import model_day_reason, model_times
from tests.reservations.test_availability_model import EXAMPLES, days

INSTANT = dt.timedelta(microseconds=1)
FULL = {Reason.TABLES_TAKEN, Reason.PACING_FULL}


def as_the_model_says(plan: DayPlan, ask: Ask, now: dt.datetime) -> Room:
    if reason := model_day_reason(plan, ask, now):
        return Room.CLOSED if reason in (Reason.CLOSED, Reason.NO_SERVICE) else Room.NONE
    reasons = {reason for *_front, reason, _tables in model_times(plan, ask, now)}
    if None in reasons:
        return Room.OPEN
    return Room.FULL if reasons & FULL else Room.NONE


def test_a_day_has_room_as_the_model_says_and_until_it_is_said() -> None:
    seen: Counter[object] = Counter()

    @settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 2)
    @given(days(), st.lists(st.floats(0, 0.999), min_size=2, max_size=2))
    def walk(day: tuple[DayPlan, Ask, dt.datetime], parts: list[float]) -> None:
        plan, ask, now = day
        before = None
        for _step in range(12):
            midnight = next_midnight(now, plan.zone)
            found, until = lasting_room(plan, ask, now, midnight)
            assert found == as_the_model_says(plan, ask, now)
            assert now <= until <= midnight
            for part in (*parts, 0.999):
                assert room(plan, ask, now + (until - now) * part) == found
            seen[found] += 1
            seen["changed"] += before not in (None, found)
            before, now = found, until + INSTANT

    walk()
    for outcome in [*Room, "changed"]:
        assert seen[outcome] > 0, (outcome, seen)
