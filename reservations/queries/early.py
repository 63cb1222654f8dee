"""Who sits before their time: until it begins, no claim says that their table is taken."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reservations.engine.tables import slot_of
from reservations.models import Reservation

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Early:
    """A party that sits from this slot on until its own time (both UTC) at tables that nobody has claimed for it."""

    reservation_id: int
    reference: str
    name: str
    service_date: dt.date
    start: dt.datetime
    end: dt.datetime
    table_ids: tuple[int, ...]


def sitting_early(restaurant_id: int, now: dt.datetime) -> list[Early]:
    """Return the parties that sit before their time at a moment (aware), in one statement."""
    today = now.astimezone(dt.UTC).date()
    rows = Reservation.objects.filter(
        restaurant_id=restaurant_id,
        # Nobody is seated before the service date, whatever the zone; the index goes by it.
        service_date__range=(today - 2 * _DAY, today + _DAY),
        status=Reservation.Status.SEATED,
        starts_at__gt=now,
    )
    found = rows.order_by("starts_at", "pk").values_list(
        "pk", "reference", "name", "service_date", "starts_at", "table_ids"
    )
    return [
        Early(pk, reference, name, date, slot_of(now), start, tuple(tables))
        for pk, reference, name, date, start, tables in found
    ]


def sat_at(
    restaurant_id: int, start: dt.datetime, end: dt.datetime, now: dt.datetime, *, but: int = 0
) -> frozenset[int]:
    """Return the tables at which somebody sits before their time within a span (UTC); but is one left out."""
    return frozenset(
        table
        for party in sitting_early(restaurant_id, now)
        if party.start < end and party.end > start and party.reservation_id != but
        for table in party.table_ids
    )
