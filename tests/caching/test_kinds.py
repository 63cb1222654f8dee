"""The cache on Sentinels and on a cluster: the same promises, and what happens when a primary is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

import pytest
from django.core.cache import caches
from django.db import connections
from pytest_django import Settings

from reservations.models import Restaurant
from restaurant_site.caching import gate, outbox, stats
from restaurant_site.caching import store as stores
from restaurant_site.caching.checks import check_servers
from restaurant_site.caching.cluster import Link
from restaurant_site.caching.keys import token_key
from restaurant_site.caching.store import Store, Unavailable, store
from restaurant_site.limits import counting, leases
from tests import factories as make
from tests.caching.conftest import using
from tests.caching.probes import renewed, tagline, tokens
from tests.caching.test_operating import run
from tests.redis_fleet import ClusterOf6, Watched, client_of, running, until
from tests.redis_server import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORDS = {"password": "of-redis", "sentinel_password": "of-the-sentinels"}


@pytest.fixture
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with running(Watched(tmp_path_factory.mktemp("watched"), **PASSWORDS)) as found, using(found.url):
        yield found


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterOf6]:
    with running(ClusterOf6(tmp_path_factory.mktemp("cluster"))) as found, using(found.url):
        yield found


class Process:
    """Another process's view of the same Redis."""

    def __init__(self) -> None:
        self.store = Store("default")
        self.gate = self.store.gate = gate.Gate(self.store)
        self.gate.beating = True


def beats(process: Process) -> bool:
    """Let a process beat; what replays finds its store by the alias, as there."""
    with mock.patch.dict(stores._stores, {"default": process.store}):
        return process.gate.beat()


def count(event: str) -> int:
    return stats.counts().get(("cache", event), 0)


def walk_the_api() -> None:
    """Django's documented API, with keys that lie in many slots."""
    cache = caches["default"]
    names = [f"key {number}" for number in range(20)]
    cache.set_many({name: [name] for name in names})
    assert cache.get_many([*names, "none"]) == {name: [name] for name in names}
    assert cache.add("key 0", 1) is False
    assert [cache.add("n", 1), cache.incr("n", 4), cache.decr("n")] == [True, 5, 4]
    assert [cache.touch("n", 60), cache.touch("none", 60), cache.has_key("n")] == [True, False, True]
    assert [cache.incr_version("n"), cache.get("n"), cache.get("n", version=2)] == [2, None, 4]
    assert len(list(cache.iter_keys("key *"))) == len(cache.keys("key *")) == 20  # type: ignore[attr-defined]
    assert cache.delete_pattern("key 1*") == 11  # type: ignore[attr-defined]
    cache.delete_many(names)
    assert cache.get_many(names) == {}
    cache.set("key", 1)
    cache.clear()
    assert cache.get("key") is None


class Limited:
    """Windows and sets that are full: by a script over two keys of one slot, and by members."""

    def __init__(self) -> None:
        self.windows = [counting.count_of("2/minute", "test", str(number)) for number in range(8)]
        self.owners = [leases.owner(1, "test", str(number)) for number in range(4)]
        assert self.has_room()
        assert self.has_room()

    def has_room(self) -> bool:
        """Count, and take for the one who has it; as a process does that knows nothing yet."""
        counting.forget()
        leases.forget()
        full = counting.hit(self.windows)
        assert full is None or full.count in self.windows
        assert leases.take(self.owners, "a", 60).granted
        return full is None

    def is_full(self) -> bool:
        """Return whether neither counts nor takes anybody more."""
        return not self.has_room() and not leases.take(self.owners, "b", 60).granted


def use_commands(kind: str) -> None:
    """Let operators look and purge."""
    stats.send()
    assert f"Redis of default, pages, sessions ({kind}): in use" in run("cache_stats", "--hours", "1")
    assert renewed({"menu:7", "menu:8"}, lambda: run("purge_cache", "--tag", "menu:7")) == {"menu:7"}


def change(restaurant: Restaurant, text: str) -> float:
    """Change a restaurant, and return how long the answer took."""
    began = time.monotonic()
    restaurant.tagline = text
    restaurant.save()
    return time.monotonic() - began


def test_a_cluster_holds_what_one_server_holds(cluster: ClusterOf6, settings: Settings) -> None:
    settings.LIMITS_SCALE = 100
    walk_the_api()
    assert Limited().is_full()
    use_commands("a cluster")
    assert check_servers() == []
    restaurant = make.make_restaurant(tagline="old")
    assert [tagline(restaurant.pk), tagline.found(restaurant.pk).how] == ["old", "hit"]
    change(restaurant, "new")
    assert [tagline.found(restaurant.pk).how, tagline(restaurant.pk)] == ["miss", "new"]
    # Everything lies apart, and is one answer all the same.
    assert all(tokens(f"restaurant:{restaurant.pk}", "all", "restaurants").values())
    cluster.do(cluster.nodes[2], "CONFIG", "SET", "appendonly", "yes")
    assert [found.id for found in check_servers()] == ["caching.E008"], "one server of several is asked too"


def test_a_primary_that_hangs_costs_one_wait_and_then_none(cluster: ClusterOf6) -> None:
    for node in cluster.nodes:
        # No replica is to take over meanwhile.
        cluster.do(node, "CONFIG", "SET", "cluster-node-timeout", 60_000)
    restaurant = make.make_restaurant(tagline="x")
    tagline(restaurant.pk)
    found = store("default").gate
    found.beating = True
    cluster.nodes[0].freeze()
    began = time.monotonic()
    assert not found.beat()
    assert time.monotonic() - began < 0.9
    began = time.monotonic()
    assert [tagline.found(restaurant.pk).how for _time in range(20)] == ["bypass"] * 20
    assert time.monotonic() - began < 0.5
    # Tokens of the other primaries are renewed meanwhile: that is no sign that this one is back.
    beaten = time.monotonic() + gate.SETTLE + 0.7
    while time.monotonic() < beaten:
        for number in range(6):
            try:
                store("default").renew([f"other:{number}"])
            except Unavailable:
                break
        found.beat()
    assert found.settled()
    cluster.nodes[0].thaw()


def fail_over(found: ClusterOf6 | Watched) -> None:
    """Lose a primary with the newest tokens: nothing is wrong meanwhile, and the fleet replays once."""
    restaurant = make.make_restaurant(tagline="old")
    processes = [Process() for _number in range(4)]
    assert all(map(beats, processes))
    assert tagline(restaurant.pk) == "old"
    lost = found.owner(token_key(f"restaurant:{restaurant.pk}"))
    limited, replays = Limited(), count("replays")
    assert limited.is_full()
    lost.kill()
    assert limited.has_room(), "each process for itself"
    assert not any(map(beats, processes))
    assert change(restaurant, "new") < gate.SETTLE + 1.5
    assert tagline(restaurant.pk) == "new"
    until(lambda: found.goes_on_without(lost))
    until(lambda: all(list(map(beats, processes))))
    assert 1 <= count("replays") - replays <= 2, "not once for each of the five"
    assert tagline(restaurant.pk) == "new"
    until(lambda: store("default").gate.usable())
    assert [tagline(restaurant.pk), tagline.found(restaurant.pk).how] == ["new", "hit"]
    assert limited.is_full(), "the one that took over had counted along"


def test_a_primary_of_a_cluster_is_killed(cluster: ClusterOf6, settings: Settings) -> None:
    settings.LIMITS_SCALE = 100
    fail_over(cluster)


def test_a_write_reaches_who_took_over_before_its_process_may_read_there(cluster: ClusterOf6) -> None:
    """Other processes may read again by then: they would not see what was answered meanwhile."""
    restaurant = make.make_restaurant(tagline="old")
    late, key = Process(), token_key(f"restaurant:{restaurant.pk}")
    assert beats(late)
    assert tagline(restaurant.pk) == "old"
    lost = cluster.owner(key)
    before = cluster.do(lost, "GET", key)
    lost.kill()
    until(lambda: cluster.goes_on_without(lost))
    late.store.renew([f"restaurant:{restaurant.pk}"])
    assert cluster.do(cluster.owner(key), "GET", key) not in (before, None)
    assert not late.gate.usable()


def test_one_that_took_over_is_followed_only_once_nothing_is_read(cluster: ClusterOf6) -> None:
    """The map is every thread's at once, and one that still reads would miss the newest tokens there."""
    found, old = store("default"), cluster.nodes[0]
    assert found.gate.usable()
    known = found.client.get_client().map
    cluster.do(cluster.nodes[3], "CLUSTER", "FAILOVER", "TAKEOVER")
    until(lambda: cluster.goes_on_without(old) and cluster.do(old, "ROLE")[0] == b"slave")
    assert not found.gate.beat()
    assert found.gate.is_open
    assert found.client.get_client().map is known
    until(found.gate.beat)
    assert found.client.get_client().map is not known


def test_the_primary_of_sentinels_is_killed(watched: Watched, settings: Settings) -> None:
    settings.LIMITS_SCALE = 100
    walk_the_api()
    use_commands("a primary that Sentinels name")
    fail_over(watched)


def test_a_primary_that_the_sentinels_no_longer_name_is_left_within_a_heartbeat(watched: Watched) -> None:
    """It still takes writes, as one does that was cut off: what is renewed there nobody else sees."""
    assert store("default").gate.usable()
    old = watched.primary()
    assert old is not None
    other = next(node for node in watched.nodes if node is not old)
    watched.at(other).replicaof("NO", "ONE")
    for sentinel in watched.sentinels:
        client: Any = client_of(sentinel.port, watched.sentinel_password)
        client.execute_command("SENTINEL", "REMOVE", "tafel")
        client.execute_command("SENTINEL", "MONITOR", "tafel", "127.0.0.1", other.port, 2)
        client.execute_command("SENTINEL", "SET", "tafel", "auth-pass", watched.password)
    found = store("default").gate
    assert not found.beat()
    assert found.is_open
    assert found.beat()
    assert store("default").run_id() == watched.at(other).info("server")["run_id"]


def test_what_is_wrong_with_sentinels_is_told(watched: Watched) -> None:
    sentinel = f"127.0.0.1:{watched.sentinels[0].port}"
    right = "sentinel_password=of-the-sentinels"
    for url, says in (
        (f"redis+sentinel://:of-redis@{sentinel}/nobody?{right}", "No Sentinel names a primary"),
        (f"redis+sentinel://:of-redis@{sentinel}/tafel?sentinel_password=wrong", "The Sentinels refuse the password"),
        (f"redis+sentinel://:wrong@{sentinel}/tafel?{right}", "It refuses the user, the password"),
        (f"redis://:of-the-sentinels@{sentinel}", "It is a Sentinel"),
    ):
        with using(url):
            assert not store("default").gate.usable()
            assert says in store("default").gate.reason


def test_a_write_that_no_sentinel_shows_the_way_is_answered_in_time(watched: Watched) -> None:
    """New connections find no server, while the heartbeat's old one lives: so Redis is neither there nor gone."""
    restaurant = make.make_restaurant(tagline="old")
    found = store("default").gate
    found.failed(Exception("an outage before"))
    store("default").knock()
    for sentinel in watched.sentinels:
        client: Any = client_of(sentinel.port, watched.sentinel_password)
        client.execute_command("SENTINEL", "REMOVE", "tafel")

    def work() -> float:
        try:
            return change(restaurant, "new")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(work)
        give_up = time.monotonic() + 3 * outbox.PATIENCE
        while not writing.done() and time.monotonic() < give_up:
            store("default").knock()
            time.sleep(0.1)
        # Let a write that would wait for ever go, for the test to end.
        over = writing.done()
        if not over:
            found.failing_since = 0
        assert writing.result(60) < outbox.PATIENCE + 1.5
    assert over


def test_one_node_of_a_cluster_is_told_from_a_server(cluster: ClusterOf6) -> None:
    for node in cluster.nodes[:3]:
        with using(f"redis://127.0.0.1:{node.port}"):
            with pytest.raises(Unavailable):
                store("default").read([f"key {number}" for number in range(9)])
            assert "It is one node of a cluster" in store("default").gate.reason


def test_slots_that_move_are_followed_and_replicas_that_take_over_are_not(cluster: ClusterOf6) -> None:
    found = store("default")
    raw: Link = found.client.get_client()
    found.ask([("SET", "x", "1", "PX", 60_000)])
    slot = cluster.do(cluster.nodes[0], "CLUSTER", "KEYSLOT", "x")
    source = next(node for node in cluster.nodes[:3] if node.port == raw.map.owners[slot][1])
    target = next(node for node in cluster.nodes[:3] if node is not source)
    cluster.do(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.name(source))
    cluster.do(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", cluster.name(target))
    cluster.do(source, "MIGRATE", "127.0.0.1", target.port, "x", 0, 5000)
    assert found.ask([("GET", "x"), ("GET", "y")]) == [b"1", None], "asked on"
    for node in (target, source):
        cluster.do(node, "CLUSTER", "SETSLOT", slot, "NODE", cluster.name(target))
    assert found.ask([("GET", "x")]) == [b"1"], "moved on"
    assert raw.map.owners[slot][1] == target.port
    # A replica that is made primary by hand may lack the newest tokens.
    replica = next(
        node
        for node in cluster.nodes[3:]
        if cluster.known(node)[f"127.0.0.1:{node.port}"]["master_id"] == cluster.name(target)
    )
    run = found.run_id()
    cluster.do(replica, "CLUSTER", "FAILOVER", "TAKEOVER")
    until(lambda: cluster.do(target, "ROLE")[0] == b"slave")
    with pytest.raises(Unavailable):
        found.ask([("GET", "x")])
    assert found.gate.is_open
    replays = count("replays")
    until(found.gate.beat)
    assert found.run_id() != run
    assert count("replays") == replays + 1
    assert found.ask([("GET", "x")]) == [b"1"]


def test_sessions_have_a_redis_of_their_own(cluster: ClusterOf6, tmp_path: Any) -> None:
    server = RedisServer(tmp_path).start()
    try:
        with using(server.url, sessions=cluster.url):
            assert store("sessions").gate is not store("default").gate
            caches["sessions"].set("a", 1)
            assert [caches["sessions"].get("a"), caches["default"].get("a")] == [1, None]
            server.kill()
            assert not store("default").gate.usable()
            assert store("sessions").gate.usable()
    finally:
        server.kill()
