"""What the floor is told: a button pressed twice counts once, and many parties cost no more statements than one."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.engine import floor, waitlist
from reservations.engine.errors import Reason, Refused
from reservations.history.trail import by_staff
from reservations.models import Reservation, WaitlistEntry
from reservations.queries.floor import overstays
from tests.factories import make_staff
from tests.reservations.evening import make_house, make_party, tables_of


@pytest.mark.django_db(transaction=True)
def test_staying_longer_counts_once_for_two_who_saw_the_same_end() -> None:
    restaurant = make_house(tables=(2,))
    row = make_party(restaurant, 1, starts=-30, stay=60, status="seated")
    same = Reservation.objects.get(pk=row.pk)
    by = by_staff(make_staff())
    assert floor.stay_longer(reservation=row, minutes=30, by=by)
    with pytest.raises(Refused) as refused:
        floor.stay_longer(reservation=same, minutes=30, by=by)
    assert refused.value.reason == Reason.CHANGED_MEANWHILE
    assert Reservation.objects.get().ends_at == row.starts_at + dt.timedelta(minutes=90)
    # Whoever has seen the new end may go on.
    assert floor.stay_longer(reservation=same, minutes=30, by=by)


@pytest.mark.django_db
def test_overstays_take_as_many_statements_for_four_parties_as_for_one() -> None:
    restaurant = make_house(tables=(2,) * 10)
    tables = tables_of(restaurant)

    def overstaying(number: int) -> None:
        make_party(restaurant, number, starts=-60, stay=60, status="seated")
        make_party(restaurant, number, stay=60, name="Next")

    def asked() -> tuple[int, list[tuple[int, ...]]]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = overstays(restaurant, timezone.now())
        assert all(row.sitting.table_ids == row.coming.table_ids for row in found)
        return len(queries), [row.instead for row in found]

    overstaying(1)
    statements, instead = asked()
    assert instead == [(tables[1].pk,)]
    for number in (2, 3, 4):
        overstaying(number)
    again, instead = asked()
    assert again == statements
    assert len(set(instead)) == 4
    assert not {pk for found in instead for pk in found} & {table.pk for table in tables[:4]}


@pytest.mark.django_db(transaction=True)
def test_party_at_the_door_is_seated_once_by_two_hosts() -> None:
    restaurant = make_house(tables=(2, 2))
    first, second = make_staff(), make_staff()
    entry = waitlist.join_at_door(
        restaurant=restaurant, party=2, name="Dora", user=first, by=by_staff(first), key="key00001"
    )
    same = WaitlistEntry.objects.select_related("restaurant").get()
    seated_by = [
        waitlist.seat_from_door(entry=row, user=user, by=by_staff(user))
        for row, user in ((entry, first), (same, second))
    ]
    assert seated_by[0] == seated_by[1] == Reservation.objects.get()
    assert WaitlistEntry.objects.get().status == WaitlistEntry.Status.SEATED
