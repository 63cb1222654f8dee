"""INSERTs of whole rows, in one statement each, on every database.

The ORM takes several times as long as the database for these, and write rules
hold a day's lock meanwhile. No signals, no tags: whoever inserts a row of a
cached model calls `restaurant_site.caching.outbox.changed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from restaurant_site.database import dialect
from restaurant_site.database.batches import rows_of
from restaurant_site.database.values import Prepare, preparer, reader


@dataclass(frozen=True, slots=True)
class _Statement:
    """An INSERT into a table, but for its values: its columns, what reads and prepares them, and its parts."""

    names: tuple[str, ...]
    read: Callable[[models.Model], list[Any]]
    prepare: tuple[Prepare, ...]
    head: str
    values: str
    returning: str

    def prepared(self, row: models.Model, connection: BaseDatabaseWrapper) -> list[Any]:
        """Return a row's parameters."""
        return [prepare(value, connection) for prepare, value in zip(self.prepare, self.read(row), strict=True)]


def insert(row: models.Model) -> None:
    """Insert a row with all its columns; without a primary key yet it gets the one that the database chose.

    With a key of `NextKey` nothing is waited for within `one_trip`.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    has_key = row.pk is not None
    of = _statement(type(row), connection.vendor, not has_key, has_key)
    answer = dialect.sent(connection, f"{of.head} VALUES {of.values}{of.returning}", of.prepared(row, connection))
    if not has_key:
        ((row.pk,),) = answer.rows()
    row._state.adding = False
    row._state.db = connection.alias


def insert_many(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, in order; they get no primary keys."""
    if rows:
        connection = connections[DEFAULT_DB_ALIAS]
        of = _statement(type(rows[0]), connection.vendor, False, False)
        _insert(of, connection, [of.prepared(row, connection) for row in rows])


def insert_values(model: type[models.Model], **columns: Sequence[Any]) -> None:
    """Insert rows of which there is nothing but their values: of each column, by its attribute, those of all rows.

    All columns but an automatic key must be there. For many rows that say much the same: each value is prepared once.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    of = _statement(model, connection.vendor, False, False)
    prepared = []
    for name, prepare in zip(of.names, of.prepare, strict=True):
        known = {value: prepare(value, connection) for value in dict.fromkeys(columns[name])}
        prepared.append([known[value] for value in columns[name]])
    _insert(of, connection, list(zip(*prepared, strict=True)))


def _insert(of: _Statement, connection: BaseDatabaseWrapper, rows: Sequence[Sequence[Any]]) -> None:
    at_once = rows_of(len(of.names))
    for first in range(0, len(rows), at_once):
        some = rows[first : first + at_once]
        parameters = [value for row in some for value in row]
        dialect.sent(connection, f"{of.head} VALUES {', '.join([of.values] * len(some))}", parameters)


@lru_cache(maxsize=64)
def _statement(model: type[models.Model], vendor: str, gives_key: bool, has_key: bool) -> _Statement:
    """Return a model's INSERT for the kind of database in use."""
    meta = model._meta
    fields = tuple(
        field
        for field in meta.concrete_fields
        if has_key or not (field.primary_key and field.get_internal_type().endswith("AutoField"))
    )
    head, returning = dialect.insertion(
        connections[DEFAULT_DB_ALIAS],
        meta.db_table,
        [str(field.column) for field in fields],
        str(meta.pk.column) if gives_key else "",
    )
    return _Statement(
        names=tuple(field.attname for field in fields),
        read=reader(fields),
        prepare=tuple(preparer(field, vendor) for field in fields),
        head=head,
        values=f"({', '.join(['%s'] * len(fields))})",
        returning=returning,
    )
