"""Write rules of large parties: ask, and accept, propose, decline or withdraw.

Each opens the outermost transaction itself and must not be called inside one.
Each raises `Refused` with the reason, and has then changed nothing. A request
holds no table; a proposal does, until the guest has answered or it expires.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from reservations.engine.availability import Ask
from reservations.engine.confirming import take_hold
from reservations.engine.correcting import kept_of, put_right
from reservations.engine.deciding import Decision, Wish
from reservations.engine.errors import Reason, Refused
from reservations.engine.inserts import insert
from reservations.engine.known import Details, known_guest
from reservations.engine.locks import Again, lock_days, retried, take_day
from reservations.engine.offers import serve_waitlist
from reservations.engine.placing import bound_key, give_back, place
from reservations.history import trail
from reservations.history.trail import GUEST, By, Event, by_staff
from reservations.messages.outgoing import Kind, message, of_booking, send_later, to_staff
from reservations.models import BookingRequest, Reservation, Restaurant, User
from reservations.models.reservation import new_reference
from reservations.queries.day import Fresh

__all__ = ["accept", "accept_proposal", "ask", "decline", "propose", "withdraw"]

Status = BookingRequest.Status
OPEN = (Status.OPEN, Status.PROPOSED)


def ask(
    *,
    restaurant: Restaurant,
    wish: Wish,
    details: Details,
    browser: str,
    key: str,
    language: str = "",
    by: By = GUEST,
) -> BookingRequest:
    """Send a request for a party above the largest online; the restaurant is written to. It holds no table.

    Raises `Refused` (REQUESTS_OFF, PAST). It expires after the restaurant's hours, or
    at the wanted start. The same browser with the same key and wish gets the
    first answer again, for which what was put right since is kept while it is open.
    """
    bound = bound_key(browser, key, wish)

    def work() -> BookingRequest:
        first = BookingRequest.objects.filter(restaurant=restaurant, idempotency_key=bound).first()
        if first is not None:
            lock_days(restaurant.pk, {wish.date})
            first.refresh_from_db()
            if first.status == Status.OPEN:
                put_right(first, "request", details, language, Kind.REQUESTED, by)
            return first
        day = take_day(restaurant.pk, wish.date)
        if not day.restaurant.takes_requests:
            raise Refused(Reason.REQUESTS_OFF)
        if wish.start <= day.now:
            raise Refused(Reason.PAST)
        row = BookingRequest(
            restaurant=restaurant,
            reference=new_reference(),
            service_date=wish.date,
            starts_at=wish.start,
            party_size=wish.party,
            needs_step_free=wish.step_free or details.needs_step_free,
            language=language,
            expires_at=min(day.now + dt.timedelta(hours=restaurant.request_hours), wish.start),
            browser=browser,
            idempotency_key=bound,
            **kept_of(BookingRequest, details),
        )
        insert(row)
        changes = {"starts_at": [None, wish.start.isoformat()], "party_size": [None, wish.party]}
        trail.append(
            restaurant.pk, day.date, [Event("requested", "request", row.pk, None, changes)], by, day.now, day.head
        )
        told = message(Kind.REQUESTED, row, day.now) + to_staff(Kind.STAFF_REQUEST, row, restaurant, day.now)
        send_later(told)
        return row

    return retried(work)


def accept(
    *,
    request: BookingRequest,
    user: User,
    by: By,
    exceed_pacing: bool = False,
    pacing_reason: str = "",
    answer: str = "",
) -> Reservation:
    """Book what was asked for, by the rules of staff, and confirm it by mail.

    Raises `Refused`: ALREADY_ANSWERED, or the rules' own reason.
    """

    def fields(fresh: Fresh, decision: Decision) -> dict[str, Any]:
        return {
            **_common(request, fresh, decision, user, pacing_reason),
            "status": Reservation.Status.CONFIRMED,
            "confirmed_at": fresh.now,
        }

    def then(reservation: Reservation, fresh: Fresh) -> None:
        _answer(request, (Status.OPEN,), Status.ACCEPTED, user, answer, fresh.now, reservation)
        _chain(request, reservation, "accepted", by, fresh.now)
        told = [row for row in of_booking(reservation, fresh.restaurant, fresh.now) if row.kind != Kind.STAFF_BOOKED]
        for row in told:
            if row.kind == Kind.CONFIRMATION:
                # What staff wrote to a proposal the guest has read already.
                row.data = {"answered": True}
        send_later(told)

    return _place(request, (Status.OPEN,), wish_of(request), fields, then, by, exceed_pacing)


def propose(
    *,
    request: BookingRequest,
    wish: Wish,
    user: User,
    by: By,
    exceed_pacing: bool = False,
    pacing_reason: str = "",
    answer: str = "",
) -> Reservation:
    """Propose another time, which is held for as long as the guest has to answer, and write it to the guest.

    Raises `Refused`: ALREADY_ANSWERED, or the rules' own reason. An earlier proposal is taken back.
    """

    def fields(fresh: Fresh, decision: Decision) -> dict[str, Any]:
        until = fresh.now + dt.timedelta(hours=fresh.restaurant.request_hours)
        return {
            **_common(request, fresh, decision, user, pacing_reason),
            "status": Reservation.Status.HELD,
            "held_until": min(until, wish.start),
            "browser": _holder(request),
        }

    def then(reservation: Reservation, fresh: Fresh) -> None:
        _answer(request, OPEN, Status.PROPOSED, user, answer, fresh.now, reservation)
        _chain(request, reservation, "proposed", by, fresh.now)
        send_later(message(Kind.PROPOSAL, request, fresh.now))

    return _place(request, OPEN, wish, fields, then, by, exceed_pacing)


def wish_of(request: BookingRequest) -> Wish:
    """Return what a request asks for."""
    return Wish(
        restaurant_id=request.restaurant_id,
        date=request.service_date,
        start=request.starts_at,
        party=request.party_size,
        step_free=request.needs_step_free,
    )


def decline(*, request: BookingRequest, user: User, by: By, answer: str = "") -> None:
    """Decline a request, by mail; a proposed table is free again. Raises `Refused` (ALREADY_ANSWERED)."""
    _end(request, Status.DECLINED, by, user=user, answer=answer)


def withdraw(*, request: BookingRequest, by: By = GUEST) -> None:
    """Take a request back, or decline its proposal; raises `Refused` (ALREADY_ANSWERED)."""
    _end(request, Status.WITHDRAWN, by)


def accept_proposal(*, request: BookingRequest, by: By = GUEST) -> Reservation:
    """Turn the proposed table into a reservation; accepting again gives the same answer.

    Raises `Refused` (HOLD_LAPSED) where the proposal is no more.
    """
    held = request.reservation

    def work() -> Reservation:
        if held is None:
            raise Refused(Reason.HOLD_LAPSED)
        day = take_day(request.restaurant_id, held.service_date)
        row = BookingRequest.objects.select_related("reservation", "restaurant").get(pk=request.pk)
        proposed = row.reservation
        if row.status == Status.ACCEPTED and proposed is not None:
            return proposed
        if row.status != Status.PROPOSED or proposed is None or proposed.pk != held.pk:
            raise Refused(Reason.HOLD_LAPSED)
        guest = known_guest(row.restaurant_id, _details(row), row.language, by, day.now)
        if not take_hold(proposed, day.now, {"guest_id": guest}):
            raise Refused(Reason.HOLD_LAPSED)
        if not BookingRequest.objects.filter(pk=row.pk, status=Status.PROPOSED).update(status=Status.ACCEPTED):
            raise Refused(Reason.HOLD_LAPSED)
        events = [
            Event("accepted", "request", row.pk, guest, {"reservation": proposed.pk}),
            Event("confirmed", "reservation", proposed.pk, guest),
        ]
        trail.append(row.restaurant_id, day.date, events, by, day.now, day.head)
        send_later(of_booking(proposed, row.restaurant, day.now))
        return proposed

    accepted = retried(work)
    request.refresh_from_db()
    return Reservation.objects.select_related("restaurant").get(pk=accepted.pk)


def _details(request: BookingRequest) -> Details:
    return Details(
        name=request.name,
        email=request.email,
        phone=request.phone,
        occasion=request.occasion,
        dietary_needs=request.dietary_needs,
        note=request.note,
        needs_step_free=request.needs_step_free,
    )


def _common(
    request: BookingRequest, fresh: Fresh, decision: Decision, user: User, pacing_reason: str
) -> dict[str, Any]:
    told = _details(request)
    return {
        "source": Reservation.Source.REQUEST,
        "idempotency_key": secrets.token_hex(32),
        "language": request.language,
        "created_by": user,
        "pacing_exceeded_by": user if decision.exceeds_pacing else None,
        "pacing_reason": pacing_reason if decision.exceeds_pacing else "",
        "guest_id": known_guest(request.restaurant_id, told, request.language, by_staff(user), fresh.now),
        **told.by_column(),
    }


def _holder(request: BookingRequest) -> str:
    """Return whom a proposal is held for: as a browser's, the earlier hold is given back for the later wish."""
    return hashlib.sha256(f"request:{request.pk}".encode()).hexdigest()


def _place(
    request: BookingRequest,
    allowed: tuple[BookingRequest.Status, ...],
    wish: Wish,
    fields: Any,
    then: Any,
    by: By,
    exceed_pacing: bool,
) -> Reservation:
    asked = Ask(
        party=wish.party, area_id=wish.area_id, step_free=wish.step_free, online=False, ignore_pacing=exceed_pacing
    )
    _refuse_answered(request, allowed)
    try:
        return place(wish, asked, fields, key=secrets.token_hex(32), by=by, browser=_holder(request), then=then)
    except Refused:
        # Who was first has the table perhaps: the answer is what there is to know.
        _refuse_answered(request, allowed)
        raise
    finally:
        request.refresh_from_db()


def _refuse_answered(request: BookingRequest, allowed: tuple[BookingRequest.Status, ...]) -> None:
    request.refresh_from_db()
    if request.status not in allowed:
        raise Refused(Reason.ALREADY_ANSWERED)


def _answer(
    request: BookingRequest,
    allowed: tuple[BookingRequest.Status, ...],
    status: BookingRequest.Status,
    user: User | None,
    answer: str,
    now: dt.datetime,
    reservation: Reservation | None,
) -> None:
    """Answer by compare-and-set; raises `Refused` where somebody else was first, which takes all back."""
    rows = BookingRequest.objects.filter(pk=request.pk, status__in=allowed)
    held = {"reservation": reservation} if reservation is not None else {}
    if not rows.update(status=status, answered_by=user, answer=answer, answered_at=now, **held):
        raise Refused(Reason.ALREADY_ANSWERED)


def _chain(request: BookingRequest, reservation: Reservation, kind: str, by: By, now: dt.datetime) -> None:
    """Tell it on the chain of the booked day, whose lock is held."""
    event = Event(kind, "request", request.pk, reservation.guest_id, {"reservation": reservation.pk})
    trail.append(request.restaurant_id, reservation.service_date, [event], by, now)


def _end(
    request: BookingRequest, status: BookingRequest.Status, by: By, user: User | None = None, answer: str = ""
) -> None:
    def work() -> None:
        held = BookingRequest.objects.select_related("reservation").get(pk=request.pk).reservation
        # The day on which something may be free again; without a proposal that of the wish, for its chain.
        date = held.service_date if held is not None else request.service_date
        day = take_day(request.restaurant_id, date)
        _answer(request, OPEN, status, user, answer, day.now, None)
        if BookingRequest.objects.exclude(reservation=held).filter(pk=request.pk).exists():
            # A proposal came between: its day is to be locked.
            raise Again
        events = [Event(str(status), "request", request.pk)]
        if held is not None and give_back(held.pk):
            events.append(Event("released", "reservation", held.pk, held.guest_id))
        head = trail.append(request.restaurant_id, date, events, by, day.now, day.head)
        if status == Status.DECLINED:
            send_later(message(Kind.DECLINED, request, day.now))
        serve_waitlist(request.restaurant_id, date, day.now, head)

    retried(work)
    request.refresh_from_db()
