"""PostgreSQL hangs, or a client of it does with a day's lock: the site says so soon, and goes on with the rest."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.concurrency.fleet import Server, serving
from tests.concurrency.outages import Site
from tests.redis_server import RedisServer
from tests.site.bounded.crowd import Crowd, percentile
from tests.site.bounded.frozen import Freezing
from tests.wire import Answer, Wire

pytestmark = pytest.mark.concurrency

SOON = 6.0
"""Seconds within which every answer has to come while the database hangs."""
SHORT = 2.0
"""Seconds within which most have to, once a worker knows."""
AWAY = 8.0
KNOWN = 3.0
"""Seconds after which every process has asked for a sign of life in vain."""
BACK = 4.0
"""Seconds after which a database that is back has to have been noticed."""
LOCKED = 8.0
MAKE_VENUE = """
import django
django.setup()
import json
from tests import factories as make
venue = make.make_venue(tables=[2] * 40)
print(json.dumps([venue.slug, make.days_ahead(venue).isoformat(), make.days_ahead(venue, 8).isoformat()]))
"""


@dataclass(frozen=True, slots=True)
class House:
    """A restaurant that is served, with two days to book."""

    database: Freezing
    redis: RedisServer
    server: Server
    slug: str
    date: str
    other: str

    def holding(self, date: str) -> Callable[[], Answer]:
        """Return what sends the form of a time of that day, each time another."""
        diner = Wire(self.server.url)
        address = f"/restaurants/{self.slug}/times/?date={date}&party=2"
        diner.get(address)
        form = diner.get(address).page.form("/hold/")
        times = itertools.cycle([button.label for button in form.buttons if not button.disabled])

        def hold() -> Answer:
            browser = Wire(self.server.url)
            browser.cookies = dict(diner.cookies)
            return browser.send(form, next(times))

        return hold


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Serve a restaurant by two workers, on a database and a Redis of their own."""
    folder = tmp_path_factory.mktemp("frozen")
    (folder / "checkout").mkdir()
    redis = RedisServer(tmp_path_factory.mktemp("redis")).start()
    database = Freezing(folder / "checkout")
    try:
        site = Site(database.url, redis.url)
        site.manage("migrate", "--verbosity", "0")
        slug, *dates = json.loads(site.python("-c", MAKE_VENUE))
        with serving(folder / "log", redis=redis.url, workers=2, DATABASE_URL=database.url) as server:
            yield House(database, redis, server, slug, *dates)
    finally:
        database.close()
        redis.kill()


def test_a_hanging_database_is_told_soon_and_cached_pages_go_on(house: House) -> None:
    server, page = house.server, f"/restaurants/{house.slug}/"
    hold = house.holding(house.date)
    # Pages of no cache, and bookings, from more visitors than there are threads.
    askers, readers = Crowd(), Crowd()
    numbers = itertools.count()

    def look() -> Answer:
        return Wire(server.url).get("/my-reservations/", Cookie=f"sessionid={next(numbers):032d}")

    askers.start(hold, count=6, pause=0.1)
    askers.start(look, count=4, pause=0.1)
    for _time in range(20):
        Wire(server.url).get(page)
    readers.start(lambda: Wire(server.url).get(page), count=2, pause=0.05)
    time.sleep(1)
    with house.database.frozen():
        began = time.monotonic()
        time.sleep(AWAY)
        ended = time.monotonic()
    time.sleep(BACK + 1)
    askers.end()
    readers.end()

    meanwhile = askers.between(began, ended)
    # Whoever's turn to try was not over when the database went on, got what they asked for, or stood in line then.
    trying = [one for one in meanwhile if one.began + one.took > ended]
    refused = [one for one in meanwhile if one not in trying]
    assert {one.status for one in refused} == {503}
    assert all(one.status < 500 or one.status == 503 for one in trying)
    assert max(one.took for one in meanwhile if one.status == 503) < SOON
    # Who stands in line for the day's lock gives up before anybody can know that it is the database that hangs.
    assert {one.retry for one in refused} <= {"30", "5"}
    assert {one.retry for one in refused if one.began > began + KNOWN} == {"30"}
    # Once it is known, one of a worker's threads asks, and the others answer at once.
    assert sum(one.took < SHORT for one in refused) > len(refused) * 0.8
    cached = readers.between(began, ended)
    assert {one.status for one in cached} == {200}
    assert percentile(cached, 0.9) < SHORT
    after = askers.between(ended + BACK, time.monotonic())
    assert after
    assert all(one.status < 500 for one in after)
    assert "Internal Server Error" not in server.log.read_text()


def test_the_probes_say_what_is_missing_in_time(house: House) -> None:
    probe = Wire(house.server.url)

    def ready() -> tuple[int, str, str, float]:
        began = time.monotonic()
        answer = probe.get("/readyz", Host="169.254.1.2")
        told = json.loads(answer.body)
        return answer.status, told["database"], told["cache"], time.monotonic() - began

    def alive() -> float:
        began = time.monotonic()
        assert probe.get("/healthz", Host="169.254.1.2").status == 200
        return time.monotonic() - began

    assert ready()[:3] == (200, "ok", "ok")
    with house.database.frozen():
        for _time in range(4):
            *told, took = ready()
            assert told == [503, "away", "ok"]
            assert took < SOON
            assert alive() < SHORT
    until(lambda: ready()[0] == 200)
    house.redis.freeze()
    try:
        # Each worker finds out for itself.
        until(lambda: all(ready()[:3] == (200, "ok", "away") for _time in range(6)))
        assert ready()[3] < SHORT
        assert alive() < SHORT
    finally:
        house.redis.thaw()
    until(lambda: all(ready()[:3] == (200, "ok", "ok") for _time in range(6)))


def until(found: Callable[[], bool]) -> None:
    """Return as soon as it is so."""
    end = time.monotonic() + 3 * BACK
    while not found():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_client_that_hangs_with_a_days_lock_keeps_nobody_from_other_days(house: House) -> None:
    stuck, others = Crowd(), Crowd()
    hold_stuck, hold_other = house.holding(house.date), house.holding(house.other)
    stuck.start(hold_stuck, count=8, pause=0.1)
    others.start(hold_other, count=3, pause=0.02)
    time.sleep(2)
    began = time.monotonic()
    time.sleep(3)
    with house.database.connect() as client, client.transaction():
        client.execute("SELECT id FROM reservations_serviceday WHERE date = %s FOR UPDATE", [house.date])
        locked = time.monotonic()
        time.sleep(LOCKED)
        ended = time.monotonic()
        others.end()
        stuck.end()
    before, meanwhile = others.between(began, locked), others.between(locked, ended)
    told = stuck.between(locked, ended)
    assert {one.status for one in told} == {503}
    assert {one.retry for one in told} == {"5"}
    assert max(one.took for one in told) < SOON
    assert {one.status for one in before + meanwhile} <= {302, 409}
    # On a machine that has other work to do they take their time anyway.
    assert percentile(meanwhile, 0.99) < max(0.5, 2 * percentile(before, 0.99))
    # As soon as it is free, it can be booked.
    assert hold_stuck().status == 302
    assert "Internal Server Error" not in house.server.log.read_text()
