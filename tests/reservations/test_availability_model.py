"""The pure engine against a slow, obvious model of the same rules, on days of every kind.

`MODEL_EXAMPLES=20000 pytest tests/reservations/test_availability_model.py`
looks further than the suite does, and at other examples each time.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise, product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reservations.engine.availability import (
    Ask,
    BrakeSpec,
    CombinationSpec,
    DayPlan,
    Deadline,
    Seating,
    ServiceRules,
    TableSpec,
    day_reason,
    times,
)
from reservations.engine.deciding import Wish, decide
from reservations.engine.errors import Reason, Refused
from reservations.engine.slots import local_moment
from reservations.queries.day import Window
from tests.reservations.slow_model import (
    MINUTE,
    QUARTER,
    Answer,
    model_clock,
    model_covers,
    model_day_reason,
    model_starts,
    model_times,
    quarters,
)

# Half-hour changes, a two-hour change, offsets of 45 minutes, changes at
# midnight, winter time that is called negative, either hemisphere, and none.
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "America/Santiago",
    "Africa/Casablanca",
    "America/Havana",
    "Europe/Dublin",
    "Pacific/Auckland",
    "UTC",
)


# --- Days of every kind -----------------------------------------------------


@lru_cache(maxsize=100)
def change_dates(zone: str) -> tuple[dt.date, ...]:
    """Return the local dates of 2026 to 2028 in whose course the zone's clocks change."""
    moments = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hours) for hours in range(3 * 365 * 24)]
    tz = ZoneInfo(zone)
    return tuple(
        after.astimezone(tz).date()
        for before, after in pairwise(moments)
        if before.astimezone(tz).utcoffset() != after.astimezone(tz).utcoffset()
    )


def clocks(step: int = 15) -> st.SearchStrategy[dt.time]:
    """Return times of day, those around midnight and the changes more often."""
    near = st.sampled_from(range(23 * 60, 28 * 60, step))
    minutes = st.one_of(near, st.sampled_from(range(0, 24 * 60, step)))
    return minutes.map(lambda minute: dt.time(minute // 60 % 24, minute % 60))


DEADLINES = st.one_of(
    st.just(Deadline()),
    st.builds(Deadline, minutes=st.sampled_from([0, 1, 30, 60, 90, 120, 600, 1500])),
    st.builds(Deadline, clock=clocks(5), days_before=st.integers(0, 2)),
)
LIMITS = st.sampled_from([None, None, None, 0, 2, 3, 4, 5, 6, 8, 12])


@st.composite
def services(draw: st.DrawFn, number: int) -> ServiceRules:
    smallest = draw(st.sampled_from([1, 1, 1, 2, 3]))
    turns = sorted(
        draw(st.dictionaries(st.integers(1, 8), st.sampled_from([15, 50, 75, 90, 120, 200]), max_size=3)).items()
    )
    return ServiceRules(
        id=number,
        name=f"Service {number}",
        # Off the grid of slots now and then: such times can't be claimed.
        first=draw(clocks(draw(st.sampled_from([15, 15, 15, 15, 5])))),
        last=draw(clocks()),
        interval=draw(st.sampled_from([15, 15, 30, 30, 45, 60, 90, 20])),
        min_party=smallest,
        max_party=smallest + draw(st.sampled_from([0, 3, 12, 12])),
        lead=draw(DEADLINES),
        cutoff=Deadline(),
        turn_times=tuple(turns),
        default_turn=draw(st.sampled_from([15, 30, 75, 105, 120, 400])),
        max_covers=draw(LIMITS),
        max_online_covers=draw(LIMITS),
    )


@st.composite
def tables(draw: st.DrawFn, number: int) -> TableSpec:
    smallest = draw(st.sampled_from([1, 1, 1, 2, 4]))
    return TableSpec(
        id=number,
        name=f"T{number}",
        area_id=draw(st.integers(1, 2)),
        min_seats=smallest,
        max_seats=smallest + draw(st.sampled_from([0, 1, 1, 2, 3, 5])),
        online=draw(st.sampled_from([True] * 5 + [False])),
        step_free=draw(st.booleans()),
    )


@st.composite
def combinations(draw: st.DrawFn, number: int, table_ids: list[int]) -> CombinationSpec:
    smallest = draw(st.integers(1, 5))
    # 99 is a table that is out of use.
    some = st.lists(st.sampled_from([*table_ids, 99]), min_size=0, max_size=3, unique=True)
    members = draw(draw(st.sampled_from([st.just(table_ids[-2:]), st.just(table_ids[:3]), some])))
    return CombinationSpec(
        id=number,
        table_ids=tuple(members),
        min_party=smallest,
        max_party=smallest + draw(st.integers(0, 8)),
        online=draw(st.sampled_from([True, True, False])),
    )


@st.composite
def seatings(draw: st.DrawFn, date: dt.date, starts: list[dt.datetime], now: dt.datetime) -> Seating:
    midnight = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC)
    anywhere = st.integers(-96, 220).map(lambda slots: midnight + slots * QUARTER)
    # At one of the day's times, or where it only just reaches into one.
    offered = st.sampled_from([*starts, *starts[:1] * 3, *starts[-1:] * 3] or [midnight])
    near = draw(draw(st.sampled_from([offered, offered, anywhere])))
    start = near + draw(st.sampled_from([0, 0, 0, 0, -1, 1, -5, -8, 4, 7])) * QUARTER
    until = draw(st.sampled_from([None, None, None, None, -60, 0, 1, 600]))
    return Seating(
        start=start,
        end=start + draw(st.sampled_from([15, 15, 50, 90, 120, 300])) * MINUTE,
        service_date=date + dt.timedelta(days=draw(st.sampled_from([0, 0, 0, -1, 1]))),
        party=draw(st.integers(1, 8)),
        online=draw(st.booleans()),
        table_ids=tuple(draw(st.lists(st.sampled_from([1, 1, 2, 2, 3, 4, 5, 6]), min_size=1, max_size=3, unique=True))),
        held_until=None if until is None else now + dt.timedelta(seconds=until),
    )


@st.composite
def brakes(draw: st.DrawFn, starts: list[dt.datetime], now: dt.datetime) -> BrakeSpec:
    """Draw a brake on the date, or on a service, an area, both, or a start; some are over."""
    return BrakeSpec(
        ends_at=draw(st.sampled_from([now - MINUTE, now, now + MINUTE, now + 500 * MINUTE, now + 5000 * MINUTE])),
        service_id=draw(st.sampled_from([None, None, 1, 2])),
        area_id=draw(st.sampled_from([None, 1, 2, 3])),
        start=draw(st.sampled_from([None, None, *starts[:8]])),
    )


@st.composite
def days(draw: st.DrawFn) -> tuple[DayPlan, Ask, dt.datetime]:
    """Draw a day, what is asked of it, and when."""
    zone = draw(st.sampled_from(ZONES))
    some_date = st.dates(dt.date(2026, 1, 1), dt.date(2028, 12, 31))
    change = change_dates(zone)
    near_change = st.tuples(st.sampled_from(change), st.integers(-1, 0)).map(lambda x: x[0] + dt.timedelta(days=x[1]))
    date = draw(draw(st.sampled_from([near_change, near_change, some_date])) if change else some_date)
    offered = tuple(draw(services(number)) for number in range(1, draw(st.sampled_from([0, 1, 1, 1, 2, 2, 3])) + 1))
    starts = [s for one in offered for s in model_starts(date, one.first, one.last, one.interval, zone)]
    # From days before, from the thick of it, or to the minute of some time.
    midnight = dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC)
    long_before = st.integers(20, 120).map(lambda hours: midnight - dt.timedelta(hours=hours))
    amid = st.integers(-20 * 60, 50 * 60).map(lambda minutes: midnight + minutes * MINUTE)
    moments = [long_before] * 4 + [amid]
    if starts:
        edge = st.tuples(st.sampled_from(starts), st.sampled_from([-1500, -120, -90, -60, -30, -1, 0, 1]))
        moments += [edge.map(lambda pair: pair[0] + pair[1] * MINUTE)] * 2
    now = draw(draw(st.sampled_from(moments)))
    table_ids = list(range(1, draw(st.sampled_from([0, 1, 2, 2, 3, 4, 6])) + 1))
    plan = DayPlan(
        date=date,
        zone=zone,
        window_days=draw(st.sampled_from([1, 2, 3, 4, 60, 60, 60, 60])),
        closed=draw(st.sampled_from([False] * 9 + [True])),
        services=offered,
        tables=tuple(draw(tables(number)) for number in table_ids),
        combinations=tuple(
            draw(combinations(number, table_ids)) for number in range(draw(st.sampled_from([0, 1, 2, 3])))
        ),
        seatings=tuple(
            draw(st.lists(seatings(date, starts, now), min_size=draw(st.sampled_from([0, 3, 6])), max_size=8))
        ),
        online_reason=draw(st.sampled_from([None] * 9 + [Reason.HOURS_UNKNOWN])),
        brakes=tuple(draw(brakes(starts, now)) for _number in range(draw(st.sampled_from([0, 0, 0, 1, 2])))),
    )
    ask = Ask(
        # Parties for the tables, and those for which they are pushed together.
        party=draw(st.sampled_from([1, 2, 2, 3, 4, 4, 6, 9] + [one.max_party for one in plan.combinations] * 2)),
        area_id=draw(st.sampled_from([None] * 5 + [1, 2, 3])),
        step_free=draw(st.sampled_from([False] * 4 + [True])),
        online=draw(st.sampled_from([True, True, False])),
        ignore_pacing=draw(st.sampled_from([False, False, True])),
        kept_start=draw(st.sampled_from([None, None, *starts[:5]])),
    )
    # Any aware moment will do, also one told by the restaurant's own clock.
    return plan, ask, now.astimezone(ZoneInfo(zone)) if draw(st.booleans()) else now


# --- The comparison ---------------------------------------------------------

FURTHER = "MODEL_EXAMPLES" in os.environ
EXAMPLES = settings(
    max_examples=int(os.environ.get("MODEL_EXAMPLES", "300")),
    derandomize=not FURTHER,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def engine_times(plan: DayPlan, ask: Ask, now: dt.datetime) -> list[Answer]:
    return [
        (time.start_utc, time.start.isoformat(), time.service_id, time.minutes, time.reason, time.table_ids)
        for time in times(plan, ask, now)
    ]


def test_any_day_is_answered_as_the_model_answers_it() -> None:
    seen: Counter[object] = Counter()

    @EXAMPLES
    @given(days())
    def compare(day: tuple[DayPlan, Ask, dt.datetime]) -> None:
        plan, drawn, now = day
        # A day is dear to draw and cheap to ask: every party asks, online and as staff.
        for party, online in product(range(1, 10), (True, False)):
            ask = replace(drawn, party=party, online=online)
            expected = model_times(plan, ask, now)
            assert day_reason(plan, ask, now) == model_day_reason(plan, ask, now), ask
            assert engine_times(plan, ask, now) == expected, ask
            seen.update({str(reason) for *_front, reason, _tables in expected})
            seen.update({f"{len(chosen)} tables" for *_front, chosen in expected})
            seen["twice"] += len({text[:19] for _start, text, *_rest in expected}) < len(expected)

    compare()
    # A comparison of days on which nothing happens would show nothing.
    wanted = ["None", "PAST", "TOO_LATE", "PARTY_TOO_SMALL", "PARTY_TOO_LARGE", "PACING_FULL", "NO_TABLE"]
    for outcome in [*wanted, "TABLES_TAKEN", "1 tables", "2 tables", "twice"]:
        assert seen[outcome] > 0, (outcome, seen)


@settings(EXAMPLES, max_examples=EXAMPLES.max_examples // 3)
@given(days())
def test_a_write_rule_decides_a_time_as_it_is_offered(day: tuple[DayPlan, Ask, dt.datetime]) -> None:
    plan, ask, now = day
    live = [one for one in plan.seatings if one.held_until is None or one.held_until > now]
    for start, _text, service, minutes, reason, chosen in model_times(plan, ask, now):
        end = start + minutes * MINUTE
        busy = {table for one in live if one.start < end and start < one.end for table in one.table_ids}
        # Claims are of whole slots: a stay that ends within one takes all of it.
        slots = set(quarters(start, end))
        busy |= {table for one in live if slots & set(quarters(one.start, one.end)) for table in one.table_ids}
        view = Window(model_covers(live, plan, start), frozenset(busy), frozenset())
        wish = Wish(1, plan.date, start, ask.party, ask.area_id, ask.step_free)
        if reason is not None:
            with pytest.raises(Refused) as refusal:
                decide(plan, wish, ask, view, now)
            assert refusal.value.reason == reason
        else:
            decision = decide(plan, wish, ask, view, now)
            assert (decision.table_ids, decision.service.id, decision.minutes) == (chosen, service, minutes)


@EXAMPLES
@given(st.sampled_from(ZONES), st.integers(0, 5), st.integers(-1, 1), clocks(5))
def test_a_clock_time_is_the_first_moment_at_which_clocks_show_it_or_have_jumped_it(
    zone: str, change: int, days: int, clock: dt.time
) -> None:
    dates = change_dates(zone) or (dt.date(2027, 1, 1),)
    date = dates[change % len(dates)] + dt.timedelta(days=days)
    assert local_moment(date, clock, zone) == model_clock(date, clock, zone)
