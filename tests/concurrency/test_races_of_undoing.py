"""Two who act on what one touch did: it is taken back once, and never past somebody who was quicker."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from reservations.engine import booking, undoing
from reservations.engine.arriving import add_note
from reservations.engine.errors import Reason
from reservations.engine.undoing import undo
from reservations.models import HistoryEvent, Reservation, Restaurant
from tests import factories as make
from tests.concurrency.crew import Crew
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, fresh

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

ROUNDS = 8
Status = Reservation.Status


@pytest.fixture
def pair(transactional_db: None) -> Iterator[Crew]:
    """Two threads."""
    with Crew(2) as threads:
        yield threads


@pytest.fixture
def one_table(transactional_db: None) -> Restaurant:
    return make.make_venue(tables=(2,), booking_window_days=730)


def cancelled(restaurant: Restaurant, number: int) -> tuple[Reservation, int]:
    """Return a reservation that staff have cancelled, of a date of its own round, and the event that says so."""
    reservation = make.make_reservation(restaurant, date=make.days_ahead(restaurant, 2 + number))
    booking.cancel(reservation=reservation, by_guest=False, by=make.make_by())
    return reservation, HistoryEvent.objects.get(subject_number=reservation.pk, kind="cancelled").pk


def test_of_two_who_take_back_one_does(pair: Crew, one_table: Restaurant) -> None:
    for number in range(ROUNDS):
        reservation, event = cancelled(one_table, number)
        work = [partial(undo, reservation=fresh(reservation), event=event, by=make.make_by()) for _one in range(2)]
        assert sorted(pair.race(work)) == [False, True]
        assert fresh(reservation).status == Status.CONFIRMED
    assert (broken(one_table.pk), chains_broken(one_table)) == ({}, [])


def test_a_diner_and_an_undo_never_both_have_the_table(pair: Crew, one_table: Restaurant) -> None:
    for number in range(ROUNDS):
        reservation, event = cancelled(one_table, number)
        take_back = partial(undo, reservation=fresh(reservation), event=event, by=make.make_by())
        hold = partial(make.make_hold, one_table, date=reservation.service_date)
        answers = pair.race([take_back, hold])
        assert answers.count(Reason.TABLES_TAKEN) == 1, answers
    assert (broken(one_table.pk), chains_broken(one_table)) == ({}, [])


def notes_after_a_race(pair: Crew, restaurant: Restaurant, number: int) -> tuple[list[object], str]:
    """Let one add a line while another takes the line before it away."""
    reservation = make.make_reservation(restaurant, date=make.days_ahead(restaurant, 2 + number))
    add_note(reservation=reservation, text="one", by=make.make_by())
    event = HistoryEvent.objects.get(subject_number=reservation.pk, kind="noted").pk
    answers = pair.race(
        [
            partial(undo, reservation=fresh(reservation), event=event, by=make.make_by()),
            partial(add_note, reservation=fresh(reservation), text="two", by=make.make_by()),
        ]
    )
    return answers, fresh(reservation).note


def test_no_line_is_lost_to_who_takes_another_back(pair: Crew, one_table: Restaurant) -> None:
    for number in range(ROUNDS):
        answers, note = notes_after_a_race(pair, one_table, number)
        assert (answers, note) in (([True, True], "two"), ([Reason.CHANGED_MEANWHILE, True], "one\ntwo"))


def test_control_without_looking_at_what_came_since_a_line_is_lost(
    pair: Crew, one_table: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first(row: Reservation, _day: object) -> HistoryEvent:
        return HistoryEvent.objects.get(subject_number=row.pk, kind="noted", changes__note_length=[0, 3])

    monkeypatch.setattr(undoing, "_last", first)
    reservation = make.make_reservation(one_table)
    for text in ("one", "two"):
        add_note(reservation=reservation, text=text, by=make.make_by())
    # Only the length of the note still holds it back.
    event = first(reservation, None).pk
    Reservation.objects.filter(pk=reservation.pk).update(note="two")
    assert undo(reservation=reservation, event=event, by=make.make_by())
    assert fresh(reservation).note == ""
