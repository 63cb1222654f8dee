"""The write rule for a reservation that stands: another time, date or party, or other details.

It opens the outermost transaction itself and must not be called inside one.
It raises `Refused` with the reason, and the reservation is then as it was.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, replace
from typing import Any

from django.utils import timezone

from reservations.engine.availability import Ask, DayPlan, ServiceRules
from reservations.engine.deciding import Decision, Wish, claim, decide, end_of, lock_neighbours
from reservations.engine.errors import Reason, Refused
from reservations.engine.known import Details, known_guest, still_guest
from reservations.engine.locks import lock_days, retried, state_of
from reservations.engine.offers import Ahead, serve_waitlist
from reservations.engine.placing import record
from reservations.engine.slots import SLOT
from reservations.engine.tables import slot_of
from reservations.history import trail
from reservations.history.trail import GUEST, By, Event, difference
from reservations.messages.outgoing import STAFF_HEED, Kind, coming_up, message, recipient, send_later
from reservations.models import Message, Reservation, Restaurant, TableClaim
from reservations.models.reservation import COUNTED
from reservations.queries.day import Fresh, fresh_day
from reservations.queries.early import floor_window, taken_meanwhile
from reservations.queries.rules import cutoff

__all__ = ["can_change", "change", "details_of", "kept_start", "wish_of", "write"]

Status = Reservation.Status

_SHOWN = ("service_date", "starts_at", "ends_at", "party_size", "area_id", "table_ids")
_STANDING = (Status.CONFIRMED, Status.SEATED)
_UNSAID: dict[str, Any] = {"late_minutes": 0, "late_flagged_at": None, "arrived_at": None, "coming_at": None}
"""What was said of a time, and is not true of another."""
_STATE = (*_SHOWN, *(field.name for field in fields(Details)))


def wish_of(reservation: Reservation) -> Wish:
    """Return what a reservation is for, to be changed by `dataclasses.replace`."""
    return Wish(
        restaurant_id=reservation.restaurant_id,
        date=reservation.service_date,
        start=reservation.starts_at,
        party=reservation.party_size,
        area_id=reservation.area_id,
        step_free=reservation.needs_step_free,
    )


def details_of(reservation: Reservation) -> Details:
    """Return what is known of who comes, to be changed by `dataclasses.replace`."""
    return Details(**{field.name: getattr(reservation, field.name) for field in fields(Details)})


def change(
    *,
    reservation: Reservation,
    wish: Wish | None = None,
    details: Details | None = None,
    by: By = GUEST,
    online: bool = True,
    exceed_pacing: bool = False,
    pacing_reason: str = "",
    tell: bool = True,
) -> bool:
    """Change a reservation to another wish, other details or both; return False where it is so already.

    The old and the new day are locked in order, the new time is decided as if
    the old were free, and both are exchanged in one transaction: where the new
    one is refused the old one stands. A party stays at its tables where they
    still suit, unless the wish names others. online False is for staff, who
    pass over what `booking.book` lets them pass over. A guest is refused after the cut-off (CUTOFF_PASSED),
    and its details after the start (ALREADY_STARTED). A party whose time has begun may still become
    larger or smaller by staff; one that sits keeps its time, else its table would be free for others
    (ALREADY_STARTED). Where somebody else has changed it since it was read: CHANGED_MEANWHILE.
    """
    new, told = _agreed(reservation, wish, details)
    moves = new != wish_of(reservation)
    days = {reservation.service_date, new.date}

    def work() -> bool:
        lock_days(reservation.restaurant_id, days)
        row = Reservation.objects.select_related("service").get(pk=reservation.pk)
        if row.sequence != reservation.sequence or row.status not in _STANDING:
            if row.status in COUNTED and wish_of(row) == new and details_of(row) == told:
                return False
            raise Refused(Reason.CHANGED_MEANWHILE if row.status in _STANDING else Reason.NOT_CONFIRMED)
        fresh = fresh_day(row.restaurant_id, new.date)
        if online:
            _refuse_late(row, fresh, moves)
        if row.status == Status.SEATED and new.start != row.starts_at:
            raise Refused(Reason.ALREADY_STARTED)
        head = fresh.head
        before = {name: getattr(row, name) for name in _STATE}
        values: dict[str, Any] = told.by_column()
        since: dt.datetime | None = None
        if moves:
            queue.serve_others(row.restaurant_id, days - {new.date}, fresh.now)
            if fresh.is_waited_for:
                head = queue.serve(row.restaurant_id, new.date, fresh.now, head)
            decision = _decided(row, fresh, new, days, online=online, exceed_pacing=exceed_pacing)
            values |= _placed_as(new, decision, by, pacing_reason)
            if new.start != row.starts_at:
                values |= _UNSAID
            if _has_begun(row, new, fresh.now):
                # Nobody's time becomes shorter because somebody joined the table.
                since = _since(row, fresh.now)
                values["ends_at"] = max(values["ends_at"], row.ends_at, since + SLOT)
                # It came by the service by which it came.
                values |= {"service_id": row.service_id, "service_name": row.service_name}
            if not online:
                # The limit of those online does not bind staff: it was not in force.
                values["online_pacing_limit"] = None
        if all(getattr(row, name) == value for name, value in values.items() if name in _STATE):
            return False
        if told.email and told.email == row.email and row.guest_id:
            if told.phone != row.phone:
                values["guest_id"] = still_guest(row.guest_id, told, row.language, by, fresh.now)
        elif (told.email, told.phone) != (row.email, row.phone):
            values["guest_id"] = known_guest(row.restaurant_id, told, row.language, by, fresh.now) or row.guest_id
        write(row, values)
        if moves:
            TableClaim.objects.filter(reservation_id=row.pk).delete()
            claim(row, row.table_ids, since)
        changes = difference(before, {name: getattr(row, name) for name in _STATE})
        event = Event("changed", "reservation", row.pk, row.guest_id, changes)
        head = trail.append(row.restaurant_id, new.date, [event], by, fresh.now, head)
        heads = {new.date: head}
        if before["service_date"] != new.date:
            # Both days' chains tell of it: it left one and came to the other.
            old = state_of(row.restaurant_id, before["service_date"])
            heads[old.date] = trail.append(row.restaurant_id, old.date, [event], by, fresh.now, old.head)
        _tell(row, before, fresh.restaurant, fresh.now, moved=moves, guest=tell, staff=online)
        if moves:
            for date in sorted(heads):
                serve_waitlist(row.restaurant_id, date, fresh.now, heads[date])
        return True

    try:
        with Ahead() as queue:
            changed = retried(work, exhausted=Reason.TABLES_TAKEN)
    except Refused as refusal:
        # Of who sits nobody was turned away.
        unkept = (Reason.CHANGED_MEANWHILE, Reason.NOT_CONFIRMED, *([] if online else [Reason.ALREADY_STARTED]))
        if moves and refusal.reason not in unkept:
            record(new, online, refusal.reason)
        raise
    reservation.refresh_from_db()
    return changed


def _agreed(reservation: Reservation, wish: Wish | None, details: Details | None) -> tuple[Wish, Details]:
    """Return the whole of what is wanted: of step-free access both say the same, as the row will."""
    new, told = wish or wish_of(reservation), details or details_of(reservation)
    needed = new.step_free
    if details is not None:
        # A wish made from the old one still asks for what the details no longer need.
        needed = details.needs_step_free or (new.step_free and not reservation.needs_step_free)
    return replace(new, step_free=needed), replace(told, needs_step_free=needed)


def _refuse_late(row: Reservation, fresh: Fresh, moves: bool) -> None:
    limit = cutoff(fresh.restaurant, row.service).moment(row.starts_at, row.service_date, fresh.restaurant.timezone)
    if row.status != Status.CONFIRMED:
        raise Refused(Reason.NOT_CONFIRMED)
    if fresh.now >= row.starts_at:
        raise Refused(Reason.ALREADY_STARTED)
    if moves and fresh.now > limit:
        raise Refused(Reason.CUTOFF_PASSED)


def _decided(
    row: Reservation,
    fresh: Fresh,
    new: Wish,
    days: set[dt.date],
    *,
    online: bool,
    exceed_pacing: bool,
) -> Decision:
    view = floor_window(row.restaurant_id, new.date, new.start, end_of(fresh.plan, new), fresh.now, but=row.pk)
    now, own = fresh.now, None
    if _has_begun(row, new, fresh.now) and not online:
        # Its start has passed, and what is over of its time may have been another's.
        now = min(now, new.start - dt.timedelta(seconds=1))
        since = _since(row, fresh.now)
        own = _own_service(row, fresh.plan)
        end = max(row.ends_at, end_of(fresh.plan, new, own), since + SLOT)
        rest = floor_window(row.restaurant_id, new.date, since, end, fresh.now, but=row.pk)
        # Who sits before its time would be put at another table now.
        meanwhile = taken_meanwhile(row, fresh.now)
        view = replace(rest, covers=view.covers, taken=rest.taken | meanwhile)
    lock_neighbours(view, days)
    ask = Ask(
        party=new.party,
        area_id=new.area_id,
        step_free=new.step_free,
        online=online,
        ignore_pacing=exceed_pacing,
        kept_start=kept_start(row, new.party),
        table_ids=tuple(sorted(set(new.table_ids))),
    )
    return decide(fresh.plan, new, ask, view, now, keep=tuple(row.table_ids), own=own)


def _own_service(row: Reservation, plan: DayPlan) -> ServiceRules | None:
    """Return the service by whose rules a party is there; the day's first, of one from the door when none ran."""
    return next((one for one in plan.services if one.id == row.service_id), next(iter(plan.services), None))


def kept_start(reservation: Reservation, party: int) -> dt.datetime | None:
    """Return the start that a brake doesn't take from a party that is not larger than it was booked; None for one."""
    return reservation.starts_at if party <= reservation.party_size else None


def _has_begun(row: Reservation, new: Wish, now: dt.datetime) -> bool:
    """Return whether a party sits already or its time has begun, and only its size or area is to change."""
    return new.start == row.starts_at and (row.status == Status.SEATED or row.starts_at <= now)


def _since(row: Reservation, now: dt.datetime) -> dt.datetime:
    return max(row.starts_at, slot_of(now))


def _placed_as(new: Wish, decision: Decision, by: By, pacing_reason: str) -> dict[str, Any]:
    return {
        "service_id": decision.service.id,
        "service_name": decision.service.name,
        "service_date": new.date,
        "starts_at": new.start,
        "ends_at": new.start + dt.timedelta(minutes=decision.minutes),
        "party_size": new.party,
        "area_id": new.area_id,
        "table_ids": list(decision.table_ids),
        "pacing_exceeded_by_id": by.user_id if decision.exceeds_pacing else None,
        "pacing_reason": pacing_reason if decision.exceeds_pacing else "",
        "passed_over": decision.passed(),
        "passed_over_reason": pacing_reason if decision.passed_over else "",
        **decision.limits(),
    }


def write(row: Reservation, values: dict[str, Any]) -> None:
    """Set values on a row whose day is locked, by compare-and-set of its version; the object knows them after."""
    values = {**values, "sequence": row.sequence + 1}
    rows = Reservation.objects.filter(pk=row.pk, sequence=row.sequence, status=row.status)
    if values.get("service_date", row.service_date) == row.service_date:
        values.pop("service_date", None)
        rows = rows.renewing(*row.own_tags(), trail.tag(row.restaurant_id))
    if not rows.update(**values):
        raise Refused(Reason.CHANGED_MEANWHILE)
    for name, value in values.items():
        setattr(row, name, value)


def _tell(
    row: Reservation,
    before: dict[str, Any],
    restaurant: Restaurant,
    now: dt.datetime,
    *,
    moved: bool,
    guest: bool,
    staff: bool,
) -> None:
    data = {"was": before["starts_at"].isoformat(), "was_party": before["party_size"]}
    told: list[Message] = []
    is_elsewhere = recipient(row) != (before["booker_email"] or before["email"])
    waiting = Message.objects.filter(reservation_id=row.pk, status=Message.Status.WAITING)
    if is_elsewhere:
        # Also where the guest is not told of the change, of the reservation they were to be.
        waiting.filter(kind=Kind.CONFIRMATION).update(recipient=recipient(row))
    if moved or is_elsewhere:
        waiting.filter(kind__in=(Kind.REMINDER, Kind.THANKS)).update(status=Message.Status.DROPPED)
        told += coming_up(row, restaurant, now)
    if guest:
        told += message(Kind.CHANGE, row, now, data=data)
    # Near may be what it was, and the new time far.
    if staff and min(before["starts_at"], row.starts_at) - now <= STAFF_HEED:
        told += message(Kind.STAFF_CHANGED, row, now, staff_email=restaurant.email, data=data)
    send_later(told)


def can_change(reservation: Reservation) -> bool:
    """Return whether a guest may still move it: confirmed, and within the cut-off."""
    restaurant = reservation.restaurant
    limit = cutoff(restaurant, reservation.service).moment(
        reservation.starts_at, reservation.service_date, restaurant.timezone
    )
    return reservation.status == Status.CONFIRMED and timezone.now() <= limit
