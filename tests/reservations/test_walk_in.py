"""Who stands at the door is seated now: at which table, for how long, and to which evening it belongs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone

from reservations.engine import floor
from reservations.engine.availability import Ask
from reservations.engine.errors import Reason
from reservations.engine.tables import openings
from reservations.models import Reservation, Restaurant, Service, TableClaim, User
from reservations.queries.day import day_plan
from reservations.queries.floor import running
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, lapse, refused

pytestmark = pytest.mark.django_db

TODAY = dt.date(2027, 6, 16)
SEVEN = dt.datetime(2027, 6, 16, 17, tzinfo=dt.UTC)
"""19:00 of a Wednesday in Berlin."""
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    with clock.at(SEVEN + 7 * MINUTE):
        yield


@pytest.fixture
def venue() -> Restaurant:
    """Tables for 2, 4 and 6; dinner from 18:00, stays of two hours."""
    return make.make_venue(tables=(2, 4, 6))


@pytest.fixture
def user() -> User:
    return make.make_staff()


def table(restaurant: Restaurant, seats: int) -> int:
    return int(restaurant.tables.get(max_seats=seats).pk)


# --- Where and how long -----------------------------------------------------------------------


def test_it_sits_at_once_at_the_smallest_table_for_its_turn(venue: Restaurant, user: User) -> None:
    seated = make.make_walk_in(venue, user=user)
    assert (seated.status, seated.source, seated.table_ids) == ("seated", "walk_in", [table(venue, 2)])
    # From the slot in which it comes: the table is its for the whole of it.
    assert (seated.starts_at, seated.ends_at, len(claims(seated))) == (SEVEN, SEVEN + 120 * MINUTE, 8)
    assert (seated.service_date, seated.service_name, seated.created_by) == (TODAY, "Dinner", user)
    assert seated.seated_at is not None
    assert abs(seated.seated_at - SEVEN - 7 * MINUTE) < MINUTE
    assert events(venue, TODAY) == ["reservation seated"]
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


def test_its_turn_goes_by_its_size(venue: Restaurant) -> None:
    make.make_turn_time(venue, up_to=2, minutes=60)
    make.make_turn_time(venue, up_to=6, minutes=150)
    assert [len(claims(make.make_walk_in(venue, party=party))) for party in (2, 5)] == [4, 10]


def test_it_may_have_an_area_step_free_access_and_what_is_kept_from_those_online(venue: Restaurant) -> None:
    bar = make.make_area(venue, name="Bar")
    stool = make.make_table(venue, area=bar, seats=2, is_online=False, is_step_free=True)
    assert make.make_walk_in(venue, area_id=bar.pk).table_ids == [stool.pk]
    with refused(Reason.TABLES_TAKEN):
        make.make_walk_in(venue, details=make.make_details(needs_step_free=True))


def test_a_table_that_is_not_free_long_enough_is_passed_over(venue: Restaurant) -> None:
    make.make_reservation(venue, date=TODAY, at=dt.time(20))
    assert make.make_walk_in(venue).table_ids == [table(venue, 4)]


def test_until_when_each_table_is_free_and_a_shorter_stay_that_staff_agree_to(venue: Restaurant) -> None:
    make.make_reservation(venue, date=TODAY, at=dt.time(20))
    make.make_reservation(venue, date=TODAY, at=dt.time(20, 30), party=4)
    make.make_walk_in(venue, party=6)
    with refused(Reason.TABLES_TAKEN):
        make.make_walk_in(venue)
    plan = day_plan(venue.pk, TODAY)
    found = openings(plan, Ask(party=2, online=False), SEVEN + 7 * MINUTE)
    assert [(one.table_ids, one.until) for one in found] == [
        ((table(venue, 2),), SEVEN + 60 * MINUTE),
        ((table(venue, 4),), SEVEN + 90 * MINUTE),
    ]
    # An hour is free at the small table, 75 minutes only at the next.
    with refused(Reason.TABLES_TAKEN):
        make.make_walk_in(venue, minutes=91)
    assert make.make_walk_in(venue, minutes=75).table_ids == [table(venue, 4)]
    seated = make.make_walk_in(venue, minutes=50)
    assert (seated.table_ids, len(claims(seated)), seated.ends_at) == ([table(venue, 2)], 4, SEVEN + 50 * MINUTE)
    assert broken(venue.pk) == {}


def test_the_host_chooses_the_tables(venue: Restaurant) -> None:
    both = [venue.tables.get(max_seats=seats) for seats in (2, 4)]
    seated = make.make_walk_in(venue, party=6, tables=both)
    assert (sorted(seated.table_ids), len(claims(seated))) == (sorted(one.pk for one in both), 16)
    with refused(Reason.WRONG_TABLES):
        make.make_walk_in(venue, party=7, tables=[venue.tables.get(max_seats=6)])
    with refused(Reason.WRONG_TABLES):
        make.make_walk_in(venue, tables=[make.make_table(make.make_restaurant())])
    with refused(Reason.WRONG_TABLES):
        make.make_walk_in(venue, tables=[make.make_table(venue, is_active=False)])


def test_for_a_party_that_no_table_seats_there_is_none(venue: Restaurant) -> None:
    with refused(Reason.NO_TABLE):
        make.make_walk_in(venue, party=7)


@pytest.mark.parametrize("whose", ["reservation", "hold", "block", "walk-in"])
def test_a_table_that_is_claimed_is_never_taken(whose: str) -> None:
    restaurant = make.make_venue(tables=(2,))
    tables = list(restaurant.tables.all())
    if whose == "reservation":
        make.make_reservation(restaurant, date=TODAY, at=dt.time(20))
    elif whose == "hold":
        make.make_hold(restaurant, date=TODAY, at=dt.time(20))
    elif whose == "block":
        make.make_block(restaurant, tables, date=TODAY, at=dt.time(20), minutes=15)
    else:
        make.make_walk_in(restaurant)
    before = TableClaim.objects.count()
    for chosen in ((), tables):
        with refused(Reason.TABLES_TAKEN):
            make.make_walk_in(restaurant, tables=chosen)
    assert TableClaim.objects.count() == before


def test_a_table_at_which_somebody_sits_before_their_time_is_not_free() -> None:
    """They came at half past six for eight: until then no claim says that they are there."""
    restaurant = make.make_venue(tables=(2,))
    early = make.make_reservation(restaurant, date=TODAY, at=dt.time(20))
    with clock.at(SEVEN - 30 * MINUTE):
        floor.seat(reservation=early, by=make.make_by())
    for chosen in ((), list(restaurant.tables.all())):
        with refused(Reason.TABLES_TAKEN):
            make.make_walk_in(restaurant, tables=chosen, minutes=30)
    here = running(restaurant, timezone.now())
    assert openings(here.plan, Ask(party=2, online=False), timezone.now()) == []
    floor.finish(reservation=early, by=make.make_by())
    assert make.make_walk_in(restaurant, minutes=30).status == "seated"
    assert broken(restaurant.pk) == {}


def test_a_hold_that_has_lapsed_is_not_in_its_way() -> None:
    restaurant = make.make_venue(tables=(2,))
    hold = make.make_hold(restaurant, date=TODAY, at=dt.time(20))
    lapse(hold)
    assert make.make_walk_in(restaurant).status == "seated"
    assert fresh(hold).status == "expired"


# --- To which evening it belongs ------------------------------------------------------------------


@pytest.fixture
def night() -> Restaurant:
    """Dinner from 18:00 to 01:00, and an early breakfast from 06:00; stays of two hours."""
    restaurant = make.make_venue(tables=(2, 2), service={"last_seating": dt.time(1)})
    make.make_service(restaurant, name="Breakfast", first_seating=dt.time(6), last_seating=dt.time(8))
    return restaurant


@pytest.mark.parametrize(
    ("at", "date", "service"),
    [
        (dt.time(5, 59), 0, ""),
        (dt.time(6), 0, "Breakfast"),
        (dt.time(9, 59), 0, "Breakfast"),
        (dt.time(10), 0, ""),
        (dt.time(15, 30), 0, ""),
        (dt.time(18), 0, "Dinner"),
        (dt.time(23, 59), 0, "Dinner"),
        (dt.time(0), -1, "Dinner"),
        (dt.time(0, 20), -1, "Dinner"),
        (dt.time(2, 59), -1, "Dinner"),
        (dt.time(3), 0, ""),
    ],
)
def test_it_belongs_to_the_service_that_runs(night: Restaurant, at: dt.time, date: int, service: str) -> None:
    with clock.at(make.utc(night, TODAY, at)):
        seated = make.make_walk_in(night)
        here = running(night, timezone.now())
    assert (seated.service_date, seated.service_name) == (TODAY + dt.timedelta(days=date), service)
    assert (here.date, here.service.name if here.service else "") == (seated.service_date, service)
    assert chains_broken(night) == []


def test_after_midnight_the_evening_before_must_have_been_open(night: Restaurant) -> None:
    past_midnight = make.utc(night, TODAY, dt.time(0, 20))
    closure = make.make_closure(night, TODAY)
    with clock.at(past_midnight):
        # The date that has just begun is closed, and this is not its evening.
        assert make.make_walk_in(night).service_date == TODAY - dt.timedelta(days=1)
    closure.delete()
    make.make_special_day(night, TODAY - dt.timedelta(days=1))
    with clock.at(past_midnight):
        seated = make.make_walk_in(night)
    assert (seated.service_date, seated.service) == (TODAY, None)


@pytest.mark.parametrize("why", ["closure", "special day"])
def test_a_closed_day_seats_nobody(venue: Restaurant, why: str) -> None:
    make.make_closure(venue, TODAY) if why == "closure" else make.make_special_day(venue, TODAY)
    with refused(Reason.CLOSED):
        make.make_walk_in(venue)
    assert not Reservation.objects.exists()


def test_a_house_without_services_seats_whom_it_likes() -> None:
    restaurant = make.make_restaurant(turn_minutes=90)
    make.make_table(restaurant)
    seated = make.make_walk_in(restaurant)
    assert (seated.service, seated.service_date, len(claims(seated))) == (None, TODAY, 6)


def test_the_database_says_which_day_it_is(venue: Restaurant) -> None:
    """The node still believes that it is the evening before."""
    midnight = make.utc(venue, TODAY + dt.timedelta(days=1), dt.time())
    with clock.at(midnight + MINUTE, node_ahead=-2 * MINUTE):
        seated = make.make_walk_in(venue)
    assert (seated.service_date, seated.starts_at) == (TODAY + dt.timedelta(days=1), midnight)
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


# --- Pacing and what is kept ------------------------------------------------------------------------


def test_pacing_does_not_bind_the_door_and_what_exceeds_it_is_recorded(venue: Restaurant, user: User) -> None:
    Service.objects.update(max_covers=4)
    within, beyond = (make.make_walk_in(venue, party=party, user=user) for party in (2, 4))
    assert (within.pacing_limit, within.pacing_exceeded_by) == (4, None)
    assert (beyond.pacing_limit, beyond.pacing_exceeded_by, beyond.pacing_reason) == (4, user, "walk-in")


def test_who_leaves_a_number_is_known_again(venue: Restaurant) -> None:
    guest = make.make_guest(venue, phone="+49 30 1112223", name="Known")
    told = make.make_details(name="Somebody", email="", phone="+49 30 1112223")
    assert make.make_walk_in(venue, details=told).guest == guest
    assert make.make_walk_in(venue, details=make.make_details(name="", email="", phone="")).guest is None


def test_a_form_sent_twice_seats_one_party_of_that_user(venue: Restaurant, user: User) -> None:
    first = make.make_walk_in(venue, user=user, key="form")
    assert make.make_walk_in(venue, user=user, key="form") == first
    assert make.make_walk_in(venue, key="form") != first
    assert make.make_walk_in(venue, user=user) != first
    assert Reservation.objects.count() == 3
