"""Rows of restaurants become restaurants with hours, services, special days and tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reservations.importing.tables import TableRule


@dataclass(slots=True)
class Counts:
    """What an import did."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    unusable: int = 0


Report = Callable[[int, str, str], None]
"""Called with the line, the name and the reason of whatever the operator should know of a row."""


def import_rows(
    rows: Iterable[tuple[int, Mapping[str, str]]],
    *,
    today: dt.date,
    bookable: bool,
    tables: TableRule,
    report: Report,
    progress: Callable[[int], None] = lambda _done: None,
) -> Counts:
    """Create or update the restaurants of the rows: pairs of line number and the file's columns.

    Runs in transactions of its own, one a batch, so it must not be called inside one.
    progress is called with the number of rows done.
    """
    raise NotImplementedError
