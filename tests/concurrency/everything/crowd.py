"""Processes that do everything at once to one house, each with its own connection, on one clock that goes fast."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import clock
from tests.concurrency.everything.commands import OFTEN
from tests.concurrency.everything.house import House
from tests.conftest import ROOT, database_url

SPEED = 600.0
"""Ten minutes a second: a minute is an evening with its night."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the processes tell: how often each command went how, what they did not expect, and work done again."""

    went: Counter[str]
    errors: list[str]
    retries: int


def hammer(
    house: House,
    moment: dt.datetime,
    *,
    processes: int,
    seconds: float,
    commands: Sequence[str] = OFTEN,
    unguarded: bool = False,
    enough: Callable[[dt.datetime], bool] | None = None,
) -> tuple[Told, dt.datetime]:
    """Let so many processes work at the house for so many seconds, from a moment on; return what they tell and the end.

    commands are what they draw from. unguarded takes the day's lock and the claims away from them. enough is
    asked every other second with the moment by then, and ends it all sooner.
    """
    with contextlib.ExitStack() as stack:
        stop = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "stop"
        workers = [stack.enter_context(_worker()) for _number in range(processes)]
        for worker in workers:
            assert _heard(worker) == {"ready": True}
        course = clock.Course(moment, clock.real_now(), SPEED)
        until = course.since + dt.timedelta(seconds=seconds)
        order = {
            "restaurant": house.restaurant.pk,
            "user": house.user.pk,
            "moment": course.moment.isoformat(),
            "since": course.since.isoformat(),
            "speed": course.speed,
            "until": until.isoformat(),
            "stop": str(stop),
            "commands": commands,
            "unguarded": unguarded,
        }
        for number, worker in enumerate(workers):
            assert worker.stdin
            worker.stdin.write(json.dumps(order | {"seed": number}) + "\n")
            worker.stdin.flush()
        while enough and clock.real_now() < until and not stop.exists():
            time.sleep(2)
            if enough(course.now()):
                stop.touch()
        told = [_heard(worker) for worker in workers]
        return _sum(told), course.now()


@contextlib.contextmanager
def _worker() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.everything.worker"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "restaurant_site.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _heard(worker: subprocess.Popen[str]) -> dict[str, Any]:
    assert worker.stdout
    line = worker.stdout.readline()
    assert line, "a process has ended"
    found: dict[str, Any] = json.loads(line)
    return found


def _sum(told: list[dict[str, Any]]) -> Told:
    went: Counter[str] = Counter()
    for one in told:
        went.update(one["went"])
    return Told(went, [text for one in told for text in one["errors"]], sum(one["retries"] for one in told))
