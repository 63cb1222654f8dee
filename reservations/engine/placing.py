"""How a wish becomes a reservation: lock the day, read it fresh, decide, write the row and its claims."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import Error
from django.db.models.functions import Now
from django.utils import timezone

from reservations.engine.availability import (
    Ask,
    DayPlan,
    ServiceRules,
    candidates,
    day_reason,
    pacing_full,
    pick,
    rules_reason,
    starts,
)
from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import Again, forgotten, is_collision, lock_days, retried
from reservations.engine.slots import claimed_slots
from reservations.models import Refusal, Reservation, TableClaim
from reservations.models.venue import MAX_PARTY
from reservations.queries.day import Window, day_plan, refreshed, window


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be booked: covers at a start (UTC) of a local service date, anywhere or in one area."""

    restaurant_id: int
    date: dt.date
    start: dt.datetime
    party: int
    area_id: int | None = None
    step_free: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A wish that the rules grant: its service, tables and stay in minutes."""

    service: ServiceRules
    table_ids: tuple[int, ...]
    minutes: int
    exceeds_pacing: bool


Fields = Callable[[DayPlan, dt.datetime, Decision], dict[str, Any]]
"""What a rule adds to the row of a granted wish, from the plan, the database's time and the decision."""


def place(wish: Wish, ask: Ask, fields: Fields, *, key: str, browser: str = "") -> Reservation:
    """Lock the day, read it fresh, decide and write; the first answer to the same key is given again."""
    plan = day_plan(wish.restaurant_id, wish.date, seatings=False)
    days = {wish.date}

    def work() -> Reservation:
        lock_days(wish.restaurant_id, days)
        if first := _by_key(wish.restaurant_id, key):
            return first
        if browser:
            _give_back_others(wish.restaurant_id, browser)
        # The rules once more: whoever held the lock may have closed the day.
        fresh, now = refreshed(plan, wish.restaurant_id)
        view = window(wish.restaurant_id, wish.date, wish.start, _end(fresh, wish), locked=True)
        lock_neighbours(view, days)
        decision = decide(fresh, wish, ask, view, now)
        return insert_claimed(wish, decision, fields(fresh, now, decision))

    def early() -> None:
        """Refuse without the lock: most attempts on a full evening end here without standing in its queue.

        Good for a no alone. What this browser holds counts as free, since it is
        given back for the new wish.
        """
        end = _end(plan, wish)
        view = window(wish.restaurant_id, wish.date, wish.start, end, locked=False, except_browser=browser)
        decide(plan, wish, ask, view, timezone.now())

    try:
        early()
        return retried(work)
    except Refused as refusal:
        if first := _by_key(wish.restaurant_id, key):
            return first
        _record(wish, ask, refusal.reason)
        raise
    except (Again, Error) as error:
        # Collided as often as is tried: somebody else is taking these tables.
        if isinstance(error, Error) and not is_collision(error):
            raise
        _record(wish, ask, Reason.TABLES_TAKEN)
        raise Refused(Reason.TABLES_TAKEN) from error


def decide(plan: DayPlan, wish: Wish, ask: Ask, view: Window, now: dt.datetime) -> Decision:
    """Return what the rules, asked in their order, grant; raises `Refused` with the first reason against it."""
    reason = day_reason(plan, ask, now)
    if reason is not None:
        raise Refused(reason)
    service = _service_at(plan, wish.start)
    if service is None:
        raise Refused(Reason.NOT_A_TIME)
    reason = rules_reason(plan, service, ask, wish.start, now, view.covers)
    if reason is not None:
        raise Refused(reason)
    choices = candidates(plan, ask)
    tables = pick(choices, view.taken)
    if tables is None:
        raise Refused(Reason.TABLES_TAKEN if choices else Reason.NO_TABLE)
    return Decision(service, tables, service.turn(wish.party), pacing_full(service, ask, view.covers))


def insert_claimed(wish: Wish, decision: Decision, fields: dict[str, Any]) -> Reservation:
    """Write a reservation and its claims. The claims' collision with another's raises IntegrityError."""
    reservation = Reservation.objects.create(
        restaurant_id=wish.restaurant_id,
        service_id=decision.service.id,
        service_name=decision.service.name,
        service_date=wish.date,
        starts_at=wish.start,
        ends_at=wish.start + dt.timedelta(minutes=decision.minutes),
        party_size=wish.party,
        area_id=wish.area_id,
        table_ids=list(decision.table_ids),
        **fields,
    )
    claim(reservation, decision.table_ids)
    return reservation


def claim(reservation: Reservation, table_ids: tuple[int, ...]) -> None:
    """Insert the claims in order of (table, slot): two that overlap meet at the first, and none deadlocks."""
    minutes = int((reservation.ends_at - reservation.starts_at).total_seconds() // 60)
    slots = claimed_slots(reservation.starts_at, minutes)
    TableClaim.objects.bulk_create(
        TableClaim(restaurant_id=reservation.restaurant_id, reservation=reservation, table_id=table_id, slot_start=slot)
        for table_id in sorted(table_ids)
        for slot in slots
    )


def bound_key(browser: str, key: str, wish: Wish) -> str:
    """Return the key as stored: of this browser and this wish alone, so that nobody else's key finds the hold.

    The wish is part of it, because one page of times carries one key for all
    its buttons.
    """
    parts = (browser, key, wish.date, wish.start.isoformat(), wish.party, wish.area_id, wish.step_free)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def give_back(pk: int) -> bool:
    """Release a hold and free its tables, inside a transaction; return whether it still was a hold."""
    changed = Reservation.objects.filter(pk=pk, status=Reservation.Status.HELD).update(
        status=Reservation.Status.RELEASED, **forgotten()
    )
    if changed:
        TableClaim.objects.filter(reservation_id=pk).delete()
    return bool(changed)


def lock_neighbours(view: Window, days: set[dt.date]) -> None:
    """Do the work again with more days locked, where a lapsed hold of another date still claims a table."""
    if view.neighbours - days:
        days.update(view.neighbours)
        raise Again


def _service_at(plan: DayPlan, start: dt.datetime) -> ServiceRules | None:
    return next((service for moment, service in starts(plan) if moment == start), None)


def _end(plan: DayPlan, wish: Wish) -> dt.datetime:
    """Return when the party would leave; at once, for a start that no service has."""
    service = _service_at(plan, wish.start)
    return wish.start + dt.timedelta(minutes=service.turn(wish.party) if service else 0)


def _give_back_others(restaurant_id: int, browser: str) -> None:
    """Release what a browser holds at a restaurant, under the lock of the day that it wants now.

    Two wishes of one browser for one day are so served one after the other;
    two for different days may both end up held, until one of them lapses.
    """
    own = {"restaurant_id": restaurant_id, "browser": browser}
    changed = Reservation.objects.filter(**own, status=Reservation.Status.HELD).update(
        status=Reservation.Status.RELEASED, **forgotten()
    )
    if changed:
        released = Reservation.objects.filter(**own, status=Reservation.Status.RELEASED)
        TableClaim.objects.filter(reservation__in=released.order_by()).delete()


def _by_key(restaurant_id: int, key: str) -> Reservation | None:
    """Return the answer that was given to the key, unless it was a hold that has lapsed since."""
    return (
        Reservation.objects.filter(restaurant_id=restaurant_id, idempotency_key=key)
        .exclude(status=Reservation.Status.HELD, held_until__lte=Now())
        .first()
    )


def _record(wish: Wish, ask: Ask, reason: Reason) -> None:
    Refusal.objects.create(
        restaurant_id=wish.restaurant_id,
        service_date=wish.date,
        starts_at=wish.start,
        # A forged form's number may be none that the column takes.
        party_size=min(max(wish.party, 0), MAX_PARTY),
        reason=reason,
        source=Reservation.Source.ONLINE if ask.online else Reservation.Source.STAFF,
    )
