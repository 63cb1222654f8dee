"""A restaurant at which every check of the audit has something to look at and finds nothing, and its answer."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

from django.core.management import CommandError, call_command
from django.utils import timezone

from reservations.engine import booking
from reservations.engine.booking import Wish
from reservations.engine.slots import claimed_slots
from reservations.history import trail
from reservations.models import (
    Block,
    BookingRequest,
    Guest,
    Message,
    Reservation,
    Restaurant,
    Table,
    TableClaim,
    WaitlistEntry,
    contact_key,
)
from tests import factories as make

Status = Reservation.Status


@dataclass(frozen=True)
class House:
    """The rows that tests break, each by its part in the house."""

    restaurant: Restaurant
    tables: list[Table]
    confirmed: Reservation
    hold: Reservation
    seated: Reservation
    no_show: Reservation
    cancelled: Reservation
    block: Block
    lifted: Block
    entry: WaitlistEntry
    request: BookingRequest
    message: Message
    guests: list[Guest]


def make_house() -> House:
    """Return a restaurant with a row for every check."""
    restaurant = make.make_venue(tables=(2, 2, 4, 4, 4, 4))
    tables = list(restaurant.tables.order_by("position", "pk"))
    confirmed = make.make_reservation(restaurant, at=dt.time(20))
    Reservation.objects.filter(pk=confirmed.pk).update(pacing_limit=8, online_pacing_limit=4)
    hold, offer, proposal = (make.make_hold(restaurant, at=at) for at in (dt.time(18), dt.time(21), dt.time(22)))
    cancelled = make.make_reservation(restaurant, at=dt.time(19))
    booking.cancel(reservation=cancelled, by_guest=False)
    seated = past(restaurant, tables[0], status=Status.SEATED)
    no_show = past(restaurant, tables[1], status=Status.NO_SHOW)
    Reservation.objects.filter(pk=no_show.pk).update(table_ids=[])
    guests = [make_guest(restaurant, f"guest{number}@example.org") for number in range(3)]
    Guest.objects.filter(pk=guests[0].pk).update(merged_into=guests[1])
    Guest.objects.filter(pk=guests[1].pk).update(merged_into=guests[2])
    Reservation.objects.filter(pk=confirmed.pk).update(guest=guests[2])
    house = House(
        restaurant=restaurant,
        tables=tables,
        confirmed=confirmed,
        hold=hold,
        seated=seated,
        no_show=no_show,
        cancelled=cancelled,
        block=make_block(restaurant, tables[5]),
        lifted=make_block(restaurant, tables[4], lifted_at=timezone.now()),
        entry=WaitlistEntry.objects.create(
            restaurant=restaurant,
            status=WaitlistEntry.Status.OFFERED,
            service_date=offer.service_date,
            earliest=offer.starts_at,
            latest=offer.starts_at,
            party_size=2,
            offer=offer,
            idempotency_key=make.new_key(),
        ),
        request=BookingRequest.objects.create(
            restaurant=restaurant,
            status=BookingRequest.Status.PROPOSED,
            service_date=proposal.service_date,
            starts_at=proposal.starts_at,
            party_size=2,
            expires_at=timezone.now() + dt.timedelta(days=1),
            reservation=proposal,
            idempotency_key=make.new_key(),
        ),
        message=Message.objects.create(
            restaurant=restaurant,
            kind=Message.Kind.CONFIRMATION,
            reservation=confirmed,
            recipient="ada@example.org",
            due_at=timezone.now(),
            created_at=timezone.now(),
        ),
        guests=guests,
    )
    for reservation in Reservation.objects.filter(restaurant=restaurant):
        tell(reservation)
    return house


def tell(reservation: Reservation, kind: str = "", changes: dict[str, Any] | None = None) -> None:
    """Append an event of this kind to the reservation's day, by default the one that says its status."""
    event = trail.Event(kind or reservation.status, "reservation", reservation.pk, None, changes or {})
    trail.append(reservation.restaurant_id, reservation.service_date, [event], trail.COMMAND, timezone.now())


def past(restaurant: Restaurant, table: Table, *, hours_ago: int = 26, **fields: Any) -> Reservation:
    """Return a reservation of two hours at a table that is over, with its claims, at a whole hour."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - dt.timedelta(hours=hours_ago)
    wish = Wish(restaurant.pk, start.astimezone(restaurant.zone).date(), start, 2)
    return make.make_seated(restaurant, [table], wish, **fields)


def make_block(restaurant: Restaurant, table: Table, **fields: Any) -> Block:
    """Return a block of two hours in a week, with its claims unless it is lifted."""
    wish = make.make_wish(restaurant)
    lifted = "lifted_at" in fields
    block = Block.objects.create(
        restaurant=restaurant,
        service_date=wish.date,
        starts_at=wish.start,
        ends_at=wish.start + dt.timedelta(hours=2),
        table_ids=[table.pk],
        **fields,
    )
    if not lifted:
        TableClaim.objects.bulk_create(
            TableClaim(restaurant=restaurant, block=block, table=table, slot_start=slot)
            for slot in claimed_slots(wish.start, 120)
        )
    return block


def make_guest(restaurant: Restaurant, email: str) -> Guest:
    """Return a guest of the restaurant."""
    return Guest.objects.create(restaurant=restaurant, key=contact_key(email, ""), email=email)


@dataclass(frozen=True, slots=True)
class Audited:
    """What the command printed, its exit code, and the checks that it says are violated, with how often."""

    out: str
    code: int
    violated: dict[str, int]

    def rows(self, name: str) -> int:
        """Return how many rows a check looked at."""
        line = next(line for line in self.out.splitlines() if line.split()[1:2] == [name])
        return int(line.split()[2].replace(",", ""))


def audited(*options: str) -> Audited:
    """Run the audit."""
    out = io.StringIO()
    try:
        call_command("audit_reservations", *options, stdout=out)
    except CommandError as error:
        words = str(error).removeprefix("Violated: ").removesuffix(".").split(", ")
        pairs = [word.removesuffix(")").split(" (") for word in words]
        violated = {name: int(number.replace(",", "")) for name, number in pairs}
        return Audited(out.getvalue(), error.returncode, violated)
    return Audited(out.getvalue(), 0, {})
