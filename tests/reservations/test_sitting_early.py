"""A party that sits before its time has its table at once, though no claim says so: nobody else is put there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import floor
from reservations.engine.booking import book
from reservations.engine.changing import change, wish_of
from reservations.engine.errors import Reason
from reservations.engine.undoing import undo
from reservations.models import HistoryEvent, Reservation, Restaurant
from reservations.queries.floor import free_instead
from reservations.queries.timeline import timeline
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.evening import of_reservation, of_restaurant, tables_of
from tests.reservations.rows import fresh, refused

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = dt.date(2027, 6, 16)
SEVEN = dt.datetime(2027, 6, 16, 17, tzinfo=dt.UTC)
"""19:00 of a Wednesday in Berlin."""
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _twenty_to_seven() -> Iterator[None]:
    with clock.at(SEVEN - 20 * MINUTE):
        yield


@pytest.fixture
def venue() -> Restaurant:
    """Tables for 2 and 4; dinner from 17:00, stays of two hours."""
    return make.make_venue(tables=(2, 4), service={"first_seating": dt.time(17)})


def party(venue: Restaurant, table: int, at: dt.time, *, minutes: int = 120, seat: bool = True) -> Reservation:
    wish = make.make_wish(venue, date=TODAY, at=at)
    row = make.make_seated(venue, [tables_of(venue)[table]], wish, minutes=minutes, service=venue.services.get())
    if seat:
        floor.seat(reservation=row, by=make.make_by())
    return row


@pytest.fixture
def early(venue: Restaurant) -> Reservation:
    """Two who sit at the first table since twenty to seven, for seven."""
    return party(venue, 0, dt.time(19))


@pytest.fixture
def other(venue: Restaurant, early: Reservation) -> Reservation:
    """Two who sit at the second table until a quarter to seven."""
    return party(venue, 1, dt.time(17), minutes=105)


def ids(row: Reservation) -> tuple[int, ...]:
    return tuple(fresh(row).table_ids)


def test_nobody_is_moved_there(early: Reservation, other: Reservation) -> None:
    with refused(Reason.TABLES_TAKEN):
        floor.move(reservation=other, table_ids=ids(early), by=make.make_by())
    floor.finish(reservation=early, by=make.make_by())
    assert floor.move(reservation=other, table_ids=ids(early) or (early.table_ids[0],), by=make.make_by())
    assert broken(early.restaurant_id) == {}


def test_nobody_who_is_fewer_now_is_put_there(venue: Restaurant, early: Reservation) -> None:
    large = party(venue, 1, dt.time(17), minutes=105)
    Reservation.objects.filter(pk=large.pk).update(party_size=4)
    tables_of(venue)[1].__class__.objects.filter(pk=tables_of(venue)[1].pk).update(min_seats=3)
    make.make_turn_time(venue, up_to=2, minutes=90)
    wish = replace(wish_of(fresh(large)), party=2)
    with refused(Reason.TABLES_TAKEN):
        change(reservation=fresh(large), wish=wish, by=make.make_by(), online=False)


def test_it_is_not_blocked(early: Reservation) -> None:
    with refused(Reason.TABLES_TAKEN):
        make.make_block(early.restaurant, tables_of(early.restaurant)[:1], date=TODAY, at=dt.time(18, 45), minutes=15)


def test_who_left_is_not_brought_back_to_it(venue: Restaurant) -> None:
    before = party(venue, 0, dt.time(17), minutes=120)
    floor.finish(reservation=before, by=make.make_by())
    early = party(venue, 0, dt.time(19))
    last = HistoryEvent.objects.filter(subject_number=before.pk, kind="finished").get()
    with refused(Reason.TABLES_TAKEN):
        undo(reservation=before, event=last.pk, by=make.make_by())
    assert (fresh(before).status, fresh(early).status) == ("finished", "seated")


def test_it_moves_only_to_a_table_that_nobody_has_now(early: Reservation, other: Reservation) -> None:
    with refused(Reason.TABLES_TAKEN):
        floor.move(reservation=early, table_ids=ids(other), by=make.make_by())
    theirs = ids(other)
    with clock.at(SEVEN - 14 * MINUTE):
        assert floor.move(reservation=fresh(early), table_ids=theirs, by=make.make_by())
    assert broken(early.restaurant_id) == {}


def test_it_is_nobody_s_other_table(venue: Restaurant, early: Reservation) -> None:
    coming = party(venue, 1, dt.time(18), minutes=60, seat=False)
    assert free_instead(venue.pk, [coming], set(coming.table_ids)) == {coming.pk: ()}


def test_it_grows_only_to_a_table_that_nobody_has_now(early: Reservation, other: Reservation) -> None:
    wish = replace(wish_of(fresh(early)), party=4)
    with refused(Reason.TABLES_TAKEN):
        change(reservation=fresh(early), wish=wish, by=make.make_by(), online=False)
    with clock.at(SEVEN - 14 * MINUTE):
        assert change(reservation=fresh(early), wish=wish, by=make.make_by(), online=False)
    assert ids(early) == ids(other)


def put_there_now(venue: Restaurant, table: int) -> Reservation:
    """Seat two from the door at a table until seven."""
    return make.make_walk_in(venue, tables=tables_of(venue)[table : table + 1], minutes=30)


def test_who_moved_or_left_early_is_not_brought_back_to_a_table_that_somebody_has_now(
    venue: Restaurant, early: Reservation
) -> None:
    floor.move(reservation=early, table_ids=(tables_of(venue)[1].pk,), by=make.make_by())
    put_there_now(venue, 0)
    with refused(Reason.TABLES_TAKEN):
        undo(reservation=early, event=last_event(early, "moved"), by=make.make_by())
    floor.finish(reservation=early, by=make.make_by())
    put_there_now(venue, 1)
    with refused(Reason.TABLES_TAKEN):
        undo(reservation=early, event=last_event(early, "finished"), by=make.make_by())


def test_who_left_early_by_mistake_is_brought_back(early: Reservation) -> None:
    floor.finish(reservation=early, by=make.make_by())
    assert undo(reservation=early, event=last_event(early, "finished"), by=make.make_by())
    assert fresh(early).status == "seated"


def last_event(row: Reservation, kind: str) -> int:
    return HistoryEvent.objects.filter(subject_number=row.pk, kind=kind).latest("pk").pk


def test_nobody_is_booked_there_for_a_time_before_it(venue: Restaurant, early: Reservation) -> None:
    """Neither anew nor by a change to another time, as by pulling a bar of the timeline there."""
    venue.services.update(interval_minutes=15)
    make.make_turn_time(venue, up_to=4, minutes=15)
    coming = party(venue, 1, dt.time(21), seat=False)
    at = make.make_wish(venue, date=TODAY, at=dt.time(18, 45)).start
    wish = replace(wish_of(coming), start=at, table_ids=ids(early))
    with refused(Reason.TABLES_TAKEN):
        change(reservation=fresh(coming), wish=wish, by=make.make_by(), online=False)
    user, details = make.make_staff(), make.make_details()
    with refused(Reason.TABLES_TAKEN):
        book(wish=wish, user=user, details=details, key=make.new_key())
    free = book(wish=replace(wish, table_ids=()), user=user, details=details, key=make.new_key())
    assert ids(free) == ids(coming)


def test_who_sits_before_the_first_slot_of_the_day_is_shown(client: Client) -> None:
    venue = make.make_venue(tables=(2,), service={"first_seating": dt.time(19)})
    early = party(venue, 0, dt.time(19))
    table, now = tables_of(venue)[0], timezone.now()
    at = timeline(venue, TODAY, now).at(table.pk, now)
    assert at.has
    assert (at.has.reservation, at.has.first) == (early, SEVEN - 30 * MINUTE)
    client.force_login(make.make_staff())
    asked = f"{of_restaurant(venue, 'timeline')[: -len('timeline/')]}table/{table.pk}/"
    assert "Free until" not in client.get(asked).content.decode()
    plan = client.get(of_restaurant(venue, "plan")).content.decode()
    assert 'class="spot seated"' in plan


def test_it_is_offered_no_other_table_that_somebody_has_now(early: Reservation, other: Reservation) -> None:
    asked = early.restaurant_id, [fresh(early)], set(ids(early))
    assert free_instead(*asked) == {early.pk: ()}
    with clock.at(SEVEN - 14 * MINUTE):
        assert free_instead(*asked) == {early.pk: ids(other)}


def test_boards_and_pages_show_it_as_taken(client: Client, early: Reservation, other: Reservation) -> None:
    restaurant = early.restaurant
    first, second = tables_of(restaurant)
    now = timezone.now()
    at = timeline(restaurant, TODAY, now).at(first.pk, now)
    assert at.has
    assert (at.has.reservation, at.has.first, at.following) == (early, SEVEN - 30 * MINUTE, None)
    client.force_login(make.make_staff())
    moving = client.get(of_reservation(other, "move")).context
    assert early.reference in moving["form"].fields["tables"].choices[0][1]
    assert moving["buttons"] == []
    asked = f"{of_restaurant(restaurant, 'timeline')[: -len('timeline/')]}table/{first.pk}/"
    page = client.get(asked).content.decode()
    assert "Free until" not in page
    assert "walk-in" not in page
    blocking = {"date": TODAY, "start": "18:40", "end": "18:55", "tables": [first.pk]}
    address = f"/admin/reservations/block/add/?restaurant={restaurant.pk}"
    page = client.post(address, blocking).content.decode()
    assert early.reference in page
    assert second.name not in page.partition("Taken:")[2].partition("</ul>")[0]


def test_who_should_have_left_it_stays_no_longer(venue: Restaurant) -> None:
    """The page of a longer stay says so, and the rule does."""
    before = party(venue, 0, dt.time(17), minutes=105)
    party(venue, 0, dt.time(19))
    with refused(Reason.TABLES_TAKEN):
        floor.stay_longer(reservation=fresh(before), minutes=15, by=make.make_by())
