"""Statements of the database, counted and timed for whoever sent them; a slow one is told with its page.

What is told of a statement is its shape: it never had its parameters in it, and
what is written out in it is left out.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, Final

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from restaurant_site.observing import metrics
from restaurant_site.observing.current import current_work

logger = logging.getLogger("restaurant_site.slow")

_LONGEST: Final = 600
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b(?!\")")
_COLUMNS: Final = re.compile(r"\ASELECT (?:DISTINCT )?.{80,}? FROM ", re.DOTALL)
_LIST: Final = re.compile(r"\((?:%s|\?)(?:, (?:%s|\?))+\)")

of_statement: Callable[[str, float, str], None] | None = None
"""Told of each statement that ended, by its shape, its seconds and the kind of database; `tracing` sets it."""

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]


@receiver(connection_created, dispatch_uid="observed-statements")
def watch(connection: BaseDatabaseWrapper, **_kwargs: Any) -> None:
    """Let a connection count. At the front: who adds a wrapper for a while takes the last one away again."""
    if _counted not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _counted)


def shape(sql: str) -> str:
    """Return a statement without values, long lists and line ends, of at most 600 characters."""
    text = " ".join(str(sql).split())
    text = _LIST.sub("(…)", _LITERAL.sub("?", text))
    return _COLUMNS.sub("SELECT … FROM ", text)[:_LONGEST]


@contextlib.contextmanager
def trip() -> Iterator[None]:
    """Time the block as a whole: statements that are sent together are waited for at its end."""
    work = current_work()
    began, before, number = perf_counter(), work.seconds, work.statements
    try:
        yield
    finally:
        spent = perf_counter() - began
        # Sending them was counted with each.
        work.seconds = before + spent
        if 0 < settings.SLOW_QUERY_MS < spent * 1000:
            _tell(spent, f"{work.statements - number} statements in one trip")


def _counted(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    began = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        spent = perf_counter() - began
        work = current_work()
        work.statements += 1
        work.seconds += spent
        if 0 < settings.SLOW_QUERY_MS < spent * 1000:
            _tell(spent, shape(sql))
        if of_statement is not None:
            of_statement(shape(sql), spent, context["connection"].vendor)


def _tell(spent: float, what: str) -> None:
    metrics.SLOW_STATEMENTS.inc()
    logger.warning("A statement took %d ms, for %s: %s", spent * 1000, current_work().route or "no page", what)
