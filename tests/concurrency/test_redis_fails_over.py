"""A primary of Redis dies, and one hangs, under load: no answer fails, nobody is signed out, nothing old is shown."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from restaurant_site.caching.keys import token_key
from tests import factories as make
from tests.concurrency.checker import Referee, lines
from tests.concurrency.fleet import Server, serving
from tests.concurrency.test_cache_outage import PASSWORD, sign_in
from tests.concurrency.test_never_stale import DISHES, make_dishes, playing, priced
from tests.limits.test_fleet import in_use
from tests.redis_fleet import ClusterOf6, Node, Watched, running, until
from tests.wire import Wire

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

KINDS: dict[str, Callable[[Path], ClusterOf6 | Watched]] = {"sentinel": Watched, "cluster": ClusterOf6}
SLOW = 5.0
"""Seconds within which every page has to come, whatever hangs."""
AHEAD = "60"
"""Seconds by which one node's clock is ahead of the other's."""


@contextlib.contextmanager
def nodes(folder: Path, url: str, *clocks: str, sabotage: str = "") -> Iterator[list[Server]]:
    """Serve by a node for each clock, with two workers each."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                serving(
                    folder / f"node{number}.log",
                    redis=url,
                    workers=2,
                    application="tests.concurrency.stale.wsgi:application",
                    DJANGO_SETTINGS_MODULE="tests.concurrency.stale.settings",
                    CLOCK_AHEAD=ahead,
                    SABOTAGE=sabotage,
                )
            )
            for number, ahead in enumerate(clocks)
        ]


def sign_out(server: Server, cookie: str) -> None:
    """Sign out through the form."""
    wire = Wire(server.url)
    wire.cookies["sessionid"] = cookie
    assert wire.post("/admin/logout/", wire.get("/admin/").page.form("/admin/logout/").values).status == 200


@dataclass
class Staff:
    """Who is signed in, and who no longer is; both asked after on every node until it is over."""

    servers: list[Server]
    email: str
    signed_in: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)
    signed_out: list[str] = field(default_factory=list)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    slowest: float = 0.0

    def __post_init__(self) -> None:
        self.signed_in += [sign_in(server, self.email) for server in self.servers]
        self.leaving += [sign_in(server, self.email) for server in self.servers]

    def watch(self, over: threading.Event) -> None:
        """Ask with every cookie in turn."""
        with lines(self.servers) as found:
            while not over.is_set():
                for wanted, cookies in (("in", [*self.signed_in]), ("out", [*self.signed_out])):
                    for cookie in cookies:
                        for line in found:
                            began = time.monotonic()
                            status, _body, _how = line.ask("GET", "/admin/", Cookie=f"sessionid={cookie}")
                            self.slowest = max(self.slowest, time.monotonic() - began)
                            self.answers[wanted, status] += 1
                time.sleep(0.1)

    def come_and_go(self) -> None:
        """Let somebody sign in on the first node, and somebody out on the last."""
        self.signed_in.append(sign_in(self.servers[0], self.email))
        cookie = self.leaving.pop()
        sign_out(self.servers[-1], cookie)
        self.signed_out.append(cookie)


def lose_one(redis: ClusterOf6 | Watched, referee: Referee, staff: Staff, lose: Callable[[Node], None]) -> Node:
    """Take away the primary with the page's token, and return it once the nodes use the one that took over."""
    node = redis.owner(token_key(f"menu:{referee.restaurant.pk}"))
    writes = referee.writes
    lose(node)
    staff.come_and_go()
    until(lambda: referee.writes >= writes + DISHES)
    until(lambda: redis.goes_on_without(node), 30)
    until(lambda: in_use(referee.servers), 30)
    answered(referee)
    return node


def answered(referee: Referee) -> None:
    """Wait for answers from the cache."""
    hits = referee.hits
    until(lambda: referee.hits >= hits + 50, 30)


@pytest.mark.parametrize("kind", KINDS)
def test_a_primary_is_lost_under_load(tmp_path: Path, transactional_db: None, kind: str) -> None:
    """Through two nodes whose clocks differ by a minute; whoever asks after a write sees it, all along."""
    restaurant, dishes = make_dishes()
    email = make.make_staff(password=PASSWORD).email
    with running(KINDS[kind](tmp_path)) as redis, nodes(tmp_path, redis.url, "0", AHEAD) as servers:
        assert f'"cache": "ok", "redis": {{"cache": "{kind}"' in Wire(servers[0].url).get("/readyz").body.decode()
        referee, staff = Referee(restaurant, dishes, servers), Staff(servers, email)
        with playing(referee, readers=3) as pool:
            watching = pool.submit(staff.watch, referee.over)
            answered(referee)
            lose_one(redis, referee, staff, Node.kill).start()
            until(redis.is_well, 30)
            lose_one(redis, referee, staff, Node.freeze).thaw()
            # It wakes up as the primary that it was.
            answered(referee)
            referee.over.set()
            watching.result(30)
        told = f"{referee.reads} reads, {referee.hits} hits, {referee.writes} writes, slowest {staff.slowest:.2f} s"
        assert referee.stale == [], told
        assert (referee.failures, referee.unanswered) == ([], 0), told
        assert set(staff.answers) == {("in", 200), ("out", 302)}, staff.answers
        assert staff.slowest < SLOW, told
        assert referee.settle(priced(dishes)) == []
        for server in servers:
            assert "Internal Server Error" not in server.log.read_text()


def test_without_the_outbox_a_change_of_the_outage_stays_unseen(tmp_path: Path, transactional_db: None) -> None:
    """The replica takes over with the tokens of before; so what is told it is what makes the page new."""
    restaurant, dishes = make_dishes()
    with (
        running(ClusterOf6(tmp_path, cluster_node_timeout="3000")) as redis,
        nodes(tmp_path, redis.url, "0", sabotage="no outbox") as servers,
    ):
        referee = Referee(restaurant, dishes, servers)
        with lines(servers * 4) as found:
            assert all(referee.look(line) for line in found)
            node = redis.owner(token_key(f"menu:{restaurant.pk}"))
            node.kill()
            status, _body, _how = found[0].ask("POST", f"/write/price/{dishes[0]}/777/")
        assert status == 200
        until(lambda: redis.goes_on_without(node), 30)
        until(lambda: in_use(servers), 30)
        assert referee.settle(priced(dishes), seconds=0) != []
