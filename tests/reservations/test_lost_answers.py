"""The connection breaks between COMMIT and its answer: whoever sends the form again gets the first answer again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from reservations.engine import blocking, booking, floor, requests, waitlist
from reservations.engine.changing import change, wish_of
from reservations.engine.coming import reduce_party, say_coming, say_late
from reservations.models import (
    Block,
    BookingRequest,
    HistoryEvent,
    Message,
    Reservation,
    Restaurant,
    ServiceDay,
    TableClaim,
    User,
    WaitlistEntry,
)
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.diner import Diner
from tests.reservations.rows import chains_broken

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def answer_lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Break the connection after the next commit of a write rule, which has then happened."""
    commit = BaseDatabaseWrapper.commit

    def commit_and_break(self: BaseDatabaseWrapper) -> None:
        commit(self)
        monkeypatch.undo()
        self.close()
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(BaseDatabaseWrapper, "commit", commit_and_break)
    with pytest.raises(OperationalError, match="unexpectedly"):
        yield
    connection.ensure_connection()


def rows() -> list[int]:
    counted: list[Any] = [Reservation, TableClaim, WaitlistEntry, BookingRequest, Block, Message, HistoryEvent]
    return [model.objects.count() for model in counted]


@dataclass
class Scene:
    """A full evening: one reservation at the small table, one that waits, and a member of staff."""

    restaurant: Restaurant
    user: User
    reservation: Reservation


@pytest.fixture
def scene() -> Scene:
    restaurant = make.make_venue(tables=(2, 12))
    restaurant.tables.filter(max_seats=12).update(min_seats=9, is_online=False)
    # The rows that are locked are there already, made in transactions of their own.
    for days in range(-1, 9):
        ServiceDay.objects.create(restaurant=restaurant, date=make.days_ahead(restaurant, days))
    return Scene(restaurant, make.make_staff(), make.make_reservation(restaurant))


def copy_of(scene: Scene) -> Reservation:
    return Reservation.objects.get(pk=scene.reservation.pk)


Rule = Callable[[], Any]


def _hold(scene: Scene) -> Rule:
    wish = make.make_wish(scene.restaurant, at=dt.time(21))
    return lambda: booking.hold(wish=wish, browser="b" * 64, key="form")


def _confirm(scene: Scene) -> Rule:
    pk = make.make_hold(scene.restaurant, at=dt.time(21)).pk
    return lambda: booking.confirm(reservation=Reservation.objects.get(pk=pk), details=make.make_details())


def _book(scene: Scene) -> Rule:
    wish, details = make.make_wish(scene.restaurant, at=dt.time(21)), make.make_details()
    return lambda: booking.book(wish=wish, details=details, user=scene.user, key="form")


def _join(scene: Scene) -> Rule:
    details = make.make_details()
    return lambda: make.make_entry(scene.restaurant, browser="b" * 64, key="form", details=details)


def _accept(scene: Scene) -> Rule:
    entry = make.make_entry(scene.restaurant)
    booking.cancel(reservation=scene.reservation, by_guest=True)
    return lambda: waitlist.accept(entry=WaitlistEntry.objects.get(pk=entry.pk))


def _ask(scene: Scene) -> Rule:
    return lambda: make.make_request(scene.restaurant, browser="b" * 64, key="form")


def _accept_proposal(scene: Scene) -> Rule:
    request = make.make_request(scene.restaurant)
    wish = make.make_wish(scene.restaurant, party=12)
    requests.propose(request=request, wish=wish, user=scene.user, by=make.make_by(scene.user))
    return lambda: requests.accept_proposal(request=BookingRequest.objects.get(pk=request.pk))


def _walk_in(scene: Scene) -> Rule:
    return lambda: make.make_walk_in(scene.restaurant, user=scene.user, key="form")


@pytest.mark.parametrize(
    "rule",
    [_hold, _confirm, _book, _join, _accept, _ask, _accept_proposal, _walk_in],
    ids=lambda rule: rule.__name__.strip("_"),
)
def test_sent_again_it_is_the_same_row(
    scene: Scene, rule: Callable[[Scene], Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    do = rule(scene)
    with answer_lost(monkeypatch):
        do()
    done = rows()
    first, second = do(), do()
    assert first.pk == second.pk
    assert rows() == done
    assert (broken(scene.restaurant.pk), chains_broken(scene.restaurant)) == ({}, [])


def _cancel(scene: Scene) -> Rule:
    return lambda: booking.cancel(reservation=copy_of(scene), by_guest=True)


def _leave(scene: Scene) -> Rule:
    entry = make.make_entry(scene.restaurant)
    return lambda: waitlist.leave(entry=WaitlistEntry.objects.get(pk=entry.pk))


def _release(scene: Scene) -> Rule:
    hold = make.make_hold(scene.restaurant, at=dt.time(21))
    return lambda: booking.release(reservation=Reservation.objects.get(pk=hold.pk))


def _lift(scene: Scene) -> Rule:
    block = make.make_block(scene.restaurant, [scene.restaurant.tables.get(max_seats=12)])
    return lambda: blocking.lift(blocked=Block.objects.get(pk=block.pk), by=make.make_by(scene.user))


def _seat(scene: Scene) -> Rule:
    def seat() -> bool:
        with clock.at(scene.reservation.starts_at):
            return floor.seat(reservation=copy_of(scene), by=make.make_by(scene.user))

    return seat


def _move(scene: Scene) -> Rule:
    large = scene.restaurant.tables.get(max_seats=12).pk
    return lambda: floor.move(reservation=copy_of(scene), table_ids=(large,), by=make.make_by(scene.user))


@pytest.mark.parametrize(
    "rule", [_cancel, _leave, _release, _lift, _seat, _move], ids=lambda rule: rule.__name__.strip("_")
)
def test_sent_again_it_is_done_already(
    scene: Scene, rule: Callable[[Scene], Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    do = rule(scene)
    with answer_lost(monkeypatch):
        do()
    done = rows()
    assert do() is False
    assert rows() == done
    assert chains_broken(scene.restaurant) == []


def test_a_change_sent_again_by_who_had_read_it_before_is_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = copy_of(scene)
    wish = replace(wish_of(stale), start=stale.starts_at + dt.timedelta(hours=1))
    with answer_lost(monkeypatch):
        change(reservation=copy_of(scene), wish=wish)
    done = rows()
    assert change(reservation=stale, wish=wish) is False
    assert rows() == done


def test_what_is_said_on_the_way_again_is_said_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    rules: list[Rule] = [
        lambda: say_coming(reservation=copy_of(scene)),
        lambda: say_late(reservation=copy_of(scene), minutes=10),
        lambda: reduce_party(reservation=copy_of(scene), party=1),
    ]
    for rule in rules:
        with answer_lost(monkeypatch):
            rule()
        done = rows()
        rule()
        assert rows() == done


def test_a_diner_whose_confirmation_broke_off_presses_again_and_sees_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    diner = Diner(scene.restaurant)
    diner.client.raise_request_exception = False
    held = diner.hold("21:00")
    form = diner.details(held).form(diner.details_url(held))

    def commit_and_break(self: BaseDatabaseWrapper) -> None:
        commit(self)
        if Reservation.objects.filter(pk=held.pk, status="confirmed").exists():
            monkeypatch.undo()
            raise OperationalError("server closed the connection unexpectedly")

    commit = BaseDatabaseWrapper.commit
    monkeypatch.setattr(BaseDatabaseWrapper, "commit", commit_and_break)
    typed = {"name": "Ada Guest", "email": "ada@example.org", "phone": "030 7654321"}
    assert diner.send(form, "Confirm the reservation", **typed).status_code >= 500
    done = rows()
    response = diner.send(form, "Confirm the reservation", **typed)
    assert (response.status_code, held.reference in response["Location"]) == (302, True)
    assert (rows(), Reservation.objects.filter(status="confirmed").count()) == (done, 2)
