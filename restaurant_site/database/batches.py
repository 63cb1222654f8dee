"""How many rows fit into one statement, on every database."""

from __future__ import annotations

from typing import Final

from django.db.models import Model

MOST_PARAMETERS: Final = 2000
"""Azure SQL takes 2,100 a statement."""


def rows_a_statement(model: type[Model]) -> int:
    """Return how many rows of a model one INSERT of all columns takes."""
    return max(1, MOST_PARAMETERS // len(model._meta.concrete_fields))
