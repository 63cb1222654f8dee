"""The day sheet: every party of one service date, with its guest, and what can be taken back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from reservations.engine.availability import DayPlan, starts
from reservations.engine.slots import SLOT
from reservations.engine.tables import slot_of
from reservations.models import Reservation, Restaurant, Table
from reservations.models.reservation import COUNTED
from reservations.queries.day import rules_on
from reservations.queries.evening import with_twice
from reservations.queries.guests import no_shows_from
from reservations.queries.touches import Touch, touches

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _Numbers(TypedDict):
        is_twice: bool
        visits: int
        no_shows: int

    Party = WithAnnotations[Reservation, _Numbers]

Status = Reservation.Status

SHOWN = (Status.CONFIRMED, Status.SEATED, Status.FINISHED, Status.NO_SHOW, Status.CANCELLED)
"""The statuses that a day sheet has, beside holds whose guests are asked for something: others are nobody's visit."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A table by its name, and where it stands."""

    name: str
    area_id: int


@dataclass(frozen=True, slots=True)
class Bar:
    """The covers that arrive in a quarter of an hour, and the pacing of the service that seats then, if it has one."""

    start: dt.datetime
    covers: int
    limit: int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of a service date. Parties in order of time; bars of every quarter from the first to the last."""

    date: dt.date
    plan: DayPlan
    parties: tuple[Party, ...]
    tables: dict[int, Spot]
    areas: dict[int, str]
    touches: dict[int, Touch]
    """By the reservation's number."""
    flagged: dict[int, int]
    """The no-shows within 12 months of guests, by number, who have so many that the restaurant wants to see it."""
    bars: tuple[Bar, ...]


def sheet(restaurant: Restaurant, date: dt.date, now: dt.datetime) -> Sheet:
    """Return the day sheet of a service date, in 5 statements however many parties there are.

    In 6 where guests have had many no-shows.
    """
    plan = rules_on(restaurant.pk, date)
    parties = tuple(_parties(restaurant, date, now))
    for party in parties:
        party.restaurant = restaurant
    rows = list(
        Table.objects.filter(restaurant=restaurant)
        .order_by("area__position", "position", "pk")
        .values_list("pk", "name", "area_id", "area__name")
    )
    return Sheet(
        date=date,
        plan=plan,
        parties=parties,
        tables={pk: Spot(name, area_id) for pk, name, area_id, _area in rows},
        areas={area_id: area for _pk, _name, area_id, area in rows},
        touches=touches(restaurant.pk, (date,), now),
        flagged=_flagged(restaurant, date, parties),
        bars=_bars(plan, parties),
    )


def _flagged(restaurant: Restaurant, date: dt.date, parties: tuple[Party, ...]) -> dict[int, int]:
    least = restaurant.no_shows_flagged
    seen = {party.guest_id for party in parties if party.guest_id and least and party.no_shows >= least}
    return no_shows_from(least, sorted(seen)[:1000], date)


def _parties(restaurant: Restaurant, date: dt.date, now: dt.datetime) -> QuerySet[Party]:
    of_guest = (
        Reservation.objects.filter(guest=OuterRef("guest"), service_date__lt=date)
        .order_by()
        .values("guest")
        .annotate(number=Count("pk"))
        .values("number")
    )

    def count(which: Q) -> Coalesce:
        return Coalesce(Subquery(of_guest.filter(which)), 0, output_field=IntegerField())

    asked = Q(status=Status.HELD, held_until__gt=now) & ~Q(asked="")
    rows = (
        with_twice(Reservation.objects.select_related("guest"))
        .filter(Q(status__in=SHOWN) | asked, restaurant=restaurant, service_date=date)
        .annotate(
            visits=count(Q(status__in=(Status.SEATED, Status.FINISHED))),
            no_shows=count(Q(status=Status.NO_SHOW)),
        )
        .order_by("starts_at", "pk")
    )
    return cast("QuerySet[Party]", rows)


def _bars(plan: DayPlan, parties: tuple[Party, ...]) -> tuple[Bar, ...]:
    limits = {slot_of(start): service.max_covers for start, service in starts(plan)}
    covers: dict[dt.datetime, int] = {}
    for party in parties:
        if party.status in COUNTED:
            slot = slot_of(party.starts_at)
            covers[slot] = covers.get(slot, 0) + party.party_size
    slots = sorted({*limits, *covers})
    if not slots:
        return ()
    number = min(int((slots[-1] - slots[0]) / SLOT) + 1, 24 * 8)
    quarters = [slots[0] + SLOT * index for index in range(number)]
    return tuple(Bar(slot, covers.get(slot, 0), limits.get(slot)) for slot in quarters)
