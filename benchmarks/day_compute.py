"""One day's times for one party, computed: 60 tables, ten combinations, 200 reservations, lunch and dinner.

Pure Python, no database. The promise is half a millisecond. The same machine is
faster or slower by the minute, so every sample also times a fixed loop, and the
ratio of the two is the figure to compare between runs.

    python benchmarks/day_compute.py [--json]
"""

from __future__ import annotations

import datetime as dt
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.telling import figure

from reservations.engine.availability import (
    Ask,
    CombinationSpec,
    DayPlan,
    Deadline,
    Seating,
    ServiceRules,
    TableSpec,
    times,
)

SAMPLES = 300
LIMIT_MS = 0.5
DATE = dt.date(2027, 5, 14)
MIDNIGHT = dt.datetime(2027, 5, 14, tzinfo=dt.UTC)
SEATS = (2, 2, 4, 4, 4, 6, 8)
# Slots of 15 minutes in UTC: lunch from 12:00, dinner from 17:30 in Berlin.
SEATED = [*range(40, 51), *range(62, 81)]


def full_day() -> DayPlan:
    """Return a day on which 200 parties sit at 60 tables; the same one every time."""
    chance = random.Random(1)
    services = tuple(
        ServiceRules(
            id=number,
            name=name,
            first=first,
            last=last,
            interval=15,
            min_party=1,
            max_party=12,
            lead=Deadline(minutes=60),
            cutoff=Deadline(),
            turn_times=((2, 90), (4, 120)),
            default_turn=150,
            max_covers=60,
            max_online_covers=40,
        )
        for number, (name, first, last) in enumerate(
            [("Lunch", dt.time(12), dt.time(14, 30)), ("Dinner", dt.time(17, 30), dt.time(22))]
        )
    )
    tables = tuple(
        TableSpec(id=number, name=f"T{number}", area_id=number % 3, min_seats=1, max_seats=SEATS[number % len(SEATS)])
        for number in range(60)
    )
    seatings = []
    for _party in range(200):
        start = MIDNIGHT + chance.choice(SEATED) * dt.timedelta(minutes=15)
        stay = dt.timedelta(minutes=chance.choice((90, 120, 150)))
        seatings.append(Seating(start, start + stay, DATE, chance.randint(1, 6), True, (chance.randrange(60),)))
    return DayPlan(
        date=DATE,
        zone="Europe/Berlin",
        window_days=60,
        closed=False,
        services=services,
        tables=tables,
        combinations=tuple(CombinationSpec(n, (2 * n, 2 * n + 1), 5, 8) for n in range(10)),
        seatings=tuple(seatings),
    )


def reference() -> int:
    """Run a fixed loop of plain Python."""
    total = 0
    for number in range(10_000):
        total += number & 7
    return total


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long one run takes."""
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


def main() -> None:
    """Print the table, or JSON with --json."""
    plan, now = full_day(), MIDNIGHT - dt.timedelta(days=3)

    def compute() -> object:
        return times(plan, Ask(party=4), now)

    offered = times(plan, Ask(party=4), now)
    assert any(one.bookable for one in offered)
    days, loops, ratios = [], [], []
    for _sample in range(SAMPLES):
        day, loop = milliseconds(compute), milliseconds(reference)
        days.append(day)
        loops.append(loop)
        ratios.append(day / loop)
    figures = {"day_compute_ms": figure(days), "day_compute_ratio": figure(ratios)}
    if "--json" in sys.argv[1:]:
        print(json.dumps(figures))
        return
    print(f"{len(offered)} times of a day, {len(plan.tables)} tables, {len(plan.seatings)} reservations")
    print(f"{'':28}{'median':>10}{'min':>10}{'max':>10}")
    rows = {
        "a day (ms)": figures["day_compute_ms"],
        "a loop of 10,000 (ms)": figure(loops),
        "day / loop": figures["day_compute_ratio"],
    }
    for name, row in rows.items():
        print(f"{name:28}{row['median']:>10.3f}{row['min']:>10.3f}{row['max']:>10.3f}")
    print(f"promised: {LIMIT_MS} ms for a day")


if __name__ == "__main__":
    main()
