"""Threads that book the same day take turns; nobody is kept for long, and other days wait for nothing."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest

from reservations.engine import turns
from reservations.engine.turns import in_turn

DATE = dt.date(2027, 6, 20)


def test_one_at_a_time_and_each_gets_a_turn() -> None:
    inside = most = 0
    got: list[bool] = []

    def work() -> None:
        nonlocal inside, most
        with in_turn(1, DATE) as has_it:
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1
            got.append(has_it)

    threads = [threading.Thread(target=work) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, got) == (1, [True] * 8)


def test_they_come_in_the_order_in_which_they_asked() -> None:
    came: list[int] = []

    def work(number: int) -> None:
        with in_turn(1, DATE) as has_it:
            assert has_it
            came.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    with in_turn(1, DATE):
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._lines[1, DATE]) < number + 2:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert came == list(range(6))


def test_another_day_and_another_restaurant_wait_for_nobody() -> None:
    began = time.monotonic()
    with in_turn(1, DATE) as first, in_turn(1, DATE + dt.timedelta(days=1)) as day, in_turn(2, DATE) as house:
        assert (first, day, house) == (True, True, True)
    assert time.monotonic() - began < turns.PATIENCE


def test_who_has_waited_for_long_goes_on_without_one() -> None:
    with in_turn(1, DATE):
        began = time.monotonic()
        with in_turn(1, DATE) as has_it:
            assert not has_it
        assert time.monotonic() - began >= turns.PATIENCE * 0.9
        # Who had none gives none back: the first one still has it.
        with in_turn(1, DATE) as has_it:
            assert not has_it
    with in_turn(1, DATE) as has_it:
        assert has_it


def test_an_error_gives_the_turn_back_and_nothing_is_left() -> None:
    def fail() -> None:
        with in_turn(1, DATE) as has_it:
            raise LookupError(has_it)

    for _time in range(2):
        with pytest.raises(LookupError, match="True"):
            fail()
    assert not turns._lines
