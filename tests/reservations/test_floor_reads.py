"""What the floor is told: a button pressed twice counts once, and many parties cost no more statements than one."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.engine import floor, waitlist
from reservations.engine.booking import Wish
from reservations.engine.errors import Reason, Refused
from reservations.engine.tables import slot_of
from reservations.history.trail import by_staff
from reservations.models import Reservation, Restaurant, Table, WaitlistEntry
from reservations.queries.floor import overstays, running
from tests.factories import make_seated, make_staff, make_venue

ALL_DAY = {"first_seating": dt.time(0), "last_seating": dt.time(23, 45), "interval_minutes": 15}


def seated(restaurant: Restaurant, table: Table, *, minutes_ago: int, stay: int, **fields: object) -> Reservation:
    """Return a party at a table since, or from, so many minutes before this slot."""
    now = timezone.now()
    wish = Wish(
        restaurant_id=restaurant.pk,
        date=running(restaurant, now).date,
        start=slot_of(now) - dt.timedelta(minutes=minutes_ago),
        party=2,
    )
    return make_seated(restaurant, [table], wish, minutes=stay, **fields)


@pytest.mark.django_db(transaction=True)
def test_staying_longer_counts_once_for_two_who_saw_the_same_end() -> None:
    restaurant = make_venue(tables=(2,), service=ALL_DAY)
    row = seated(restaurant, restaurant.tables.all()[0], minutes_ago=30, stay=60, status="seated")
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
    restaurant = make_venue(tables=(2,) * 10, service=ALL_DAY)
    tables = list(restaurant.tables.order_by("pk"))

    def overstaying(table: Table) -> None:
        seated(restaurant, table, minutes_ago=60, stay=60, status="seated")
        seated(restaurant, table, minutes_ago=0, stay=60, name="Next")

    def asked() -> tuple[int, list[tuple[int, ...]]]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = overstays(restaurant, timezone.now())
        assert all(row.sitting.table_ids == row.coming.table_ids for row in found)
        return len(queries), [row.instead for row in found]

    overstaying(tables[0])
    statements, instead = asked()
    assert instead == [(tables[1].pk,)]
    for table in tables[1:4]:
        overstaying(table)
    again, instead = asked()
    assert again == statements
    assert len(set(instead)) == 4
    assert not {pk for found in instead for pk in found} & {table.pk for table in tables[:4]}


@pytest.mark.django_db(transaction=True)
def test_party_at_the_door_is_seated_once_by_two_hosts() -> None:
    restaurant = make_venue(tables=(2, 2), service=ALL_DAY)
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
