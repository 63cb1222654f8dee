"""Guests, those who wait and those who ask, for tests: through the write rules, or past them for odd states."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from django.urls import reverse
from django.utils import timezone

from reservations.engine import requests, waitlist
from reservations.engine.booking import Wish
from reservations.models import BookingRequest, Guest, Reservation, Restaurant, WaitlistEntry, contact_key
from tests.factories import days_ahead, make_details, make_seated, make_wish, new_key

_numbers = itertools.count(1)


def make_guest(restaurant: Restaurant, *, email: str = "", phone: str = "", **fields: Any) -> Guest:
    """Return a guest as a booking writes one down, with these contacts."""
    return Guest.objects.create(
        restaurant=restaurant,
        key=contact_key(email, phone),
        email=email,
        phone=phone,
        **{"name": f"Guest {next(_numbers)}", **fields},
    )


def make_waiting(restaurant: Restaurant, *, wish: Wish | None = None, **fields: Any) -> WaitlistEntry:
    """Write a party on the waitlist of a date, past the write rule, by default for 19:00 to 20:00 in a week."""
    wish = wish or make_wish(restaurant)
    return WaitlistEntry.objects.create(
        restaurant=restaurant,
        service_date=wish.date,
        earliest=wish.start,
        party_size=wish.party,
        **{
            "latest": wish.start + dt.timedelta(hours=1),
            "name": "Wanda Waits",
            "email": "wanda@example.org",
            "idempotency_key": new_key(),
            **fields,
        },
    )


def join_list(
    restaurant: Restaurant, *, hours: int = 1, details: dict[str, Any] | None = None, **fields: Any
) -> WaitlistEntry:
    """Return the entry of a guest who joins by the write rule; fields are those of `make_wish`."""
    wish = make_wish(restaurant, **fields)
    return waitlist.join(
        wish=wish,
        latest=wish.start + dt.timedelta(hours=hours),
        details=make_details(**{"name": "Wanda Waits", "email": "wanda@example.org", "phone": "", **(details or {})}),
        browser=f"browser {next(_numbers)}",
        key=new_key(),
        language="en",
    )


def make_request(
    restaurant: Restaurant, *, details: dict[str, Any] | None = None, party: int = 12, **fields: Any
) -> BookingRequest:
    """Return a request that a guest sent through the write rule; fields are those of `make_wish`."""
    return requests.ask(
        restaurant=restaurant,
        wish=make_wish(restaurant, party=party, **fields),
        details=make_details(**{"name": "Rita Asks", "email": "rita@example.org", **(details or {})}),
        browser=f"browser {next(_numbers)}",
        key=new_key(),
        language="en",
    )


def make_old_request(restaurant: Restaurant, **fields: Any) -> BookingRequest:
    """Write a request that has expired, past the write rule."""
    wish = make_wish(restaurant, party=12)
    return BookingRequest.objects.create(
        restaurant=restaurant,
        service_date=wish.date,
        starts_at=wish.start,
        party_size=wish.party,
        **{
            "status": BookingRequest.Status.EXPIRED,
            "name": "Rita Asks",
            "email": "rita@example.org",
            "expires_at": timezone.now() - dt.timedelta(days=1),
            "idempotency_key": new_key(),
            **fields,
        },
    )


def guest_page(name: str, guest: Guest) -> str:
    """Return the address of a guest's page in the admin."""
    return reverse(f"admin:reservations_guest_{name}", args=(guest.pk,))


def make_visit(guest: Guest, days: int, status: str = Reservation.Status.FINISHED) -> Reservation:
    """Return a visit of a guest, so many days ahead of today, in a status, past the write rules."""
    restaurant = guest.restaurant
    wish = make_wish(restaurant, date=days_ahead(restaurant, days))
    return make_seated(restaurant, [restaurant.tables.all()[0]], wish, guest=guest, status=status)
