"""What the host needs to know of the evening: which service runs, who sits too long, what is unresolved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet
from django.utils import timezone

from reservations.engine.availability import Ask, DayPlan, ServiceRules, candidates, pick, starts
from reservations.engine.tables import slot_of
from reservations.models import Reservation, Restaurant, Table, TableClaim
from reservations.queries.day import blocked, day_plan
from reservations.queries.early import sitting_early

Status = Reservation.Status

UNRESOLVED = (Status.CONFIRMED, Status.SEATED)
_AHEAD = dt.timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Now:
    """The service date to which this moment belongs, its plan, and the service that runs, if one does."""

    date: dt.date
    plan: DayPlan
    """Who sits before their time takes their tables until then like a block."""
    service: ServiceRules | None
    early: frozenset[int]
    """The tables at which somebody sits before their time: no claim says so yet."""


def running(restaurant: Restaurant, now: dt.datetime) -> Now:
    """Return the service date and service that run at a moment: after midnight perhaps the evening's before.

    A service runs from its first seating to a turn after its last. Where none
    runs, the date is the local one, and its next service seats who comes early.
    """
    today = now.astimezone(restaurant.zone).date()
    early = sitting_early(restaurant.pk, now)
    yesterday = day_plan(restaurant.pk, today - dt.timedelta(days=1), locked=True)
    late = _service_at(yesterday, now)
    plan = yesterday if late is not None else day_plan(restaurant.pk, today, locked=True)
    service = late or _service_at(plan, now)
    tables = frozenset(table for party in early for table in party.table_ids)
    seatings = [blocked(party.start, party.end, party.service_date, [*party.table_ids]) for party in early]
    return Now(plan.date, replace(plan, seatings=(*plan.seatings, *seatings)), service, tables)


def _service_at(plan: DayPlan, now: dt.datetime) -> ServiceRules | None:
    if plan.closed:
        return None
    spans: dict[int, tuple[dt.datetime, dt.datetime, ServiceRules]] = {}
    for start, service in starts(plan):
        first, last, _service = spans.get(service.id, (start, start, service))
        spans[service.id] = (min(first, start), max(last, start), service)
    for first, last, service in spans.values():
        if first <= now < last + dt.timedelta(minutes=service.default_turn):
            return service
    return None


@dataclass(frozen=True, slots=True)
class Overstay:
    """A party that sits beyond its time, the party that comes next at its tables, and what is free for that one."""

    sitting: Reservation
    coming: Reservation
    instead: tuple[int, ...]
    """Tables that the coming party could have instead; empty where there are none."""


def overstays(restaurant: Restaurant, now: dt.datetime) -> list[Overstay]:
    """Return the parties whose table is still taken by one that overstays, the next to come first."""
    rows = Reservation.objects.select_related("restaurant", "area")
    sitting = list(
        rows.filter(
            restaurant=restaurant, status=Status.SEATED, ends_at__lte=now, starts_at__gt=now - dt.timedelta(days=1)
        )
    )
    if not sitting:
        return []
    coming = list(
        rows.filter(
            restaurant=restaurant,
            status=Status.CONFIRMED,
            ends_at__gt=now,
            starts_at__lt=now + _AHEAD,
            starts_at__gt=now - dt.timedelta(days=1),
        ).order_by("starts_at", "pk")
    )
    occupied = {table for row in sitting for table in row.table_ids}
    waiting = [party for party in coming if occupied & set(party.table_ids)]
    instead = free_instead(restaurant.pk, waiting, occupied)
    found = []
    for party in waiting:
        holder = next(row for row in sitting if set(row.table_ids) & set(party.table_ids))
        found.append(Overstay(holder, party, instead[party.pk]))
    return found


def free_instead(
    restaurant_id: int, parties: Sequence[Reservation], occupied: Collection[int]
) -> dict[int, tuple[int, ...]]:
    """Return for each party, by its number, tables that are free for all of its time; empty where there are none.

    One that sits before its time needs them from now on. occupied are tables that nobody can
    have, whatever is booked. No two parties are told the same table. In as many statements for
    many parties as for one.
    """
    if not parties:
        return {}
    now = timezone.now()
    begins = {
        row.pk: min(row.starts_at, slot_of(now)) if row.status == Status.SEATED else row.starts_at for row in parties
    }
    plans = {date: day_plan(restaurant_id, date, seatings=False) for date in {row.service_date for row in parties}}
    claims = list(
        TableClaim.objects.filter(
            restaurant_id=restaurant_id,
            slot_start__gte=min(begins.values()),
            slot_start__lt=max(row.ends_at for row in parties),
        )
        .order_by()
        .values_list("table_id", "slot_start", "reservation_id")
    )
    early = sitting_early(restaurant_id, now)
    gone = set(occupied)
    found = {}
    for party in parties:
        begin = begins[party.pk]
        taken = {table for table, slot, owner in claims if begin <= slot < party.ends_at and owner != party.pk}
        others = (one for one in early if one.reservation_id != party.pk)
        taken.update(*(one.table_ids for one in others if one.meets(begin, party.ends_at)))
        ask = Ask(party=party.party_size, area_id=party.area_id, step_free=party.needs_step_free, online=False)
        found[party.pk] = pick(candidates(plans[party.service_date], ask), taken | gone) or ()
        gone.update(found[party.pk])
    return found


def unresolved(restaurant_id: int, date: dt.date, now: dt.datetime) -> QuerySet[Reservation]:
    """Return what a night leaves open: parties that should have come and were not seated, and those that still sit."""
    return (
        Reservation.objects.select_related("restaurant")
        .filter(restaurant_id=restaurant_id, service_date=date, status__in=UNRESOLVED, starts_at__lte=now)
        .order_by("starts_at", "pk")
    )


def hit_by_closing(
    restaurant_id: int, first: dt.date, last: dt.date, service_id: int | None = None
) -> QuerySet[Reservation]:
    """Return the live reservations of a range of service dates, or of one service in it, that a closing would hit."""
    rows = (
        Reservation.objects.select_related("restaurant", "service")
        .filter(
            restaurant_id=restaurant_id,
            service_date__range=(first, last),
            status__in=(Status.CONFIRMED, Status.SEATED, Status.HELD),
        )
        .order_by("starts_at", "pk")
    )
    if service_id is None:
        return rows
    return rows.filter(service_id=service_id)


def same_contact(reservation: Reservation) -> QuerySet[Reservation]:
    """Return the other live reservations of the same guest in the same service of the same date."""
    if reservation.guest_id is None:
        return Reservation.objects.none()
    return (
        Reservation.objects.select_related("restaurant")
        .filter(
            Q(service_id=reservation.service_id),
            restaurant_id=reservation.restaurant_id,
            guest_id=reservation.guest_id,
            service_date=reservation.service_date,
            status__in=(Status.CONFIRMED, Status.SEATED),
        )
        .exclude(pk=reservation.pk)
        .order_by("starts_at", "pk")
    )


def misfits(table: Table, now: dt.datetime) -> list[Reservation]:
    """Return the parties to come at a table that is out of use, or has too few seats with their other tables.

    With those that may still confirm what is held for them. In two statements.
    """
    claims = TableClaim.objects.filter(table=table, slot_start__gte=slot_of(now))
    rows = (
        Reservation.objects.select_related("restaurant")
        .filter(Q(status=Status.CONFIRMED) | Q(status=Status.HELD, held_until__gt=now))
        .filter(pk__in=claims.order_by().values("reservation"))
        .order_by("starts_at", "pk")
    )
    seats = dict(Table.objects.filter(restaurant=table.restaurant_id, is_active=True).values_list("pk", "max_seats"))
    return [
        row for row in rows if table.pk not in seats or sum(seats.get(pk, 0) for pk in row.table_ids) < row.party_size
    ]


def table_names(restaurant_id: int) -> dict[int, str]:
    """Return the names of a restaurant's tables by number, those out of use too."""
    return dict(Table.objects.filter(restaurant_id=restaurant_id).values_list("pk", "name"))
