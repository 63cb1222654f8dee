"""Claims: none twice, each of one live owner, and each owner with exactly those that it should have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import QuerySet

from reservations.auditing.scope import Finding, Scope, count, select, table_numbers, utc_text
from reservations.engine.slots import SLOT
from reservations.models import Block, Reservation, Table, TableClaim
from reservations.models.reservation import COUNTED

_AT_ONCE = 1000
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_CLAIMS = TableClaim._meta.db_table
_RESERVATIONS = Reservation._meta.db_table
_BLOCKS = Block._meta.db_table

_WITH_OWNERS = (
    f"{_CLAIMS} c LEFT JOIN {_RESERVATIONS} r ON r.id = c.reservation_id LEFT JOIN {_BLOCKS} b ON b.id = c.block_id"
)
_DATE = "COALESCE(r.service_date, b.service_date)"

_Slot = tuple[int, dt.datetime]


def claimed_twice(scope: Scope, finding: Finding) -> None:
    """Find tables that are claimed twice for a slot."""
    where, parameters = scope.condition("c.restaurant_id", _DATE)
    finding.rows = count(_WITH_OWNERS, where, parameters)
    for table, slot, number in select(
        "c.table_id, c.slot_start, COUNT(*)",
        _WITH_OWNERS,
        where,
        parameters,
        "GROUP BY c.table_id, c.slot_start HAVING COUNT(*) > 1 ORDER BY c.table_id, c.slot_start",
    ):
        finding.violated(f"table {table} at {utc_text(slot)}: {number} claims")


def owned(scope: Scope, finding: Finding) -> None:
    """Find claims that have not exactly one owner, or one that is not live.

    A no-show may keep the claims of slots that are over.
    """
    where, parameters = scope.condition("c.restaurant_id", _DATE)
    finding.rows = count(_WITH_OWNERS, where, parameters)
    # A claim without an owner has no date to be limited by.
    undated, undated_parameters = scope.condition("c.restaurant_id")
    live = ", ".join(f"'{status}'" for status in COUNTED)
    kept = "r.status = 'no_show' AND (c.slot_start <= %s OR r.ends_at <= %s)"
    wrong = (
        f"({where} AND ((r.id IS NOT NULL AND b.id IS NOT NULL) OR b.lifted_at IS NOT NULL"
        f" OR (r.status NOT IN ({live}) AND NOT ({kept}))))"
        f" OR ({undated} AND r.id IS NULL AND b.id IS NULL)"
    )
    for pk, table, slot, reference, status, block, lifted in select(
        "c.id, c.table_id, c.slot_start, r.reference, r.status, b.id, b.lifted_at",
        _WITH_OWNERS,
        wrong,
        [*parameters, scope.now - SLOT, scope.now, *undated_parameters],
        "ORDER BY c.id",
    ):
        owners = [f"reservation {reference}, {status}"] if reference else []
        owners += [f"block {block}, {'lifted' if lifted else 'in force'}"] if block else []
        finding.violated(f"claim {pk} of table {table} at {utc_text(slot)} is of {' and '.join(owners) or 'nobody'}")


@dataclass(frozen=True, slots=True)
class _Owner:
    """A reservation or block as its claims are compared with it. Times in UTC."""

    name: str
    slug: str
    state: str
    restaurant_id: int
    live: bool
    finished: bool
    start: dt.datetime
    end: dt.datetime
    table_ids: list[int]

    def __str__(self) -> str:
        return f"{self.name} ({self.slug}, {self.state}, {utc_text(self.start)})"


def matched(scope: Scope, finding: Finding) -> None:
    """Find live reservations and blocks that don't claim just their tables from now to their end, or claim other times.

    Of slots that are over any table will do, since a party that is moved while
    seated keeps those; a finished one keeps none that has not begun, apart from
    its first. A reservation that is not live must have no tables.
    """
    tables = dict(Table.objects.filter(**scope.filters(dated=False)).values_list("pk", "restaurant_id"))
    for owner, claimed in chain(_reservations(scope), _blocks(scope)):
        finding.rows += 1
        if text := _wrong(owner, claimed, scope.now):
            finding.violated(f"{owner}: {text}")
        elif strange := [table for table in owner.table_ids if tables.get(table) != owner.restaurant_id]:
            finding.violated(f"{owner}: its table {strange[0]} is not the restaurant's")


def _reservations(scope: Scope) -> Iterator[tuple[_Owner, set[_Slot]]]:
    rows = Reservation.objects.filter(**scope.filters())
    for row, claimed in _with_claims(rows, "reservation", "reference", "status"):
        restaurant_id, slug, start, end, named, reference, status = row
        table_ids = table_numbers(named)
        live, finished = status in COUNTED, status == Reservation.Status.FINISHED
        yield (
            _Owner(f"reservation {reference}", slug, status, restaurant_id, live, finished, start, end, table_ids),
            claimed,
        )


def _blocks(scope: Scope) -> Iterator[tuple[_Owner, set[_Slot]]]:
    for row, claimed in _with_claims(Block.objects.filter(**scope.filters()), "block", "pk", "lifted_at"):
        restaurant_id, slug, start, end, table_ids, pk, lifted = row
        # A lifted one still says which tables it was of.
        state, tables = ("in force", table_numbers(table_ids)) if lifted is None else ("lifted", [])
        yield _Owner(f"block {pk}", slug, state, restaurant_id, lifted is None, False, start, end, tables), claimed


def _with_claims(rows: QuerySet[Any], owner: str, *fields: str) -> Iterator[tuple[list[Any], set[_Slot]]]:
    """Yield what is compared of each row, with its claims; so many at once that no memory fills."""
    columns = ("pk", "restaurant_id", "restaurant__slug", "starts_at", "ends_at", "table_ids", *fields)
    after = 0
    while some := list(rows.filter(pk__gt=after).order_by("pk").values_list(*columns)[:_AT_ONCE]):
        claims: dict[int, set[_Slot]] = {row[0]: set() for row in some}
        found = TableClaim.objects.filter(**{f"{owner}_id__in": list(claims)}).order_by()
        for pk, table, slot in found.values_list(f"{owner}_id", "table_id", "slot_start"):
            claims[pk].add((table, slot))
        for pk, *row in some:
            yield row, claims[pk]
        after = some[-1][0]


def _wrong(owner: _Owner, claims: set[_Slot], now: dt.datetime) -> str:
    """Return what is wrong with an owner's claims, or an empty text."""
    if not owner.live:
        # Claims of what is not live are another check's.
        return f"has tables ({', '.join(map(str, owner.table_ids))}) though it is not live" if owner.table_ids else ""
    if not owner.table_ids and not owner.finished:
        return "has no table"
    slots = _slots(owner.start, owner.end)
    if outside := [claim for claim in claims if claim[1] not in slots]:
        return f"claims {_some(outside)} outside its time"
    # The last slot may go on after the party has left. Who has left early keeps the
    # slot that runs, to its end, and who left before their time the first.
    if owner.finished:
        to_come = {slot for slot in slots if slot > max(now, owner.start)}
    else:
        to_come = {slot for slot in slots if min(slot + SLOT, owner.end) > now}
    claimed = {claim for claim in claims if claim[1] in to_come}
    owed = set() if owner.finished else {(table, slot) for table in owner.table_ids for slot in to_come}
    if missing := owed - claimed:
        return f"lacks the claim of {_some(missing)}"
    if extra := claimed - owed:
        return f"claims {_some(extra)}, {'which has not begun' if owner.finished else 'which is none of its tables'}"
    return ""


def _slots(start: dt.datetime, end: dt.datetime) -> set[dt.datetime]:
    """Return every slot of UTC that the time from start to end touches."""
    first = start - (start - _EPOCH) % SLOT
    return {first + number * SLOT for number in range(-(-(end - first) // SLOT))}


def _some(claims: Collection[_Slot]) -> str:
    table, slot = min(claims, key=lambda claim: (claim[1], claim[0]))
    more = f" and {len(claims) - 1} more" if len(claims) > 1 else ""
    return f"table {table} at {utc_text(slot)}{more}"
