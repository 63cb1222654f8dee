"""Two nodes with one Redis count together; without it each process counts for itself; a flood hits nobody else."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reservations.models import Restaurant
from reservations.views.addresses import own_address
from tests.concurrency.fleet import Server, serving
from tests.factories import make_reservation, make_venue
from tests.redis_server import RedisServer
from tests.wire import Wire

RATE = 20
"""What an address may look up in a minute."""
WORKERS = 2
NODES = 2
COUNTED, REFUSED = 403, 429
"""Behind the limits a form without a token is refused: so nothing else has to be done to be counted."""


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def nodes(tmp_path: Path, redis_server: RedisServer, transactional_db: None) -> Iterator[list[Server]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                serving(
                    tmp_path / f"node{number}.log",
                    redis=redis_server.url,
                    workers=WORKERS,
                    LIMITS_SCALE="100",
                    TRUSTED_HOPS="1",
                )
            )
            for number in range(NODES)
        ]


def look_up(node: Server, address: str, forged: int) -> int:
    """Send the form once, with entries of the client's own ahead of the proxy's, and return the status."""
    sent = f"203.0.113.{forged % 250}, {address}"
    return Wire(node.url).ask("POST", "/my-reservations/find/", b"x=y", X_Forwarded_For=sent).status


def many(nodes: list[Server], number: int, address: str) -> Counter[int]:
    """Send as many to the nodes in turn, several at a time, and return how often which status came."""
    with ThreadPoolExecutor(6) as pool:
        return Counter(pool.map(lambda turn: look_up(nodes[turn % len(nodes)], address, turn), range(number)))


def until(happened: Callable[[], bool]) -> None:
    """Wait for what comes by itself."""
    give_up = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def in_use(nodes: list[Server]) -> bool:
    """Return whether the workers of all nodes use Redis again, as far as a dozen of answers tell."""
    return all(b'"cache": "ok"' in Wire(node.url).get("/readyz").body for node in nodes for _time in range(6))


@pytest.mark.concurrency
def test_two_nodes_through_a_flood_and_an_outage(nodes: list[Server], redis_server: RedisServer) -> None:
    while_one_link_is_flooded_everything_else_answers(nodes[0])
    counted_together_then_each_for_itself_then_together_again(nodes, redis_server)
    for node in nodes:
        text = node.log.read_text()
        assert "Internal Server Error" not in text
        # The log names a class, and nobody.
        assert "of class look-up" in text
        assert "192.0.2." not in text


def counted_together_then_each_for_itself_then_together_again(nodes: list[Server], redis_server: RedisServer) -> None:
    """Look up with one Redis, with none, with a new one, and with one that hangs."""
    together = many(nodes, 3 * RATE, "192.0.2.1")
    assert set(together) == {COUNTED, REFUSED}
    assert 0.9 * RATE <= together[COUNTED] <= 1.1 * RATE, together

    redis_server.kill()
    alone = many(nodes, 2 * RATE * WORKERS * NODES, "192.0.2.2")
    assert set(alone) == {COUNTED, REFUSED}
    # A tenth more: windows slide, and make room where a minute of the clock ends meanwhile.
    assert RATE <= alone[COUNTED] <= 1.1 * RATE * WORKERS * NODES, alone

    redis_server.start()
    until(lambda: in_use(nodes))
    again = many(nodes, 3 * RATE, "192.0.2.3")
    assert set(again) == {COUNTED, REFUSED}
    assert 0.9 * RATE <= again[COUNTED] <= 1.1 * RATE, again

    redis_server.freeze()
    hung = many(nodes, RATE, "192.0.2.4")
    assert hung == {COUNTED: RATE}
    redis_server.thaw()


def while_one_link_is_flooded_everything_else_answers(node: Server) -> None:
    """Ask for pages, times and another guest's link, while one link is asked for as fast as it answers."""
    place: Restaurant = make_venue(tables=(2, 2))
    make_venue()
    paths = [f"/restaurants/{place.slug}/", f"/restaurants/{place.slug}/times/", "/"]
    paths += [link_of(place), link_of(place)]
    flooded = paths.pop()
    for path in paths:
        assert Wire(node.url).get(path, X_Forwarded_For="198.51.100.1").status == 200

    def flood(turn: int) -> int:
        return Wire(node.url).get(flooded, X_Forwarded_For=f"192.0.2.{turn % 2}").status

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(flood, turn) for turn in range(400)]
        others = [
            Wire(node.url).get(paths[turn % len(paths)], X_Forwarded_For="198.51.100.1").status for turn in range(40)
        ]
        statuses = Counter(one.result() for one in asked)
    assert set(others) == {200}
    # Sixty of each address, and the guest is still let in.
    assert statuses == {200: 120, 429: 280}
    assert Wire(node.url).get(flooded, X_Forwarded_For="198.51.100.1").status == 200
    # One line for each worker, not one for each refusal.
    lines = [line for line in node.log.read_text().splitlines() if "Too" in line]
    assert 1 <= len(lines) <= WORKERS
    assert urlsplit(flooded).path.split("/")[-2] not in node.log.read_text()


def link_of(place: Restaurant) -> str:
    """Return the address of a new reservation's page."""
    return own_address(make_reservation(place))
