"""The statements of some work, recorded with their parameters, and sent again by a bare psycopg loop.

Imports Django, so only to be imported on the ground.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

_OF_TRANSACTIONS = ("BEGIN", "COMMIT", "ROLLBACK")
_INSERTED = re.compile(r'INSERT INTO "(\w+)"')


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as Django gave it to psycopg. BEGIN and COMMIT are statements too, without parameters."""

    sql: str
    parameters: Sequence[Any] | None = None

    @property
    def of_transaction(self) -> bool:
        """Whether it begins or ends a transaction."""
        return self.sql in _OF_TRANSACTIONS


def recorded(work: Callable[[], object]) -> list[Statement]:
    """Do the work, and return what it sent to the database, in order."""
    sent: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        if many:
            raise NotImplementedError("One statement with many rows of parameters is not replayed.")
        sent.append(Statement(sql, parameters))
        return execute(sql, parameters, many, context)

    # It is bounded, and what falls out at its end is not told.
    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as log, connection.execute_wrapper(note):
        work()
    # The log knows where transactions begin and end, the wrapper the parameters.
    following = iter(sent)
    return [
        Statement(entry["sql"]) if entry["sql"] in _OF_TRANSACTIONS else next(following)
        for entry in log.captured_queries
    ]


def counted(statements: Iterable[Statement]) -> int:
    """Return how many statements these are without BEGIN and COMMIT."""
    return sum(not statement.of_transaction for statement in statements)


def tables_written(statements: Iterable[Statement]) -> list[str]:
    """Return the tables into which rows were inserted, by name."""
    return sorted({name for statement in statements for name in _INSERTED.findall(statement.sql)})


def empty(tables: Sequence[str]) -> None:
    """Empty the tables, and what refers to them; the next row has the first id again."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


class Bare:
    """A connection as Django opens one by default, with its cursor that binds in the client, without Django on top."""

    def __init__(self) -> None:
        self._opened = connection.copy()
        options = dict(self._opened.settings_dict["OPTIONS"])
        for ours in ("server_side_binding", "prepare_threshold"):
            options.pop(ours, None)
        self._opened.settings_dict = {**self._opened.settings_dict, "OPTIONS": options}
        self._opened.connect()
        self._cursor = self._opened.connection.cursor()

    def send(self, statements: Iterable[Statement]) -> None:
        """Send the statements one after another, and fetch every row that comes back."""
        cursor = self._cursor
        for statement in statements:
            cursor.execute(statement.sql, statement.parameters)
            if cursor.description is not None:
                cursor.fetchall()
            while cursor.nextset():
                cursor.fetchall()

    def close(self) -> None:
        """Close the connection."""
        self._opened.close()
