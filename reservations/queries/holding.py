"""Who has which table within a span of time: what a host wants to know where a table can't be had."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from reservations.models import Reservation, Table, TableClaim
from reservations.queries.early import early_between


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a table from a moment (UTC) within the span on: a party, or a hold, or else a block."""

    table_id: int
    table: str
    first: dt.datetime
    reservation_id: int | None
    reference: str
    name: str
    is_hold: bool
    block_id: int | None
    reason: str


def holders(
    restaurant_id: int,
    start: dt.datetime,
    end: dt.datetime,
    *,
    table_ids: Sequence[int] | None = None,
    except_reservation: int = 0,
) -> list[Holder]:
    """Return who has tables from start to end (aware), the first to have one first, in as many statements for many.

    Of all the restaurant's tables, or of those given. Holds that have lapsed have nothing; who sits before
    their time has the table from now on.
    """
    claims = TableClaim.objects.filter(restaurant_id=restaurant_id, slot_start__gte=start, slot_start__lt=end)
    if table_ids is not None:
        claims = claims.filter(table_id__in=table_ids)
    lapsed = Q(reservation__status=Reservation.Status.HELD, reservation__held_until__lte=Now())
    rows = (
        claims.exclude(reservation=except_reservation)
        .exclude(lapsed)
        .order_by()
        .values_list(
            "table_id",
            "table__name",
            "reservation_id",
            "reservation__reference",
            "reservation__name",
            "reservation__status",
            "block_id",
            "block__reason",
        )
        .annotate(first=Min("slot_start"))
        .order_by("first", "table_id")
    )
    early = _early(restaurant_id, start, end, table_ids, except_reservation)
    known = {(holder.table_id, holder.reservation_id) for holder in early}
    found = [
        Holder(
            table_id=table_id,
            table=table,
            first=first,
            reservation_id=reservation_id,
            reference=reference or "",
            name=name or "",
            is_hold=status == Reservation.Status.HELD,
            block_id=block_id,
            reason=reason or "",
        )
        for table_id, table, reservation_id, reference, name, status, block_id, reason, first in rows
        if (table_id, reservation_id) not in known
    ]
    return sorted([*early, *found], key=lambda holder: (holder.first, holder.table_id))


def _early(
    restaurant_id: int, start: dt.datetime, end: dt.datetime, table_ids: Sequence[int] | None, but: int
) -> list[Holder]:
    parties = early_between(restaurant_id, start, end, timezone.now(), but=but)
    if not parties:
        return []
    names = dict(Table.objects.filter(restaurant_id=restaurant_id).values_list("pk", "name"))
    return [
        Holder(
            table_id=table,
            table=names[table],
            first=max(party.start, start),
            reservation_id=party.reservation_id,
            reference=party.reference,
            name=party.name,
            is_hold=False,
            block_id=None,
            reason="",
        )
        for party in parties
        for table in party.table_ids
        if table in names and (table_ids is None or table in table_ids)
    ]
