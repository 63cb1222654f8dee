"""Statements of the database, counted and timed for whoever sent them; a slow one is told with its page.

What is told of a statement is its shape: it never had its parameters in it, and
what is written out in it is left out.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from math import inf
from time import perf_counter
from typing import Any, Final

from django.conf import settings
from django.core.signals import setting_changed
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.dispatch import receiver

from restaurant_site.observing import metrics
from restaurant_site.observing.current import thread

logger = logging.getLogger("restaurant_site.slow")

_LONGEST: Final = 600
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b(?!\")")
_COLUMNS: Final = re.compile(r"\ASELECT (?:DISTINCT )?.{80,}? FROM ", re.DOTALL)
_LIST: Final = re.compile(r"\((?:%s|\?)(?:, (?:%s|\?))+\)")

of_statement: Callable[[str, float, str], None] | None = None
"""Told of each statement that ended: its SQL, its seconds and the kind of database; `tracing` sets it."""

_slow = inf

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


class Trip:
    """Time a block as a whole: statements that are sent together are waited for at its end."""

    __slots__ = ("before", "began", "number", "work")

    def __enter__(self) -> None:
        """Begin."""
        work = self.work = thread.work
        self.before, self.number, self.began = work.seconds, work.statements, perf_counter()

    def __exit__(self, *_error: object) -> None:
        """Note what it took, also where it failed."""
        spent = perf_counter() - self.began
        work = self.work
        # Sending them was counted with each.
        work.seconds = self.before + spent
        if spent > _slow:
            _tell(spent, f"{work.statements - self.number} statements in one trip")


def _counted(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    # A booking sends some twenty: a microsecond here is felt under the day's lock.
    began = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        spent = perf_counter() - began
        work = thread.work
        work.statements += 1
        work.seconds += spent
        if spent > _slow:
            _tell(spent, shape(sql))
        if of_statement is not None:
            of_statement(sql, spent, context["connection"].vendor)


@receiver(setting_changed, dispatch_uid="observed-slow-statements")
def _learn(**_kwargs: Any) -> None:
    """Note from how many seconds on a statement is told, for none at all endlessly many."""
    global _slow
    _slow = settings.SLOW_QUERY_MS / 1000 or inf


_learn()


def _tell(spent: float, what: str) -> None:
    metrics.SLOW_STATEMENTS.inc()
    logger.warning("A statement took %d ms, for %s: %s", spent * 1000, thread.work.route or "no page", what)
