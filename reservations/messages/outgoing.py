"""Messages as rows, written in the transaction of what they tell: if it commits they go out, else they never were.

What a message says is rendered when it is sent, from the rows as they are then;
`data` holds what only the past knows, such as the time before a change.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from reservations.engine.inserts import insert_many
from reservations.models import BookingRequest, Membership, Message, Reservation, Restaurant, WaitlistEntry

Kind = Message.Kind

STAFF_HEED = dt.timedelta(hours=24)
"""The restaurant is written to of what concerns a visit this near; what is further away stands on the day sheet."""

_THANKS_AFTER = dt.timedelta(hours=20)


def recipient(row: Reservation | WaitlistEntry | BookingRequest) -> str:
    """Return whom mails about a row go to: the booker, where somebody booked for the guest; "" for nobody."""
    return getattr(row, "booker_email", "") or row.email


def booked_by_guest(reservation: Reservation) -> bool:
    """Return whether mails go to the guest: who books for somebody else can agree to nothing for them."""
    return recipient(reservation) == reservation.email


def message(
    kind: Message.Kind,
    row: Reservation | WaitlistEntry | BookingRequest,
    now: dt.datetime,
    *,
    due: dt.datetime | None = None,
    staff_email: str | None = None,
    data: dict[str, Any] | None = None,
) -> list[Message]:
    """Return a message about a row, for `send_later`, or nothing where nobody has an address.

    now is the database's time, due the moment from which it is sent. staff_email
    is the restaurant's address for what goes to the restaurant.
    """
    to = recipient(row) if staff_email is None else staff_email
    if not to:
        return []
    subject = {
        "reservation": row if isinstance(row, Reservation) else None,
        "entry": row if isinstance(row, WaitlistEntry) else None,
        "request": row if isinstance(row, BookingRequest) else None,
    }
    return [
        Message(
            restaurant_id=row.restaurant_id,
            kind=kind,
            recipient=to,
            # Staff read their mail in the restaurant's language.
            language=row.language if staff_email is None else "",
            sequence=getattr(row, "sequence", 0),
            data=data or {},
            due_at=due or now,
            message_id=_new_message_id(),
            created_at=now,
            **subject,
        )
    ]


def invitation(member: Membership, now: dt.datetime, language: str) -> Message:
    """Return the mail that tells somebody of their place on the staff; the link in it is made when it is sent."""
    return Message(
        restaurant_id=member.restaurant_id,
        kind=Kind.INVITATION,
        member=member,
        recipient=member.user.email,
        language=language,
        due_at=now,
        message_id=_new_message_id(),
        created_at=now,
    )


def of_sheet(restaurant: Restaurant, now: dt.datetime, data: dict[str, Any]) -> Message:
    """Return the day sheet of a service, for the restaurant; data says of which. It tells of no single row."""
    return Message(
        restaurant_id=restaurant.pk,
        kind=Kind.STAFF_SHEET,
        recipient=restaurant.email,
        data=data,
        due_at=now,
        message_id=_new_message_id(),
        created_at=now,
    )


def _new_message_id() -> str:
    return f"<{secrets.token_hex(16)}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


def of_booking(reservation: Reservation, restaurant: Restaurant, now: dt.datetime) -> list[Message]:
    """Return what a new reservation sends: confirmation, reminder, thanks, and a note to staff where it is near."""
    return [
        *message(Kind.CONFIRMATION, reservation, now),
        *coming_up(reservation, restaurant, now),
        *to_staff(Kind.STAFF_BOOKED, reservation, restaurant, now),
    ]


def coming_up(reservation: Reservation, restaurant: Restaurant, now: dt.datetime) -> list[Message]:
    """Return the reminder and the thanks of a visit; no reminder whose moment has passed already."""
    found = []
    reminded = reservation.starts_at - dt.timedelta(hours=restaurant.reminder_hours)
    if restaurant.reminder_hours and reminded > now:
        found += message(Kind.REMINDER, reservation, now, due=reminded)
    if restaurant.sends_thanks:
        found += message(Kind.THANKS, reservation, now, due=reservation.ends_at + _THANKS_AFTER)
    return found


def to_staff(
    kind: Message.Kind,
    row: Reservation | BookingRequest,
    restaurant: Restaurant,
    now: dt.datetime,
    data: dict[str, Any] | None = None,
) -> list[Message]:
    """Return the note to the restaurant, where the visit is near enough to need heed; of a request always."""
    if isinstance(row, Reservation) and row.starts_at - now > STAFF_HEED:
        return []
    return message(kind, row, now, staff_email=restaurant.email, data=data)


def send_later(messages: Sequence[Message]) -> None:
    """Write messages, in one statement, inside the transaction of what they tell."""
    insert_many(messages)
