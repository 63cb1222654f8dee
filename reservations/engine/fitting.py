"""Which tables and combinations are for a party, and in which order. Pure: imports the standard library alone."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from operator import attrgetter

from reservations.engine.errors import Reason
from reservations.engine.plan import Ask, CombinationSpec, DayPlan, TableSpec


class Misfit(enum.StrEnum):
    """Why tables are not for a party, whoever sits where."""

    TOO_SMALL = "TOO_SMALL"
    TOO_LARGE = "TOO_LARGE"
    NOT_ONLINE = "NOT_ONLINE"
    WRONG_AREA = "WRONG_AREA"
    NOT_STEP_FREE = "NOT_STEP_FREE"
    OUT_OF_USE = "OUT_OF_USE"
    PAUSED = "PAUSED"


def candidates(plan: DayPlan, ask: Ask) -> list[tuple[int, ...]]:
    """Return the sets of tables that seat the party, best first.

    The smallest table that fits comes first, so that large tables are kept for
    large parties; combinations come last, those of fewest tables and seats
    first. Ties go by the tables' own order. Where staff have chosen tables
    these alone, whatever else is asked, if all are in use and seat the party.
    """
    by_id = {table.id: table for table in plan.tables}
    if ask.table_ids:
        chosen = [by_id[pk] for pk in set(ask.table_ids) if pk in by_id]
        suits = len(chosen) == len(ask.table_ids) and sum(table.max_seats for table in chosen) >= ask.party
        return [ask.table_ids] if suits else []
    single = [(table.id,) for table in tables_in_order(plan) if table_misfit(table, ask) is None]
    return single + [
        combination.table_ids
        for combination in combinations_in_order(plan)
        if combination_misfit(combination, by_id, ask) is None
    ]


def none_fits(plan: DayPlan, ask: Ask, choices: Collection[tuple[int, ...]]) -> Reason:
    """Return why a party gets no table at a time, where these are its candidates and none of them is free."""
    if choices:
        return Reason.TABLES_TAKEN
    if ask.table_ids:
        return Reason.WRONG_TABLES
    if ask.paused_areas and candidates(plan, replace(ask, paused_areas=frozenset())):
        return Reason.PAUSED
    return Reason.NO_TABLE


def tables_in_order(plan: DayPlan) -> list[TableSpec]:
    """Return the tables in the order in which they are asked, whether they fit or not."""
    return sorted(plan.tables, key=attrgetter("max_seats"))


def combinations_in_order(plan: DayPlan) -> list[CombinationSpec]:
    """Return the combinations in the order in which they are asked, whether they fit or not."""
    return sorted(plan.combinations, key=lambda one: (len(one.table_ids), one.max_party))


def table_misfit(table: TableSpec, ask: Ask) -> Misfit | None:
    """Return why the party can't be given the table even when it is free, or None."""
    if ask.party > table.max_seats:
        return Misfit.TOO_SMALL
    if ask.party < table.min_seats:
        return Misfit.TOO_LARGE
    return _unsuitable(table, ask)


def combination_misfit(combination: CombinationSpec, tables: Mapping[int, TableSpec], ask: Ask) -> Misfit | None:
    """Return why the party can't be given the combination even when it is free, or None; tables are those in use."""
    if ask.party > combination.max_party:
        return Misfit.TOO_SMALL
    if ask.party < combination.min_party:
        return Misfit.TOO_LARGE
    if ask.online and not combination.online:
        return Misfit.NOT_ONLINE
    if not combination.table_ids:
        return Misfit.OUT_OF_USE
    misfits = []
    for member in combination.table_ids:
        table = tables.get(member)
        if found := Misfit.OUT_OF_USE if table is None else _unsuitable(table, ask):
            misfits.append(found)
    # A brake comes last: it is said only where nothing else is in the way.
    return next((found for found in misfits if found != Misfit.PAUSED), misfits[0] if misfits else None)


def _unsuitable(table: TableSpec, ask: Ask) -> Misfit | None:
    if ask.online and not table.online:
        return Misfit.NOT_ONLINE
    if ask.area_id is not None and table.area_id != ask.area_id:
        return Misfit.WRONG_AREA
    if ask.step_free and not table.step_free:
        return Misfit.NOT_STEP_FREE
    if table.area_id in ask.paused_areas:
        return Misfit.PAUSED
    return None


def pick(choices: Iterable[tuple[int, ...]], taken: Collection[int]) -> tuple[int, ...] | None:
    """Return the first choice none of whose tables is taken, or None."""
    for tables in choices:
        if not any(table in taken for table in tables):
            return tables
    return None
