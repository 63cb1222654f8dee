"""Write rules of booking: hold, extend, release, cancel, and staff's own booking; `confirm` has its own module.

Each opens the outermost transaction itself and must not be called inside one.
Each raises `Refused` with the reason, and has then written nothing but the
record of the refusal.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from reservations.engine.availability import Ask
from reservations.engine.confirming import confirm
from reservations.engine.deciding import Decision, Wish
from reservations.engine.errors import Reason, Refused
from reservations.engine.known import Details, known_guest
from reservations.engine.locks import Locked, forget_addresses, retried, take_day
from reservations.engine.offers import serve_waitlist
from reservations.engine.placing import Early, bound_key, give_back, is_new_here, look, place
from reservations.history import trail
from reservations.history.trail import COMMAND, GUEST, By, Event, by_staff
from reservations.messages.outgoing import Kind, message, of_booking, send_later, to_staff
from reservations.models import Message, Reservation, Restaurant, TableClaim, User
from reservations.queries.day import Fresh
from reservations.queries.rules import cutoff

__all__ = [
    "MOST_HOLDS",
    "Details",
    "Wish",
    "ask_of",
    "book",
    "cancel",
    "confirm",
    "extend",
    "hold",
    "is_new_here",
    "look",
    "release",
]

Status = Reservation.Status

MOST_HOLDS = 3
"""So many tables may one browser hold at a time: somebody who chooses between two, and one more."""


def hold(
    *,
    wish: Wish,
    browser: str,
    key: str,
    language: str = "",
    details: Details | None = None,
    by: By = GUEST,
    early: Early | None = None,
) -> Reservation:
    """Hold a table for the restaurant's hold minutes and return the hold.

    browser is the hash that the hold is bound to, key the idempotency key of
    the form: the same browser with the same key and wish gets the first answer
    again, while it lasts. With another wish it gives back what it held here
    before, so that nobody who tries several times keeps others from them; where
    the new wish is refused, it keeps what it has.
    One that holds `MOST_HOLDS` tables which it would not give back is refused (TOO_MANY_HOLDS).
    details are what was typed so far, if anything. early refuses without the
    lock; by default a fresh read does.
    """
    bound = bound_key(browser, key, wish)
    ask = ask_of(wish)

    def fields(fresh: Fresh, _decision: Decision) -> dict[str, Any]:
        return {
            "status": Status.HELD,
            "source": Reservation.Source.ONLINE,
            "held_until": fresh.now + dt.timedelta(minutes=fresh.plan.hold_minutes),
            "browser": browser,
            "idempotency_key": bound,
            "language": language,
            **(details or Details()).by_column(),
            "needs_step_free": wish.step_free or (details is not None and details.needs_step_free),
        }

    return place(wish, ask, fields, key=bound, by=by, browser=browser, early=early, most_holds=MOST_HOLDS)


def ask_of(wish: Wish) -> Ask:
    """Return what a diner's wish asks of the day."""
    return Ask(party=wish.party, area_id=wish.area_id, step_free=wish.step_free)


def book(
    *,
    wish: Wish,
    details: Details,
    user: User,
    key: str,
    exceed_pacing: bool = False,
    pacing_reason: str = "",
    language: str = "",
    tell: bool = True,
    why: str = "",
) -> Reservation:
    """Book a confirmed reservation for staff, who may use every table and knowingly exceed pacing.

    Brakes, lead time, booking window and the online party limits do not bind
    staff; a closed day, the service's times and the table claims do. What
    exceeded pacing is recorded with who and why, and so is every other rule
    that a diner would have met: why is kept for those. Tables that the wish
    names are taken and no others; raises `Refused` (WRONG_TABLES) where they are
    not in use here or seat fewer. key is the form's idempotency key: the same
    user with the same key and wish gets the first answer again. tell False sends
    the guest nothing.
    """
    bound = bound_key(f"staff:{user.pk}", key, wish)
    ask = Ask(
        party=wish.party,
        area_id=wish.area_id,
        step_free=wish.step_free or details.needs_step_free,
        online=False,
        ignore_pacing=exceed_pacing,
        table_ids=tuple(sorted(set(wish.table_ids))),
    )

    def fields(fresh: Fresh, decision: Decision) -> dict[str, Any]:
        return {
            "status": Status.CONFIRMED,
            "source": Reservation.Source.STAFF,
            "passed_over_reason": why if decision.passed_over else "",
            "confirmed_at": fresh.now,
            "idempotency_key": bound,
            "language": language,
            "created_by": user,
            "pacing_exceeded_by": user if decision.exceeds_pacing else None,
            "pacing_reason": pacing_reason if decision.exceeds_pacing else "",
            "guest_id": known_guest(wish.restaurant_id, details, language, by_staff(user), fresh.now),
            **details.by_column(),
        }

    def then(reservation: Reservation, fresh: Fresh) -> None:
        if tell:
            send_later(
                [row for row in of_booking(reservation, fresh.restaurant, fresh.now) if row.kind != Kind.STAFF_BOOKED]
            )

    return place(wish, ask, fields, key=bound, by=by_staff(user), then=then)


def extend(*, reservation: Reservation, details: Details | None = None) -> None:
    """Extend a live hold, once, by the restaurant's hold minutes, and keep what was typed; raises `Refused`."""
    if reservation.status != Status.HELD or reservation.held_until is None:
        raise Refused(Reason.HOLD_LAPSED)
    until = reservation.held_until + dt.timedelta(minutes=reservation.restaurant.hold_minutes)

    def work() -> bool:
        day = take_day(reservation.restaurant_id, reservation.service_date)
        extendable = Reservation.objects.filter(
            pk=reservation.pk, status=Status.HELD, asked="", hold_extended=False, held_until__gt=Now()
        )
        changed = extendable.renewing(*reservation.own_tags()).update(
            held_until=until, hold_extended=True, **(details.by_column() if details else {})
        )
        if changed:
            _chain(reservation, day, GUEST, "extended", {"held_until": [None, until.isoformat()]})
        return bool(changed)

    if not retried(work):
        reservation.refresh_from_db(fields=["status", "held_until", "hold_extended"])
        live = reservation.held_until is not None and reservation.held_until > timezone.now()
        raise Refused(Reason.ALREADY_EXTENDED if live and reservation.hold_extended else Reason.HOLD_LAPSED)
    reservation.held_until, reservation.hold_extended = until, True


def release(*, reservation: Reservation, by: By = GUEST) -> bool:
    """Give a hold back and free its tables for who waits; return whether it still was a hold."""

    def work() -> bool:
        day = take_day(reservation.restaurant_id, reservation.service_date)
        if not give_back(reservation.pk):
            return False
        if reservation.asked:
            forget_addresses([reservation.pk])
        head = _chain(reservation, day, by, "released")
        serve_waitlist(reservation.restaurant_id, day.date, day.now, head)
        return True

    return retried(work)


def cancel(
    *,
    reservation: Reservation,
    by_guest: bool,
    by: By | None = None,
    tell: bool = True,
    tell_after: dt.timedelta = dt.timedelta(),
) -> bool:
    """Cancel a confirmed reservation and free its tables for who waits; return False where it was cancelled already.

    A guest may until the start (ALREADY_STARTED); after the cut-off it is
    recorded as late. Where it is no longer confirmed: NOT_CONFIRMED; where the
    guest has come since staff read it: CHANGED_MEANWHILE. tell False sends the
    guest nothing; tell_after lets the mail wait, so that who takes the
    cancellation back by then has told nobody.
    """
    arrived = None if by_guest else reservation.arrived_at is not None
    reservation.refresh_from_db()
    restaurant = reservation.restaurant
    limit = cutoff(restaurant, reservation.service).moment(
        reservation.starts_at, reservation.service_date, restaurant.timezone
    )
    who = by or (GUEST if by_guest else COMMAND)

    def work() -> bool:
        day = take_day(reservation.restaurant_id, reservation.service_date)
        if by_guest and day.now >= reservation.starts_at:
            raise Refused(Reason.ALREADY_STARTED)
        late = by_guest and day.now > limit
        head = cancel_locked(
            reservation,
            restaurant,
            day,
            who,
            late=late,
            by_guest=by_guest,
            tell=tell,
            after=tell_after,
            arrived=arrived,
        )
        if head is None:
            return False
        serve_waitlist(reservation.restaurant_id, day.date, day.now, head)
        return True

    changed = False
    try:
        changed = retried(work)
    finally:
        reservation.refresh_from_db()
    if not changed and reservation.status != Status.CANCELLED:
        raise Refused(Reason.CHANGED_MEANWHILE if reservation.status == Status.CONFIRMED else Reason.NOT_CONFIRMED)
    return changed


def cancel_locked(
    reservation: Reservation,
    restaurant: Restaurant,
    day: Locked,
    by: By,
    *,
    late: bool = False,
    by_guest: bool = False,
    tell: bool = True,
    after: dt.timedelta = dt.timedelta(),
    arrived: bool | None = None,
) -> trail.Head | None:
    """Cancel a confirmed reservation of a locked day by compare-and-set; return the chain's new head, or None.

    arrived says whether its guest had come when it was read, where that matters.
    """
    # What it had, for who undoes it: it may have been moved since it was read.
    had = Reservation.objects.filter(pk=reservation.pk).values_list("table_ids", flat=True).first()
    confirmed = Reservation.objects.filter(
        pk=reservation.pk,
        status=Status.CONFIRMED,
        service_date=reservation.service_date,
        # By which the cut-off was asked.
        starts_at=reservation.starts_at,
        **({} if arrived is None else {"arrived_at__isnull": not arrived}),
    )
    changed = confirmed.renewing(*reservation.own_tags(), trail.tag(reservation.restaurant_id)).update(
        status=Status.CANCELLED,
        cancelled_at=Now(),
        cancelled_late=late,
        table_ids=[],
        sequence=F("sequence") + 1,
        # The button that made it may make it again.
        idempotency_key=F("reference"),
    )
    if not changed:
        return None
    TableClaim.objects.filter(reservation_id=reservation.pk).delete()
    told = message(Kind.CANCELLATION, reservation, day.now, due=day.now + after) if tell else []
    send_later(_farewell(reservation, restaurant, day.now, told, late=late, by_guest=by_guest))
    changes = {"table_ids": [had, []]} | ({"cancelled_late": [None, True]} if late else {})
    return _chain(reservation, day, by, "cancelled", changes)


def _farewell(
    reservation: Reservation,
    restaurant: Restaurant,
    now: dt.datetime,
    told: list[Message],
    *,
    late: bool,
    by_guest: bool,
) -> list[Message]:
    for row in told:
        row.sequence += 1
    if by_guest:
        told += to_staff(Kind.STAFF_CANCELLED, reservation, restaurant, now, {"late": late})
    return told


def _chain(
    reservation: Reservation, day: Locked, by: By, kind: str, changes: dict[str, Any] | None = None
) -> trail.Head:
    event = Event(kind, "reservation", reservation.pk, reservation.guest_id, changes or {})
    return trail.append(reservation.restaurant_id, day.date, [event], by, day.now, day.head)
