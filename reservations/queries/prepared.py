"""Querysets whose SQL is made once a process: a write rule asks the same questions at every booking.

Django's ORM takes longer to write such a statement than the database to answer
it. The SQL is the ORM's own, for whichever database is in use; only the
parameters differ from call to call. Several are asked `together`, in one round
trip where the driver can: under a day's lock everybody else waits for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Expression, Field, Model, QuerySet
from django.db.models.sql import UpdateQuery

from restaurant_site.database import dialect
from restaurant_site.database.failures import is_outdated
from restaurant_site.database.values import Prepare, preparer
from restaurant_site.observing.statements import Trip


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place of a parameter in a compiled statement."""

    name: str
    field: Field[Any, Any]


class Param(Expression):
    """A parameter by name, of a field's type, in the queryset that is prepared."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """Return one placeholder, with the slot that is filled each time."""
        return "%s", [_Slot(self.name, self.output_field)]

    def get_group_by_cols(self) -> list[Any]:
        """Return nothing: a constant groups nothing."""
        return []


class NextKey(Expression):
    """The number of a model's row that is to come, in a queryset; NULL where the database gives it with the row alone.

    Who asks for it beside something else need not wait for the row's INSERT.
    """

    def __init__(self, model: type[Model]) -> None:
        super().__init__(output_field=BigIntegerField(null=True))
        self.model = model

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """Return what draws it."""
        meta = self.model._meta
        words = dialect.of(connection).next_key
        return words or "CAST(NULL AS bigint)", (
            [connection.ops.quote_name(meta.db_table), str(meta.pk.column)] if words else []
        )

    def get_group_by_cols(self) -> list[Any]:
        """Return nothing: it groups nothing."""
        return []


@dataclass(frozen=True, slots=True)
class _Given:
    """A parameter that is given each time, and what prepares it."""

    name: str
    prepare: Prepare


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    params: tuple[Any, ...]
    compiler: Any
    converters: Any


@dataclass(frozen=True, slots=True)
class Question:
    """A prepared statement with what differs this time."""

    of: _Kept
    values: dict[str, Any]


class _Kept:
    """A statement whose SQL is made once for each kind of database."""

    def __init__(self) -> None:
        self._made: dict[str, _Statement] = {}

    def asked(self, **values: Any) -> Question:
        """Return the statement to be sent `together` with others."""
        return Question(self, values)

    def send(self, connection: BaseDatabaseWrapper, values: dict[str, Any]) -> dialect.Answer:
        """Send the statement."""
        statement = self._statement(connection)
        return dialect.sent(connection, statement.sql, _filled(statement.params, values, connection))

    def read(self, answer: dialect.Answer, connection: BaseDatabaseWrapper) -> Any:
        """Return what the answer says."""
        raise NotImplementedError

    def _statement(self, connection: BaseDatabaseWrapper) -> _Statement:
        return self._made.get(connection.vendor) or self._compile(connection)

    def _compile(self, connection: BaseDatabaseWrapper) -> _Statement:
        raise NotImplementedError


class Prepared(_Kept):
    """A question: build makes its queryset of `values_list` once for each database, with `Param`s for what differs."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        super().__init__()
        self._build = build

    def rows(self, **values: Any) -> list[Any]:
        """Return the rows as tuples, converted as the ORM converts them."""
        (rows,) = together(self.asked(**values))
        found: list[Any] = rows
        return found

    def read(self, answer: dialect.Answer, connection: BaseDatabaseWrapper) -> list[Any]:
        """Return the rows of what was sent."""
        statement = self._statement(connection)
        rows = answer.rows()
        if statement.converters:
            return list(statement.compiler.apply_converters(rows, statement.converters))
        return rows

    def _compile(self, connection: BaseDatabaseWrapper) -> _Statement:
        compiler: Any = self._build().query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        fields = [entry[0] for entry in compiler.select[: compiler.col_count]]
        found = _Statement(sql, _params(params, connection), compiler, compiler.get_converters(fields))
        self._made[connection.vendor] = found
        return found


class PreparedUpdate(_Kept):
    """An UPDATE: build returns the queryset once for each database, and what each column is set to."""

    def __init__(self, build: Callable[[], tuple[QuerySet[Any, Any], dict[str, Any]]]) -> None:
        super().__init__()
        self._build = build

    def run(self, **values: Any) -> int:
        """Update, and return how many rows. Tags of a cached model are the caller's affair."""
        (changed,) = together(self.asked(**values))
        return int(changed)

    def sent(self, **values: Any) -> Callable[[], int]:
        """Send the update within `one_trip`, and return what says after its end how many rows were updated."""
        return self.send(connections[DEFAULT_DB_ALIAS], values).count

    def read(self, answer: dialect.Answer, _connection: BaseDatabaseWrapper) -> int:
        """Return how many rows were updated."""
        return answer.count()

    def _compile(self, connection: BaseDatabaseWrapper) -> _Statement:
        queryset, columns = self._build()
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(columns)
        sql, params = query.get_compiler(connection=connection).as_sql()
        found = _Statement(sql, _params(params, connection), None, None)
        self._made[connection.vendor] = found
        return found


def together(*questions: Question) -> list[Any]:
    """Ask in order, and return each one's answer: rows, or how many were updated.

    Each statement sees what was committed before it began, as if they were sent
    one by one; so what comes behind a lock sees what its last holder wrote.
    Outside a transaction for questions alone: one trip is one transaction.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    try:
        answers = _sent(connection, questions)
    except Error as error:
        # In a transaction more has failed with it: `retried` does all of that again.
        if connection.in_atomic_block or not is_outdated(error):
            raise
        answers = _sent(connection, questions)
    return [question.of.read(answer, connection) for question, answer in zip(questions, answers, strict=True)]


def _sent(connection: BaseDatabaseWrapper, questions: Iterable[Question]) -> list[dialect.Answer]:
    with one_trip():
        return [question.of.send(connection, question.values) for question in questions]


@contextlib.contextmanager
def one_trip() -> Iterator[None]:
    """Send the block's statements without waiting for each one's answer, where the driver can; errors come at its end.

    For INSERTs and SELECTs: how many rows an UPDATE met is not known before the end.
    """
    with Trip(), dialect.one_trip(connections[DEFAULT_DB_ALIAS]):
        yield


@contextlib.contextmanager
def last_trip() -> Iterator[None]:
    """Send the block's statements as `one_trip`, and with them the COMMIT: nothing may follow in the transaction.

    Errors come when that ends.
    """
    with dialect.last_trip(connections[DEFAULT_DB_ALIAS], Trip()):
        yield


def _params(params: Iterable[Any], connection: BaseDatabaseWrapper) -> tuple[Any, ...]:
    return tuple(
        _Given(param.name, preparer(param.field, connection.vendor)) if isinstance(param, _Slot) else param
        for param in params
    )


def _filled(params: tuple[Any, ...], values: dict[str, Any], connection: BaseDatabaseWrapper) -> list[Any]:
    return [param.prepare(values[param.name], connection) if isinstance(param, _Given) else param for param in params]
