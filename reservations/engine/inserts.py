"""INSERTs of whole rows, in one statement each, on every database.

The ORM takes several times as long as the database for these, and write rules
hold a day's lock meanwhile. No signals, no tags: whoever inserts a row of a
cached model calls `restaurant_site.caching.outbox.changed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from restaurant_site.database import dialect
from restaurant_site.database.batches import rows_of


def insert(row: models.Model) -> None:
    """Insert a row with all its columns; without a primary key yet it gets the one that the database chose.

    With a key of `NextKey` nothing is waited for within `one_trip`.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    has_key = row.pk is not None
    fields, head, values, returning = _statement(type(row), connection.vendor, not has_key, has_key)
    answer = dialect.sent(connection, f"{head} VALUES {values}{returning}", _prepared(row, fields, connection))
    if not has_key:
        ((row.pk,),) = answer.rows()
    row._state.adding = False
    row._state.db = connection.alias


def insert_many(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, in order; they get no primary keys."""
    if rows:
        connection = connections[DEFAULT_DB_ALIAS]
        fields = _statement(type(rows[0]), connection.vendor, False, False)[0]
        _insert(type(rows[0]), connection, [_prepared(row, fields, connection) for row in rows])


def insert_values(model: type[models.Model], **columns: Sequence[Any]) -> None:
    """Insert rows of which there is nothing but their values: of each column, by its attribute, those of all rows.

    All columns but an automatic key must be there. For many rows that say much the same: each value is prepared once.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    prepared = []
    for field in _statement(model, connection.vendor, False, False)[0]:
        values = columns[field.attname]
        known = {value: field.get_db_prep_save(value, connection) for value in dict.fromkeys(values)}
        prepared.append([known[value] for value in values])
    _insert(model, connection, list(zip(*prepared, strict=True)))


def _insert(model: type[models.Model], connection: BaseDatabaseWrapper, rows: Sequence[Sequence[Any]]) -> None:
    fields, head, values, _returning = _statement(model, connection.vendor, False, False)
    at_once = rows_of(len(fields))
    for first in range(0, len(rows), at_once):
        some = rows[first : first + at_once]
        parameters = [value for row in some for value in row]
        dialect.sent(connection, f"{head} VALUES {', '.join([values] * len(some))}", parameters)


@lru_cache(maxsize=64)
def _statement(
    model: type[models.Model], _vendor: str, gives_key: bool, has_key: bool
) -> tuple[tuple[models.Field[Any, Any], ...], str, str, str]:
    """Return the columns to give, and the statement's parts, for the kind of database in use."""
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
    return fields, head, f"({', '.join(['%s'] * len(fields))})", returning


def _prepared(
    row: models.Model, fields: tuple[models.Field[Any, Any], ...], connection: BaseDatabaseWrapper
) -> list[Any]:
    given = ((field, field.pre_save(row, True)) for field in fields)
    return [None if value is None else field.get_db_prep_save(value, connection) for field, value in given]
