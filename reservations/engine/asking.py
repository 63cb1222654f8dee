"""Write rules of confirming online, where a restaurant asks something of the guest first: a mail's button, or a call.

Each opens the outermost transaction itself and must not be called inside one.
What is asked is decided under the day's lock. Until it is done the hold stays
one, with everything that the guest told: it takes its tables, lapses by itself
and is offered to who waits then, like any other.
"""

from __future__ import annotations

import datetime as dt

from django.db.models.functions import Now

from reservations.engine.changing import details_of
from reservations.engine.confirming import Asking, Condition, confirm
from reservations.engine.errors import Reason, Refused
from reservations.engine.known import Details, is_to_call
from reservations.engine.locks import Locked, retried, take_day
from reservations.history import trail
from reservations.history.trail import GUEST, By, Event
from reservations.messages.outgoing import Kind, message, recipient, send_later
from reservations.models import Message, Reservation
from reservations.queries.rules import lead

__all__ = ["LASTS", "confirm_by_call", "confirm_online", "press", "write_again"]

Status = Reservation.Status
Asked = Reservation.Asked

LASTS = dt.timedelta(minutes=30)
"""So long a guest has for what is asked, but not beyond the lead time of what they hold."""

MOST_MAILS = 4
"""So many mails a hold may cause in all, to whatever addresses: the form must not write to strangers."""

_PAUSE = dt.timedelta(minutes=1)

_KNOWN = (Status.CONFIRMED, Status.SEATED, Status.FINISHED)


def confirm_online(*, reservation: Reservation, details: Details) -> Reservation:
    """Confirm a diner's hold as `confirm` does, or keep it with what is asked first; doing it again changes nothing.

    A restaurant that wants to be called by guests with many no-shows asks them
    to call; else one that confirms by mail asks for the button in a mail, unless
    this browser has pressed one for this address before. Raises `Refused` as `confirm`.
    """
    restaurant = reservation.restaurant
    if not restaurant.confirms_by_mail and not restaurant.no_shows_call:
        return confirm(reservation=reservation, details=details)

    def asking(day: Locked, guest: int | None) -> Condition | None:
        row = Reservation.objects.get(pk=reservation.pk)
        if row.is_asked and row.held_until is not None and row.held_until > day.now:
            # The same form, sent twice.
            raise Refused(Reason.CHANGED_MEANWHILE)
        if is_to_call(day.restaurant, guest, day.now):
            return Condition(Asked.CALL, _until(reservation, row, day))
        if not day.restaurant.confirms_by_mail or _has_pressed(reservation, details):
            return None
        for name in ("email", "booker_email"):
            setattr(row, name, getattr(details, name))
        row.language = reservation.language
        return Condition(Asked.MAIL, _until(reservation, row, day), tuple(message(Kind.ASKED, row, day.now)))

    return _unless_asked(reservation, details, asking)


def press(*, reservation: Reservation) -> Reservation:
    """Confirm a hold whose guest was asked by mail: its button was pressed. Pressing again gives the same answer.

    The address is the one that the link was made for, as the caller read it.
    Who has got many no-shows meanwhile is asked to call. Raises `Refused`:
    HOLD_LAPSED; CHANGED_MEANWHILE where the guest has corrected the address;
    BY_PHONE where they were asked to call already.
    """
    details = details_of(reservation)

    def asking(day: Locked, guest: int | None) -> Condition | None:
        row = _unchanged(reservation, details)
        if row.is_asked and row.asked == Asked.CALL:
            raise Refused(Reason.BY_PHONE)
        # Without more time: that was for the mail.
        is_to = is_to_call(day.restaurant, guest, day.now)
        return Condition(Asked.CALL, row.held_until or day.now) if is_to else None

    return confirm(reservation=reservation, details=details, asking=asking)


def confirm_by_call(*, reservation: Reservation, by: By) -> bool:
    """Confirm, for staff, a hold whose guest was asked for something; return False where it is confirmed already.

    Raises `Refused` (HOLD_LAPSED, CHANGED_MEANWHILE).
    """
    reservation.refresh_from_db()
    if reservation.status in _KNOWN:
        return False
    if not reservation.is_asked:
        raise Refused(Reason.HOLD_LAPSED)
    details = details_of(reservation)

    def asking(_day: Locked, _guest: int | None) -> Condition | None:
        _unchanged(reservation, details)
        return None

    confirm(reservation=reservation, details=details, by=by, asking=asking)
    return True


def write_again(*, reservation: Reservation, email: str) -> bool:
    """Write once more to the guest of a hold, to this address (normalised) from now on; return whether a mail goes out.

    Not twice a minute to the same address. The link of a mail to another address
    is void. Raises `Refused` (HOLD_LAPSED, TOO_MANY_MAILS).
    """

    def work() -> bool:
        day = take_day(reservation.restaurant_id, reservation.service_date)
        row = Reservation.objects.get(pk=reservation.pk)
        if not row.is_asked or row.asked != Asked.MAIL:
            raise Refused(Reason.HOLD_LAPSED)
        sent = list(Message.objects.filter(reservation=row, kind=Kind.ASKED).values_list("recipient", "created_at"))
        if any(to == email and at > day.now - _PAUSE for to, at in sent) and email == recipient(row):
            return False
        if len(sent) >= MOST_MAILS:
            raise Refused(Reason.TOO_MANY_MAILS)
        name = "booker_email" if row.booker_email else "email"
        live = Reservation.objects.filter(pk=row.pk, status=Status.HELD, held_until__gt=Now())
        if not live.renewing(*row.own_tags(), trail.tag(row.restaurant_id)).update(**{name: email}):
            raise Refused(Reason.HOLD_LAPSED)
        changes = trail.difference({name: getattr(row, name)}, {name: email})
        setattr(row, name, email)
        event = Event("asked", "reservation", row.pk, None, changes)
        trail.append(row.restaurant_id, day.date, [event], GUEST, day.now, day.head)
        send_later(message(Kind.ASKED, row, day.now))
        return True

    try:
        return retried(work)
    finally:
        reservation.refresh_from_db()


def _unless_asked(reservation: Reservation, details: Details, asking: Asking) -> Reservation:
    try:
        return confirm(reservation=reservation, details=details, asking=asking)
    except Refused as refusal:
        if refusal.reason == Reason.CHANGED_MEANWHILE and reservation.is_asked:
            return reservation
        raise


def _unchanged(reservation: Reservation, details: Details) -> Reservation:
    """Return the row as it is under the lock; raises `Refused` where it tells something else than was read."""
    row = Reservation.objects.get(pk=reservation.pk)
    if row.is_asked and details_of(row) != details:
        raise Refused(Reason.CHANGED_MEANWHILE)
    return row


def _until(reservation: Reservation, row: Reservation, day: Locked) -> dt.datetime:
    """Return until when the guest has time: never less than the hold has, never beyond the start."""
    limit = lead(day.restaurant, reservation.service).moment(row.starts_at, row.service_date, day.restaurant.timezone)
    return min(max(row.held_until or day.now, min(day.now + LASTS, limit)), row.starts_at)


def _has_pressed(reservation: Reservation, details: Details) -> bool:
    """Return whether this browser has confirmed a reservation by the button of a mail to the same address."""
    to = details.booker_email or details.email
    name = "booker_email" if details.booker_email else "email"
    known = Reservation.objects.filter(browser=reservation.browser, asked=Asked.MAIL, status__in=_KNOWN, **{name: to})
    return bool(reservation.browser) and known.exists()
