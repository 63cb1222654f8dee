"""Write rules of booking: hold, extend, release, confirm, cancel, and staff's own booking.

Each opens the outermost transaction itself and must not be called inside one.
Each raises `Refused` with the reason, and has then written nothing but the
record of the refusal.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.db import Error
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from reservations.engine.availability import Ask, DayPlan, candidates, pick
from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import Again, is_collision, lock_days, retried
from reservations.engine.placing import Decision, Wish, bound_key, claim, give_back, lock_neighbours, place
from reservations.models import Reservation, Table, TableClaim, User
from reservations.queries.day import cutoff, day_plan, window

__all__ = ["Details", "Wish", "book", "cancel", "confirm", "extend", "hold", "release"]


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


def hold(*, wish: Wish, browser: str, key: str, language: str = "", details: Details | None = None) -> Reservation:
    """Hold a table for the restaurant's hold minutes and return the hold.

    browser is the hash that the hold is bound to, key the idempotency key of
    the form: the same browser with the same key and wish gets the first answer
    again, while it lasts. With another wish it gives back what it held here
    before, so that nobody who tries several times keeps others from them; where
    the new wish is refused, it keeps what it has.
    details are what was typed so far, if anything.
    """
    bound = bound_key(browser, key, wish)
    ask = Ask(party=wish.party, area_id=wish.area_id, step_free=wish.step_free)

    def fields(plan: DayPlan, now: dt.datetime, _decision: Decision) -> dict[str, Any]:
        return {
            "status": Reservation.Status.HELD,
            "source": Reservation.Source.ONLINE,
            "held_until": now + dt.timedelta(minutes=plan.hold_minutes),
            "browser": browser,
            "idempotency_key": bound,
            "language": language,
            **asdict(details or Details()),
            "needs_step_free": wish.step_free or (details is not None and details.needs_step_free),
        }

    return place(wish, ask, fields, key=bound, browser=browser)


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
    bound = bound_key(f"staff:{user.pk}", key, wish)
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

    return place(wish, ask, fields, key=bound)


def extend(*, reservation: Reservation, details: Details | None = None) -> None:
    """Extend a live hold, once, by the restaurant's hold minutes, and keep what was typed; raises `Refused`."""
    if reservation.status != Reservation.Status.HELD or reservation.held_until is None:
        raise Refused(Reason.HOLD_LAPSED)
    until = reservation.held_until + dt.timedelta(minutes=reservation.restaurant.hold_minutes)
    extendable = Reservation.objects.filter(
        pk=reservation.pk, status=Reservation.Status.HELD, hold_extended=False, held_until__gt=Now()
    )
    changed = extendable.renewing(*reservation.own_tags()).update(
        held_until=until, hold_extended=True, **(asdict(details) if details else {})
    )
    if not changed:
        reservation.refresh_from_db(fields=["status", "held_until", "hold_extended"])
        live = reservation.held_until is not None and reservation.held_until > timezone.now()
        raise Refused(Reason.ALREADY_EXTENDED if live and reservation.hold_extended else Reason.HOLD_LAPSED)
    reservation.held_until, reservation.hold_extended = until, True


def release(*, reservation: Reservation) -> bool:
    """Give a hold back and free its tables; return whether it still was a hold."""
    return retried(lambda: give_back(reservation.pk))


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
        ).renewing(*reservation.own_tags())
        if not live.update(**values, **({"table_ids": list(tables)} if tables else {})):
            return
        if tables:
            TableClaim.objects.filter(reservation_id=reservation.pk).delete()
            claim(reservation, tables)

    try:
        retried(work)
    except (Again, Error) as error:
        if isinstance(error, Error) and not is_collision(error):
            raise
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
        confirmed = Reservation.objects.filter(pk=reservation.pk, status=Reservation.Status.CONFIRMED)
        changed = confirmed.renewing(*reservation.own_tags()).update(
            status=Reservation.Status.CANCELLED,
            cancelled_at=Now(),
            table_ids=[],
            # The button that made it may make it again.
            idempotency_key=F("reference"),
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
    lock_neighbours(view, days)
    ask = Ask(party=reservation.party_size, area_id=reservation.area_id, step_free=True)
    tables = pick(candidates(plan, ask), view.taken)
    if tables is None:
        raise Refused(Reason.NO_STEP_FREE_TABLE)
    return tables
