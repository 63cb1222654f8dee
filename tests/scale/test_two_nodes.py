"""Two web nodes of two releases, on two ports behind nginx, with one PostgreSQL and one Redis: they are one site."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from reservations.engine import booking
from reservations.models import JobBeat, Message
from tests import factories as make
from tests.concurrency.checker import Referee
from tests.concurrency.fleet import Server, serving
from tests.concurrency.test_never_stale import freeze, make_dishes, own_cache, playing, priced, restart, until
from tests.limits.test_fleet import COUNTED, RATE, REFUSED
from tests.messages.commands import start
from tests.messages.rows import make_told
from tests.messages.smtp_server import SmtpServer
from tests.redis_server import RedisServer
from tests.site.bounded.test_behind_nginx import proxying
from tests.wire import Wire

pytestmark = [pytest.mark.scale, pytest.mark.django_db(transaction=True)]

READS = 6_000
MAILS = 40
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Site:
    """The proxy's address, and the nodes behind it: of the release before, and of this one."""

    url: str
    nodes: list[Server]

    def through(self) -> Server:
        """Return the proxy as one more server to ask."""
        return Server(self.url, self.nodes[0].process, self.nodes[0].log)


@pytest.fixture
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@contextlib.contextmanager
def standing(folder: Path, redis: RedisServer, **environment: str) -> Iterator[Site]:
    """Serve by two nodes behind the proxy; neither may have said that anything failed."""
    told = {
        "DJANGO_SETTINGS_MODULE": "tests.concurrency.stale.settings",
        "TRUSTED_HOPS": "1",
        **environment,
    }
    with contextlib.ExitStack() as stack:
        nodes = [
            stack.enter_context(
                serving(
                    folder / f"{name}.log",
                    redis=redis.url,
                    workers=2,
                    application="tests.concurrency.stale.wsgi:application",
                    RELEASE=name,
                    **told,
                )
            )
            for name in ("before", "now")
        ]
        yield Site(stack.enter_context(proxying(folder, *nodes)), nodes)
    assert not any("Internal Server Error" in node.log.read_text() for node in nodes)


def sign_in(wire: Wire, email: str) -> None:
    form = wire.get("/admin/login/").page.form("/admin/login/")
    assert wire.post("/admin/login/", {**form.values, "username": email, "password": PASSWORD}).status == 302


@pytest.mark.audit
def test_a_session_is_one_on_both_nodes(tmp_path: Path, redis_server: RedisServer) -> None:
    """Signed in at one, in at the other; signed out at one, out at both, also once Redis is gone."""
    staff = make.make_staff(password=PASSWORD)
    with standing(tmp_path, redis_server) as site:
        first, second = (Wire(node.url) for node in site.nodes)
        sign_in(first, staff.email)
        second.cookies = first.cookies
        assert [wire.get("/admin/").status for wire in (first, second, first, second)] == [200] * 4
        # A browser does not know which of them answers.
        proxy = Wire(site.url)
        proxy.cookies = first.cookies
        assert [proxy.get("/admin/").status for _time in range(6)] == [200] * 6
        kept = dict(first.cookies)
        form = second.get("/admin/").page.form("/admin/logout/")
        assert second.post("/admin/logout/", form.values).status == 200
        for _time in range(2):
            for node in (site.url, *(node.url for node in site.nodes)):
                wire = Wire(node)
                wire.cookies = dict(kept)
                assert wire.get("/admin/").status == 302
            redis_server.kill()


@pytest.mark.audit
def test_a_table_that_is_held_is_taken_on_both_nodes(tmp_path: Path, redis_server: RedisServer) -> None:
    venue = make.make_venue(tables=(2,))
    date = make.days_ahead(venue)
    path = f"/restaurants/{venue.slug}/times/?date={date}&party=2"
    with standing(tmp_path, redis_server) as site:
        wires = [Wire(node.url) for node in site.nodes]

        def bookable() -> list[bool]:
            answers = [json.loads(wire.get(path, Accept="application/json").body) for wire in wires]
            return [time["bookable"] for answer in answers for time in answer["times"] if "T19:00" in time["start"]]

        assert bookable() == [True, True]
        with own_cache(redis_server):
            held = make.make_hold(venue, date=date)
            assert bookable() == [False, False]
            booking.release(reservation=held)
        assert bookable() == [True, True]


def test_whoever_asks_any_node_after_a_write_sees_it(tmp_path: Path, redis_server: RedisServer) -> None:
    """The checker of the cache, across nodes of two releases and through the proxy, while things break."""
    restaurant, dishes = make_dishes()
    with standing(tmp_path, redis_server, CRASHES="0.004") as site:
        referee = Referee(restaurant, dishes, [*site.nodes, site.through()])
        breaks: list[Callable[[], object]] = [
            lambda: site.nodes[0].kill_a_worker(),
            lambda: redis_server.client.flushall(),
            lambda: freeze(redis_server, 1),
            lambda: site.nodes[1].kill_a_worker(),
            lambda: restart(redis_server),
        ]
        with playing(referee, readers=4):
            for share, break_it in enumerate(breaks):
                until(referee, READS * (share + 1) // (len(breaks) + 1), 100)
                break_it()
            until(referee, READS, 100)
        assert referee.stale == []
        assert referee.failures == []
        assert referee.settle(priced(dishes)) == []
        assert referee.writes > 50
        assert referee.hits > referee.reads / 2


def test_both_nodes_count_together(tmp_path: Path, redis_server: RedisServer) -> None:
    with standing(tmp_path, redis_server, LIMITS_SCALE="100") as site:

        def look_up(turn: int) -> int:
            # What a client writes ahead of its address helps it at no node.
            wire = Wire(site.url)
            return wire.ask("POST", "/my-reservations/find/", b"x=y", X_Forwarded_For=f"203.0.113.{turn % 250}").status

        with ThreadPoolExecutor(6) as pool:
            found = Counter(pool.map(look_up, range(3 * RATE)))
        assert set(found) == {COUNTED, REFUSED}
        assert 0.9 * RATE <= found[COUNTED] <= 1.1 * RATE, found


def test_two_job_loops_send_each_message_once(tmp_path: Path) -> None:
    ids = [make_told(Message.Kind.CONFIRMATION).message_id for _number in range(MAILS)]
    with SmtpServer() as mail, (tmp_path / "log").open("wb") as output:
        loops = [start("run_jobs", email_url=mail.url, output=output) for _node in range(2)]
        try:
            give_up = time.monotonic() + 60
            while len(mail.taken) < MAILS and time.monotonic() < give_up:
                time.sleep(0.1)
            # Whoever would send one twice does so within a round.
            time.sleep(3)
        finally:
            for loop in loops:
                loop.terminate()
            assert [loop.wait(30) for loop in loops] == [0, 0]
    assert Counter(mail.ids()) == dict.fromkeys(ids, 1)
    assert JobBeat.objects.get(name="send messages").note


@pytest.mark.audit
def test_a_node_that_dies_is_left_out(tmp_path: Path, redis_server: RedisServer) -> None:
    """Its requests go to the other; once there is none, whoever asks is told when to come back."""
    venue = make.make_venue(tables=(2,))
    path = f"/restaurants/{venue.slug}/"
    with standing(tmp_path, redis_server) as site:
        wire = Wire(site.url)
        before, now = site.nodes
        assert {wire.get(path).status for _time in range(6)} == {200}
        before.kill()
        assert {wire.get(path).status for _time in range(20)} == {200}
        now.kill()
        away = wire.get(path)
        assert (away.status, away.headers["Retry-After"], away.headers["Cache-Control"]) == (503, "5", "no-store")
        assert b"nothing is booked twice" in away.body
        posted = wire.post("/my-reservations/find/", {"reference": "x"})
        assert (posted.status, posted.headers["Retry-After"]) == (503, "5")
