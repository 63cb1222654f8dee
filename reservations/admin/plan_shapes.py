"""Where the tables of a room are drawn, in whole units, and how large: those that have no place yet in tidy rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reservations.models import Table
from reservations.models.tables import MOST_ACROSS, MOST_DOWN

Shape = Table.Shape

UNIT = 20
"""Pixels of a unit where the plan is drawn at its own size: the smallest table is 60 wide."""

PER_LETTER = 8
"""Pixels of a letter of a table's name, roughly."""

_GAP = 2
_NARROWEST = 24


@dataclass(frozen=True, slots=True)
class Placed:
    """A table on the plan, in units from the room's upper left corner."""

    table: Table
    shape: str
    x: int
    y: int
    width: int
    height: int
    is_given: bool
    """Whether somebody has put it there."""


def shape_of(table: Table) -> str:
    """Return the shape that is set, or the usual one for its seats."""
    if table.plan_shape in Shape.values:
        return table.plan_shape
    if table.max_seats <= 2:
        return Shape.ROUND.value
    return (Shape.SQUARE if table.max_seats <= 4 else Shape.LONG).value


def size_of(shape: str, seats: int) -> tuple[int, int]:
    """Return the width and height of a table, in units, by its seats."""
    if shape in (Shape.LONG, Shape.UPRIGHT):
        long = max(4, min(3 + (seats + 1) // 2, 18))
        return (long, 3) if shape == Shape.LONG else (3, long)
    side = 3 if seats <= 2 else 4 if seats <= 5 else 5 if seats <= 8 else 6
    return side, side


def placed(tables: Sequence[Table]) -> list[Placed]:
    """Return where the tables of one room are, in their order. A new restaurant has a plan at once."""
    sizes = {table.pk: size_of(shape_of(table), table.max_seats) for table in tables}
    given = [table for table in tables if is_given(table)]
    widest = min(MOST_ACROSS, max(_NARROWEST, math.isqrt(40 * len(tables))))
    x, row = 1, max([(table.plan_y or 0) + sizes[table.pk][1] + _GAP for table in given], default=1)
    height = 0
    found = []
    for table in tables:
        wide, high = sizes[table.pk]
        if is_given(table):
            at = min(table.plan_x or 0, MOST_ACROSS), min(table.plan_y or 0, MOST_DOWN)
        else:
            if x > 1 and x + wide > widest:
                x, row, height = 1, row + height + _GAP, 0
            at = x, row
            x, height = x + wide + _GAP, max(height, high)
        found.append(Placed(table, shape_of(table), *at, wide, high, is_given(table)))
    return found


def is_given(table: Table) -> bool:
    """Return whether somebody has put the table somewhere."""
    return table.plan_x is not None and table.plan_y is not None


def extent(tables: Sequence[Placed]) -> tuple[int, int]:
    """Return the width and height of a room, in units: as large as its tables need."""
    width = max([one.x + one.width + 1 for one in tables], default=0)
    height = max([one.y + one.height + 1 for one in tables], default=0)
    return max(width, _NARROWEST), max(height, 6)
