"""Write rules of booking: hold, extend, release, confirm, cancel, and staff's own booking.

Each opens the outermost transaction itself and must not be called inside one.
Each raises `Refused` with the reason, and has then written nothing but the
record of the refusal.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
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
from reservations.models import Refusal, Reservation, Table, TableClaim, User
from reservations.models.venue import MAX_PARTY
from reservations.queries.day import Window, cutoff, day_plan, refreshed, window


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
class Details:
    """Who comes, and what they told."""

    name: str = ""
    email: str = ""
    phone: str = ""
    occasion: str = ""
    dietary_needs: str = ""
    note: str = ""
    children: int = 0
    high_chairs: int = 0
    needs_step_free: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A wish that the rules grant: its service, tables and stay in minutes."""

    service: ServiceRules
    table_ids: tuple[int, ...]
    minutes: int
    exceeds_pacing: bool


Fields = Callable[[DayPlan, dt.datetime, Decision], dict[str, Any]]
"""What a rule adds to the row of a granted wish, from the plan, the database's time and the decision."""


def hold(*, wish: Wish, browser: str, key: str, language: str = "", details: Details | None = None) -> Reservation:
    """Hold a table for the restaurant's hold minutes and return the hold.

    browser is the hash that the hold is bound to, key the idempotency key of
    the form: the same browser with the same key and wish gets the first answer
    again, while it lasts. With another wish it gives back what it held here
    before, so that nobody who tries several times keeps others from them; where
    the new wish is refused, it keeps what it has.
    details are what was typed so far, if anything.
    """
    bound = _bound_key(browser, key, wish)
    ask = Ask(party=wish.party, area_id=wish.area_id, step_free=wish.step_free)

    def fields(plan: DayPlan, now: dt.datetime, _decision: Decision) -> dict[str, Any]:
        return {
            "status": Reservation.Status.HELD,
            "source": Reservation.Source.ONLINE,
            "held_until": now + dt.timedelta(minutes=plan.hold_minutes),
            "browser": browser,
            "idempotency_key": bound,
            "language": language,
            **(asdict(details) if details else {"needs_step_free": wish.step_free}),
        }

    return _place(wish, ask, fields, key=bound, browser=browser)


def book(
    *,
    wish: Wish,
    details: Details,
    user: User,
    key: str,
    exceed_pacing: bool = False,
    pacing_reason: str = "",
    language: str = "",
) -> Reservation:
    """Book a confirmed reservation for staff, who may use every table and knowingly exceed pacing.

    Lead time, booking window and the online party limits do not bind staff; a
    closed day, the service's times and the table claims do. What exceeded
    pacing is recorded with who and why. key is the form's idempotency key: the
    same user with the same key and wish gets the first answer again.
    """
    bound = _bound_key(f"staff:{user.pk}", key, wish)
    ask = Ask(
        party=wish.party,
        area_id=wish.area_id,
        step_free=wish.step_free or details.needs_step_free,
        online=False,
        ignore_pacing=exceed_pacing,
    )

    def fields(_plan: DayPlan, now: dt.datetime, decision: Decision) -> dict[str, Any]:
        return {
            "status": Reservation.Status.CONFIRMED,
            "source": Reservation.Source.STAFF,
            "confirmed_at": now,
            "idempotency_key": bound,
            "language": language,
            "created_by": user,
            "pacing_exceeded_by": user if decision.exceeds_pacing else None,
            "pacing_reason": pacing_reason if decision.exceeds_pacing else "",
            **asdict(details),
        }

    return _place(wish, ask, fields, key=bound)


def extend(*, reservation: Reservation, details: Details | None = None) -> None:
    """Extend a live hold, once, by the restaurant's hold minutes, and keep what was typed; raises `Refused`."""
    if reservation.status != Reservation.Status.HELD or reservation.held_until is None:
        raise Refused(Reason.HOLD_LAPSED)
    until = reservation.held_until + dt.timedelta(minutes=reservation.restaurant.hold_minutes)
    changed = Reservation.objects.filter(
        pk=reservation.pk, status=Reservation.Status.HELD, hold_extended=False, held_until__gt=Now()
    ).update(held_until=until, hold_extended=True, **(asdict(details) if details else {}))
    if not changed:
        reservation.refresh_from_db(fields=["status", "held_until", "hold_extended"])
        live = reservation.held_until is not None and reservation.held_until > timezone.now()
        raise Refused(Reason.ALREADY_EXTENDED if live and reservation.hold_extended else Reason.HOLD_LAPSED)
    reservation.held_until, reservation.hold_extended = until, True


def release(*, reservation: Reservation) -> bool:
    """Give a hold back and free its tables; return whether it still was a hold."""
    return retried(lambda: _give_back(reservation.pk))


def confirm(*, reservation: Reservation, details: Details) -> Reservation:
    """Turn a live hold into a reservation by one compare-and-set; confirming again gives the same answer.

    The claims stay. Where step-free access is needed and the held tables don't
    give it, other tables are claimed in the same transaction, under the day's
    lock. Raises `Refused` (HOLD_LAPSED, NO_STEP_FREE_TABLE); the hold is then
    as it was.
    """
    values = {
        **asdict(details),
        "status": Reservation.Status.CONFIRMED,
        "held_until": None,
        "confirmed_at": Now(),
    }
    moving = (
        details.needs_step_free
        and reservation.status == Reservation.Status.HELD
        and Table.objects.filter(pk__in=reservation.table_ids, is_step_free=False).exists()
    )
    plan = day_plan(reservation.restaurant_id, reservation.service_date, seatings=False) if moving else None

    days = {reservation.service_date}

    def work() -> None:
        tables = _step_free_tables(reservation, plan, days) if plan is not None else None
        live = Reservation.objects.filter(
            pk=reservation.pk,
            status=Reservation.Status.HELD,
            held_until__gt=Now(),
            restaurant_id=reservation.restaurant_id,
        )
        if not live.update(**values, **({"table_ids": list(tables)} if tables else {})):
            return
        if tables:
            TableClaim.objects.filter(reservation_id=reservation.pk).delete()
            _claim(reservation, tables)

    try:
        retried(work)
    except Again as error:
        raise Refused(Reason.NO_STEP_FREE_TABLE) from error
    reservation.refresh_from_db()
    if reservation.status in (Reservation.Status.HELD, Reservation.Status.EXPIRED, Reservation.Status.RELEASED):
        raise Refused(Reason.HOLD_LAPSED)
    return reservation


def cancel(*, reservation: Reservation, by_guest: bool) -> bool:
    """Cancel a confirmed reservation and free its tables; return False where it was cancelled already.

    A guest is refused after the cut-off (CUTOFF_PASSED) and where it is no
    longer confirmed (NOT_CONFIRMED). Freeing capacity needs no lock of the day.
    """
    reservation.refresh_from_db(fields=["status"])
    if by_guest and reservation.status == Reservation.Status.CONFIRMED:
        rule = cutoff(reservation.restaurant, reservation.service)
        limit = rule.moment(reservation.starts_at, reservation.service_date, reservation.restaurant.timezone)
        if timezone.now() > limit:
            raise Refused(Reason.CUTOFF_PASSED)

    def work() -> bool:
        changed = Reservation.objects.filter(pk=reservation.pk, status=Reservation.Status.CONFIRMED).update(
            status=Reservation.Status.CANCELLED, cancelled_at=Now(), table_ids=[]
        )
        if changed:
            TableClaim.objects.filter(reservation_id=reservation.pk).delete()
        return bool(changed)

    if retried(work):
        reservation.refresh_from_db()
        return True
    reservation.refresh_from_db()
    if reservation.status != Reservation.Status.CANCELLED:
        raise Refused(Reason.NOT_CONFIRMED)
    return False


def decide(plan: DayPlan, wish: Wish, ask: Ask, view: Window, now: dt.datetime) -> Decision:
    """Return what the rules, asked in their order, grant; raises `Refused` with the first reason against it."""
    reason = day_reason(plan, ask, now)
    if reason is not None:
        raise Refused(reason)
    service = next((service for moment, service in starts(plan) if moment == wish.start), None)
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
    _claim(reservation, decision.table_ids)
    return reservation


def _place(wish: Wish, ask: Ask, fields: Fields, *, key: str, browser: str = "") -> Reservation:
    """Lock the day, read it fresh, decide and write; the first answer to the same key is given again."""
    if first := _by_key(wish.restaurant_id, key):
        return first
    plan = day_plan(wish.restaurant_id, wish.date, seatings=False)
    service = next((service for moment, service in starts(plan) if moment == wish.start), None)
    end = wish.start + dt.timedelta(minutes=service.turn(wish.party) if service else 0)
    days = {wish.date}
    own_holds = _holds_of(wish.restaurant_id, browser) if browser else []

    def work() -> Reservation:
        now = lock_days(wish.restaurant_id, days)
        if first := _by_key(wish.restaurant_id, key):
            return first
        for pk in own_holds:
            _give_back(pk)
        view = window(wish.restaurant_id, wish.date, wish.start, end, locked=True)
        _lock_neighbours(view, days)
        # The rules once more: whoever held the lock may have closed the day.
        decision = decide(refreshed(plan, wish.restaurant_id), wish, ask, view, now)
        return insert_claimed(wish, decision, fields(plan, now, decision))

    def early() -> None:
        """Refuse without the lock: most attempts on a full evening end here without standing in its queue.

        Good for a no alone; and not asked of who would free a table by booking.
        """
        if not own_holds:
            view = window(wish.restaurant_id, wish.date, wish.start, end, locked=False)
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


def _lock_neighbours(view: Window, days: set[dt.date]) -> None:
    """Do the work again with more days locked, where a lapsed hold of another date still claims a table."""
    if view.neighbours - days:
        days.update(view.neighbours)
        raise Again


def _holds_of(restaurant_id: int, browser: str) -> list[int]:
    held = Reservation.objects.filter(
        restaurant_id=restaurant_id, browser=browser, status=Reservation.Status.HELD, held_until__gt=Now()
    )
    return list(held.order_by("pk").values_list("pk", flat=True))


def _give_back(pk: int) -> bool:
    changed = Reservation.objects.filter(pk=pk, status=Reservation.Status.HELD).update(
        status=Reservation.Status.RELEASED, **forgotten()
    )
    if changed:
        TableClaim.objects.filter(reservation_id=pk).delete()
    return bool(changed)


def _step_free_tables(reservation: Reservation, plan: DayPlan, days: set[dt.date]) -> tuple[int, ...]:
    lock_days(reservation.restaurant_id, days)
    view = window(
        reservation.restaurant_id,
        reservation.service_date,
        reservation.starts_at,
        reservation.ends_at,
        locked=True,
        except_reservation=reservation.pk,
    )
    _lock_neighbours(view, days)
    ask = Ask(party=reservation.party_size, area_id=reservation.area_id, step_free=True)
    tables = pick(candidates(plan, ask), view.taken)
    if tables is None:
        raise Refused(Reason.NO_STEP_FREE_TABLE)
    return tables


def _claim(reservation: Reservation, table_ids: tuple[int, ...]) -> None:
    """Insert the claims in order of (table, slot): two that overlap meet at the first, and none deadlocks."""
    minutes = int((reservation.ends_at - reservation.starts_at).total_seconds() // 60)
    slots = claimed_slots(reservation.starts_at, minutes)
    TableClaim.objects.bulk_create(
        TableClaim(restaurant_id=reservation.restaurant_id, reservation=reservation, table_id=table_id, slot_start=slot)
        for table_id in sorted(table_ids)
        for slot in slots
    )


def _by_key(restaurant_id: int, key: str) -> Reservation | None:
    """Return the answer that was given to the key, unless it was a hold that has lapsed since."""
    return (
        Reservation.objects.filter(restaurant_id=restaurant_id, idempotency_key=key)
        .exclude(status=Reservation.Status.HELD, held_until__lte=Now())
        .first()
    )


def _bound_key(browser: str, key: str, wish: Wish) -> str:
    """Return the key as stored: of this browser and this wish alone, so that nobody else's key finds the hold.

    The wish is part of it, because one page of times carries one key for all
    its buttons.
    """
    parts = (browser, key, wish.date, wish.start.isoformat(), wish.party, wish.area_id, wish.step_free)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


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
