"""Every rule appends what happened, by whom, to a chain that stays whole, and nothing of who came."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from reservations.engine import blocking, booking, due, floor, guests, requests, waitlist
from reservations.engine.changing import change, details_of, wish_of
from reservations.engine.closing import close
from reservations.engine.coming import reduce_party, say_coming, say_late
from reservations.history import trail
from reservations.history.trail import By
from reservations.models import BookingRequest, HistoryEvent, Reservation, Restaurant, User
from tests import clock
from tests import factories as make
from tests.reservations.rows import chains_broken, events, lapse

pytestmark = pytest.mark.django_db

PRIVATE = {
    "name": "Zarathustra Quint",
    "email": "zarathustra@private.example",
    "phone": "+49 30 5550123",
    "dietary_needs": "no quinces",
    "note": "a quiet corner",
    "occasion": "anniversary",
    "booker_name": "Hotel Quasar",
    "booker_email": "desk@quasar.example",
}
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def venue() -> Restaurant:
    """One table for two, one for twelve which is kept from those online."""
    restaurant = make.make_venue(tables=(2,))
    make.make_table(restaurant, seats=12, min_seats=8, is_online=False)
    return restaurant


@pytest.fixture
def user() -> User:
    return make.make_staff()


@pytest.fixture
def by(user: User) -> By:
    return make.make_by(user)


def booked(restaurant: Restaurant) -> Reservation:
    return make.make_reservation(restaurant, details=make.make_details(**PRIVATE))


def arrived(restaurant: Restaurant, by: By) -> Reservation:
    reservation = booked(restaurant)
    with clock.at(reservation.starts_at + MINUTE):
        floor.seat(reservation=reservation, by=by)
    return reservation


def at_start(reservation: Reservation, rule: Callable[[], object]) -> None:
    with clock.at(reservation.starts_at + 20 * MINUTE):
        rule()


# --- What each rule appends -------------------------------------------------------------------------


def _hold(venue: Restaurant, _user: User, _by: By) -> None:
    make.make_hold(venue)


def _extend(venue: Restaurant, _user: User, _by: By) -> None:
    booking.extend(reservation=make.make_hold(venue), details=make.make_details(**PRIVATE))


def _release(venue: Restaurant, _user: User, _by: By) -> None:
    booking.release(reservation=make.make_hold(venue))


def _hold_another(venue: Restaurant, _user: User, _by: By) -> None:
    for at in (dt.time(18), dt.time(21)):
        make.make_hold(venue, browser="b" * 64, at=at)


def _expire(venue: Restaurant, _user: User, _by: By) -> None:
    lapse(make.make_hold(venue))
    due.expire_holds()


def _book(venue: Restaurant, user: User, _by: By) -> None:
    details = make.make_details(**PRIVATE)
    booking.book(wish=make.make_wish(venue), details=details, user=user, key=make.new_key())


def _cancel(venue: Restaurant, _user: User, _by: By) -> None:
    booking.cancel(reservation=booked(venue), by_guest=True)


def _change(venue: Restaurant, _user: User, _by: By) -> None:
    reservation = booked(venue)
    later = replace(wish_of(reservation), start=reservation.starts_at + 60 * MINUTE)
    change(reservation=reservation, wish=later, details=replace(details_of(reservation), note="a quiet table"))


def _on_the_way(venue: Restaurant, _user: User, _by: By) -> None:
    reservation = booked(venue)
    say_coming(reservation=reservation)
    say_late(reservation=reservation, minutes=15)
    reduce_party(reservation=reservation, party=1)


def _evening(venue: Restaurant, _user: User, by: By) -> None:
    reservation = arrived(venue, by)
    large = venue.tables.get(max_seats=12)
    at_start(reservation, lambda: floor.stay_longer(reservation=reservation, minutes=15, by=by))
    at_start(reservation, lambda: floor.move(reservation=reservation, table_ids=(large.pk,), by=by))
    at_start(reservation, lambda: floor.finish(reservation=reservation, by=by))


def _no_show(venue: Restaurant, _user: User, by: By) -> None:
    reservation = booked(venue)
    at_start(reservation, due.flag_late)
    at_start(reservation, lambda: floor.mark_no_show(reservation=reservation, by=by))


def _walk_in(venue: Restaurant, user: User, _by: By) -> None:
    with clock.at(make.make_wish(venue).start):
        make.make_walk_in(venue, user=user, details=make.make_details(**PRIVATE))


def _block(venue: Restaurant, user: User, by: By) -> None:
    block = make.make_block(venue, [venue.tables.get(max_seats=2)], user=user, reason="a quiet corner")
    blocking.lift(blocked=block, by=by)


def _wait(venue: Restaurant, _user: User, by: By) -> None:
    reservation = booked(venue)
    details = make.make_details(**PRIVATE)
    first, second, third = (make.make_entry(venue, details=details) for _i in range(3))
    waitlist.promote(entry=second, by=by)
    booking.cancel(reservation=reservation, by_guest=True)
    waitlist.leave(entry=second)
    waitlist.accept(entry=first)
    waitlist.leave(entry=third)


def _wait_in_vain(venue: Restaurant, _user: User, _by: By) -> None:
    reservation = booked(venue)
    entries = [make.make_entry(venue, details=make.make_details(**PRIVATE)) for _i in range(2)]
    booking.cancel(reservation=reservation, by_guest=True)
    entries[0].refresh_from_db()
    assert entries[0].offer is not None
    lapse(entries[0].offer)
    with clock.at(entries[1].latest + MINUTE):
        due.expire_holds()
        due.end_waiting()


def _door(venue: Restaurant, user: User, by: By) -> None:
    with clock.at(make.make_wish(venue).start):
        entry = waitlist.join_at_door(
            restaurant=venue, party=2, name=PRIVATE["name"], user=user, by=by, key="form", phone=PRIVATE["phone"]
        )
        waitlist.seat_from_door(entry=entry, user=user, by=by)


def _request(venue: Restaurant) -> BookingRequest:
    return make.make_request(venue, party=9, details=make.make_details(**PRIVATE))


def _accept_request(venue: Restaurant, user: User, by: By) -> None:
    requests.accept(request=_request(venue), user=user, by=by, answer="a quiet corner")


def _propose(venue: Restaurant, user: User, by: By) -> None:
    request = _request(venue)
    for at in (dt.time(20), dt.time(21)):
        requests.propose(request=request, wish=make.make_wish(venue, party=9, at=at), user=user, by=by)
    requests.accept_proposal(request=request)


def _decline(venue: Restaurant, user: User, by: By) -> None:
    requests.decline(request=_request(venue), user=user, by=by, answer="a quiet corner")
    requests.withdraw(request=_request(venue))


def _request_expires(venue: Restaurant, user: User, by: By) -> None:
    first, second = _request(venue), _request(venue)
    held = requests.propose(request=second, wish=make.make_wish(venue, party=9), user=user, by=by)
    lapse(held)
    due.expire_holds()
    with clock.at(first.expires_at + MINUTE):
        due.expire_requests()


def _close(venue: Restaurant, _user: User, by: By) -> None:
    reservation = booked(venue)
    make.make_hold(venue, at=dt.time(22))
    date = reservation.service_date
    close(restaurant=venue, first=date, last=date, choices={reservation.pk: "cancel"}, by=by, reason="a quiet corner")


def _erase(venue: Restaurant, _user: User, by: By) -> None:
    reservation = booked(venue)
    other = make.make_guest(venue)
    booking.cancel(reservation=reservation, by_guest=True)
    assert reservation.guest is not None
    guests.merge(keep=reservation.guest, other=other, by=by)
    guests.erase(guest=reservation.guest, by=by)


HELD, CONFIRMED = "reservation held", "reservation confirmed"
BOOKED = [HELD, CONFIRMED]
RULES: dict[Callable[[Restaurant, User, By], None], list[str]] = {
    _hold: [HELD],
    _extend: [HELD, "reservation extended"],
    _release: [HELD, "reservation released"],
    _hold_another: [HELD, "reservation released", HELD],
    _expire: [HELD, "reservation expired"],
    _book: [CONFIRMED],
    _cancel: [*BOOKED, "reservation cancelled"],
    _change: [*BOOKED, "reservation changed"],
    _on_the_way: [*BOOKED, "reservation coming", "reservation late", "reservation changed"],
    _evening: [*BOOKED, *(f"reservation {kind}" for kind in ("seated", "extended", "moved", "finished"))],
    _no_show: [*BOOKED, "reservation late_flagged", "reservation no_show"],
    _walk_in: ["reservation seated"],
    _block: ["block blocked", "block unblocked"],
    _wait: [
        *BOOKED,
        *["entry joined"] * 3,
        "entry promoted",
        "reservation cancelled",
        HELD,
        "entry offered",
        "entry declined",
        "reservation released",
        HELD,
        "entry offered",
        "entry accepted",
        CONFIRMED,
        "entry left",
    ],
    _wait_in_vain: [
        *BOOKED,
        *["entry joined"] * 2,
        "reservation cancelled",
        HELD,
        "entry offered",
        "reservation expired",
        "entry lapsed",
        "entry over",
    ],
    _door: ["entry joined", "reservation seated", "entry seated"],
    _accept_request: ["request requested", CONFIRMED, "request accepted"],
    _propose: [
        "request requested",
        HELD,
        "request proposed",
        "reservation released",
        HELD,
        "request proposed",
        "request accepted",
        CONFIRMED,
    ],
    _decline: ["request requested", "request declined", "request requested", "request withdrawn"],
    _request_expires: [
        *["request requested"] * 2,
        HELD,
        "request proposed",
        "reservation expired",
        "request expired",
        "request expired",
    ],
    _close: [*BOOKED, HELD, "reservation cancelled", "reservation released"],
    _erase: [*BOOKED, "reservation cancelled"],
}


@pytest.mark.parametrize("rule", list(RULES), ids=lambda rule: rule.__name__.strip("_"))
def test_each_rule_tells_what_happened_and_nothing_of_who_came(
    venue: Restaurant, user: User, by: By, rule: Callable[[Restaurant, User, By], None]
) -> None:
    rule(venue, user, by)
    assert events(venue, make.days_ahead(venue)) == RULES[rule]
    assert chains_broken(venue) == []
    told = json.dumps(list(HistoryEvent.objects.values()), default=str).lower()
    for word in (*PRIVATE.values(), "a quiet table", "ada guest", "ada@example.org"):
        assert word.lower() not in told


# --- What belongs to no day ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "kinds"), [(_close, ["closed"]), (_erase, ["merged", "erased"])], ids=["close", "erase"]
)
def test_what_belongs_to_no_locked_day_is_told_too(
    venue: Restaurant, user: User, by: By, rule: Callable[[Restaurant, User, By], None], kinds: list[str]
) -> None:
    """A chain of its own, which the job loop links: their places are random as yet."""
    rule(venue, user, by)
    other = HistoryEvent.objects.filter(chain=trail.OTHER).order_by("pk")
    assert [row.kind for row in other] == kinds
    assert all(row.position < 0 and not row.digest for row in other)
