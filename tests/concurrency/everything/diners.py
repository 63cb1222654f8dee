"""What diners do."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from random import Random

from reservations.engine import booking, changing, coming, requests, waitlist
from reservations.engine.booking import Wish
from reservations.models import BookingRequest, Reservation, WaitlistEntry
from tests.concurrency.everything.house import DATES, House, browser, chance, key, one

Status = Reservation.Status
Entry = WaitlistEntry.Status
Request = BookingRequest.Status


def hold(house: House, draw: Random) -> object:
    details = house.details(draw) if chance(draw, 30) else None
    return booking.hold(wish=house.wish(draw), browser=browser(draw), key=key(draw, 3), details=details)


def _own_hold(house: House, draw: Random) -> Reservation:
    return house.party(draw, Status.HELD, source=Reservation.Source.ONLINE)


def extend(house: House, draw: Random) -> object:
    booking.extend(reservation=_own_hold(house, draw), details=house.details(draw))
    return True


def release(house: House, draw: Random) -> object:
    return booking.release(reservation=_own_hold(house, draw))


def confirm(house: House, draw: Random) -> object:
    return booking.confirm(reservation=_own_hold(house, draw), details=house.details(draw))


def cancel(house: House, draw: Random) -> object:
    return booking.cancel(reservation=house.party(draw, Status.CONFIRMED), by_guest=True)


def other_wish(house: House, draw: Random, row: Reservation) -> Wish | None:
    """Return another wish than a reservation's: of another time, another date, another party; or None."""
    wish = changing.wish_of(row)
    match draw.randint(0, 4):
        case 0:
            return replace(wish, start=one(draw, house.starts.get(wish.date, [wish.start])))
        case 1:
            date = one(draw, DATES)
            return replace(wish, date=date, start=one(draw, house.starts[date]))
        case 2:
            return replace(wish, party=draw.randint(1, 6))
        case 3:
            return house.wish(draw, most=6)
    return None


def change(house: House, draw: Random) -> object:
    row = house.party(draw, Status.CONFIRMED)
    wish = other_wish(house, draw, row)
    details = house.details(draw) if wish is None or chance(draw, 30) else None
    return changing.change(reservation=row, wish=wish, details=details)


def reduce_party(house: House, draw: Random) -> object:
    coming.reduce_party(reservation=house.party(draw, Status.CONFIRMED, party_size__gt=1), party=draw.randint(1, 4))
    return True


def say_coming(house: House, draw: Random) -> object:
    coming.say_coming(reservation=house.party(draw, Status.CONFIRMED))
    return True


def say_late(house: House, draw: Random) -> object:
    coming.say_late(reservation=house.party(draw, Status.CONFIRMED), minutes=draw.randint(5, 40))
    return True


# --- Waiting --------------------------------------------------------------------------


def join(house: House, draw: Random) -> object:
    wish = house.wish(draw, most=4)
    latest = wish.start + dt.timedelta(minutes=30 * draw.randint(0, 3))
    return waitlist.join(wish=wish, latest=latest, details=house.details(draw), browser=browser(draw), key=key(draw, 9))


def accept(house: House, draw: Random) -> object:
    return waitlist.accept(entry=house.row(draw, WaitlistEntry.objects.filter(status=Entry.OFFERED)))


def leave(house: House, draw: Random) -> object:
    live = WaitlistEntry.objects.filter(status__in=(Entry.WAITING, Entry.OFFERED), kind=WaitlistEntry.Kind.ONLINE)
    return waitlist.leave(entry=house.row(draw, live))


# --- Requests of large parties --------------------------------------------------------


def ask(house: House, draw: Random) -> object:
    wish = replace(house.wish(draw), party=draw.randint(6, 9))
    return requests.ask(
        restaurant=house.restaurant,
        wish=wish,
        details=house.details(draw),
        browser=browser(draw),
        key=key(draw),
    )


def withdraw(house: House, draw: Random) -> object:
    rows = BookingRequest.objects.filter(status__in=(Request.OPEN, Request.PROPOSED))
    requests.withdraw(request=house.row(draw, rows))
    return True


def accept_proposal(house: House, draw: Random) -> object:
    return requests.accept_proposal(request=house.row(draw, BookingRequest.objects.filter(status=Request.PROPOSED)))
