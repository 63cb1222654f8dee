"""An evening that goes on now, whenever the tests run: a service of all day, and parties around this slot."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reservations.engine.booking import Wish
from reservations.engine.slots import claimed_slots
from reservations.engine.tables import slot_of
from reservations.models import Guest, Reservation, Restaurant, Table, TableClaim, User
from reservations.queries.floor import running
from tests.factories import make_limited, make_seated, make_venue, make_wish, new_key

STARTS = {"first_seating": dt.time(0), "last_seating": dt.time(23, 45), "interval_minutes": 15}


_NIGHT_BEGINS, _NIGHT_ENDS = 21, 4


def make_house(*, tables: tuple[int, ...] = (2, 2, 4), **fields: Any) -> Restaurant:
    """Return a restaurant whose one service runs all day, with its tables named T1, T2 and so on.

    Where it is near midnight in Berlin it lies in New York: its evening goes on for hours.
    """
    if not _NIGHT_ENDS <= timezone.now().astimezone(ZoneInfo("Europe/Berlin")).hour < _NIGHT_BEGINS:
        fields.setdefault("timezone", "America/New_York")
    restaurant = make_venue(tables=tables, service={**STARTS, **fields.pop("service", {})}, **fields)
    for number, table in enumerate(tables_of(restaurant), 1):
        Table.objects.filter(pk=table.pk).update(name=f"T{number}")
    return restaurant


def tables_of(restaurant: Restaurant) -> list[Table]:
    """Return the restaurant's tables in their order."""
    return list(restaurant.tables.order_by("pk"))


def tonight(restaurant: Restaurant) -> dt.date:
    """Return the service date that runs now."""
    return running(restaurant, timezone.now()).date


def make_party(
    restaurant: Restaurant, table: int | None = 1, *, starts: int = 0, stay: int = 120, party: int = 2, **fields: Any
) -> Reservation:
    """Write a party at the table of that number, starts minutes after the start of this slot, for stay minutes."""
    wish = Wish(
        restaurant_id=restaurant.pk,
        date=fields.pop("date", None) or tonight(restaurant),
        start=slot_of(timezone.now()) + dt.timedelta(minutes=starts),
        party=party,
    )
    tables = [tables_of(restaurant)[table - 1]] if table else []
    service = restaurant.services.get()
    fields = {"service": service, "language": "en", **fields}
    return make_seated(restaurant, tables, wish, minutes=stay, **fields)


def make_full(restaurant: Restaurant, date: dt.date, parties: int) -> list[Reservation]:
    """Write so many parties of known guests on a date in few statements: from noon on, an hour each, table by table."""
    tables, service = tables_of(restaurant), restaurant.services.get()
    guests = Guest.objects.bulk_create(
        Guest(restaurant=restaurant, key=email, email=email, name=f"Guest {number}", tags=["regular"])
        for number, email in enumerate(f"guest{number}@example.org" for number in range(parties))
    )
    wishes = [
        make_wish(restaurant, date=date, at=dt.time(12 + number // len(tables)), party=1 + number % 4)
        for number in range(parties)
    ]
    rows = Reservation.objects.bulk_create(
        Reservation(
            restaurant=restaurant,
            guest=guest,
            service=service,
            service_name=service.name,
            service_date=date,
            starts_at=wish.start,
            ends_at=wish.start + dt.timedelta(hours=1),
            party_size=wish.party,
            table_ids=[tables[number % len(tables)].pk],
            status=Reservation.Status.CONFIRMED,
            name=guest.name,
            email=guest.email,
            note="By the window" if number % 4 == 0 else "",
            dietary_needs="no nuts" if number % 5 == 0 else "",
            idempotency_key=new_key(),
        )
        for number, (guest, wish) in enumerate(zip(guests, wishes, strict=True))
    )
    TableClaim.objects.bulk_create(
        TableClaim(restaurant=restaurant, reservation=row, table_id=row.table_ids[0], slot_start=slot)
        for row in rows
        for slot in claimed_slots(row.starts_at, 60)
    )
    return rows


def make_guest(restaurant: Restaurant, email: str = "ada@example.org") -> Guest:
    """Return a guest of the restaurant."""
    return Guest.objects.create(restaurant=restaurant, key=email, name="Ada Guest", email=email)


def signed_in(client: Client, *permissions: str) -> User:
    """Sign in staff of every restaurant that is there, with these permissions alone."""
    user = make_limited(*permissions)
    client.force_login(user)
    return user


def of_reservation(reservation: Reservation, page: str) -> str:
    """Return the address of a reservation's page or action."""
    return reverse(f"admin:reservations_reservation_{page}", args=(reservation.pk,))


def of_restaurant(restaurant: Restaurant, page: str = "floor") -> str:
    """Return the address of a page of the restaurant's evening."""
    return reverse(f"admin:reservations_restaurant_{page}", args=(restaurant.pk,))
