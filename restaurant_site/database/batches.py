"""How many rows fit into one statement, on every database."""

from __future__ import annotations

from typing import Final

from django.db.models import Model

MOST_PARAMETERS: Final = 2000
"""Azure SQL takes 2,100 a statement."""

MOST_ROWS: Final = 1000
"""It takes no more behind one VALUES."""


def rows_a_statement(model: type[Model]) -> int:
    """Return how many rows of a model one INSERT of all columns takes."""
    return rows_of(len(model._meta.concrete_fields))


def rows_of(columns: int) -> int:
    """Return how many rows of so many columns one INSERT takes."""
    return max(1, min(MOST_ROWS, MOST_PARAMETERS // columns))
