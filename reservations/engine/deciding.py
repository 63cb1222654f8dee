"""Whether a wish is granted under the day's lock, and the rows that are written then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from reservations.engine.availability import (
    Ask,
    DayPlan,
    ServiceRules,
    candidates,
    day_reason,
    none_fits,
    pacing_full,
    pick,
    rules_reason,
    starts,
    within_brakes,
)
from reservations.engine.errors import Reason, Refused
from reservations.engine.inserts import insert, insert_values
from reservations.engine.locks import Again
from reservations.engine.passing import passed_over
from reservations.engine.slots import claimed_slots
from reservations.history import trail
from reservations.models import Block, Reservation, TableClaim
from reservations.models.reservation import new_reference
from reservations.queries.day import Window
from restaurant_site.caching import outbox


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be booked: covers at a start (UTC) of a local service date, anywhere or in one area.

    table_ids, which staff alone ask for, are tables of the restaurant: those and no others.
    """

    restaurant_id: int
    date: dt.date
    start: dt.datetime
    party: int
    area_id: int | None = None
    step_free: bool = False
    table_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A wish that the rules grant: its service, tables and stay in minutes."""

    service: ServiceRules
    table_ids: tuple[int, ...]
    minutes: int
    exceeds_pacing: bool
    passed_over: tuple[Reason, ...] = ()
    """The reasons for which a diner would have been refused; empty where a diner is granted."""

    def limits(self) -> dict[str, int | None]:
        """Return the pacing in force, as it is kept with the reservation."""
        return {"pacing_limit": self.service.max_covers, "online_pacing_limit": self.service.max_online_covers}

    def passed(self) -> str:
        """Return the rules that were passed over, as they are kept with the reservation."""
        return ",".join(self.passed_over)


def decide(
    plan: DayPlan,
    wish: Wish,
    ask: Ask,
    view: Window,
    now: dt.datetime,
    keep: tuple[int, ...] = (),
    own: ServiceRules | None = None,
) -> Decision:
    """Return what the rules, asked in their order, grant; raises `Refused` with the first reason against it.

    keep are tables that a party has already: where they suit and are free, it stays.
    Tables that staff ask for must seat the party together, and nothing else is
    asked of them (WRONG_TABLES). own is the service by which a party is there
    that came at a time at which none seats.
    """
    reason = day_reason(plan, ask, now)
    if reason is not None:
        raise Refused(reason)
    service = service_at(plan, wish.start) or own
    if service is None:
        raise Refused(Reason.NOT_A_TIME)
    reason = rules_reason(plan, service, ask, wish.start, now, view.covers)
    if reason is not None:
        raise Refused(reason)
    ask = within_brakes(plan, service.id, ask, wish.start, now)
    choices = candidates(plan, ask)
    if keep and set(keep) in [set(tables) for tables in choices]:
        choices = [keep, *choices]
    tables = pick(choices, view.taken)
    if tables is None:
        raise Refused(none_fits(plan, ask, choices))
    over = passed_over(plan, service, ask, wish.start, now, view.covers, tables)
    return Decision(service, tables, service.turn(wish.party), pacing_full(service, ask, view.covers), over)


def insert_claimed(wish: Wish, decision: Decision, fields: dict[str, Any], key: int | None = None) -> Reservation:
    """Write a reservation and its claims. The claims' collision with another's raises IntegrityError.

    key is its number, where one was asked for: then nothing is waited for within `one_trip`.
    """
    reservation = Reservation(
        pk=key,
        restaurant_id=wish.restaurant_id,
        reference=new_reference(),
        service_id=decision.service.id,
        service_name=decision.service.name,
        service_date=wish.date,
        starts_at=wish.start,
        ends_at=wish.start + dt.timedelta(minutes=decision.minutes),
        party_size=wish.party,
        area_id=wish.area_id,
        table_ids=list(decision.table_ids),
        passed_over=decision.passed(),
        **decision.limits(),
        **fields,
    )
    insert_reservation(reservation)
    return reservation


def insert_reservation(reservation: Reservation) -> None:
    """Write a new reservation with the claims of its tables and times, and renew the tags of its day."""
    insert(reservation)
    # Together with what its event renews: one row of the outbox.
    outbox.changed(*reservation.own_tags(), trail.tag(reservation.restaurant_id))
    claim(reservation, reservation.table_ids)


def claim(owner: Reservation | Block, table_ids: Sequence[int], since: dt.datetime | None = None) -> None:
    """Insert the claims in order of (table, slot): two that overlap meet at the first, and none deadlocks.

    since leaves out the slots that are over by then: of a party that moves while it sits.
    """
    minutes = int((owner.ends_at - owner.starts_at).total_seconds() // 60)
    slots = [slot for slot in claimed_slots(owner.starts_at, minutes) if since is None or slot >= since]
    claims = [(table_id, slot) for table_id in sorted(table_ids) for slot in slots]
    mine = isinstance(owner, Reservation)
    insert_values(
        TableClaim,
        restaurant_id=[owner.restaurant_id] * len(claims),
        reservation_id=[owner.pk if mine else None] * len(claims),
        block_id=[None if mine else owner.pk] * len(claims),
        table_id=[table_id for table_id, _slot in claims],
        slot_start=[slot for _table_id, slot in claims],
    )


def lock_neighbours(view: Window, days: set[dt.date]) -> None:
    """Do the work again with more days locked, where a lapsed hold of another date still claims a table."""
    lock_also(view.neighbours, days)


def lock_also(dates: Set[dt.date], days: set[dt.date]) -> None:
    """Do the work again with these days locked, too, unless they are."""
    if dates - days:
        days.update(dates)
        raise Again


def service_at(plan: DayPlan, start: dt.datetime) -> ServiceRules | None:
    """Return the service that seats at a start (UTC), if one does."""
    return next((service for moment, service in starts(plan) if moment == start), None)


def end_of(plan: DayPlan, wish: Wish, own: ServiceRules | None = None) -> dt.datetime:
    """Return when the party would leave; at once, for a start that no service has. own is as `decide` takes it."""
    service = service_at(plan, wish.start) or own
    return wish.start + dt.timedelta(minutes=service.turn(wish.party) if service else 0)
