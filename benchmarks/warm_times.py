"""The times of a day as JSON, with everything cached, against an empty Django view: the worker's CPU for a request.

The view is Django's with the site's middlewares, and answers nothing. The ratio
is its CPU divided by that of the times: 20 tables, two services, 30 parties.

    python benchmarks/warm_times.py [--json]
"""

from __future__ import annotations

import contextlib
import json
import os

from bench.client import ask_once
from bench.contenders import SITE, peer
from bench.ground import ground
from bench.serving import cores, pin, pin_redis, serving
from bench.slices import Contender, costs, ratios
from bench.telling import Samples, tell

ROUNDS = 40
SECONDS = 15.0
JSON = {"Accept": "application/json"}


def measure() -> Samples:
    """Return the ratio of every round."""
    client, workers = cores()
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(ground())
        from bench import data

        path = data.times_path(data.make())
        pin_redis(found.redis_url, client)
        site = stack.enter_context(serving(SITE, core=workers))
        empty = stack.enter_context(peer("cache_page", found, core=workers))
        offered = json.loads(ask_once(site.port, path, JSON).body)["times"]
        assert any(time["bookable"] for time in offered)
        pin(os.getpid(), client)
        spent = costs(
            [Contender("times", site, path, headers=JSON, requests=50), Contender("empty", empty, "/empty/")],
            ROUNDS,
            SECONDS,
        )
    return {"times_warm_vs_empty_view": ratios(spent, "empty", "times")}


if __name__ == "__main__":
    tell("Times of a day, warm: CPU of an empty view / CPU of the times", measure, {})
