"""Nobody jumps the queue: what came free without anybody serving it goes first to who waits, whoever asks next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from reservations.engine import booking, changing, due, requests
from reservations.engine.errors import Reason, Refused
from reservations.models import Restaurant, Service
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, fresh, refused
from tests.reservations.waiting import offer, status

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


@pytest.mark.parametrize("jump", [jump_by_hold, jump_by_staff, jump_by_change, jump_by_request])
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


def test_a_hold_that_is_kept_since_the_new_wish_was_refused_is_still_its_owners(one_table: Restaurant) -> None:
    """What the refused wish would have given back was offered in the same transaction, which came to nothing."""
    hold = make.make_hold(one_table, at=dt.time(18), browser="b" * 64)
    entry = make.make_entry(one_table, at=dt.time(19))
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(one_table, at=dt.time(20), browser="b" * 64)
    assert (fresh(hold).status, status(entry)) == ("held", "waiting")
    assert broken(one_table.pk) == {}
