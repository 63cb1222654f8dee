"""The tables that an imported restaurant starts with, since its source does not know the real ones.

docs/import.md states the rule. Staff change the tables afterwards; a
restaurant that has any is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reservations.importing.bulk import chunks, create
from reservations.models import Area, CombinationTable, Table, TableCombination, TurnTime

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
        if not 1 <= seats <= _MOST_SEATS or count < 1:
            raise ValueError(f"{part.strip()!r}: a table has 1 to {_MOST_SEATS} seats; write at least one.")
        layout.append((seats, count))
    if sum(count for _seats, count in layout) > _MOST_TABLES:
        raise ValueError(f"These are more than {_MOST_TABLES} tables.")
    return TableRule(layout=tuple(layout))


def add_tables(kinds: Mapping[int, str], rule: TableRule) -> int:
    """Give every restaurant without a table an area, tables, combinations and turn times; return how many tables.

    kinds maps the restaurants' primary keys to their kind of place. Runs in the
    caller's transaction, in a number of statements that grows with the rows alone.
    """
    made = 0
    for ids in chunks(sorted(kinds)):
        furnished = set(Table.objects.filter(restaurant_id__in=ids).values_list("restaurant_id", flat=True))
        bare = {pk: kinds[pk] for pk in ids if pk not in furnished and rule.of(kinds[pk])}
        made += _furnish(bare, rule)
        _add_turn_times(bare)
    return made


def _furnish(kinds: Mapping[int, str], rule: TableRule) -> int:
    have_area = set(Area.objects.filter(restaurant_id__in=kinds, name=AREA).values_list("restaurant_id", flat=True))
    create(Area, [Area(restaurant_id=pk, name=AREA) for pk in kinds if pk not in have_area])
    areas = dict(Area.objects.filter(restaurant_id__in=kinds, name=AREA).values_list("restaurant_id", "pk"))
    made = create(
        Table,
        [
            Table(
                restaurant_id=pk,
                area_id=areas[pk],
                name=str(number),
                # A couple does not get a table that a family may want later.
                min_seats=seats // 2 if seats > 4 else 1,
                max_seats=seats,
                is_step_free=step_free,
                position=number,
            )
            for pk, kind in kinds.items()
            for number, (seats, step_free) in enumerate(_tables(rule.of(kind)), start=1)
        ],
    )
    _combine(kinds, rule)
    return made


def _tables(layout: Layout) -> list[tuple[int, bool]]:
    """Return (seats, step-free) of each table; the last of every size can be reached without steps."""
    return [(seats, number == count) for seats, count in layout for number in range(1, count + 1)]


def _pairs(layout: Layout) -> list[tuple[int, int, int, int]]:
    """Return the combinations as (number, next number, smallest party, largest party).

    Tables of one size are joined two by two: the smallest size of which two
    seat a party that no single table does.
    """
    sizes = [seats for seats, _step_free in _tables(layout)]
    largest = max(sizes, default=0)
    for size in sorted(set(sizes)):
        numbers = [number for number, seats in enumerate(sizes, start=1) if seats == size]
        if 2 * size > largest and len(numbers) >= 2:
            return [
                (first, second, largest + 1, 2 * size)
                for first, second in zip(numbers[::2], numbers[1::2], strict=False)
            ]
    return []


def _combine(kinds: Mapping[int, str], rule: TableRule) -> None:
    wanted = {
        (pk, f"{first} + {second}"): (first, second, smallest, largest)
        for pk, kind in kinds.items()
        for first, second, smallest, largest in _pairs(rule.of(kind))
    }
    have = set(TableCombination.objects.filter(restaurant_id__in=kinds).values_list("restaurant_id", "name"))
    wanted = {key: value for key, value in wanted.items() if key not in have}
    create(
        TableCombination,
        [
            TableCombination(restaurant_id=pk, name=name, min_party=smallest, max_party=largest)
            for (pk, name), (_first, _second, smallest, largest) in wanted.items()
        ],
    )
    combinations = {
        (pk, name): combination
        for pk, name, combination in TableCombination.objects.filter(restaurant_id__in=kinds).values_list(
            "restaurant_id", "name", "pk"
        )
    }
    tables = {
        (pk, name): table
        for pk, name, table in Table.objects.filter(restaurant_id__in=kinds).values_list("restaurant_id", "name", "pk")
    }
    create(
        CombinationTable,
        [
            CombinationTable(restaurant_id=pk, combination_id=combinations[pk, name], table_id=tables[pk, str(number)])
            for (pk, name), (first, second, _smallest, _largest) in wanted.items()
            for number in (first, second)
        ],
    )


def _add_turn_times(kinds: Mapping[int, str]) -> None:
    timed = set(TurnTime.objects.filter(restaurant_id__in=kinds).values_list("restaurant_id", flat=True))
    create(
        TurnTime,
        [
            TurnTime(restaurant_id=pk, up_to=up_to, minutes=minutes)
            for pk, kind in kinds.items()
            if pk not in timed
            for up_to, minutes in (QUICK_TURNS if kind in QUICK_KINDS else TURNS)
        ],
    )
