"""The button in a mail is pressed while the hold ends: one of them wins, and the rows agree about which."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from django.utils import timezone

from reservations.engine import asking, booking, due
from reservations.engine.errors import Reason
from reservations.models import Message, Reservation, Restaurant, TableClaim
from tests import factories as make
from tests.concurrency.crew import Crew, winners
from tests.concurrency.invariants import broken

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

Status = Reservation.Status
ROUNDS = 24


@pytest.fixture
def venue(transactional_db: None) -> Restaurant:
    """Return a house of one table, where who books is asked for the button in a mail."""
    return make.make_venue(tables=(2,), turn_minutes=30, confirms_by_mail=True)


def fresh(pk: int) -> Reservation:
    return Reservation.objects.select_related("restaurant", "service").get(pk=pk)


def asked(venue: Restaurant, number: int) -> int:
    minutes = 18 * 60 + 30 * (number % 9)
    at = dt.time(minutes // 60, minutes % 60)
    hold = make.make_hold(venue, date=make.days_ahead(venue, 2 + number // 9), at=at)
    assert asking.confirm_online(reservation=fresh(hold.pk), details=make.make_details()).is_asked
    return hold.pk


@pytest.mark.parametrize("end", ["released", "expired"])
def test_pressed_twice_while_it_ends(crew: Crew, venue: Restaurant, end: str) -> None:
    ended = set()
    for number in range(ROUNDS):
        pk = asked(venue, number)
        seen = fresh(pk)
        if end == "expired":
            # On a slow machine too some are pressed in time, and some are not.
            soon = timezone.now() + dt.timedelta(milliseconds=(1, 20, 50, 100, 200, 5000)[number % 6])
            Reservation.objects.filter(pk=pk).update(held_until=soon)

        def press(pk: int = pk) -> Reservation:
            return asking.press(reservation=fresh(pk))

        def give_up(hold: Reservation = seen, number: int = number) -> int:
            if end == "expired":
                return due.expire_holds()
            # Given up as it is pressed, or a moment after: both must win on any machine.
            time.sleep((0, 0.002, 0.02, 0.3)[number % 4])
            return booking.release(reservation=hold)

        first, second, _other = crew.race([press, press, give_up])
        due.expire_holds()
        row = fresh(pk)
        if row.status == Status.HELD:
            # Pressed too late, and not noticed yet.
            Reservation.objects.filter(pk=pk).update(held_until=timezone.now())
            due.expire_holds()
            row = fresh(pk)
        ended.add(row.status)
        sent = Message.objects.filter(reservation=row, kind=Message.Kind.CONFIRMATION).count()
        claims = TableClaim.objects.filter(reservation=row).count()
        if row.status == Status.CONFIRMED:
            assert [answer.pk for answer in winners([first, second])] == [pk, pk]
            assert (sent, claims) == (1, 2)
        else:
            assert {first, second} == {Reason.HOLD_LAPSED}
            assert (sent, claims, row.asked) == (0, 0, "mail")
    assert Status.CONFIRMED in ended
    assert end != "expired" or Status.EXPIRED in ended
    assert broken(venue.pk) == {}
