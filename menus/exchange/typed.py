"""What we use of django-import-export, which has no types, for the type checker alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from menus.models import Dish


class Widget:
    """How a value is written into a cell and read from it."""


class Field:
    """A column."""

    attribute: str
    column_name: str

    def __init__(self, attribute: str, column_name: str, *, widget: Widget, readonly: bool = False) -> None:
        """Take the attribute of the row, the column, and how the value is read and written."""

    def export(self, instance: Any) -> str:
        """Return the cell of a row."""
        raise NotImplementedError


class ModelResource:
    """A table of rows of a model."""

    fields: dict[str, Field]
    update_instances: list[Dish]

    def import_data(self, dataset: Any, **kwargs: Any) -> Any:
        """Import the rows of a dataset."""

    def import_field(self, field: Field, instance: Dish, row: Mapping[str, str], **kwargs: Any) -> None:
        """Read one cell."""
