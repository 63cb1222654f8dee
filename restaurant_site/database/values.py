"""Values as a statement takes them: what a field's `get_db_prep_save` makes of each, which mostly is the same as ever.

Django asks half a dozen methods for each value. A write rule hands over a
hundred, most of them texts and moments, which stay what they are, and a few
numbers, states and empty ones, which are made into the same each time.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Prepare = Callable[[Any, BaseDatabaseWrapper], Any]

_SMALL: Final = 1000
"""Numbers up to it are remembered: counts, minutes and sizes are, and keys mostly are not."""


@lru_cache(maxsize=1024)
def preparer(field: models.Field[Any, Any], vendor: str) -> Prepare:
    """Return what does for values of a field, on one kind of database, what its `get_db_prep_save` does.

    Of what people write nothing is remembered.
    """
    whole = field.get_db_prep_save
    kept = _kept(field, vendor)
    known: dict[tuple[type, Any], Any] = {}

    def prepare(value: Any, connection: BaseDatabaseWrapper) -> Any:
        kind = type(value)
        if kind is kept and (kind is not dt.datetime or value.tzinfo is not None):
            return value
        if not (
            value is None or kind is bool or (kind is int and 0 <= value <= _SMALL) or isinstance(value, enum.Enum)
        ):
            return whole(value, connection)
        key = (kind, value)
        if key not in known:
            known[key] = whole(value, connection)
        return known[key]

    return prepare


def _kept(field: models.Field[Any, Any], vendor: str) -> type | None:
    """Return the type of which values are handed on as they are: the field says nothing that Django's own do not.

    Moments only where they are aware, and by psycopg: another driver takes them in another form.
    """
    if any(_is_as(field, own) for own in (models.CharField, models.TextField)):
        return str
    if vendor != "postgresql":
        return None
    if _is_as(field, models.DateTimeField):
        return dt.datetime
    return dt.date if _is_as(field, models.DateField) else None


def _is_as(field: models.Field[Any, Any], own: type[models.Field[Any, Any]]) -> bool:
    kind = type(field)
    return isinstance(field, own) and all(
        getattr(kind, name) is getattr(own, name)
        for name in ("get_db_prep_save", "get_db_prep_value", "get_prep_value", "to_python")
    )


def reader(fields: tuple[models.Field[Any, Any], ...]) -> Callable[[models.Model], list[Any]]:
    """Return what reads these fields' values from a row that is about to be inserted, as their `pre_save` does."""
    own = [(place, field) for place, field in enumerate(fields) if not _reads_alone(field)]
    names = [field.attname for field in fields]

    def read(row: models.Model) -> list[Any]:
        values = [getattr(row, name) for name in names]
        for place, field in own:
            values[place] = field.pre_save(row, True)
        return values

    return read


def _reads_alone(field: models.Field[Any, Any]) -> bool:
    """Return whether `pre_save` gives the row's value and does nothing else."""
    if isinstance(field, models.DateField | models.TimeField):
        sets = field.auto_now or field.auto_now_add
        return not sets and type(field).pre_save in (
            models.DateField.pre_save,
            models.DateTimeField.pre_save,
            models.TimeField.pre_save,
        )
    return type(field).pre_save is models.Field.pre_save
