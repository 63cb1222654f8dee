"""The audit of the history: what belongs to no date, and what is told of reservations that are gone."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from reservations.history import chaining, trail
from reservations.models import HistoryEvent, Reservation, TableClaim
from tests.reservations.audited import House, Status, audited, make_house

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def test_what_has_no_date_is_looked_at_whatever_the_dates(house: House) -> None:
    trail.note(house.restaurant.pk, [trail.Event("changed", "guest", 1)], trail.COMMAND, timezone.now())
    chaining.chain_others()
    day = house.confirmed.service_date
    dates = ("--from", day.isoformat(), "--to", day.isoformat())
    assert audited(*dates).violated == {}
    HistoryEvent.objects.filter(chain=trail.OTHER).update(kind="erased")
    answer = audited(*dates)
    assert answer.violated == {"chains": 1}
    assert "chain other: event 1 is not what was written" in answer.out


@pytest.mark.parametrize("status", [Status.HELD, Status.EXPIRED, Status.RELEASED])
def test_what_was_confirmed_is_no_hold_again(house: House, status: str) -> None:
    row = house.confirmed
    TableClaim.objects.filter(reservation=row).delete()
    Reservation.objects.filter(pk=row.pk).update(status=status, table_ids=[])
    answer = audited()
    assert answer.violated["events"] == 1
    assert f"reservation {row.reference}" in answer.out
    assert f"is {status}; the history says confirmed" in answer.out


def test_a_reservation_that_is_gone_is_named_by_what_is_told_of_it(house: House) -> None:
    number, day = house.seated.pk, house.seated.service_date
    house.seated.delete()
    answer = audited()
    assert answer.violated == {"events": 1}
    assert f"reservation number {number} ({house.restaurant.slug}), of which the history tells, is not there" in (
        answer.out
    )
    assert audited("--from", day.isoformat(), "--to", day.isoformat()).violated == {"events": 1}
    assert audited("--from", (day + dt.timedelta(days=1)).isoformat()).violated == {}
    assert audited("--to", (day - dt.timedelta(days=1)).isoformat()).violated == {}
