"""A table that staff take out of use while somebody waits for the day's lock is not given to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reservations.engine import booking, locks, placing
from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant, Table, TableClaim
from tests import factories as make
from tests.reservations.rows import refused

pytestmark = pytest.mark.django_db

LARGE = 4


@pytest.fixture
def venue() -> Restaurant:
    """Return a place with a table for two, and one for four without steps."""
    found = make.make_venue(tables=(2, LARGE))
    Table.objects.filter(restaurant=found, max_seats=LARGE).update(is_step_free=True)
    return found


def retire() -> None:
    Table.objects.filter(max_seats=LARGE).update(is_active=False)


def book(venue: Restaurant) -> Reservation:
    return booking.book(
        key=make.new_key(),
        wish=make.make_wish(venue, party=LARGE),
        details=make.make_details(),
        user=make.make_staff(),
    )


def hold(venue: Restaurant) -> Reservation:
    return make.make_hold(venue, party=LARGE)


@pytest.mark.parametrize("take", [book, hold])
def test_between_the_look_and_the_lock(
    venue: Restaurant, monkeypatch: pytest.MonkeyPatch, take: Callable[[Restaurant], Reservation]
) -> None:
    real = placing.look

    def look(*args: Any) -> Any:
        plan = real(*args)
        retire()
        return plan

    monkeypatch.setattr(placing, "look", look)
    with refused(Reason.NO_TABLE):
        take(venue)
    assert not TableClaim.objects.exists()


def test_before_a_hold_moves_to_it(venue: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
    held = make.make_hold(venue)

    def lock_days(*args: Any) -> Any:
        found = locks.lock_days(*args)
        retire()
        return found

    monkeypatch.setattr("reservations.engine.placing.lock_days", lock_days)
    with refused(Reason.NO_STEP_FREE_TABLE):
        booking.confirm(reservation=held, details=make.make_details(needs_step_free=True))
    held.refresh_from_db()
    assert (held.status, held.table_ids) == (
        Reservation.Status.HELD,
        [Table.objects.get(restaurant=venue, max_seats=2).pk],
    )
