"""Both clocks moved: the node's, which Python reads, and the database's, by which the rules decide.

The database's clock is moved where the ORM asks for it: every `Now()` gets an
offset. Plain SQL and the server's own defaults still see the real time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import time_machine
from django.db.models.functions import Now

from reservations.queries.prepared import forget

_offset = dt.timedelta()


def _shifted(self: Now, compiler: Any, connection: Any, **context: Any) -> Any:
    seconds = _offset.total_seconds()
    template = f"(STATEMENT_TIMESTAMP() + INTERVAL '{seconds} seconds')"
    return self.as_sql(compiler, connection, template=template, **context)


@contextmanager
def database_ahead(offset: dt.timedelta) -> Iterator[None]:
    """Let the database's clock go ahead of the real one by so much; back, where it is negative."""
    global _offset
    before, original = _offset, Now.as_postgresql
    _offset, Now.as_postgresql = offset, _shifted  # type: ignore[method-assign]
    forget()
    try:
        yield
    finally:
        _offset, Now.as_postgresql = before, original  # type: ignore[method-assign]
        forget()


@contextmanager
def at(moment: dt.datetime, *, node_ahead: dt.timedelta | None = None) -> Iterator[None]:
    """Let it be an aware moment by both clocks, which go on from there; the node's perhaps ahead of the database's."""
    with (
        database_ahead(moment - _real_now()),
        time_machine.travel(moment + (node_ahead or dt.timedelta()), tick=True),
    ):
        yield


def _real_now() -> dt.datetime:
    hatch = time_machine.escape_hatch
    return hatch.datetime.datetime.now(dt.UTC) if hatch.is_travelling() else dt.datetime.now(dt.UTC)
