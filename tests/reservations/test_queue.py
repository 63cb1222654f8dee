"""Nobody jumps the queue: what came free without anybody serving it goes first to who waits, whoever asks next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from reservations.engine import booking, changing, due, floor, requests
from reservations.engine.errors import Reason, Refused
from reservations.models import Reservation, Restaurant, Service, Table
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, fresh, lapse, refused
from tests.reservations.waiting import evening, offer, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_table() -> Restaurant:
    return make.make_venue(tables=(2,))


def new_table(restaurant: Restaurant) -> None:
    make.make_table(restaurant, seats=2)


def more_pacing(restaurant: Restaurant) -> None:
    Service.objects.update(max_covers=4)


@pytest.fixture(params=[new_table, more_pacing])
def more(request: pytest.FixtureRequest) -> Callable[[Restaurant], None]:
    """Return what gives room for one party more, past every write rule."""
    found: Callable[[Restaurant], None] = request.param
    return found


@pytest.fixture
def full(more: Callable[[Restaurant], None]) -> Restaurant:
    """Return a restaurant with room for one party at a time, which it has at 19:00."""
    if more is new_table:
        restaurant = make.make_venue(tables=(2,))
    else:
        restaurant = make.make_venue(tables=(2, 2), service={"max_covers": 2})
    make.make_reservation(restaurant)
    return restaurant


def jump_by_hold(restaurant: Restaurant) -> None:
    make.make_hold(restaurant)


def jump_by_staff(restaurant: Restaurant) -> None:
    booking.book(
        wish=make.make_wish(restaurant), details=make.make_details(), user=make.make_staff(), key=make.new_key()
    )


def jump_by_change(restaurant: Restaurant) -> None:
    reservation = make.make_reservation(restaurant, date=make.days_ahead(restaurant, 8))
    changing.change(reservation=reservation, wish=make.make_wish(restaurant))


def jump_by_request(restaurant: Restaurant) -> None:
    user = make.make_staff()
    request = make.make_request(restaurant, party=2)
    requests.accept(request=request, user=user, by=make.make_by(user))


def free_tables(restaurant: Restaurant) -> list[Table]:
    return list(restaurant.tables.filter(claims=None))


def jump_by_block(restaurant: Restaurant) -> None:
    make.make_block(restaurant, free_tables(restaurant))


def jump_by_move(restaurant: Restaurant) -> None:
    (table,) = free_tables(restaurant)
    floor.move(reservation=Reservation.objects.get(), table_ids=(table.pk,), by=make.make_by())


@pytest.mark.parametrize(
    "jump", [jump_by_hold, jump_by_staff, jump_by_change, jump_by_request, jump_by_block, jump_by_move]
)
def test_what_nobody_has_freed_goes_to_who_waits_and_the_new_booking_is_refused(
    full: Restaurant, more: Callable[[Restaurant], None], jump: Callable[[Restaurant], None]
) -> None:
    entry = make.make_entry(full)
    more(full)
    with pytest.raises(Refused, match=r"TABLES_TAKEN|PACING_FULL"):
        jump(full)
    # Not only was it kept: it is offered, so that the page of times says so too.
    assert offer(entry).starts_at == entry.earliest
    assert broken(full.pk) == {}
    assert chains_broken(full) == []


def test_who_joins_behind_lets_the_first_have_it(full: Restaurant, more: Callable[[Restaurant], None]) -> None:
    first = make.make_entry(full)
    more(full)
    second = make.make_entry(full)
    assert (status(first), status(second)) == ("offered", "waiting")


def test_who_can_not_join_leaves_the_first_its_offer(full: Restaurant, more: Callable[[Restaurant], None]) -> None:
    first = make.make_entry(full)
    more(full)
    with refused(Reason.STILL_FREE):
        make.make_entry(full, at=dt.time(21))
    assert status(first) == "offered"


def test_where_there_is_room_for_both_both_get_a_table(full: Restaurant, more: Callable[[Restaurant], None]) -> None:
    entry = make.make_entry(full)
    more(full)
    make.make_table(full, seats=2)
    Service.objects.filter(max_covers=4).update(max_covers=6)
    hold = make.make_hold(full)
    assert hold.table_ids != offer(entry).table_ids
    assert broken(full.pk) == {}


def test_the_job_serves_what_nobody_has_freed(full: Restaurant, more: Callable[[Restaurant], None]) -> None:
    entry = make.make_entry(full)
    more(full)
    due.serve_waitlists()
    assert status(entry) == "offered"


def jump_by_walk_in(sitting: Reservation) -> None:
    make.make_walk_in(sitting.restaurant, tables=list(sitting.restaurant.tables.exclude(pk__in=sitting.table_ids)))


def jump_by_the_best_table(sitting: Reservation) -> None:
    make.make_walk_in(sitting.restaurant)


def jump_by_staying(sitting: Reservation) -> None:
    floor.stay_longer(reservation=sitting, minutes=30, by=make.make_by())


@pytest.mark.parametrize("jump", [jump_by_walk_in, jump_by_the_best_table, jump_by_staying])
def test_what_a_lapsed_hold_had_later_goes_to_who_waits_and_not_to_who_is_here(
    jump: Callable[[Reservation], None],
) -> None:
    """The holds were for eight: who waits gets their tables then, though the floor notices first that they lapsed."""
    restaurant = make.make_venue(tables=(2, 2))
    sitting = make.make_reservation(restaurant, at=dt.time(18))
    holds = [make.make_hold(restaurant, at=dt.time(20)) for _i in range(2)]
    entries = [make.make_entry(restaurant, at=dt.time(20)) for _i in range(2)]
    with clock.at(evening(restaurant, 45)):
        floor.seat(reservation=sitting, by=make.make_by())
        for hold in holds:
            lapse(hold)
        with refused(Reason.TABLES_TAKEN):
            jump(sitting)
        assert [offer(entry).starts_at for entry in entries] == [entry.earliest for entry in entries]
        assert {fresh(hold).status for hold in holds} == {"expired"}
        # Until eight anybody may sit there.
        make.make_walk_in(restaurant, minutes=60)
    assert broken(restaurant.pk) == {}
    assert chains_broken(restaurant) == []


def test_a_hold_moves_to_a_table_without_steps_behind_who_waits_for_it() -> None:
    restaurant = make.make_venue(tables=(2,))
    without_steps = make.make_table(restaurant, seats=2, is_step_free=True)
    hold, lapsed = make.make_hold(restaurant), make.make_hold(restaurant)
    entry = make.make_entry(restaurant)
    lapse(lapsed)
    with refused(Reason.NO_STEP_FREE_TABLE):
        booking.confirm(reservation=hold, details=make.make_details(needs_step_free=True))
    assert (offer(entry).table_ids, fresh(hold).status) == ([without_steps.pk], "held")
    assert broken(restaurant.pk) == {}
    assert chains_broken(restaurant) == []


def hold_early(restaurant: Restaurant, date: dt.date) -> None:
    make.make_hold(restaurant, date=date, at=dt.time(1))


def change_to_early(restaurant: Restaurant, date: dt.date) -> None:
    reservation = make.make_reservation(restaurant, date=date + dt.timedelta(days=4), at=dt.time(1))
    changing.change(reservation=reservation, wish=make.make_wish(restaurant, date=date, at=dt.time(1)))


def block_early(restaurant: Restaurant, date: dt.date) -> None:
    make.make_block(restaurant, list(restaurant.tables.all()), date=date, at=dt.time(1), minutes=60)


@pytest.mark.parametrize("jump", [hold_early, change_to_early, block_early])
def test_what_a_lapsed_hold_of_the_evening_before_had_goes_to_who_waits_for_that_evening(
    jump: Callable[[Restaurant, dt.date], None],
) -> None:
    """Its service goes on past midnight, when the next date's has begun."""
    restaurant = make.make_venue(tables=(2,), service={"first_seating": dt.time(22), "last_seating": dt.time(0)})
    make.make_service(restaurant, name="Early", first_seating=dt.time(1), last_seating=dt.time(3))
    hold = make.make_hold(restaurant, at=dt.time(0), days_after=1)
    entry = make.make_entry(restaurant, at=dt.time(0), days_after=1)
    lapse(hold)
    with refused(Reason.TABLES_TAKEN):
        jump(restaurant, make.days_ahead(restaurant, 8))
    assert (fresh(hold).status, offer(entry).service_date) == ("expired", hold.service_date)
    assert broken(restaurant.pk) == {}
    assert chains_broken(restaurant) == []


def test_a_hold_that_is_kept_since_the_new_wish_was_refused_is_still_its_owners(one_table: Restaurant) -> None:
    """What the refused wish would have given back was offered in the same transaction, which came to nothing."""
    hold = make.make_hold(one_table, at=dt.time(18), browser="b" * 64)
    entry = make.make_entry(one_table, at=dt.time(19))
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(one_table, at=dt.time(20), browser="b" * 64)
    assert (fresh(hold).status, status(entry)) == ("held", "waiting")
    assert broken(one_table.pk) == {}
