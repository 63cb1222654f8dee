"""Many rows in few statements, on every database: no primary keys come back, and parameters are limited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from django.db.models import Model

from restaurant_site.database.batches import rows_a_statement

M = TypeVar("M", bound=Model)
T = TypeVar("T")

_IN_A_LIST = 1000


def create(model: type[M], rows: Sequence[M]) -> int:
    """Insert the rows, whose primary keys may stay unknown, and return how many there are."""
    model._default_manager.bulk_create(rows, batch_size=rows_a_statement(model))
    return len(rows)


def chunks(values: Sequence[T], size: int = _IN_A_LIST) -> Iterator[Sequence[T]]:
    """Yield the values in pieces that an IN list can hold."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
