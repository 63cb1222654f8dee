"""What a restaurant and a booking take, in bytes and CPU, and what 60,000 restaurants would: docs/scaling.md.

Measured: the demo's restaurants are built some times over and weighed by
PostgreSQL's own sizes of tables and indexes; then bookings are made by the write
rules at times that are open, and weighed; then every restaurant's pages are
asked for once, and Redis says what each key takes. CPU is the worker's for a
page from the cache and for times from a warm plan, and this process's for a hold
and confirm. What is assumed stands in `ASSUMED`; the rest is multiplication,
which is printed.

    python benchmarks/capacity.py [--json]
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.contenders import SITE, hit
from bench.ground import Ground, ground
from bench.serving import Server, cores, pin, pin_redis, serving
from bench.slices import Contender, costs
from bench.telling import Samples, note, tell

if TYPE_CHECKING:
    from reservations.models import Restaurant

COPIES = 8
BOOKINGS = 1200
DAYS = 14
ROUNDS = 8
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Assumed:
    """What nobody can measure before there are so many restaurants."""

    restaurants: int = 60_000
    bookings_a_day: int = 30
    """A restaurant, on average over all days."""
    requests_a_booking: int = 60
    """Pages, pieces of pages and files, of everybody who looks, by bookings made."""
    hits: float = 0.8
    """Of those requests, the share that is a whole page from the cache; the rest asks Django."""
    busiest_hour: float = 0.12
    """Of a day's requests; its busiest minutes are twice its average."""
    events: int = 2
    """Of the history, after the booking's own: seated, finished."""
    messages: int = 1
    """After the booking's own: thanks, news of a change or a cancellation."""
    busy: float = 0.6
    """Of a core, what is planned with."""
    days_cached: int = 14
    """Days ahead of which a restaurant's times are asked for while they are kept."""


ASSUMED = Assumed()


def measure() -> Samples:
    """Return bytes and CPU."""
    with ground() as found:
        from bench import weighing

        empty = weighing.weigh()
        restaurants = weighing.build_demo(COPIES)
        built = weighing.weigh()
        began = time.process_time()
        bookings = weighing.book(restaurants, BOOKINGS, DAYS)
        spent = time.process_time() - began
        of_restaurants, of_bookings = weighing.added(empty, built), weighing.added(built, weighing.weigh())
        # Gone a minute after Redis was told.
        for added in (of_restaurants, of_bookings):
            added.pop("caching_invalidation", None)
        note(f"{len(restaurants)} restaurants of the demo, {bookings} bookings by the write rules")
        samples: Samples = {
            "restaurant_bytes": [sum(weight.total for weight in of_restaurants.values()) / len(restaurants)],
            "booking_bytes": [sum(weight.total for weight in of_bookings.values()) / bookings],
            # With the look at the day's times before it.
            "booking_cpu_ms": [spent / bookings * 1000],
        }
        for name, weight in sorted(of_bookings.items(), key=lambda item: -item[1].total):
            if weight.rows <= 0:
                continue
            short = name.removeprefix("reservations_")
            samples[f"{short}_rows_a_booking"] = [weight.rows / bookings]
            samples[f"{short}_row_bytes"] = [weight.rows_bytes / weight.rows]
            samples[f"{short}_index_bytes"] = [weight.index_bytes / weight.rows]
        return samples | _served(found, restaurants[: len(restaurants) // COPIES])


def _served(found: Ground, restaurants: list[Restaurant]) -> Samples:
    """Return what Redis keeps of a restaurant whose pages were all asked for, and the CPU of two kinds of answers."""
    import redis
    from bench import weighing
    from bench.client import ask_once

    client, workers = cores()
    with redis.Redis.from_url(found.redis_url) as server, serving(SITE, core=workers) as site:
        server.flushdb()
        paths = [path for one in restaurants for path in _paths(one)]
        for path in paths:
            if ask_once(site.port, path).status != 200:
                note(f"{path} was not answered")
        kept = weighing.in_redis(server)
        sizes = {f"redis_{kind}_bytes": [sum(each) / len(restaurants)] for kind, each in sorted(kept.items())}
        pin_redis(found.redis_url, client)
        pin(os.getpid(), client)
        return sizes | _cpu(site, restaurants[0])


def _paths(restaurant: Restaurant) -> list[str]:
    """Return the addresses of a restaurant's public pages, with its times for so many days."""
    from tests import factories as make

    page = f"/restaurants/{restaurant.slug}/"
    times = (
        f"{page}times/?date={make.days_ahead(restaurant, day)}&party=2" for day in range(1, ASSUMED.days_cached + 1)
    )
    return [page, f"{page}menu/", *times]


def _cpu(site: Server, restaurant: Restaurant) -> Samples:
    page, _menu, times, *_more = _paths(restaurant)
    hit(site, page)
    contenders = [Contender("hit_cpu_us", site, page), Contender("times_cpu_us", site, times, 40)]
    return costs(contenders, ROUNDS, SECONDS)


def model(figures: dict[str, float]) -> list[tuple[str, str]]:
    """Return what the assumed restaurants would take, line by line, as multiplied from the figures."""
    a = ASSUMED
    bookings = a.restaurants * a.bookings_a_day
    peak = a.busiest_hour * 2 / 3600
    requests = bookings * a.requests_a_booking * peak
    hits = requests * a.hits * figures["hit_cpu_us"] / 1e6
    asked = requests * (1 - a.hits) * figures["times_cpu_us"] / 1e6
    booked = bookings * peak * figures["booking_cpu_ms"] / 1e3
    event, message = (
        sum(figures.get(f"{name}_{part}_bytes", 0.0) for part in ("row", "index"))
        for name in ("historyevent", "message")
    )
    a_booking = figures["booking_bytes"] + a.events * event + a.messages * message
    a_restaurant = figures["restaurant_bytes"]
    in_redis = sum(value for name, value in figures.items() if name.startswith("redis_"))
    year = bookings * 365
    rows = sum(value for name, value in figures.items() if name.endswith("_rows_a_booking")) + a.events + a.messages
    return [
        ("restaurants, bookings of each a day", f"{a.restaurants:,}, {a.bookings_a_day}"),
        ("bookings a day; a second in the busiest minutes", f"{bookings:,}; {bookings * peak:,.0f}"),
        ("requests a second in the busiest minutes", f"{requests:,.0f}"),
        ("cores for pages from the cache", f"{hits / a.busy:,.0f}"),
        ("cores for what Django answers", f"{asked / a.busy:,.0f}"),
        ("cores for bookings", f"{booked / a.busy:,.0f}"),
        ("bytes of a booking until it is over", f"{a_booking:,.0f}"),
        ("rows a year", f"{year * rows / 1e9:,.1f} thousand million"),
        ("GB a year of bookings", f"{year * a_booking / 1e9:,.0f}"),
        ("GB of restaurants, menus and hours", f"{a.restaurants * a_restaurant / 1e9:,.1f}"),
        ("GB in Redis with all pages kept", f"{a.restaurants * in_redis / 1e9:,.1f}"),
        ("GB a year of one restaurant", f"{(a.bookings_a_day * 365 * a_booking + a_restaurant) / 1e9:,.3f}"),
    ]


def _measured() -> Samples:
    samples = measure()
    if "--json" not in sys.argv[1:]:
        lines = model({name: sorted(values)[len(values) // 2] for name, values in samples.items()})
        for what, value in lines:
            note(f"{what:52}{value:>24}")
    return samples


if __name__ == "__main__":
    tell("What a restaurant and a booking take", _measured, {})
