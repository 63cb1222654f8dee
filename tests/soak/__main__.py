"""`make soak`: traffic and breakage for MINUTES, then the verdict; exits with 1 where a promise was broken."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import django

# The tests' parts need Django's; this process itself asks no database and no Redis of it.
os.environ.update(
    SITE_ENV="development",
    DEBUG="false",
    DATABASE_URL="postgresql:///none",
    REDIS_URL="none",
    DJANGO_SETTINGS_MODULE="restaurant_site.settings",
)
django.setup()

from tests.soak import telling  # noqa: E402
from tests.soak.breaking import BREAKS, Plan, break_in_turn  # noqa: E402
from tests.soak.ground import Ground, standing, tell  # noqa: E402
from tests.soak.judging import Ledger, Memory  # noqa: E402
from tests.soak.traffic import Booking, Crowd  # noqa: E402
from tests.soak.verdict import Soaked, told, verdict  # noqa: E402

DINERS, PEOPLE, READERS, STAFF = 3, 2, 2, 2
WARM = 20.0
"""Seconds after which a worker has loaded what it needs."""


def watch(ground: Ground, memory: Memory, over: threading.Event) -> None:
    """Look at the workers' memory every other second."""
    seen: dict[int, float] = {}
    while not over.wait(2):
        now = time.monotonic()
        for pid, size in ground.memory().items():
            if now - seen.setdefault(pid, now) >= WARM:
                memory.samples.append((now, pid, size))


def soak(ground: Ground, plan: Plan) -> Soaked:
    """Let everybody in, break everything in turn, and return what came of it."""
    over, ledger, memory = threading.Event(), Ledger(), Memory()
    crowd = Crowd(ground.url, ground.made, ledger, over)
    diners = Booking(ground.proxy(), ground.made.times, over, ledger=ledger)
    works = [
        *[lambda: diners.run(0)] * DINERS,
        *[crowd.look_around] * PEOPLE,
        *[crowd.read_menu] * READERS,
        crowd.write_prices,
        *[crowd.work] * STAFF,
        lambda: watch(ground, memory, over),
    ]
    with ThreadPoolExecutor(len(works)) as pool:
        running = [pool.submit(work) for work in works]
        try:
            breakages = break_in_turn(ground, plan, over)
        finally:
            over.set()
        for one in running:
            one.result(120)
    return Soaked(crowd, diners, memory, breakages)


def report(ground: Ground, soaked: Soaked) -> int:
    """Print what came of it and the verdict; return how many promises were broken."""
    tell("")
    for lines in (
        telling.of_traffic(soaked.crowd.ledger),
        [""],
        telling.of_breakages(soaked.crowd.ledger, soaked.breakages),
        ["", f"{len(soaked.diners.confirmed):,} tables booked by diners, {len(soaked.crowd.booked):,} by staff"],
        [telling.of_prices(soaked.crowd.prices), telling.of_memory(soaked.memory), ""],
    ):
        for line in lines:
            tell(line)
    broken = 0
    for held, against in verdict(ground, soaked):
        broken += bool(against)
        for line in told(held, against):
            tell(line)
    return broken


def main() -> int:
    """Soak for MINUTES (default 10)."""
    try:
        minutes = float(os.environ.get("MINUTES") or "10")
        assert 0.5 <= minutes <= 600
    except (ValueError, AssertionError):
        tell("MINUTES is a number from 0.5 to 600.")
        return 2
    plan = Plan.of(minutes)
    tell(f"{minutes:g} minutes on two nodes, {len(BREAKS)} things broken {plan.rounds} times each.")
    # A short path: sockets lie in it.
    with tempfile.TemporaryDirectory(prefix="soak-", dir="/tmp") as folder, standing(Path(folder)) as ground:
        return min(1, report(ground, soak(ground, plan)))


if __name__ == "__main__":
    sys.exit(main())
