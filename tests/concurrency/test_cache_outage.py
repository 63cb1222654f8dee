"""Redis killed and frozen under load: the site goes on, answers in time, and nobody is signed out."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db.models.functions import Now

from restaurant_site.caching.models import Invalidation
from tests import factories as make
from tests.concurrency.checker import Line
from tests.concurrency.fleet import Server, serving
from tests.redis_server import RedisServer
from tests.wire import Wire

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

CLIENTS = 8
PASSWORD = "correct horse battery staple"


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


def capacity(server: Server, paths: list[str], seconds: float) -> float:
    """Return how many requests a second the site answers when it is asked as fast as it answers."""
    until = time.monotonic() + seconds

    def ask(number: int) -> int:
        line, done = Line(server), 0
        while time.monotonic() < until:
            assert line.ask("GET", paths[(number + done) % len(paths)])[0] == 200
            done += 1
        line.close()
        return done

    with ThreadPoolExecutor(CLIENTS) as pool:
        return sum(pool.map(ask, range(CLIENTS))) / seconds


class Load:
    """Asks at a steady rate, whether answered in time or not, and keeps what came back."""

    def __init__(self, server: Server, paths: list[str], rate: float, cookie: str) -> None:
        self.server, self.paths, self.rate, self.cookie = server, paths, rate, cookie
        self.statuses: list[int] = []
        self.seconds: list[float] = []
        self.signed_in: list[int] = []
        self.over = threading.Event()

    def run(self, number: int) -> None:
        line, turn = Line(self.server), 0
        began = time.monotonic() + number / self.rate
        while not self.over.is_set():
            due = began + turn * CLIENTS / self.rate
            turn += 1
            time.sleep(max(0.0, due - time.monotonic()))
            with_session = turn % 10 == 0
            path = "/admin/" if with_session else self.paths[(number + turn) % len(self.paths)]
            headers = {"Cookie": f"sessionid={self.cookie}"} if with_session else {}
            status, _body, _how = line.ask("GET", path, **headers)
            # From when it was due: a queue counts.
            self.seconds.append(time.monotonic() - due)
            self.statuses.append(status)
            if with_session:
                self.signed_in.append(status)
        line.close()


def sign_in(server: Server, email: str) -> str:
    """Sign in through the form, and return the session's cookie."""
    wire = Wire(server.url)
    form = wire.get("/admin/login/").page.form("/admin/login/")
    answer = wire.post("/admin/login/", {**form.values, "username": email, "password": PASSWORD})
    assert answer.status == 302, answer.status
    return wire.cookies["sessionid"]


def test_without_redis_nothing_fails_and_nobody_waits(
    tmp_path: Path, redis_server: RedisServer, transactional_db: None
) -> None:
    """At half the load that the site bears without any cache, measured just before."""
    restaurant = make.make_venue()
    make.make_venue()
    make.make_menu(restaurant, dishes=[f"Dish {number}" for number in range(20)])
    paths = ["/", f"/restaurants/{restaurant.slug}/", f"/restaurants/{restaurant.slug}/menu/", "/de/"]
    with serving(tmp_path / "uncached.log", redis="none") as server:
        capacity(server, paths, 1)
        rate = capacity(server, paths, 3) / 2
    with serving(tmp_path / "log", redis=redis_server.url) as server:
        cookie = sign_in(server, make.make_staff(password=PASSWORD).email)
        for _attempt in range(2):
            load = through_an_outage(server, redis_server, Load(server, paths, rate, cookie))
            assert len(load.statuses) > 100
            assert set(load.statuses) == {200}
            assert set(load.signed_in) == {200}, "somebody was signed out"
            slowest = statistics.quantiles(load.seconds, n=100)[98]
            # Whatever else the machine does may stand in one attempt's way, not in two.
            if slowest < 1:
                break
        assert slowest < 1, f"p99 {slowest:.2f} s at {rate:.0f} requests a second"
        # It is in use again afterwards.
        line = Line(server)
        assert {line.ask("GET", paths[0])[2] for _time in range(5)} & {"hit"}
        line.close()
        assert Wire(server.url).get("/readyz").body.count(b'"cache": "ok"') == 1


def through_an_outage(server: Server, redis: RedisServer, load: Load) -> Load:
    """Ask while Redis is killed, started, frozen and thawed."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = [pool.submit(load.run, number) for number in range(CLIENTS)]
        for step, seconds in ((redis.kill, 4), (redis.start, 3), (redis.freeze, 4), (redis.thaw, 3)):
            time.sleep(1.5)
            step()
            time.sleep(seconds - 1.5)
        load.over.set()
        for one in running:
            one.result(30)
    return load


def test_one_of_many_makes_a_page_that_was_outdated(
    tmp_path: Path, redis_server: RedisServer, transactional_db: None
) -> None:
    """Thirty-two ask four workers at the same moment for a page that has just changed."""
    from tests.caching.conftest import using

    def marked() -> None:
        """Mark what was written as a web worker does; else one renews it again two seconds later, among the crowd."""
        Invalidation.objects.update(confirmed_at=Now())

    restaurant = make.make_restaurant()
    make.make_restaurant()
    marked()
    path = f"/restaurants/{restaurant.slug}/menu/"
    with serving(tmp_path / "log", redis=redis_server.url, workers=4) as server:
        for turn in range(3):
            lines = [Line(server) for _number in range(32)]
            for line in lines:
                assert line.ask("GET", path)[0] == 200
            with using(redis_server.url):
                make.make_menu(restaurant, name=f"Menu {turn}")
            marked()
            barrier = threading.Barrier(len(lines))

            def ask(line: Line, barrier: threading.Barrier = barrier) -> tuple[int, bytes, str]:
                barrier.wait(10)
                return line.ask("GET", path)

            with ThreadPoolExecutor(len(lines)) as pool:
                answers = list(pool.map(ask, lines))
            for line in lines:
                line.close()
            assert [status for status, _body, _how in answers] == [200] * 32
            assert all(f"Menu {turn}".encode() in body for _status, body, _how in answers)
            assert [how for _status, _body, how in answers].count("miss") == 1
