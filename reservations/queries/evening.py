"""The evening as the floor page shows it: who is late, comes next, sits, waits at the door or for a table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from reservations.engine.availability import DayPlan, ServiceRules
from reservations.models import Block, Reservation, Restaurant, WaitlistEntry
from reservations.queries.floor import UNRESOLVED, Overstay, overstays, running, table_names
from reservations.queries.touches import Touch, touches

Status = Reservation.Status

SOON = dt.timedelta(hours=2)
_LATELY = dt.timedelta(hours=6)
"""So long after its time a party of the evening before is still expected; then whoever closes the night has it."""


@dataclass(frozen=True, slots=True)
class Evening:
    """What concerns the floor at a moment. Each list is in the order in which it wants heed."""

    date: dt.date
    now: dt.datetime
    service: ServiceRules | None
    closed: bool
    late: tuple[Reservation, ...]
    arriving: tuple[Reservation, ...]
    """Who comes within two hours, or should be coming in and is not late yet."""
    later: int
    """How many parties come after that."""
    seated: tuple[Reservation, ...]
    overstays: tuple[Overstay, ...]
    door: tuple[WaitlistEntry, ...]
    waitlist: tuple[tuple[int, WaitlistEntry], ...]
    """Each with its place, counted from 1; 0 where a table is offered to it."""
    blocks: tuple[Block, ...]
    tables: dict[int, str]
    """The names of the restaurant's tables by number."""
    touches: dict[int, Touch]
    """What was done a short while ago and can be taken back, by the reservation's number."""
    plan: DayPlan


def evening(restaurant: Restaurant, now: dt.datetime) -> Evening:
    """Return what concerns the floor at a moment (aware), in as many statements for many parties as for few."""
    here = running(restaurant, now)
    # After midnight some of the evening before still sit, though its service is over.
    dates = (here.date - dt.timedelta(days=1), here.date)
    rows = with_twice(Reservation.objects.select_related("restaurant", "area")).filter(
        restaurant=restaurant, service_date__in=dates, status__in=UNRESOLVED
    )
    parties = list(rows.order_by("starts_at", "pk"))
    coming = [
        row
        for row in parties
        if row.status == Status.CONFIRMED and (row.service_date == here.date or row.starts_at > now - _LATELY)
    ]
    on_time = [row for row in coming if not is_late(row, now)]
    return Evening(
        date=here.date,
        now=now,
        service=here.service,
        closed=here.plan.closed,
        late=tuple(row for row in coming if is_late(row, now)),
        arriving=tuple(row for row in on_time if row.starts_at <= now + SOON),
        later=sum(row.starts_at > now + SOON for row in on_time),
        seated=tuple(sorted((row for row in parties if row.status == Status.SEATED), key=lambda row: row.ends_at)),
        overstays=tuple(overstays(restaurant, now)),
        door=tuple(_at_door(restaurant, dates)),
        waitlist=tuple(_waitlist(restaurant, here.date)),
        blocks=tuple(
            Block.objects.select_related("restaurant")
            .filter(restaurant=restaurant, service_date__in=dates, lifted_at=None, ends_at__gt=now)
            .order_by("starts_at", "pk")
        ),
        tables=table_names(restaurant.pk),
        touches=touches(restaurant.pk, dates, now),
        plan=here.plan,
    )


def is_late(row: Reservation, now: dt.datetime) -> bool:
    """Return whether a confirmed party should have come: flagged, or past its time, what it announced and patience.

    Not one that is there, and waits for its table.
    """
    if row.arrived_at is not None:
        return False
    patience = dt.timedelta(minutes=row.late_minutes + row.restaurant.late_minutes)
    return row.late_flagged_at is not None or row.starts_at + patience <= now


def with_twice(rows: QuerySet[Reservation]) -> QuerySet[Reservation]:
    """Annotate each with ``is_twice``: whether `floor.same_contact` would find another of the same guest."""
    return rows.annotate(is_twice=another_of_guest())


def another_of_guest() -> Exists:
    """Return the condition that the same guest has another live reservation in the same service."""
    others = (
        Reservation.objects.filter(
            restaurant=OuterRef("restaurant"),
            service_date=OuterRef("service_date"),
            guest=OuterRef("guest"),
            status__in=UNRESOLVED,
        )
        .annotate(of=Coalesce("service_id", Value(0)))
        # Where no service was running, both have none; and nothing equals NULL.
        .filter(of=Coalesce(OuterRef("service_id"), Value(0)))
        .exclude(pk=OuterRef("pk"))
        .order_by()
    )
    return Exists(others)


def _at_door(restaurant: Restaurant, dates: tuple[dt.date, ...]) -> QuerySet[WaitlistEntry]:
    return WaitlistEntry.objects.filter(
        restaurant=restaurant,
        service_date__in=dates,
        kind=WaitlistEntry.Kind.DOOR,
        status=WaitlistEntry.Status.WAITING,
    ).order_by("rank", "pk")


def _waitlist(restaurant: Restaurant, date: dt.date) -> list[tuple[int, WaitlistEntry]]:
    entries = WaitlistEntry.objects.select_related("offer").filter(
        restaurant=restaurant,
        service_date=date,
        kind=WaitlistEntry.Kind.ONLINE,
        status__in=(WaitlistEntry.Status.WAITING, WaitlistEntry.Status.OFFERED),
    )
    place, found = 0, []
    for entry in entries.order_by("rank", "pk"):
        waits = entry.status == WaitlistEntry.Status.WAITING
        place += waits
        found.append((place if waits else 0, entry))
    return found


def unsettled(restaurant_id: int, now: dt.datetime) -> dict[dt.date, int]:
    """Return the service dates with parties that `floor.unresolved` finds, and how many, the last date first."""
    rows = (
        Reservation.objects.filter(restaurant_id=restaurant_id, status__in=UNRESOLVED, starts_at__lte=now)
        .order_by("-service_date")
        .values_list("service_date")
        .annotate(parties=Count("pk"))
    )
    return dict(rows)
