"""Nobody who asks after a write was answered sees the old value, whatever is killed, frozen or emptied meanwhile."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections

from menus.models import Dish, Section
from reservations.engine import booking
from reservations.models import Reservation, Restaurant
from tests import factories as make
from tests.concurrency.checker import Referee, Tables, lines
from tests.concurrency.fleet import Server, serving
from tests.redis_server import RedisServer

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

READS = 20_000
DISHES = 4
FIRST_PRICE = 100


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@contextlib.contextmanager
def fleet(folder: Path, redis: RedisServer, **environment: str) -> Iterator[list[Server]]:
    """Serve with two workers of this release, and two of the one before."""
    common = {
        "redis": redis.url,
        "application": "tests.concurrency.stale.wsgi:application",
        "DJANGO_SETTINGS_MODULE": "tests.concurrency.stale.settings",
        **environment,
    }
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(serving(folder / f"{release}.log", workers=2, RELEASE=release, **common))
            for release in ("before", "now")
        ]


def make_dishes() -> tuple[Restaurant, list[int]]:
    restaurant = make.make_venue(tables=(2,))
    menu = make.make_menu(restaurant, dishes=[])
    section = Section.objects.get(menu=menu)
    dishes = [
        make.make_dish(section, name=f"Dish {number}", price="1.00", is_available=False).pk for number in range(DISHES)
    ]
    return restaurant, dishes


def priced(dishes: list[int]) -> Callable[[], dict[int, int]]:
    def read() -> dict[int, int]:
        rows = dict(Dish.objects.filter(pk__in=dishes).values_list("pk", "price"))
        return {number: int((rows[pk] or 0) * 100) for number, pk in enumerate(dishes)}

    return read


@contextlib.contextmanager
def playing(referee: Referee, *, readers: int) -> Iterator[ThreadPoolExecutor]:
    """Let writers write and readers read until the block ends."""
    with ThreadPoolExecutor(readers + DISHES + 2) as pool:
        played = [pool.submit(referee.write, number) for number in range(DISHES)]
        played += [pool.submit(referee.read) for _number in range(readers)]
        try:
            yield pool
        finally:
            referee.over.set()
        for one in played:
            one.result(60)


def until(referee: Referee, reads: int, seconds: float) -> None:
    """Wait for that many reads."""
    give_up = time.monotonic() + seconds
    while referee.reads < reads and time.monotonic() < give_up:
        time.sleep(0.05)
    assert referee.reads >= reads, f"only {referee.reads} reads"


def lose_to_a_snapshot(redis: RedisServer, referee: Referee) -> None:
    """Restart Redis from a snapshot that lacks the newest tokens: old values may show for five seconds."""
    redis.snapshot()
    time.sleep(0.5)
    redis.kill()
    referee.forgiven_until = float("inf")
    redis.start()
    assert redis.client.dbsize() > 0
    referee.forgiven_until = time.monotonic() + 5
    time.sleep(5)


def restart(redis: RedisServer) -> None:
    redis.kill()
    time.sleep(1)
    redis.start()


def freeze(redis: RedisServer, seconds: float) -> None:
    redis.freeze()
    time.sleep(seconds)
    redis.thaw()


def test_whoever_asks_after_a_write_sees_it(tmp_path: Path, redis_server: RedisServer, transactional_db: None) -> None:
    """Through four workers of two releases, with everything that can break breaking in turn."""
    restaurant, dishes = make_dishes()
    date = make.days_ahead(restaurant)
    held: list[Reservation] = []

    def take() -> None:
        held.append(make.make_hold(restaurant, date=date))

    def free() -> None:
        booking.release(reservation=held.pop())

    with fleet(tmp_path, redis_server, CRASHES="0.004") as servers:
        referee = Referee(restaurant, dishes, servers)
        # The house with one table is written by this process, through its own Redis' tokens.
        tables = Tables(referee)

        def watch() -> None:
            try:
                tables.watch(take, free, str(date))
            finally:
                connections.close_all()

        breaks: list[Callable[[], object]] = [
            lambda: servers[0].kill_a_worker(),
            lambda: freeze(redis_server, 0.4),
            lambda: redis_server.client.flushall(),
            lambda: servers[1].kill_a_worker(),
            lambda: freeze(redis_server, 3),
            lambda: restart(redis_server),
            lambda: redis_server.client.flushall(),
            lambda: lose_to_a_snapshot(redis_server, referee),
        ]
        with playing(referee, readers=5) as pool, own_cache(redis_server):
            watching = pool.submit(watch)
            for share, break_it in enumerate(breaks):
                until(referee, READS * (share + 1) // (len(breaks) + 1), 200)
                break_it()
            until(referee, READS, 200)
            referee.over.set()
            watching.result(60)
        assert referee.stale == []
        assert tables.stale == []
        assert referee.failures == []
        assert referee.settle(priced(dishes)) == []
        # It was a race, and answered from the cache.
        assert referee.writes > 200
        assert referee.hits > referee.reads / 2
        assert tables.reads > 50
        assert max(referee.floors.values()) > FIRST_PRICE + 10


@contextlib.contextmanager
def own_cache(redis: RedisServer) -> Iterator[None]:
    from tests.caching.conftest import using

    with using(redis.url):
        yield
    connections.close_all()


# --- The same race with a guard taken away ------------------------------------------------


@pytest.mark.parametrize("sabotage", ["stamp after the read", "delete instead of token"])
def test_without_the_guard_the_same_race_shows_old_values(
    tmp_path: Path, redis_server: RedisServer, transactional_db: None, sabotage: str
) -> None:
    restaurant, dishes = make_dishes()
    with fleet(tmp_path, redis_server, SABOTAGE=sabotage) as servers:
        referee = Referee(restaurant, dishes, servers)
        with playing(referee, readers=5):
            give_up = time.monotonic() + 60
            while not referee.stale and time.monotonic() < give_up:
                time.sleep(0.05)
    assert referee.stale


def test_without_the_outbox_a_worker_that_dies_leaves_an_old_value(
    tmp_path: Path, redis_server: RedisServer, transactional_db: None
) -> None:
    """Every worker dies between its commit and Redis; with the outbox, the others tell Redis within seconds."""
    for sabotage in ("no outbox", ""):
        restaurant, dishes = make_dishes()
        with fleet(tmp_path, redis_server, SABOTAGE=sabotage, CRASHES="1") as servers:
            referee = Referee(restaurant, dishes, servers)
            with lines(servers) as found:
                assert [referee.look(line) for line in found] == [True, True]
                status, _body, _how = found[0].ask("POST", f"/write/price/{dishes[0]}/777/")
            assert status == 0
            assert priced(dishes)()[0] == 777
            wrong = referee.settle(priced(dishes))
            assert (wrong != []) is (sabotage == "no outbox")
