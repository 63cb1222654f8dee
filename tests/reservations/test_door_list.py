"""The list at the door: what wait is quoted, and how a party comes off it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from reservations.engine import due, floor, waitlist
from reservations.engine.errors import Reason
from reservations.models import Reservation, Restaurant, User, WaitlistEntry
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, refused

pytestmark = pytest.mark.django_db

TWENTY_TO_SEVEN = dt.datetime(2027, 6, 16, 16, 40, tzinfo=dt.UTC)
"""18:40 of a Wednesday in Berlin."""
TODAY = dt.date(2027, 6, 16)


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    with clock.at(TWENTY_TO_SEVEN):
        yield


@pytest.fixture
def one_table() -> Restaurant:
    """One table for two, and stays of two hours; dinner runs since 18:00."""
    return make.make_venue(tables=(2,))


@pytest.fixture
def user() -> User:
    return make.make_staff()


def join(restaurant: Restaurant, user: User, party: int = 2, **more: Any) -> WaitlistEntry:
    fields = {"name": "Bo Door", "key": make.new_key(), **more}
    return waitlist.join_at_door(restaurant=restaurant, party=party, user=user, by=make.make_by(user), **fields)


# --- What is quoted -------------------------------------------------------------------


def test_the_wait_goes_by_when_parties_are_expected_to_leave(one_table: Restaurant, user: User) -> None:
    make.make_walk_in(one_table)
    # It sits from 18:30 to 20:30: 110 minutes. The next one sits until 22:30, the third would be too late.
    assert [join(one_table, user).quoted_minutes for _i in range(3)] == [110, 230, None]


def test_it_is_rounded_up_to_five_minutes(one_table: Restaurant, user: User) -> None:
    make.make_walk_in(one_table)
    with clock.at(TWENTY_TO_SEVEN + dt.timedelta(minutes=3)):
        assert join(one_table, user).quoted_minutes == 110


def test_a_free_table_is_no_wait(one_table: Restaurant, user: User) -> None:
    assert join(one_table, user).quoted_minutes == 0


def test_who_has_booked_is_waited_for(one_table: Restaurant, user: User) -> None:
    make.make_reservation(one_table, date=TODAY, at=dt.time(20))
    assert join(one_table, user).quoted_minutes == 200


def test_who_waits_ahead_takes_the_first_table_that_fits_it(user: User) -> None:
    restaurant = make.make_venue(tables=(2, 4))
    make.make_walk_in(restaurant, party=2, minutes=60)
    make.make_walk_in(restaurant, party=4, minutes=90)
    # 19:30 at the small table, 20:00 at the large.
    assert join(restaurant, user, party=2).quoted_minutes == 50
    assert join(restaurant, user, party=4).quoted_minutes == 80
    assert join(restaurant, user, party=2).quoted_minutes == 170


def test_who_waits_ahead_stays_as_long_as_so_many_do(user: User) -> None:
    restaurant = make.make_venue(tables=(6,))
    make.make_turn_time(restaurant, up_to=2, minutes=60)
    make.make_turn_time(restaurant, up_to=6, minutes=150)
    make.make_walk_in(restaurant, minutes=30)
    # From 19:00 on, and after the six from 21:30 on.
    assert [join(restaurant, user, party=party).quoted_minutes for party in (6, 2)] == [20, 170]


def test_a_party_that_leaves_early_shortens_the_wait_of_the_next_to_ask(one_table: Restaurant, user: User) -> None:
    sitting = make.make_walk_in(one_table)
    first = join(one_table, user)
    floor.finish(reservation=sitting, by=make.make_by(user))
    waitlist.leave(entry=first, by=make.make_by(user))
    assert join(one_table, user).quoted_minutes == 5


def test_a_party_for_which_there_is_no_table_is_quoted_none(one_table: Restaurant, user: User) -> None:
    """Staff may still push tables together for it, so it may stand on the list."""
    assert join(one_table, user, party=9).quoted_minutes is None


def test_a_closed_day_has_no_door(one_table: Restaurant, user: User) -> None:
    make.make_closure(one_table, TODAY)
    with refused(Reason.CLOSED):
        join(one_table, user)


def test_after_midnight_the_list_is_the_evenings_before(user: User) -> None:
    restaurant = make.make_venue(tables=(2,), service={"first_seating": dt.time(22), "last_seating": dt.time(1)})
    with clock.at(make.utc(restaurant, TODAY + dt.timedelta(days=1), dt.time(0, 20))):
        entry = join(restaurant, user)
        assert entry.service_date == TODAY
        assert waitlist.at_door(restaurant.pk, TODAY) == [entry]


# --- The order -----------------------------------------------------------------------


def test_who_came_first_is_first_and_who_is_promoted_before(one_table: Restaurant, user: User) -> None:
    entries = [join(one_table, user) for _i in range(3)]
    assert waitlist.at_door(one_table.pk, TODAY) == entries
    # Who was promoted last comes first, whatever the numbers say.
    for entry in (entries[1], entries[2]):
        waitlist.promote(entry=entry, by=make.make_by(user))
    assert waitlist.at_door(one_table.pk, TODAY) == [entries[2], entries[1], entries[0]]


def test_who_came_first_is_first_whatever_the_nodes_clocks_say(one_table: Restaurant, user: User) -> None:
    with clock.at(TWENTY_TO_SEVEN, node_ahead=dt.timedelta(minutes=1)):
        first = join(one_table, user)
    second = join(one_table, user)
    assert waitlist.at_door(one_table.pk, TODAY) == [first, second]


def test_nothing_is_offered_to_who_stands_at_the_door(one_table: Restaurant, user: User) -> None:
    """The host looks at the floor, and calls."""
    entry = join(one_table, user)
    due.serve_waitlists()
    floor.finish(reservation=make.make_walk_in(one_table), by=make.make_by(user))
    entry.refresh_from_db()
    assert entry.status == "waiting"


# --- Off the list ---------------------------------------------------------------------


def test_seated_it_is_a_walk_in_and_off_the_list(one_table: Restaurant, user: User) -> None:
    entry = join(one_table, user, note="Pram", phone="+49 30 1112223")
    seated = waitlist.seat_from_door(entry=entry, user=user, by=make.make_by(user))
    assert (seated.status, seated.source, seated.party_size) == ("seated", "walk_in", 2)
    assert (seated.name, seated.phone, seated.note) == ("Bo Door", "+49 30 1112223", "Pram")
    assert (entry.status, entry.offer) == ("seated", seated)
    assert waitlist.at_door(one_table.pk, TODAY) == []
    assert events(one_table, TODAY) == ["entry joined", "reservation seated", "entry seated"]
    assert (chains_broken(one_table), broken(one_table.pk)) == ([], {})


def test_seated_at_the_table_and_for_the_time_that_the_host_says(user: User) -> None:
    restaurant = make.make_venue(tables=(2, 4))
    large = restaurant.tables.get(max_seats=4)
    seated = waitlist.seat_from_door(
        entry=join(restaurant, user), user=user, by=make.make_by(user), table_ids=(large.pk,), minutes=45
    )
    assert (seated.table_ids, len(claims(seated))) == ([large.pk], 3)


def test_two_hosts_seat_it_once(user: User) -> None:
    restaurant = make.make_venue(tables=(2, 2))
    entry = join(restaurant, user)
    stale = WaitlistEntry.objects.get(pk=entry.pk)
    other = make.make_staff()
    first = waitlist.seat_from_door(entry=entry, user=user, by=make.make_by(user))
    assert waitlist.seat_from_door(entry=stale, user=other, by=make.make_by(other)) == first
    assert waitlist.seat_from_door(entry=entry, user=user, by=make.make_by(user)) == first
    assert Reservation.objects.count() == 1


def test_where_no_table_is_free_it_stays_on_the_list(one_table: Restaurant, user: User) -> None:
    make.make_walk_in(one_table)
    entry = join(one_table, user)
    with refused(Reason.TABLES_TAKEN):
        waitlist.seat_from_door(entry=entry, user=user, by=make.make_by(user))
    entry.refresh_from_db()
    assert (entry.status, entry.offer) == ("waiting", None)


def test_who_has_left_is_not_seated(one_table: Restaurant, user: User) -> None:
    entry = join(one_table, user)
    stale = WaitlistEntry.objects.get(pk=entry.pk)
    assert waitlist.leave(entry=entry, by=make.make_by(user)) is True
    assert waitlist.leave(entry=stale, by=make.make_by(user)) is False
    for copy in (entry, stale):
        with refused(Reason.NOT_WAITING):
            waitlist.seat_from_door(entry=copy, user=user, by=make.make_by(user))
    assert not Reservation.objects.exists()


def test_who_is_never_called_is_off_the_list_after_four_hours(one_table: Restaurant, user: User) -> None:
    entry = join(one_table, user)
    with clock.at(TWENTY_TO_SEVEN + dt.timedelta(hours=3, minutes=59)):
        assert due.end_waiting() == 0
    with clock.at(TWENTY_TO_SEVEN + dt.timedelta(hours=4, minutes=1)):
        assert due.end_waiting() == 1
    entry.refresh_from_db()
    assert entry.status == "over"


def test_a_form_sent_twice_is_one_entry_of_that_user(one_table: Restaurant, user: User) -> None:
    first = join(one_table, user, key="form")
    assert join(one_table, user, key="form") == first
    assert join(one_table, make.make_staff(), key="form") != first
    assert WaitlistEntry.objects.count() == 2
