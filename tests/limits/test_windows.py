"""The windows themselves: exact at their border, whoever counts, and they say truly when there is room again."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis.exceptions

from restaurant_site.caching import store
from restaurant_site.limits import counting
from restaurant_site.limits.counting import Count, Full, count_of

WINDOW = 60
Advance = Callable[[float], None]


@pytest.fixture(params=["redis", "memory"])
def advance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Advance:
    """Count in Redis, or in this process, and return what lets time go on there by so many seconds."""
    passed = [time.time()]

    def in_redis(seconds: float) -> None:
        raw = store.store("default").client.get_client(write=True)
        for key in raw.scan_iter(f"{counting.PREFIX}:*"):
            left = raw.pttl(key) - int(seconds * 1000)
            if left > 0:
                raw.pexpire(key, left)
            else:
                raw.delete(key)
        counting._full_until.clear()

    def in_memory(seconds: float) -> None:
        passed[0] += seconds
        counting._full_until.clear()

    if request.param == "redis":
        return in_redis
    monkeypatch.setattr(counting, "usable", lambda: None)
    # From the beginning of a window on, as a new key's in Redis.
    passed[0] -= passed[0] % WINDOW
    monkeypatch.setattr(time, "time", lambda: passed[0])
    return in_memory


def hits(number: int, *counts: Count) -> list[bool]:
    return [counting.hit(counts) is None for _turn in range(number)]


def test_exactly_as_many_as_allowed_however_many_ask_at_once(advance: Advance) -> None:
    narrow, wide = count_of("5/minute", "a", "address", "1"), count_of("50/minute", "a", "link", "1")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _turn: counting.hit([narrow, wide]), range(40)))
    assert found.count(None) == 5
    refused = [full for full in found if full]
    assert {full.count for full in refused} == {narrow}
    # What the narrow one refused is not counted by the wide one.
    assert hits(46, wide) == [True] * 45 + [False]


def test_it_says_when_there_is_room_again(advance: Advance) -> None:
    count = count_of("10/minute", "a", "address", "1")
    assert hits(10, count) == [True] * 10
    full = counting.hit([count])
    assert isinstance(full, Full)
    # When the window ends, ten begin to count for less.
    assert WINDOW - 1 <= full.wait <= WINDOW + 1
    advance(full.wait - 1)
    assert hits(1, count) == [False]
    advance(1.5)
    assert hits(1, count) == [True]
    full = counting.hit([count])
    assert isinstance(full, Full)
    assert 1 <= full.wait <= 7
    advance(full.wait + 0.5)
    assert hits(1, count) == [True]


def test_around_a_border_nobody_gets_twice_the_rate(advance: Advance) -> None:
    count = count_of("10/minute", "a", "address", "1")
    assert hits(1, count) == [True]
    advance(WINDOW - 5)
    assert hits(12, count).count(True) == 9
    advance(10)
    assert hits(12, count).count(True) <= 1
    # Long afterwards all is as in the beginning.
    advance(3 * WINDOW)
    assert hits(12, count).count(True) == 10


@pytest.mark.django_db
def test_a_hung_redis_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a worker, whose heartbeat is the one that asks whether it is back."""
    shared = store.store("default")
    assert shared.gate.usable()
    asked = []

    def hung(*_given: Any) -> Any:
        asked.append(1)
        raise redis.exceptions.TimeoutError("Timeout reading from socket")

    counts = [count_of("3/minute", "a", "address", "1"), count_of("9/minute", "a", "link", "1")]
    with monkeypatch.context() as patched:
        patched.setattr(shared.gate, "beating", True)
        patched.setattr(type(shared.client), "evaluate", hung)
        assert hits(5, *counts) == [True] * 3 + [False] * 2
    assert len(asked) == 1
    # It is used again by itself, once it answers.
    for _attempt in range(100):
        if shared.gate.usable():
            break
        time.sleep(0.05)
    counting.forget()
    assert hits(5, *counts) == [True] * 3 + [False] * 2
    raw = shared.client.get_client(write=True)
    assert len(list(raw.scan_iter(f"{counting.PREFIX}:*"))) == 2


def test_a_flood_of_senders_does_not_fill_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "usable", lambda: None)
    monkeypatch.setattr(counting, "_MOST_KEYS", 50)
    for number in range(200):
        assert hits(2, count_of("1/minute", "a", "address", f"{number}"))[0]
    assert len(counting._memory().storage) <= 51
    assert len(counting._full_until) <= 50
