"""How often one page is made while 64 clients ask for it at once: where its entry has aged, and where it was renewed.

Four workers with four threads each. An entry is aged by putting its fresh time
into the past; it is renewed by saving a dish. Every answer that was not taken
from the cache counts. cache_page gets the same clients once its entry is gone,
which is all that it knows of either.

    python benchmarks/expiry.py [--json]
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bench.client import Answer, Connection, ask_once
from bench.contenders import SITE, peer
from bench.ground import Ground, UnmeasurableError, ground
from bench.serving import Server, serving
from bench.telling import Samples, tell

CLIENTS = 64
WORKERS = 4
ROUNDS = 8
AIMS = {"regenerations_on_expiry": "1", "regenerations_on_renewal": "1"}


def at_once(server: Server, path: str) -> list[Answer]:
    """Return the answers to all clients, who connect first and then ask in the same moment."""
    gate = threading.Barrier(CLIENTS)

    def one(_number: int) -> Answer:
        with Connection(server.port, path) as connection:
            gate.wait(timeout=30)
            return connection.answer()

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(one, range(CLIENTS)))
    for answer in answers:
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
    return answers


def times_made(server: Server, path: str, change: Callable[[], None]) -> list[float]:
    """Return how often the site made the page in each round, after a change."""
    found = []
    for _round in range(ROUNDS):
        # Every worker has seen the page, as on any day.
        at_once(server, path)
        change()
        answers = at_once(server, path)
        found.append(float(sum(answer.header("X-Cache") not in ("hit", "stale") for answer in answers)))
        if not any(answer.header("X-Cache") != "hit" for answer in answers):
            raise RuntimeError("The change did not reach the page: all were hits.")
    return found


def age(server: Server, path: str) -> None:
    """Put the fresh time of the page's entry into the past; its tokens still match."""
    import msgspec

    from restaurant_site.caching import entries, pages
    from restaurant_site.caching.keys import entry_key

    key = entry_key("p", f"http://127.0.0.1:{server.port}{path}?")
    entry = entries.decode(pages.layer.store.read([key]).get(key))
    if entry is None:
        raise UnmeasurableError(f"no entry of {path}")
    aged = msgspec.structs.replace(entry, fresh_until=time.time() - 1)
    pages.layer.store.put(key, entries.encode(aged), 600)


def peer_made(server: Server, path: str, found: Ground) -> list[float]:
    """Return how often cache_page made the page in each round, after its entry was gone."""
    import redis

    ask_once(server.port, path)
    made = []
    with redis.Redis.from_url(found.redis(1)) as client:
        for _round in range(ROUNDS):
            client.flushdb()
            # Whoever makes a page gets the one that it made.
            made.append(float(len({answer.header("X-Made") for answer in at_once(server, path)})))
    return made


def measure() -> Samples:
    """Return how often the page was made in each round."""
    with contextlib.ExitStack() as stack:
        found = stack.enter_context(ground())
        from bench import data

        from menus.models import Dish
        from restaurant_site.caching import heartbeat

        data.make()
        # Saves as a web worker does, which marks what Redis confirmed. A command's are renewed once more by a sweep.
        heartbeat.start()
        site = stack.enter_context(serving(SITE, workers=WORKERS))
        dish = Dish.objects.order_by("pk")[0]

        def renew() -> None:
            dish.description = os.urandom(8).hex()
            dish.save()

        samples = {
            "regenerations_on_expiry": times_made(site, data.MENU, lambda: age(site, data.MENU)),
            "regenerations_on_renewal": times_made(site, data.MENU, renew),
        }
        other = stack.enter_context(peer("cache_page", found, workers=WORKERS))
        return samples | {"regenerations_cache_page": peer_made(other, data.MENU, found)}


if __name__ == "__main__":
    tell(f"How often a page is made while {CLIENTS} clients ask for it", measure, AIMS)
