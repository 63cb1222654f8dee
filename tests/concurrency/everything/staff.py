"""What staff do."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

from django.utils import timezone

from reservations.engine import blocking, booking, changing, closing, floor, guests, requests, waitlist
from reservations.models import Block, BookingRequest, Closure, Guest, Reservation, Service, WaitlistEntry
from reservations.queries.floor import hit_by_closing, unresolved
from tests.concurrency.everything.diners import other_wish
from tests.concurrency.everything.house import DATES, House, Idle, chance, key, one

Status = Reservation.Status
Entry = WaitlistEntry.Status
Request = BookingRequest.Status


def _exceeding(draw: Random) -> dict[str, Any]:
    return {"exceed_pacing": True, "pacing_reason": "A regular"} if chance(draw, 25) else {}


def book(house: House, draw: Random) -> object:
    return booking.book(
        wish=house.wish(draw, most=8),
        details=house.details(draw),
        user=house.user,
        key=key(draw),
        tell=chance(draw, 70),
        **_exceeding(draw),
    )


def book_over_pacing(house: House, draw: Random) -> object:
    found = booking.book(
        wish=house.wish(draw, most=4),
        details=house.details(draw),
        user=house.user,
        key=key(draw),
        exceed_pacing=True,
        pacing_reason="The owner's friends",
    )
    return found.pacing_exceeded_by_id


def change_as_staff(house: House, draw: Random) -> object:
    row = house.party(draw, Status.CONFIRMED, Status.SEATED)
    wish = other_wish(house, draw, row)
    return changing.change(
        reservation=row,
        wish=wish,
        details=house.details(draw) if wish is None else None,
        by=house.by,
        online=False,
        tell=chance(draw, 70),
        **_exceeding(draw),
    )


def cancel_as_staff(house: House, draw: Random) -> object:
    return booking.cancel(
        reservation=house.party(draw, Status.CONFIRMED), by_guest=False, by=house.by, tell=chance(draw, 70)
    )


# --- The floor ------------------------------------------------------------------------


def walk_in(house: House, draw: Random) -> object:
    return floor.walk_in(
        restaurant=house.restaurant,
        party=draw.randint(1, 6),
        user=house.user,
        by=house.by,
        key=key(draw),
        details=house.details(draw) if chance(draw, 50) else None,
        table_ids=house.some_tables(draw) if chance(draw, 30) else (),
        minutes=30 * draw.randint(1, 3) if chance(draw, 30) else None,
    )


def _begun(house: House, draw: Random, *statuses: Reservation.Status) -> Reservation:
    """Return a party whose time has begun, or sometimes any."""
    where = {} if chance(draw, 15) else {"starts_at__lte": timezone.now()}
    return house.party(draw, *statuses, **where)


def seat(house: House, draw: Random) -> object:
    return floor.seat(reservation=_begun(house, draw, Status.CONFIRMED), by=house.by)


def move(house: House, draw: Random) -> object:
    row = house.party(draw, Status.CONFIRMED, Status.SEATED)
    return floor.move(reservation=row, table_ids=house.some_tables(draw), by=house.by)


def stay_longer(house: House, draw: Random) -> object:
    row = _begun(house, draw, Status.SEATED, Status.CONFIRMED)
    return floor.stay_longer(reservation=row, minutes=draw.randint(5, 40), by=house.by)


def finish(house: House, draw: Random) -> object:
    return floor.finish(reservation=_begun(house, draw, Status.SEATED, Status.CONFIRMED), by=house.by)


def mark_no_show(house: House, draw: Random) -> object:
    return floor.mark_no_show(reservation=_begun(house, draw, Status.CONFIRMED), by=house.by)


def join_at_door(house: House, draw: Random) -> object:
    return waitlist.join_at_door(
        restaurant=house.restaurant,
        party=draw.randint(1, 5),
        name="At the door",
        user=house.user,
        by=house.by,
        key=key(draw),
    )


def seat_from_door(house: House, draw: Random) -> object:
    waiting = WaitlistEntry.objects.filter(status=Entry.WAITING, kind=WaitlistEntry.Kind.DOOR)
    tables = house.some_tables(draw) if chance(draw, 20) else ()
    return waitlist.seat_from_door(entry=house.row(draw, waiting), user=house.user, by=house.by, table_ids=tables)


def promote(house: House, draw: Random) -> object:
    waitlist.promote(entry=house.row(draw, WaitlistEntry.objects.filter(status=Entry.WAITING)), by=house.by)
    return True


# --- Requests -------------------------------------------------------------------------


def _open(house: House, draw: Random) -> BookingRequest:
    return house.row(draw, BookingRequest.objects.filter(status__in=(Request.OPEN, Request.PROPOSED)))


def accept_request(house: House, draw: Random) -> object:
    return requests.accept(request=_open(house, draw), user=house.user, by=house.by, **_exceeding(draw))


def propose(house: House, draw: Random) -> object:
    return requests.propose(
        request=_open(house, draw),
        wish=house.wish(draw, most=8),
        user=house.user,
        by=house.by,
        **_exceeding(draw),
    )


def decline(house: House, draw: Random) -> object:
    requests.decline(request=_open(house, draw), user=house.user, by=house.by, answer="We are sorry")
    return True


# --- Blocks and closing ---------------------------------------------------------------


def block(house: House, draw: Random) -> object:
    date = one(draw, DATES)
    start = one(draw, house.starts[date])
    return blocking.block(
        restaurant=house.restaurant,
        date=date,
        start=start,
        end=start + dt.timedelta(minutes=40 * draw.randint(1, 4)),
        table_ids=house.some_tables(draw),
        user=house.user,
        by=house.by,
    )


def lift(house: House, draw: Random) -> object:
    return blocking.lift(blocked=house.row(draw, Block.objects.filter(lifted_at=None)), by=house.by)


def _close(house: House, draw: Random, service: Service | None) -> object:
    date = one(draw, DATES)
    hit = hit_by_closing(house.restaurant.pk, date, date, service.pk if service else None)
    choices: dict[int, closing.Choice] = {
        row.pk: "cancel" if chance(draw, 40) else "keep" for row in hit if chance(draw, 95)
    }
    return closing.close(
        restaurant=house.restaurant, first=date, last=date, service=service, choices=choices, by=house.by
    )


def close_day(house: House, draw: Random) -> object:
    return _close(house, draw, None)


def close_service(house: House, draw: Random) -> object:
    return _close(house, draw, one(draw, house.services))


def reopen(house: House, draw: Random) -> object:
    closure = Closure.objects.filter(restaurant=house.restaurant).order_by("pk").first()
    if closure is None:
        raise Idle
    return closure.delete()[0]


def close_night(house: House, draw: Random) -> object:
    date = one(draw, DATES)
    open_ = list(unresolved(house.restaurant.pk, date, timezone.now()))
    if not open_:
        raise Idle
    outcomes: dict[int, closing.Outcome] = {
        row.pk: "finished" if chance(draw, 60) else "no_show" for row in open_ if chance(draw, 80)
    }
    refused = closing.close_night(restaurant=house.restaurant, date=date, outcomes=outcomes, by=house.by)
    return len(outcomes) - len(refused)


# --- Guests ---------------------------------------------------------------------------


def merge(house: House, draw: Random) -> object:
    keep, other = (house.row(draw, Guest.objects.filter(merged_into=None, erased_at=None)) for _side in range(2))
    guests.merge(keep=keep, other=other, by=house.by)
    return True


def erase(house: House, draw: Random) -> object:
    guests.erase(guest=house.row(draw, Guest.objects.all()), by=house.by)
    return True
