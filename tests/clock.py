"""Both clocks moved: the node's, which Python reads, and the database's, by which the rules decide.

The database's clock is moved in the database, by a function of the same name
that the connection finds first: so statements that were prepared long ago and
plain SQL of a test see it too. CURRENT_TIMESTAMP stays as it is.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import time_machine
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tests.postgresql import alone

_FUNCTION = """
    CREATE SCHEMA IF NOT EXISTS moved;
    CREATE OR REPLACE FUNCTION moved.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS $$
        SELECT current_setting('moved.moment')::timestamptz
        + (pg_catalog.statement_timestamp() - current_setting('moved.since')::timestamptz)
        * current_setting('moved.speed')::float8
    $$"""


@dataclass(frozen=True, slots=True)
class Course:
    """A clock that showed a moment at a real moment, and goes on from there at a speed. Both are aware."""

    moment: dt.datetime
    since: dt.datetime
    speed: float = 1.0

    def now(self) -> dt.datetime:
        """Return what the clock shows."""
        return self.moment + (real_now() - self.since) * self.speed


_course: Course | None = None
_here = threading.local()


@contextmanager
def database_on(course: Course) -> Iterator[None]:
    """Let the database's clock go by a course: on this thread's connection, and on those that are made meanwhile."""
    global _course
    before, _course = _course, course
    if before is None:
        connection_created.connect(_made, dispatch_uid=__name__)
    _set(connection, course)
    try:
        yield
    finally:
        _course = before
        if before is None:
            connection_created.disconnect(dispatch_uid=__name__)
        _set(connection, before)


@contextmanager
def database_ahead(offset: dt.timedelta) -> Iterator[None]:
    """Let the database's clock go ahead of the real one by so much; back, where it is negative."""
    real = real_now()
    with database_on(Course(real + offset, real)):
        yield


@contextmanager
def at(moment: dt.datetime, *, node_ahead: dt.timedelta | None = None) -> Iterator[None]:
    """Let it be an aware moment by both clocks, which go on from there; the node's perhaps ahead of the database's."""
    with (
        database_on(Course(moment, real_now())),
        time_machine.travel(moment + (node_ahead or dt.timedelta()), tick=True),
    ):
        yield


def follow() -> None:
    """Let this thread's connection, which may be older, go by the clock that is in force."""
    if _course is not None or getattr(_here, "moved", False):
        _set(connection, _course)
        _here.moved = _course is not None


def real_now() -> dt.datetime:
    """Return the real moment, whatever the clocks show."""
    hatch = time_machine.escape_hatch
    return hatch.datetime.datetime.now(dt.UTC) if hatch.is_travelling() else dt.datetime.now(dt.UTC)


def _made(sender: type[BaseDatabaseWrapper], connection: BaseDatabaseWrapper, **_others: Any) -> None:
    _set(connection, _course)


def _set(on: Any, course: Course | None) -> None:
    if on.needs_rollback:
        # What was set in this transaction is undone with it.
        return
    alone("the database's clock is moved by a function of its own")
    with on.cursor() as cursor:
        if course is None:
            cursor.execute("RESET search_path")
            return
        cursor.execute("SELECT to_regproc('moved.statement_timestamp')")
        if cursor.fetchone()[0] is None:
            cursor.execute(_FUNCTION)
        values = {"moment": course.moment.isoformat(), "since": course.since.isoformat(), "speed": str(course.speed)}
        for name, value in values.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [f"moved.{name}", value])
        # Ahead of the system's own functions, which come first only where they are not named.
        cursor.execute("SET search_path = moved, pg_catalog, public")
