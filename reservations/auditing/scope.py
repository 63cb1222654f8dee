"""What an audit looks at, and what it found."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

TOLD = 20
"""So many violations of each kind are told, the others only counted."""

MOST_RESTAURANTS = 1000
"""An audit names at most so many restaurants, for what an IN list takes; more are all."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows are looked at: of these restaurants (all by default), of service dates from first to last, included.

    now is the database's time, aware. What has no service date is looked at whatever the dates.
    """

    now: dt.datetime
    restaurants: tuple[int, ...] | None = None
    first: dt.date | None = None
    last: dt.date | None = None

    def __post_init__(self) -> None:
        if self.restaurants is not None and not 0 < len(self.restaurants) <= MOST_RESTAURANTS:
            raise ValueError(f"1 to {MOST_RESTAURANTS} restaurants, not {len(self.restaurants)}")

    def condition(self, restaurant: str, date: str = "") -> tuple[str, list[Any]]:
        """Return a condition of SQL and its parameters, for columns of these names; date "" for none."""
        parts, parameters = ["1 = 1"], list[Any]()
        if self.restaurants is not None:
            parts.append(f"{restaurant} IN ({', '.join(['%s'] * len(self.restaurants))})")
            parameters += self.restaurants
        if date and self.first is not None:
            parts.append(f"{date} >= %s")
            parameters.append(self.first)
        if date and self.last is not None:
            parts.append(f"{date} <= %s")
            parameters.append(self.last)
        return " AND ".join(parts), parameters

    def filters(self, *, dated: bool = True) -> dict[str, Any]:
        """Return the same for a queryset of a model with ``restaurant`` and, where dated, ``service_date``."""
        found: dict[str, Any] = {}
        if self.restaurants is not None:
            found["restaurant_id__in"] = self.restaurants
        if dated and self.first is not None:
            found["service_date__gte"] = self.first
        if dated and self.last is not None:
            found["service_date__lte"] = self.last
        return found


@dataclass(slots=True)
class Finding:
    """What one check found: how many rows it looked at, how many violate it, and the first of those in words."""

    name: str
    text: str
    rows: int = 0
    violations: int = 0
    told: list[str] = field(default_factory=list)

    def violated(self, text: str) -> None:
        """Count a violation, and keep its words if it is among the first."""
        self.violations += 1
        if len(self.told) < TOLD:
            self.told.append(text)


_SELECT = "SELECT {} FROM {} WHERE {} {}"


def statement(columns: str, source: str, where: str, tail: str = "") -> str:
    """Return a SELECT of these parts, all written by the checks themselves; values are parameters."""
    return _SELECT.format(columns, source, where, tail)


def select(columns: str, source: str, where: str, parameters: list[Any], tail: str = "") -> list[tuple[Any, ...]]:
    """Return the rows of a `statement`."""
    with connection.cursor() as cursor:
        cursor.execute(statement(columns, source, where, tail), [_adapted(value) for value in parameters])
        return list(cursor.fetchall())


def count(source: str, where: str, parameters: list[Any]) -> int:
    """Return how many rows a `statement` of the same parts would look at."""
    return int(select("COUNT(*)", source, where, parameters)[0][0])


def _adapted(value: Any) -> Any:
    """Return a parameter as the database takes it: not every one knows aware moments."""
    if isinstance(value, dt.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, dt.date) else value


def table_numbers(value: Any) -> list[int]:
    """Return the tables that a row names; what can't be a table, as nobody but a hand writes it, is none."""
    return [number for number in value if isinstance(number, int)] if isinstance(value, list) else []


def utc_text(moment: dt.datetime) -> str:
    """Return a moment in UTC, to the minute, such as 2026-12-01T18:30Z."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%MZ}"
