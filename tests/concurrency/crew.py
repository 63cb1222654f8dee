"""Threads that start one thing at the same moment, each with a database connection of its own."""

from __future__ import annotations

import datetime as dt
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, cast

import pytest
from django.db import connections

from reservations.engine import booking
from reservations.engine.booking import Wish
from reservations.engine.errors import Reason, Refused
from reservations.history.trail import Head
from reservations.models import Reservation
from reservations.models.reservation import COUNTED
from reservations.queries.day import Window
from reservations.queries.prepared import PreparedUpdate, Question
from restaurant_site.database import dialect
from tests import clock

SECONDS = 60
"""After so long a race counts as hung, and the test fails instead of the run."""


class Crew:
    """A pool of threads that live as long as the test, because to connect costs more than to book."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="crew")
        self._interval = sys.getswitchinterval()

    def __enter__(self) -> Crew:
        # Threads take turns at every statement that they wait for, which is
        # where bookings can meet; switching in between only costs time.
        sys.setswitchinterval(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Each thread closes its own connection, or the test database can't be dropped.
        self.race([connections.close_all] * self.size)
        self._pool.shutdown()
        sys.setswitchinterval(self._interval)

    def race(self, works: Iterable[Callable[[], Any]]) -> list[Any]:
        """Run each work in a thread of its own, all from the same moment, and return their answers in order.

        A refusal counts as an answer, its reason; any other error is raised here.
        """
        listed = list(works)
        start = threading.Barrier(len(listed), timeout=SECONDS)

        def run(work: Callable[[], Any]) -> Any:
            clock.follow()
            start.wait()
            try:
                return work()
            except Refused as refusal:
                return refusal.reason

        return [one.result(SECONDS) for one in [self._pool.submit(run, work) for work in listed]]


def holder(wish: Wish, browser: object, key: str = "form") -> Callable[[], Reservation]:
    """Return the work of a browser that wants to hold something."""
    return lambda: booking.hold(wish=wish, browser=f"browser {browser}", key=key)


def winners(answers: Iterable[Any]) -> list[Reservation]:
    """Return what was granted; every other answer must be a refusal."""
    listed = list(answers)
    assert all(isinstance(answer, Reservation | Reason) for answer in listed), listed
    return [answer for answer in listed if isinstance(answer, Reservation)]


def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the lock of the service day off: bookings decide by what they read, and nobody waits.

    And the history's chain with it, in which two that meet can't both be the next link.
    """
    monkeypatch.setattr("reservations.history.trail.append", lambda *_args: Head())
    monkeypatch.setattr("reservations.engine.locks._TAKE", Untaken())


class Untaken:
    """What `locks` sends instead of the UPDATE that locks a day: nothing that anybody waits for."""

    def asked(self, **values: Any) -> Question:
        """Return what is asked instead."""
        return Question(cast("PreparedUpdate", self), values)

    def send(self, connection: Any, _values: object) -> dialect.Answer:
        """Ask for nothing."""
        return dialect.sent(connection, "SELECT 1", [])

    def read(self, _answer: dialect.Answer, _connection: object) -> int:
        """Say that the day's row was there."""
        return 1


def without_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch the claims off: tables are taken where reservations say so, which is right as long as nobody races."""

    def window(
        restaurant_id: int, date: dt.date, start: dt.datetime, end: dt.datetime, *, locked: bool, **_others: Any
    ) -> Window:
        rows = Reservation.objects.filter(
            restaurant_id=restaurant_id, status__in=COUNTED, starts_at__lt=end, ends_at__gt=start
        )
        arriving = rows.filter(service_date=date, starts_at=start)
        covers = sum(row.party_size for row in arriving)
        taken = frozenset(table for row in rows for table in row.table_ids)
        return Window((covers, covers), taken, frozenset())

    monkeypatch.setattr("reservations.engine.placing.window", window)
    monkeypatch.setattr("reservations.engine.deciding.claim", lambda *_args: None)
