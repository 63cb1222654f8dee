"""Who sits before their time: until it begins, no claim says that their table is taken."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from reservations.engine.tables import slot_of
from reservations.models import Reservation
from reservations.queries.window import Window, window

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

    def meets(self, start: dt.datetime, end: dt.datetime) -> bool:
        """Return whether it sits early at any moment from start until end (aware)."""
        return self.start < end and self.end > start


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


def early_between(
    restaurant_id: int, start: dt.datetime, end: dt.datetime, now: dt.datetime, *, but: int = 0
) -> list[Early]:
    """Return who sits before their time at any moment from start until end (UTC).

    In one statement, or in none for what is days ahead. but is the reservation that is left out.
    """
    if start >= now + 2 * _DAY:
        # Nobody is seated before the service date, which may go on past midnight.
        return []
    found = sitting_early(restaurant_id, now)
    return [party for party in found if party.meets(start, end) and party.reservation_id != but]


def with_early(
    view: Window, restaurant_id: int, start: dt.datetime, end: dt.datetime, now: dt.datetime, *, but: int = 0
) -> Window:
    """Return the `window` from start until end (UTC) in which `early_between` has its tables, too."""
    early = early_between(restaurant_id, start, end, now, but=but)
    return replace(view, taken=view.taken.union(*(party.table_ids for party in early)))


def floor_window(
    restaurant_id: int, date: dt.date, start: dt.datetime, end: dt.datetime, now: dt.datetime, *, but: int = 0
) -> Window:
    """Return the `window` of a date whose lock is held, `with_early`, in three statements."""
    view = window(restaurant_id, date, start, end, locked=True, except_reservation=but)
    return with_early(view, restaurant_id, start, end, now, but=but)


def taken_meanwhile(row: Reservation, now: dt.datetime) -> frozenset[int]:
    """Return the tables that others have from now until a party's own time: one that sits before it is put at none.

    Without those at which it sits already. Nothing where that time has begun, else in three statements. The lock of
    the party's date is held.
    """
    if now >= row.starts_at:
        return frozenset()
    view = floor_window(row.restaurant_id, row.service_date, slot_of(now), row.starts_at, now, but=row.pk)
    return view.taken.difference(row.table_ids if row.status == Reservation.Status.SEATED else ())
