"""Messages and what they tell of, written past the write rules, and the mails that they become."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
from typing import Any

from django.utils import timezone

from reservations.messages.outgoing import recipient
from reservations.messages.rendering import Mail, render
from reservations.models import BookingRequest, Guest, Membership, Message, Reservation, Restaurant, WaitlistEntry
from tests.factories import make_restaurant, make_user

Kind = Message.Kind
_numbers = itertools.count(1)

START = dt.datetime(2031, 11, 27, 18, 0, tzinfo=dt.UTC)
"""19:00 in Berlin."""


def make_row(restaurant: Restaurant | None = None, **fields: Any) -> Reservation:
    """Return a confirmed reservation of two for 19:00 on 27 November 2031, without tables."""
    restaurant = restaurant or make_restaurant(name="Zur Linde")
    start = fields.pop("starts_at", START)
    return Reservation.objects.create(
        restaurant=restaurant,
        starts_at=start,
        **{
            "status": Reservation.Status.CONFIRMED,
            "service_name": "Dinner",
            "service_date": start.astimezone(restaurant.zone).date(),
            "ends_at": start + dt.timedelta(hours=2),
            "party_size": 2,
            "name": "Ada Guest",
            "email": "ada@example.org",
            "idempotency_key": f"row{next(_numbers)}",
            **fields,
        },
    )


def make_held(restaurant: Restaurant, **fields: Any) -> Reservation:
    """Return a hold of an hour."""
    until = timezone.now() + dt.timedelta(hours=1)
    return make_row(restaurant, **{"status": Reservation.Status.HELD, "held_until": until, "name": "", **fields})


def make_entry(restaurant: Restaurant | None = None, **fields: Any) -> WaitlistEntry:
    """Return a waitlist entry for four, from 18:00 to 21:00 on 27 November 2031."""
    restaurant = restaurant or make_restaurant(name="Zur Linde")
    return WaitlistEntry.objects.create(
        restaurant=restaurant,
        **{
            "service_date": START.date(),
            "earliest": START - dt.timedelta(hours=1),
            "latest": START + dt.timedelta(hours=2),
            "party_size": 4,
            "name": "Ada Guest",
            "email": "ada@example.org",
            "idempotency_key": f"row{next(_numbers)}",
            **fields,
        },
    )


def make_request(restaurant: Restaurant | None = None, **fields: Any) -> BookingRequest:
    """Return an open request of twelve for 19:00 on 27 November 2031, answered by the day before at 13:00 in Berlin."""
    restaurant = restaurant or make_restaurant(name="Zur Linde")
    return BookingRequest.objects.create(
        restaurant=restaurant,
        **{
            "service_date": START.date(),
            "starts_at": START,
            "party_size": 12,
            "name": "Ada Guest",
            "email": "ada@example.org",
            "expires_at": START - dt.timedelta(hours=30),
            "idempotency_key": f"row{next(_numbers)}",
            **fields,
        },
    )


def make_message(
    kind: Message.Kind, row: Reservation | WaitlistEntry | BookingRequest | Membership, **fields: Any
) -> Message:
    """Return a message that is due since a minute."""
    if isinstance(row, Membership):
        return _message(row.restaurant_id, kind, member=row, recipient=row.user.email, **fields)
    return _message(
        row.restaurant_id,
        kind,
        **{
            {Reservation: "reservation", WaitlistEntry: "entry", BookingRequest: "request"}[type(row)]: row,
            "recipient": "table@example.org" if kind.startswith("staff_") else recipient(row),
            "language": row.language,
            "sequence": getattr(row, "sequence", 0),
            **fields,
        },
    )


def _message(restaurant_id: int, kind: Message.Kind, **fields: Any) -> Message:
    now = timezone.now()
    return Message.objects.create(
        restaurant_id=restaurant_id,
        kind=kind,
        **{
            "due_at": now - dt.timedelta(minutes=1),
            "message_id": f"<{secrets.token_hex(16)}@book.example.org>",
            "created_at": now,
            **fields,
        },
    )


def mail_of(message: Message) -> Mail:
    """Return the mail that a message becomes now; fails where it is dropped."""
    found = render(message, timezone.now())
    assert isinstance(found, Mail), found
    return found


def make_told(kind: Message.Kind, **fields: Any) -> Message:
    """Return a message of any kind with what it tells of, in the status in which it is true; fields are the row's."""
    restaurant = fields.pop("restaurant", None) or make_restaurant(name="Zur Linde")
    if kind in (Kind.JOINED, Kind.OFFER):
        offer = {"status": "offered", "offer": make_held(restaurant, party_size=4)} if kind == Kind.OFFER else {}
        return make_message(kind, make_entry(restaurant, **{**offer, **fields}))
    if kind in (Kind.REQUESTED, Kind.PROPOSAL, Kind.DECLINED, Kind.EXPIRED, Kind.STAFF_REQUEST):
        return make_message(kind, make_request(restaurant, **{**_answered(kind, restaurant), **fields}))
    if kind == Kind.INVITATION:
        user = make_user(email=fields.get("email", "ada@example.org"), name=fields.get("name", ""))
        member = Membership.objects.create(user=user, restaurant=restaurant)
        return make_message(kind, member, language=fields.get("language", ""))
    data: dict[str, Any] = {}
    if kind in (Kind.CHANGE, Kind.STAFF_CHANGED):
        data = {"was": (START - dt.timedelta(days=1)).isoformat(), "was_party": 5}
        fields.setdefault("sequence", 1)
    elif kind in (Kind.CANCELLATION, Kind.STAFF_CANCELLED):
        data = {"late": True} if kind == Kind.STAFF_CANCELLED else {}
        fields.setdefault("status", Reservation.Status.CANCELLED)
    elif kind == Kind.ASKED:
        held = {"status": Reservation.Status.HELD, "asked": "mail", "held_until": START - dt.timedelta(hours=2)}
        fields = {**held, **fields}
    elif kind == Kind.THANKS:
        restaurant.sends_thanks = True
        restaurant.save()
        fields.setdefault("status", Reservation.Status.FINISHED)
        if "guest" not in fields:
            fields["guest"] = Guest.objects.create(
                restaurant=restaurant, key=secrets.token_hex(32), thanks_consent_at=timezone.now()
            )
    elif kind == Kind.STAFF_COMING:
        data = {"minutes": 20, "fewer": [4, 2]}
    elif kind == Kind.STAFF_SHEET:
        starts = START - dt.timedelta(hours=1)
        data = {"date": "2031-11-27", "service": "Dinner", "name": "Dinner", "starts": starts.isoformat()}
    return make_message(kind, make_row(restaurant, **fields), data=data)


def _answered(kind: Message.Kind, restaurant: Restaurant) -> dict[str, Any]:
    if kind == Kind.PROPOSAL:
        hold = make_held(restaurant, party_size=12, starts_at=START + dt.timedelta(hours=1))
        return {"status": "proposed", "answer": "At eight?", "reservation": hold}
    if kind == Kind.DECLINED:
        return {"status": "declined", "answer": "We are full."}
    return {"status": "expired"} if kind == Kind.EXPIRED else {}
