"""Which tables a restaurant has, and which of them may be put together: every booking reads it under the day's lock."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import models

from reservations.engine.availability import CombinationSpec, TableSpec
from reservations.models import Table
from reservations.queries.prepared import Param, Prepared, Question

# In one statement: a row for each table, or one for each combination that it is part of.
_LAYOUT = Prepared(
    lambda: (
        Table.objects.filter(restaurant=Param("restaurant", models.BigIntegerField()))
        .order_by("position", "pk")
        .values_list(
            # Also those out of use: what they are part of must not be taken for a smaller combination.
            "is_active",
            "memberships__combination_id",
            "memberships__combination__min_party",
            "memberships__combination__max_party",
            "memberships__combination__is_online",
            "pk",
            "name",
            "area_id",
            "min_seats",
            "max_seats",
            "is_online",
            "is_step_free",
        )
    )
)


def of_layout(restaurant_id: int) -> Question:
    """Return the question whose answer goes to `layout_fields`."""
    return _LAYOUT.asked(restaurant=restaurant_id)


def layout_fields(rows: list[Any]) -> dict[str, Any]:
    """Return the fields of a plan that say which tables there are.

    Tables in use in their own order, combinations by their numbers, and the members of each by theirs. A combination
    names all its members, also those that are out of use.
    """
    tables, combinations = _specs(tuple(map(tuple, rows)))
    return {"tables": tables, "combinations": combinations}


@lru_cache(maxsize=64)
def _specs(rows: tuple[tuple[Any, ...], ...]) -> tuple[tuple[TableSpec, ...], tuple[CombinationSpec, ...]]:
    """Return what rows say, which are read at every booking and are those of the last one."""
    tables: dict[int, TableSpec] = {}
    members: dict[int, list[int]] = {}
    limits: dict[int, tuple[int, int, bool]] = {}
    for is_active, combination, least, most, online, table, *rest in rows:
        if is_active:
            tables[table] = TableSpec(table, *rest)
        if combination is not None:
            members.setdefault(combination, []).append(table)
            limits[combination] = (least, most, online)
    return tuple(tables.values()), tuple(
        CombinationSpec(pk, tuple(sorted(members[pk])), *limits[pk]) for pk in sorted(members)
    )
