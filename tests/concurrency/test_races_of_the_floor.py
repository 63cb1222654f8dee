"""Diners, hosts and the job loop act on one evening at once: one of them wins, and the others are told why not."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from reservations.engine import arriving, booking, due, floor, waitlist
from reservations.engine.changing import change, wish_of
from reservations.engine.coming import reduce_party
from reservations.engine.errors import Reason
from reservations.history.trail import JOB, Head
from reservations.models import Block, Guest, Reservation, Restaurant, Table, TableClaim, WaitlistEntry
from reservations.queries.day import Window
from tests import clock
from tests import factories as make
from tests.concurrency.crew import Crew, Untaken, winners
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, fresh

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

ROUNDS = 8


@pytest.fixture
def pair(transactional_db: None) -> Iterator[Crew]:
    """Two threads."""
    with Crew(2) as threads:
        yield threads


@pytest.fixture
def one_table(transactional_db: None) -> Restaurant:
    return make.make_venue(tables=(2,), booking_window_days=730)


def whole(restaurant: Restaurant) -> None:
    assert (broken(restaurant.pk), chains_broken(restaurant)) == ({}, [])


def booked(restaurant: Restaurant, number: int, **wish: Any) -> Reservation:
    """Return a reservation of a date of its own round."""
    return make.make_reservation(restaurant, date=make.days_ahead(restaurant, 2 + number), **wish)


# --- Changes ---------------------------------------------------------------------------------


def to_date_of(mine: Reservation, other: Reservation) -> Callable[[], bool]:
    wish = replace(wish_of(mine), date=other.service_date, start=other.starts_at)
    return partial(change, reservation=fresh(mine), wish=wish)


def test_two_that_change_to_each_others_date_both_do(pair: Crew) -> None:
    restaurant = make.make_venue(tables=(2, 2))
    for number in range(0, 2 * ROUNDS, 2):
        first, second = booked(restaurant, number), booked(restaurant, number + 1)
        dates = first.service_date, second.service_date
        assert pair.race([to_date_of(first, second), to_date_of(second, first)]) == [True, True]
        assert (fresh(first).service_date, fresh(second).service_date) == dates[::-1]
    whole(restaurant)


def test_where_each_has_the_others_table_neither_is_lost(pair: Crew, one_table: Restaurant) -> None:
    for number in range(0, 2 * ROUNDS, 2):
        first, second = booked(one_table, number), booked(one_table, number + 1)
        answers = pair.race([to_date_of(first, second), to_date_of(second, first)])
        assert answers == [Reason.TABLES_TAKEN] * 2
        assert [len(TableClaim.objects.filter(reservation=one)) for one in (first, second)] == [8, 8]
    whole(one_table)


def test_two_pages_that_change_one_reservation_are_one_change(pair: Crew, one_table: Restaurant) -> None:
    for number in range(ROUNDS):
        reservation = booked(one_table, number)
        wishes = [replace(wish_of(reservation), start=reservation.starts_at + dt.timedelta(hours=n)) for n in (1, 2)]
        works = [partial(change, reservation=fresh(reservation), wish=wish) for wish in wishes]
        answers = pair.race(works)
        assert sorted(map(str, answers)) == [Reason.CHANGED_MEANWHILE, "True"]
        assert fresh(reservation).starts_at == wishes[answers.index(True)].start
        assert pair.race([works[answers.index(True)]] * 2) == [False, False]
    whole(one_table)


# --- One party, two who settle it -----------------------------------------------------------------


def _cancel(row: Reservation) -> object:
    return booking.cancel(reservation=row, by_guest=False)


def _cancel_by_guest(row: Reservation) -> object:
    return booking.cancel(reservation=row, by_guest=True)


def _seat(row: Reservation) -> object:
    return floor.seat(reservation=row, by=JOB)


def _no_show(row: Reservation) -> object:
    return floor.mark_no_show(reservation=row, by=JOB)


def _finish(row: Reservation) -> object:
    return floor.finish(reservation=row, by=JOB)


def _arrive(row: Reservation) -> object:
    return arriving.arrive(reservation=row, by=JOB)


@pytest.mark.parametrize(
    ("one", "other", "ends"),
    [
        (_cancel, _seat, {"cancelled": Reason.NOT_CONFIRMED, "seated": Reason.NOT_CONFIRMED}),
        (_seat, _no_show, {"seated": Reason.NOT_CONFIRMED, "no_show": Reason.NOT_CONFIRMED}),
        (_cancel, _no_show, {"cancelled": Reason.NOT_CONFIRMED, "no_show": Reason.NOT_CONFIRMED}),
        (_finish, _no_show, {"finished": Reason.NOT_CONFIRMED, "no_show": Reason.NOT_SEATED}),
        (_cancel, _finish, {"cancelled": Reason.NOT_SEATED, "finished": Reason.NOT_CONFIRMED}),
        (_cancel, _arrive, {"cancelled": Reason.NOT_CONFIRMED, "confirmed": Reason.CHANGED_MEANWHILE}),
        (_arrive, _no_show, {"confirmed": Reason.CHANGED_MEANWHILE, "no_show": Reason.NOT_CONFIRMED}),
    ],
)
def test_exactly_one_settles_it_and_the_other_is_told_why_not(
    pair: Crew,
    one_table: Restaurant,
    one: Callable[[Reservation], object],
    other: Callable[[Reservation], object],
    ends: dict[str, Reason],
) -> None:
    for number in range(ROUNDS):
        reservation = booked(one_table, number)
        with clock.at(reservation.starts_at + dt.timedelta(minutes=1)):
            works = [partial(one, fresh(reservation)), partial(other, fresh(reservation))]
            answers = pair.race(works[:: 1 if number % 2 else -1])
        status = fresh(reservation).status
        assert sorted(map(str, answers)) == sorted(["True", ends[status]])
    whole(one_table)


def test_a_party_that_says_fewer_while_it_is_moved_keeps_both(pair: Crew) -> None:
    restaurant = make.make_venue(tables=(2, 2), booking_window_days=730)
    for number in range(ROUNDS):
        reservation = booked(restaurant, number)
        table = Table.objects.exclude(pk__in=reservation.table_ids).get()
        pair.race(
            [
                partial(reduce_party, reservation=fresh(reservation), party=1),
                partial(floor.move, reservation=fresh(reservation), table_ids=(table.pk,), by=JOB),
            ]
        )
        row = fresh(reservation)
        assert (row.party_size, row.table_ids) == (1, [table.pk])
    whole(restaurant)


def test_two_hosts_seat_a_party_from_the_door_once(pair: Crew) -> None:
    restaurant = make.make_venue(tables=(2, 2))
    hosts = [make.make_staff(), make.make_staff()]
    for number in range(ROUNDS):
        with clock.at(make.utc(restaurant, make.days_ahead(restaurant, number), dt.time(19))):
            entry = waitlist.join_at_door(
                restaurant=restaurant, party=2, name="Bo", user=hosts[0], by=make.make_by(hosts[0]), key=str(number)
            )
            first, second = winners(
                pair.race(
                    partial(
                        waitlist.seat_from_door,
                        entry=WaitlistEntry.objects.get(pk=entry.pk),
                        user=host,
                        by=make.make_by(host),
                    )
                    for host in hosts
                )
            )
        assert first == second
    assert Reservation.objects.count() == ROUNDS
    whole(restaurant)


# --- One table, two who want it -------------------------------------------------------------------------


def blocker(restaurant: Restaurant, date: dt.date) -> Callable[[], Block]:
    tables = list(restaurant.tables.all())
    return partial(make.make_block, restaurant, tables, date=date, user=make.make_staff())


def both_take_it(crew: Crew, restaurant: Restaurant) -> list[int]:
    """Let one block what another books, round after round, and return how many of them had it each time."""
    taken = []
    for number in range(ROUNDS):
        date = make.days_ahead(restaurant, 2 + number)
        wish = make.make_wish(restaurant, date=date)
        works: list[Callable[[], Any]] = [
            blocker(restaurant, date),
            partial(booking.hold, wish=wish, browser=f"browser {number}", key="form"),
        ]
        answers = crew.race(works) if crew.size > 1 else [crew.race([work])[0] for work in works]
        taken.append(sum(isinstance(answer, Reservation | Block) for answer in answers))
        assert {answer for answer in answers if isinstance(answer, Reason)} <= {Reason.TABLES_TAKEN}
    return taken


def test_what_is_blocked_is_not_booked(pair: Crew, one_table: Restaurant) -> None:
    assert both_take_it(pair, one_table) == [1] * ROUNDS
    whole(one_table)


@pytest.mark.parametrize("size", [1, 2], ids=["one after another", "at once"])
def test_without_lock_and_claims_the_same_race_blocks_what_is_booked(
    one_table: Restaurant, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Tables are taken where rows say so, which is right as long as nobody races: so it is the race that shows."""
    for module in ("queries.early", "engine.placing"):
        monkeypatch.setattr(f"reservations.{module}.window", by_rows)
    monkeypatch.setattr("reservations.engine.locks._TAKE", Untaken())
    for module in ("blocking", "deciding"):
        monkeypatch.setattr(f"reservations.engine.{module}.claim", lambda *_args: None)
    monkeypatch.setattr("reservations.history.trail.append", lambda *_args: Head())
    with Crew(size) as crew:
        assert max(both_take_it(crew, one_table)) == size


def by_rows(
    restaurant_id: int, _date: dt.date, start: dt.datetime, end: dt.datetime, *, locked: bool, **_others: Any
) -> Window:
    """Return what rows say is taken, and leave time to be overtaken after that."""
    here = {"restaurant_id": restaurant_id, "starts_at__lt": end, "ends_at__gt": start}
    rows: list[Reservation | Block] = [*Reservation.objects.filter(status="held", **here)]
    rows += Block.objects.filter(**here)
    time.sleep(0.1 if locked else 0)
    return Window((0, 0), frozenset(table for row in rows for table in row.table_ids), frozenset())


def test_walk_ins_at_once_sit_at_tables_of_their_own(transactional_db: None) -> None:
    restaurant = make.make_venue(tables=(2, 2, 2))
    with (
        Crew(6) as crew,
        clock.at(make.utc(restaurant, make.days_ahead(restaurant), dt.time(19))),
    ):
        answers = crew.race([partial(make.make_walk_in, restaurant, user=make.make_staff()) for _i in range(6)])
    assert len(winners(answers)) == 3
    assert set(answers) - set(winners(answers)) == {Reason.TABLES_TAKEN}
    whole(restaurant)


def test_a_table_is_kept_or_booked_on_and_never_both(pair: Crew, one_table: Restaurant) -> None:
    for number in range(ROUNDS):
        sitting = booked(one_table, number)
        with clock.at(sitting.starts_at):
            floor.seat(reservation=sitting, by=JOB)
        with clock.at(sitting.ends_at - dt.timedelta(minutes=3)):
            wish = make.make_wish(one_table, date=sitting.service_date, at=dt.time(21))
            hold = partial(booking.hold, wish=wish, browser=f"b {number}", key="form")
            answer, count = pair.race([hold, due.keep_tables])
        assert isinstance(answer, Reservation) is not bool(count)
        # The next round's job is to find nothing.
        Reservation.objects.filter(status="seated").update(status="finished")
    whole(one_table)


# --- One guest ------------------------------------------------------------------------------------------


def test_who_books_two_dates_at_once_is_one_guest(pair: Crew, one_table: Restaurant) -> None:
    for number in range(0, 2 * ROUNDS, 2):
        holds = [make.make_hold(one_table, date=make.days_ahead(one_table, 2 + number + day)) for day in (0, 1)]
        details = make.make_details(email=f"twice{number}@example.org", phone="")
        confirmed = winners(pair.race(partial(booking.confirm, reservation=hold, details=details) for hold in holds))
        assert len({reservation.guest_id for reservation in confirmed}) == 1
    assert Guest.objects.count() == ROUNDS
    whole(one_table)
