"""The tables that an imported restaurant starts with, since no source of ours knows the real ones.

docs/import.md describes the rule. Staff change the tables afterwards; a
restaurant that has any is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reservations.importing.bulk import create, pks
from reservations.models import Area, CombinationTable, Restaurant, Table, TableCombination, TurnTime

Layout = tuple[tuple[int, int], ...]
"""Pairs of (seats, how many such tables), in the order of the tables' numbers."""

DEFAULT_KIND = "restaurant"
STANDARD: dict[str, Layout] = {
    DEFAULT_KIND: ((2, 4), (4, 4), (6, 2)),
    "pub": ((2, 4), (4, 4), (6, 1)),
    "bar": ((2, 6), (4, 2)),
    "cafe": ((2, 4), (4, 2)),
    "fast_food": ((2, 3), (4, 3)),
    "bakery": ((2, 3), (4, 1)),
    "ice_cream": ((2, 4), (4, 1)),
    "canteen": ((2, 4), (4, 10), (6, 4)),
}
TURNS = ((2, 90), (4, 105), (6, 120), (8, 150))
QUICK_TURNS = ((2, 60), (4, 75), (8, 90))
QUICK_KINDS = frozenset({"cafe", "fast_food", "bakery", "ice_cream", "canteen"})
AREA = "Dining room"

_MOST_SEATS = 40
_MOST_TABLES = 200
_SMALLEST_PACING = 8


@dataclass(frozen=True, slots=True)
class TableRule:
    """How tables are laid out: by kind of place, the same layout everywhere, or none at all (an empty one)."""

    layout: Layout | None = None

    def of(self, kind: str) -> Layout:
        """Return the layout of a kind of place; one that is not known is laid out as a restaurant."""
        if self.layout is not None:
            return self.layout
        return STANDARD.get(kind, STANDARD[DEFAULT_KIND])

    def pacing(self, kind: str) -> int | None:
        """Return how many covers may arrive at one time: a third of the seats, at least 8; None without tables."""
        seats = sum(size * count for size, count in self.of(kind))
        return max(_SMALLEST_PACING, seats // 3) if seats else None


def parse_rule(text: str) -> TableRule:
    """Return the rule that ``standard``, ``none`` or a layout such as ``2x6,4x8,6x2`` (seats x tables) names.

    Raises ValueError with a sentence for the operator.
    """
    word = text.strip().lower()
    if word == "standard":
        return TableRule()
    if word == "none":
        return TableRule(layout=())
    layout = []
    for part in word.split(","):
        match = re.fullmatch(r"\s*(\d{1,3})\s*[x×]\s*(\d{1,3})\s*", part, re.ASCII)
        if match is None:
            raise ValueError(f"{part.strip()!r} is not a number of tables: write seats x tables, such as 2x6,4x8,6x2.")
        seats, count = int(match[1]), int(match[2])
        if not 1 <= seats <= _MOST_SEATS or not 1 <= count:
            raise ValueError(f"{part.strip()!r}: a table has 1 to {_MOST_SEATS} seats, and there is at least one of it.")
        layout.append((seats, count))
    if sum(count for _seats, count in layout) > _MOST_TABLES:
        raise ValueError(f"These are more than {_MOST_TABLES} tables.")
    return TableRule(layout=tuple(layout))
