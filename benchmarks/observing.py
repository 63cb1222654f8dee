"""What it costs to tell of each request: ids, the access log and metrics, by CPU.

`page_hit_kept` is the worker's CPU for a page from the cache without all that,
by what it takes with it: 0.9 means that a tenth is spent on telling. One
gunicorn with one worker for each of the two on one core, the client on another;
short slices, one after the other. `booking_kept` is the same for a hold and
confirm by the write rules, in this process, where each statement is counted and
timed: slices with and without, in turns, by this process's CPU.

    python benchmarks/observing.py [--json]
"""

from __future__ import annotations

import contextlib
import os
import time

from bench.contenders import SITE, hit
from bench.ground import ground
from bench.serving import cores, pin, pin_redis, serving
from bench.slices import Contender, costs, ratios
from bench.telling import Samples, note, tell

ROUNDS = 40
SECONDS = 20.0
BOOKINGS = 12
AIMS = {"page_hit_kept": "at least 0.90", "booking_kept": "at least 0.98"}


def measure() -> Samples:
    """Return the ratios of every round."""
    client, workers = cores()
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(ground())
        from bench import data

        data.make()
        pin_redis(found.redis_url, client)
        told = stack.enter_context(serving(SITE, {"ACCESS_LOG": "on"}, core=workers))
        untold = stack.enter_context(serving("peers.unobserved:application", core=workers))
        hit(told, data.MENU)
        hit(untold, data.MENU)
        pin(os.getpid(), client)
        # Requests enough for the thread that writes the log, four times a second, to fall into every slice.
        contenders = [Contender(name, server, data.MENU, 600) for name, server in (("told", told), ("untold", untold))]
        spent = costs(contenders, ROUNDS, SECONDS)
        return {"page_hit_kept": ratios(spent, "untold", "told"), "booking_kept": bookings()}


def bookings() -> list[float]:
    """Return, round by round, the CPU of bookings whose statements are not counted, by that of those that are."""
    from booking import book
    from django.db import connection

    from restaurant_site.observing.statements import watch
    from tests import factories as make

    watch(connection)
    counting = list(connection.execute_wrappers)
    found = []
    give_up = time.monotonic() + SECONDS
    number = 0
    for round_ in range(ROUNDS):
        if round_ and time.monotonic() > give_up:
            break
        spent = {}
        for wrappers in (counting, []) if round_ % 2 else ([], counting):
            connection.execute_wrappers[:] = wrappers
            restaurant = make.make_venue(tables=(2,) * 2 * BOOKINGS)
            book(restaurant, 0)
            begin = time.process_time()
            for _booking in range(BOOKINGS):
                number += 1
                book(restaurant, number)
            spent[bool(wrappers)] = time.process_time() - begin
        if round_:
            # The first pays for compiled queries.
            found.append(spent[False] / spent[True])
    note(f"{spent[True] / BOOKINGS * 1e6:.0f} µs of CPU for a hold and confirm")
    return found


if __name__ == "__main__":
    tell("What telling of requests costs: CPU without it / CPU with it", measure, AIMS)
