"""When Redis is used, and when not: one error, a probe that writes, a lease, and the replay before it is used again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest
from django.core.cache import caches
from django.db import OperationalError, connections

from restaurant_site.caching import gate, heartbeat, stats
from restaurant_site.caching.models import Invalidation
from restaurant_site.caching.store import Store, Unavailable, store
from tests import factories as make
from tests.caching.conftest import using
from tests.caching.probes import tagline, tokens
from tests.redis_server import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)


def count(event: str) -> int:
    return stats.counts().get(("cache", event), 0)


def test_one_error_opens_the_gate_and_the_rest_does_not_ask(own_redis: RedisServer) -> None:
    restaurant = make.make_restaurant(tagline="x")
    tagline(restaurant.pk)
    found = store("default").gate
    found.beating = True
    own_redis.freeze()
    began = time.monotonic()
    assert tagline.found(restaurant.pk).how == "bypass"
    assert 0.2 < time.monotonic() - began < 1
    began = time.monotonic()
    for _time in range(50):
        assert tagline.found(restaurant.pk).value == "x"
    assert time.monotonic() - began < 1
    assert (found.is_open, found.reason) == (
        True,
        "It does not answer in time: it hangs, is far away, or only one side speaks TLS.",
    )
    own_redis.thaw()


BREAKS: dict[str, Callable[[RedisServer], object]] = {
    "killed": lambda server: server.kill(),
    "frozen": lambda server: server.freeze(),
    "a read-only replica": lambda server: server.client.replicaof("127.0.0.1", "1"),
    "a new password": lambda server: server.client.config_set("requirepass", "secret"),
    "no memory left": lambda server: server.client.config_set("maxmemory", "1"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_whatever_is_wrong_with_redis_the_answer_is_right(own_redis: RedisServer, name: str) -> None:
    """Also where reads would still work: what can't be written can't be renewed."""
    own_redis.client.config_set("maxmemory-policy", "noeviction")
    restaurant = make.make_restaurant(tagline="old")
    assert [tagline(restaurant.pk), tagline.found(restaurant.pk).how] == ["old", "hit"]
    BREAKS[name](own_redis)
    for connection in caches.all(initialized_only=True):
        if name == "a new password":
            connection.client.disconnect()  # type: ignore[attr-defined]
    restaurant.tagline = "new"
    restaurant.save()
    for _time in range(3):
        assert (tagline.found(restaurant.pk).value, tagline.found(restaurant.pk).how) == ("new", "bypass")
    own_redis.thaw()


def test_the_lease_ends_reading_where_the_heartbeat_stops() -> None:
    restaurant = make.make_restaurant(tagline="x")
    tagline(restaurant.pk)
    found = store("default").gate
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(found, "beating", True)
        assert tagline.found(restaurant.pk).how == "hit"
        patch.setattr(found, "last_ok", time.monotonic() - gate.LEASE - 0.1)
        assert tagline.found(restaurant.pk).how == "bypass"
        assert found.beat()
        assert tagline.found(restaurant.pk).how == "hit"


def test_a_server_that_lost_the_newest_token_is_told_again(own_redis: RedisServer) -> None:
    """It comes back from a snapshot: the token and the entry that was right before the change."""
    restaurant = make.make_restaurant(tagline="old")
    assert tagline(restaurant.pk) == "old"
    own_redis.snapshot()
    restaurant.tagline = "new"
    restaurant.save()
    assert tagline(restaurant.pk) == "new"
    own_redis.kill()
    own_redis.start()
    assert own_redis.client.dbsize() > 0, "the snapshot was read"
    replays = count("replays")
    assert tagline(restaurant.pk) == "new"
    store("default").gate.beat()
    assert tagline(restaurant.pk) == "new"
    assert count("replays") == replays + 1


def test_without_the_replay_the_snapshot_would_revive_the_old_value(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the test above."""
    restaurant = make.make_restaurant(tagline="old")
    tagline(restaurant.pk)
    own_redis.snapshot()
    restaurant.tagline = "new"
    restaurant.save()
    monkeypatch.setattr(gate, "_replays", [])
    own_redis.kill()
    own_redis.start()
    store("default").gate.beat()
    assert tagline(restaurant.pk) == "old"


def test_another_server_behind_the_same_address_is_noticed_without_an_error(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    restaurant = make.make_restaurant(tagline="old")
    tagline(restaurant.pk)
    found = store("default").gate
    Invalidation.objects.all().delete()
    monkeypatch.setattr(Store, "run_id", lambda _self: "another")
    before = tokens("restaurants")
    restaurant.save()
    between = tokens("restaurants")
    assert found.beat()
    assert before != between != tokens("restaurants"), "the outbox was replayed"
    assert not found.is_open


class Process:
    """Another process's view of the same server."""

    def __init__(self) -> None:
        self.store = Store("default")
        self.gate = self.store.gate = gate.Gate(self.store)


def test_the_outbox_is_replayed_once_for_the_whole_fleet(own_redis: RedisServer) -> None:
    processes = [Process() for _number in range(6)]
    assert all(process.gate.beat() for process in processes)
    own_redis.kill()
    assert not any(process.gate.beat() for process in processes)
    replays = count("replays")
    own_redis.start()
    assert all(process.gate.beat() for process in processes)
    assert count("replays") == replays + 1


def test_a_replay_that_began_before_ones_own_error_does_not_count(own_redis: RedisServer) -> None:
    one, two = Process(), Process()
    assert one.gate.beat()
    assert two.gate.beat()
    time.sleep(gate.REPLAY_LOCK + 0.1)
    one.gate.failed(RuntimeError())
    assert one.gate.beat()
    two.gate.failed(RuntimeError())
    assert not two.gate.beat(), "the replay may have gone to the server before the error"
    time.sleep(gate.REPLAY_LOCK + 0.1)
    assert two.gate.beat()


def test_without_the_database_there_is_no_replay_and_so_no_cache(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    restaurant = make.make_restaurant(tagline="x")
    tagline(restaurant.pk)
    found = store("default").gate
    found.failed(RuntimeError())
    monkeypatch.setattr(gate, "_replays", [lambda _gate: False])
    assert not found.beat()
    assert tagline.found(restaurant.pk).how == "bypass"


def test_one_probe_at_a_time_while_redis_hangs(own_redis: RedisServer) -> None:
    import threading

    found = store("default").gate
    assert found.usable()
    own_redis.freeze()
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(found.beat())) for _number in range(8)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [False] * 8
    assert time.monotonic() - began < 1
    own_redis.thaw()


def test_a_site_that_starts_without_redis_serves(redis_server: RedisServer) -> None:
    restaurant = make.make_restaurant(tagline="x")
    redis_server.kill()
    with using(redis_server.url):
        assert tagline.found(restaurant.pk).how == "bypass"
        redis_server.start()
        assert tagline.found(restaurant.pk).how == "miss"
        assert tagline.found(restaurant.pk).how == "hit"


def test_the_alias_itself_keeps_ignoring_errors(own_redis: RedisServer) -> None:
    """Django's own API of the caches, for whoever uses it: without Redis it finds nothing, and raises nothing."""
    cache = caches["default"]
    cache.set("a", 1)
    own_redis.kill()
    assert cache.get("a", "nothing") == "nothing"
    assert cache.get_many(["a"]) in (None, {})
    cache.set("b", 2)
    assert not cache.add("b", 2)
    caches["pages"].get("a")


def test_a_connection_that_breaks_as_it_is_closed_does_not_end_the_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(BaseException):
        pass

    beats: list[int] = []

    def pause(_seconds: float) -> None:
        beats.append(len(beats))
        if len(beats) == 3:
            raise Enough

    def breaks() -> None:
        raise OperationalError("the connection is gone")

    monkeypatch.setattr("restaurant_site.caching.heartbeat.time.sleep", pause)
    monkeypatch.setattr("restaurant_site.caching.heartbeat.connections.close_all", breaks)
    with pytest.raises(Enough):
        heartbeat._beat(store("default").gate)


def test_a_server_that_announces_its_maintenance_is_not_waited_for() -> None:
    """Redis Enterprise, and Azure with it, may ask a client for more patience, and redis-py then has ten seconds."""

    def serve(listener: socket.socket) -> None:
        connection, _address = listener.accept()
        with connection, connection.makefile("rb") as asked:
            while line := asked.readline():
                words = []
                for _word in range(int(line[1:])):
                    asked.readline()
                    words.append(asked.readline().strip())
                if words[0] == b"HELLO":
                    connection.sendall(b"%1\r\n$5\r\nproto\r\n:3\r\n")
                elif words[0] == b"SET":
                    connection.sendall(b">4\r\n+MIGRATING\r\n:1\r\n:30\r\n$1\r\n1\r\n+OK\r\n")
                elif words[0] != b"MGET":
                    connection.sendall(b"+OK\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        with using(f"redis://127.0.0.1:{listener.getsockname()[1]}/0"):
            store("default").put("x", b"\xc1x", 60)
            began = time.monotonic()
            with pytest.raises(Unavailable):
                store("default").read(["x"])
            assert time.monotonic() - began < 2


def allow(server: RedisServer, *rules: str) -> None:
    """Change what clients may do."""
    server.client.execute_command("ACL", "SETUSER", "default", *rules)  # type: ignore[no-untyped-call]


def test_a_server_that_refuses_tokens_alone_does_not_keep_writes_waiting(own_redis: RedisServer) -> None:
    """As where an operator's access list leaves them out: the heartbeat must be refused as well."""
    restaurant = make.make_restaurant(tagline="old")
    tagline(restaurant.pk)
    allow(own_redis, "resetkeys", "~data:*", "~pages:*", "~sessions:*")
    found = store("default").gate
    found.beating = True
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(gate.BEAT):
            found.beat()
        connections.close_all()

    thread = threading.Thread(target=beat)
    thread.start()

    def give_up() -> None:
        allow(own_redis, "~*")

    # So that the test ends where the write would not.
    rescue = threading.Timer(8, give_up)
    rescue.start()
    try:
        began = time.monotonic()
        restaurant.tagline = "new"
        restaurant.save()
        assert time.monotonic() - began < gate.SETTLE + 1
        assert tagline(restaurant.pk) == "new"
    finally:
        rescue.cancel()
        ended.set()
        thread.join()


def test_a_thread_that_ends_gives_its_connections_back() -> None:
    """At once: a server of a thread a request would run out of them before the collector comes by."""
    import gc

    restaurant = make.make_restaurant(tagline="x")
    tagline(restaurant.pk)
    pool = store("default").client.get_client().connection_pool

    def once() -> None:
        tagline(restaurant.pk)
        connections.close_all()

    gc.collect()
    gc.disable()
    try:
        before = len(pool._in_use_connections)
        for _number in range(20):
            thread = threading.Thread(target=once)
            thread.start()
            thread.join()
        assert len(pool._in_use_connections) <= before + 2
    finally:
        gc.enable()
