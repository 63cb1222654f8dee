"""A service date as the timeline and the floor plan show it: who has which table, slot by slot, and what is free."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from reservations.engine.availability import DayPlan, day_times
from reservations.engine.slots import SLOT
from reservations.engine.tables import next_slot, slot_of
from reservations.models import Area, Block, Reservation, Restaurant, Table, TableClaim
from reservations.models.reservation import COUNTED
from reservations.queries.day import rules_on

MOST_SLOTS = 144
"""A day and a half: a service that begins at noon and goes on until the next one."""

_DAY = dt.timedelta(days=1)
_OVER = dt.timedelta(hours=3)
"""So long after its last party's time a day still grows with who overstays; then whoever closes the night has it."""
_USUAL = (dt.time(12), dt.time(23))


@dataclass(frozen=True, slots=True)
class Stay:
    """Who has one table from a slot (UTC) until the end of another: a party or a hold, or else a block."""

    table_id: int
    first: dt.datetime
    until: dt.datetime
    reservation: Reservation | None = None
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class AtTable:
    """A table at a moment: who still sits there though its time is over, who has it, and who comes next."""

    over: Stay | None
    has: Stay | None
    following: Stay | None

    @property
    def free_until(self) -> dt.datetime | None:
        """When it is somebody's again, or None where it is nobody's for the rest of the day; nothing of one taken."""
        return self.following.first if self.following else None


@dataclass(frozen=True, slots=True)
class Room:
    """An area with its tables in their order, without those out of use, unless somebody has one."""

    area: Area
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """One restaurant's one service date, cut into slots from first (UTC) on."""

    restaurant: Restaurant
    date: dt.date
    plan: DayPlan
    """The day's rules alone, without tables and seatings."""
    now: dt.datetime
    first: dt.datetime
    slots: int
    rooms: tuple[Room, ...]
    stays: dict[int, tuple[Stay, ...]]
    """By table, in order; by the claims, so that what is between two is free."""
    covers: dict[dt.datetime, int]
    """The covers of this service date by their start."""

    @property
    def last(self) -> dt.datetime:
        """The end of the last slot."""
        return self.first + self.slots * SLOT

    def slot(self, moment: dt.datetime) -> int:
        """Return the number of the slot in which a moment lies, counted from 0; outside the day too."""
        return (moment - self.first) // SLOT

    def starts(self) -> list[int]:
        """Return the slots at which a service seats guests."""
        return [self.slot(utc) for utc, _local, _service in day_times(self.plan)]

    def at(self, table_id: int, moment: dt.datetime) -> AtTable:
        """Return who is concerned with a table at a moment (aware)."""
        stays = self.stays.get(table_id, ())
        over = [stay for stay in stays if stay.until <= moment and overstays(stay, self.now)]
        return AtTable(
            over=over[-1] if over else None,
            has=next((stay for stay in stays if stay.first <= moment < stay.until), None),
            following=next((stay for stay in stays if stay.first > moment), None),
        )

    def names(self) -> dict[int, str]:
        """Return the tables' names by number."""
        return {table.pk: table.name for room in self.rooms for table in room.tables}


def overstays(stay: Stay, now: dt.datetime) -> bool:
    """Return whether a party sits beyond its time."""
    row = stay.reservation
    return (
        row is not None and row.status == Reservation.Status.SEATED and row.ends_at == stay.until and stay.until <= now
    )


def timeline(restaurant: Restaurant, date: dt.date, now: dt.datetime) -> Timeline:
    """Return a local service date at a moment (aware), in 7 statements, however many parties and tables there are.

    Claims say who has a table: a party that moved while it sat has its new one
    from then on; one that sits before its time has it from now on. Holds that have
    lapsed have none. What the dates around it have of the same hours is there too.
    """
    plan = rules_on(restaurant.pk, date, turns=True)
    around = (date - _DAY, date, date + _DAY)
    parties = {row.pk: row for row in _parties(restaurant, around, now)}
    own = [row for row in parties.values() if row.service_date == date]
    first, slots = _span(plan, own, now, restaurant)
    blocks = {
        row.pk: row
        for row in Block.objects.filter(restaurant=restaurant, service_date__in=around, lifted_at=None).order_by()
    }
    stays: dict[int, list[Stay]] = {}
    for stay in _stays(restaurant.pk, first, first + slots * SLOT, parties, blocks):
        before = stays.setdefault(stay.table_id, [])
        before.append(_since_seated(stay, before[-1].until if before else first, now))
    covers: dict[dt.datetime, int] = {}
    for row in own:
        covers[row.starts_at] = covers.get(row.starts_at, 0) + row.party_size
    return Timeline(
        restaurant=restaurant,
        date=date,
        plan=plan,
        now=now,
        first=first,
        slots=slots,
        rooms=_rooms(restaurant.pk, stays.keys()),
        stays={table: tuple(rows) for table, rows in stays.items()},
        covers=covers,
    )


def _parties(restaurant: Restaurant, dates: Sequence[dt.date], now: dt.datetime) -> list[Reservation]:
    rows = Reservation.objects.filter(restaurant=restaurant, service_date__in=dates, status__in=COUNTED)
    found = []
    for row in rows.order_by("starts_at", "pk"):
        if row.status == Reservation.Status.HELD and (row.held_until is None or row.held_until <= now):
            continue
        row.restaurant = restaurant
        found.append(row)
    return found


def _span(
    plan: DayPlan, own: Iterable[Reservation], now: dt.datetime, restaurant: Restaurant
) -> tuple[dt.datetime, int]:
    """Return the first slot of the day, on a full local hour, and how many there are."""
    begins, ends = [row.starts_at for row in own], [row.ends_at for row in own]
    for utc, _local, service in day_times(plan):
        longest = max([minutes for _up_to, minutes in service.turn_times], default=service.default_turn)
        begins.append(utc)
        ends.append(utc + dt.timedelta(minutes=longest))
    if not begins:
        usual = [dt.datetime.combine(plan.date, clock, restaurant.zone).astimezone(dt.UTC) for clock in _USUAL]
        begins, ends = usual[:1], usual[1:]
    sitting = [row for row in own if row.status == Reservation.Status.SEATED]
    if sitting and max(ends) <= now < max(ends) + _OVER:
        ends.append(now)
    if any(row.starts_at > now for row in sitting):
        begins.append(now)
    midnight = dt.datetime.combine(plan.date, dt.time(), restaurant.zone).astimezone(dt.UTC)
    # Rows of a careless import may lie anywhere.
    begin = max(min(begins), midnight - _DAY / 4)
    begin = slot_of(begin - dt.timedelta(minutes=begin.astimezone(restaurant.zone).minute))
    return begin, max(4, min(MOST_SLOTS, (next_slot(max(ends)) - begin) // SLOT))


def _stays(
    restaurant_id: int,
    first: dt.datetime,
    last: dt.datetime,
    parties: dict[int, Reservation],
    blocks: dict[int, Block],
) -> list[Stay]:
    """Return the runs of slots that one party or block has of one table, in order."""
    rows = TableClaim.objects.filter(restaurant_id=restaurant_id, slot_start__gte=first, slot_start__lt=last)
    found: list[Stay] = []
    run: tuple[int, int | None, int | None] | None = None
    for table, slot, reservation_id, block_id in rows.order_by("table_id", "slot_start").values_list(
        "table_id", "slot_start", "reservation_id", "block_id"
    ):
        reservation, block = parties.get(reservation_id or 0), blocks.get(block_id or 0)
        if reservation is None and block is None:
            # A lapsed hold, or a party that came between two statements.
            continue
        if run == (table, reservation_id, block_id) and found[-1].until == slot:
            found[-1] = Stay(table, found[-1].first, slot + SLOT, reservation, block)
        else:
            found.append(Stay(table, slot, slot + SLOT, reservation, block))
        run = (table, reservation_id, block_id)
    return found


def _since_seated(stay: Stay, free: dt.datetime, now: dt.datetime) -> Stay:
    """Return a stay as it is where the party sits before its time: from now on, as far as the table is free."""
    row = stay.reservation
    if row is None or row.status != Reservation.Status.SEATED or not now < row.starts_at == stay.first:
        return stay
    return replace(stay, first=min(stay.first, max(slot_of(now), free)))


def _rooms(restaurant_id: int, taken: Iterable[int]) -> tuple[Room, ...]:
    had = set(taken)
    rooms: dict[int, tuple[Area, list[Table]]] = {}
    rows = Table.objects.filter(restaurant_id=restaurant_id).select_related("area")
    for table in rows.order_by("area__position", "area_id", "position", "pk"):
        if table.is_active or table.pk in had:
            rooms.setdefault(table.area_id, (table.area, []))[1].append(table)
    return tuple(Room(area, tuple(tables)) for area, tables in rooms.values())
