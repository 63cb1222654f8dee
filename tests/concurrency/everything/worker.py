"""One process of several that do everything at once, for `crowd`: it reads orders as lines of JSON, and answers so."""

from __future__ import annotations

import datetime as dt
import json
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import django

django.setup(set_prefix=False)

import time_machine  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

from reservations.engine import locks  # noqa: E402
from tests import clock  # noqa: E402
from tests.concurrency.everything import guards  # noqa: E402
from tests.concurrency.everything.commands import carry_out  # noqa: E402
from tests.concurrency.everything.house import House, house_of  # noqa: E402


def main() -> None:
    """Say when all is imported, then do what is asked for until the time that is given, and tell how it went."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    _say({"ready": True})
    order = json.loads(sys.stdin.readline())
    if order["unguarded"]:
        guards.switch_off()
    else:
        guards.slow_down()
    course = clock.Course(
        dt.datetime.fromisoformat(order["moment"]), dt.datetime.fromisoformat(order["since"]), order["speed"]
    )
    with clock.database_on(course):
        house = house_of(order["restaurant"], order["user"])
        until, stop = dt.datetime.fromisoformat(order["until"]), Path(order["stop"])
        draw, commands = Random(order["seed"]), order["commands"]
        _say(_work(house, course, draw, commands, lambda: clock.real_now() > until or stop.exists()))
    connections.close_all()


def _work(
    house: House, course: clock.Course, draw: Random, commands: list[str], is_over: Callable[[], bool]
) -> dict[str, Any]:
    went: Counter[str] = Counter()
    errors: list[str] = []
    with time_machine.travel(course.now(), tick=True) as traveller:
        while not is_over():
            # This node's clock goes at its usual pace in between, behind the database's.
            traveller.move_to(course.now())
            name = draw.choice(commands)
            try:
                went[f"{name} {carry_out(name, house, draw)}"] += 1
            except Exception:
                errors.append(f"{name}: {traceback.format_exc()}")
    return {"went": went, "errors": errors, "retries": locks.retries}


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
