"""Whether a message that waited still says what is true: between writing and sending, things happen."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from reservations.messages.outgoing import booked_by_guest, recipient
from reservations.messages.sheet import sheet_over
from reservations.models import BookingRequest, Guest, Message, Reservation, WaitlistEntry

Kind = Message.Kind
Row = Reservation | WaitlistEntry | BookingRequest

_CONFIRMED = (Reservation.Status.CONFIRMED,)
_ASKED = (BookingRequest.Status.OPEN,)

_STATUSES: dict[str, tuple[str, ...]] = {
    Kind.CONFIRMATION: _CONFIRMED,
    Kind.ASKED: (Reservation.Status.HELD,),
    Kind.CHANGE: _CONFIRMED,
    Kind.CANCELLATION: (Reservation.Status.CANCELLED,),
    Kind.REMINDER: _CONFIRMED,
    Kind.THANKS: (Reservation.Status.FINISHED,),
    Kind.JOINED: (WaitlistEntry.Status.WAITING,),
    Kind.OFFER: (WaitlistEntry.Status.OFFERED,),
    Kind.REQUESTED: _ASKED,
    Kind.PROPOSAL: (BookingRequest.Status.PROPOSED,),
    Kind.DECLINED: (BookingRequest.Status.DECLINED,),
    Kind.EXPIRED: (BookingRequest.Status.EXPIRED,),
    Kind.STAFF_BOOKED: _CONFIRMED,
    Kind.STAFF_CHANGED: _CONFIRMED,
    Kind.STAFF_CANCELLED: (Reservation.Status.CANCELLED,),
    Kind.STAFF_COMING: _CONFIRMED,
    Kind.STAFF_REQUEST: _ASKED,
}
"""Of what a message tells, in which statuses it is true. A link is sent whatever has become of it."""


_REPLACED = (Kind.CONFIRMATION, Kind.CANCELLATION, Kind.REMINDER, Kind.THANKS)
"""Of these the latest alone is sent: after a change, or of what was cancelled, taken back and cancelled again."""


def told_row(message: Message) -> Row | None:
    """Return what a message tells of, or None where that is gone."""
    return message.reservation or message.entry or message.request


def held_for(row: Row) -> Reservation | None:
    """Return the hold that is offered to a waitlist entry or proposed to a request, if any."""
    if isinstance(row, WaitlistEntry):
        return row.offer
    return row.reservation if isinstance(row, BookingRequest) else None


def is_to_staff(message: Message) -> bool:
    """Return whether a message goes to the restaurant."""
    return message.kind.startswith("staff_")


def address_of(message: Message) -> str:
    """Return where a message goes: to the restaurant at its address of now, which may have been put right since."""
    return message.restaurant.email if is_to_staff(message) else message.recipient


def is_address(text: str) -> bool:
    """Return whether mail can be sent to an address, as far as its form tells."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def untrue(message: Message, now: dt.datetime) -> str:
    """Return why a message must not go out any more, for staff to read, or "" where it still holds.

    now is the database's time. Reads at most two rows more than the message has.
    """
    row = told_row(message)
    if row is None and message.kind != Kind.STAFF_SHEET:
        return _("What it tells of is gone.")
    if not message.recipient or not is_address(address_of(message)):
        return _("There is no address to send it to.")
    if row is None or message.kind == Kind.STAFF_SHEET:
        return sheet_over(message, now)
    if row.status not in _STATUSES.get(message.kind, (row.status,)):
        return _("By now the status is: %(status)s.") % {"status": row.get_status_display()}
    # The old one is perhaps a stranger's, and a mail has the link that changes and cancels.
    if not is_to_staff(message) and message.recipient != recipient(row):
        return _("The guest has corrected the address.")
    if not _is_still_sent(message):
        return _("The restaurant no longer sends such mails.")
    if message.kind in (Kind.OFFER, Kind.PROPOSAL):
        return _lapsed(held_for(row), now) or _said_again(message)
    if isinstance(row, Reservation):
        if message.kind == Kind.ASKED:
            return _lapsed(row, now) or _by_phone(row)
        return _outdated(message, row, now)
    return ""


def _lapsed(hold: Reservation | None, now: dt.datetime) -> str:
    if hold is not None and hold.status == Reservation.Status.HELD and hold.held_until and hold.held_until > now:
        return ""
    return _("The table is not held any more.")


def _said_again(message: Message) -> str:
    """Return why an earlier offer is not sent: a later one says the same, and waits too or is out."""
    later = Message.objects.filter(kind=message.kind, pk__gt=message.pk)
    if later.filter(entry=message.entry, request=message.request).exists():
        return _("A later message replaces it.")
    return ""


def _by_phone(hold: Reservation) -> str:
    """Return why no button is sent any more: the guest is asked to call."""
    return _("The guest is asked to call.") if hold.asked != Reservation.Asked.MAIL else ""


def _is_still_sent(message: Message) -> bool:
    """Return whether the restaurant sends mails of this kind: its privacy page says what it does now."""
    restaurant = message.restaurant
    sent: dict[str, bool] = {Kind.REMINDER: restaurant.reminder_hours > 0, Kind.THANKS: restaurant.sends_thanks}
    return sent.get(message.kind, True)


def _outdated(message: Message, reservation: Reservation, now: dt.datetime) -> str:
    # What is changed without a word, or said on the way, leaves the mail the only one.
    if message.kind in (Kind.CHANGE, Kind.STAFF_CHANGED) and _is_replaced(message, reservation):
        return _("The reservation has changed again since.")
    if message.kind == Kind.REMINDER and reservation.starts_at <= now:
        return _("The visit has begun.")
    if _STATUSES.get(message.kind) == _CONFIRMED and reservation.ends_at <= now:
        return _("The visit is over.")
    if message.kind == Kind.THANKS and not _is_asked_for(reservation):
        return _("The guest has not asked for mails after a visit.")
    if message.kind in _REPLACED and _is_replaced(message, reservation):
        return _("A later message replaces it.")
    return ""


def _is_asked_for(reservation: Reservation) -> bool:
    """Return whether the guest agreed to be written to after visits, and has not taken that back.

    Who books for somebody else has agreed to nothing, whatever the guest has.
    """
    if reservation.guest_id is None or not booked_by_guest(reservation):
        return False
    return Guest.objects.filter(pk=reservation.guest_id, thanks_consent_at__isnull=False).exists()


def _is_replaced(message: Message, reservation: Reservation) -> bool:
    """Return whether a later version of the reservation has written a message of this kind."""
    if message.sequence >= reservation.sequence:
        return False
    return Message.objects.filter(reservation=reservation, kind=message.kind, sequence__gt=message.sequence).exists()
