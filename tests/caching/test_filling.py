"""Who makes an entry: one, while the others serve the aged one or wait; and nobody waits for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connections

from restaurant_site.caching import through
from restaurant_site.caching.keys import MAGIC
from restaurant_site.caching.reads import cached
from restaurant_site.caching.store import Store, Unavailable, store
from restaurant_site.caching.through import Layer

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 16


class Source:
    """What is read: counts how often, and takes its time."""

    def __init__(self, seconds: float = 0.1) -> None:
        self.seconds = seconds
        self.made = 0
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            self.made += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.seconds)
        with self._lock:
            self.at_once -= 1
            return self.made


def reader(source: Source, seconds: float = 600) -> Any:
    @cached(tags=lambda number: ("restaurants",), seconds=seconds)
    def crowded(number: int) -> int:
        return source()

    return crowded


def crowd(work: Callable[[int], Any], number: int = CROWD) -> list[Any]:
    """Let that many threads do it at the same moment; return their answers."""
    barrier = threading.Barrier(number)

    def one(index: int) -> Any:
        try:
            barrier.wait(10)
            return work(index)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


def test_of_many_that_find_nothing_one_fills() -> None:
    source = Source()
    read = reader(source)
    found = crowd(lambda _index: read.found(1))
    assert source.made == 1
    assert {one.value for one in found} == {1}
    assert sorted(one.how for one in found) == ["hit"] * (CROWD - 1) + ["miss"]


def test_after_a_change_one_fills() -> None:
    source = Source()
    read = reader(source)
    read(1)
    store("default").renew(["restaurants"])
    found = crowd(lambda _index: read.found(1))
    assert source.made == 2
    assert {one.value for one in found} == {2}


def test_an_aged_entry_is_served_while_one_makes_it_anew() -> None:
    source = Source()
    read = reader(source, seconds=2)
    read(1)
    time.sleep(2.3)
    began = time.monotonic()
    found = crowd(lambda _index: read.found(1))
    assert time.monotonic() - began < 5
    assert source.made == 2
    assert sorted(one.how for one in found) == ["miss"] + ["stale"] * (CROWD - 1)
    assert {one.value for one in found if one.how == "stale"} == {1}
    assert read.found(1).value == 2


def test_an_aged_entry_is_not_served_once_it_was_changed() -> None:
    source = Source(0.3)
    read = reader(source, seconds=0.1)
    read(1)
    time.sleep(0.15)
    store("default").renew(["restaurants"])
    found = crowd(lambda _index: read.found(1), 4)
    assert 1 not in {one.value for one in found}


def test_who_fills_an_older_generation_keeps_nobody_waiting() -> None:
    """The lock is named by the tokens: after a change the next reader does not wait for the fill before it."""
    source = Source(0)
    read = reader(source)
    read(1)
    store("default").renew(["restaurants"])
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        go_on.wait(10)
        return -1

    ask = Layer.read
    with ThreadPoolExecutor(1) as pool:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Layer, "read", lambda self, key, make, **rest: ask(self, key, slow, **rest))
            late = pool.submit(read, 1)
            assert begun.wait(10)
        store("default").renew(["restaurants"])
        began = time.monotonic()
        assert read.found(1).how == "miss"
        assert time.monotonic() - began < through.WAIT / 2
        go_on.set()
        assert late.result() == -1
    # What came late lies over it, and counts as nothing.
    assert read(1) > 0


def test_whoever_waits_too_long_fills_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(through, "WAIT", 0.2)
    source = Source(0)
    read = reader(source)
    monkeypatch.setattr(Store, "claim", lambda self, *args: (False, self.fetch(args[-1])))
    began = time.monotonic()
    assert read.found(1).value == 1
    assert 0.2 <= time.monotonic() - began < 2


def test_a_lock_that_can_not_be_had_fails_open(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(0)
    read = reader(source)

    def claim(_self: Store, *_args: object) -> tuple[bool, list[object]]:
        raise Unavailable("no locks today")

    monkeypatch.setattr(Store, "claim", claim)
    began = time.monotonic()
    assert read(1) == 1
    assert time.monotonic() - began < 1


def test_a_lock_that_was_left_behind_is_waited_for_briefly() -> None:
    source = Source(0)
    read = reader(source)
    read(1)
    client = store("default").client.get_client()
    (entry,) = [key for key in client.keys("*crowded*") if b"lock" not in key]
    prefix = entry.decode().split(":", 2)[2]
    client.delete(entry)
    store("default").put(f"lock:{prefix}", MAGIC, 10)
    began = time.monotonic()
    assert read.found(1).how == "miss"
    assert through.WAIT * 0.8 < time.monotonic() - began < through.WAIT * 3


def test_few_fill_at_once() -> None:
    """However many different entries are missing; the others stay free for what is there."""
    source = Source(0.05)
    read = reader(source)
    crowd(read)
    assert source.made == CROWD
    assert source.most_at_once == 3


def test_what_can_not_be_stored_is_not_waited_for() -> None:
    from restaurant_site.caching.stamps import do_not_store

    @cached(tags=lambda: ("restaurants",))
    def private() -> int:
        time.sleep(0.5)
        do_not_store("private")
        return 1

    private()
    began = time.monotonic()
    crowd(lambda _index: private(), 3)
    # One after another they would take three times as long.
    assert time.monotonic() - began < 1.4


def test_while_the_database_is_away_what_still_counts_is_served() -> None:
    healthy = True

    @cached(tags=lambda: ("restaurants",), seconds=0.2)
    def shaky() -> str:
        if not healthy:
            raise OperationalError("gone")
        return "kept"

    assert shaky() == "kept"
    healthy = False
    time.sleep(0.25)
    assert (shaky.found().value, shaky.found().how) == ("kept", "stale")
    store("default").renew(["restaurants"])
    with pytest.raises(OperationalError):
        shaky()


def test_an_error_is_not_cached_and_leaves_no_lock() -> None:
    broken = True

    @cached(tags=lambda: ("restaurants",))
    def breaking() -> int:
        if broken:
            raise RuntimeError("a bug")
        return 1

    with pytest.raises(RuntimeError):
        breaking()
    broken = False
    began = time.monotonic()
    assert breaking() == 1
    assert time.monotonic() - began < through.WAIT / 2
