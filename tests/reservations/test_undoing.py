"""Taking back what one touch did: everything is as before, or the refusal says what happened since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail

from reservations.engine import booking, due, floor, waitlist
from reservations.engine.arriving import add_note, arrive
from reservations.engine.blocking import block
from reservations.engine.errors import Reason
from reservations.engine.undoing import undo
from reservations.history.trail import GUEST
from reservations.messages.sending import send_due
from reservations.models import HistoryEvent, Message, Reservation, Restaurant, Table, User, WaitlistEntry
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.audited import audited
from tests.reservations.people import join_list, make_waiting
from tests.reservations.rows import chains_broken, claims, events, fresh, refused, snapshot

pytestmark = pytest.mark.django_db

TODAY = dt.date(2027, 6, 16)
SEVEN = dt.datetime(2027, 6, 16, 17, tzinfo=dt.UTC)
"""19:00 of a Wednesday in Berlin."""

MINUTE = dt.timedelta(minutes=1)
Status = Reservation.Status


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    with clock.at(SEVEN - 61 * MINUTE):
        yield


@pytest.fixture
def venue() -> Restaurant:
    """Two tables for two, and stays of two hours."""
    return make.make_venue(tables=(2, 2))


@pytest.fixture
def user() -> User:
    return make.make_staff()


def booked(restaurant: Restaurant, at: dt.time = dt.time(19), **wish: Any) -> Reservation:
    return make.make_reservation(restaurant, date=TODAY, at=at, **wish)


def last(reservation: Reservation) -> int:
    """Return the number of the newest event of a reservation."""
    rows = HistoryEvent.objects.filter(subject="reservation", subject_number=reservation.pk)
    return rows.order_by("-pk").values_list("pk", flat=True)[0]


def take_back(reservation: Reservation, event: int | None = None) -> bool:
    return undo(reservation=reservation, event=event or last(reservation), by=make.make_by())


def elsewhere(reservation: Reservation) -> Table:
    return Table.objects.exclude(pk__in=reservation.table_ids).get(restaurant=reservation.restaurant)


def _arrive(one: Reservation) -> bool:
    return arrive(reservation=one, by=make.make_by())


def _seat(one: Reservation) -> bool:
    return floor.seat(reservation=one, by=make.make_by())


def _finish(one: Reservation) -> bool:
    return floor.finish(reservation=one, by=make.make_by())


def _no_show(one: Reservation) -> bool:
    return floor.mark_no_show(reservation=one, by=make.make_by())


def _cancel(one: Reservation) -> bool:
    return booking.cancel(reservation=one, by_guest=False, by=make.make_by())


def _move(one: Reservation) -> bool:
    return floor.move(reservation=one, table_ids=(elsewhere(one).pk,), by=make.make_by())


def _note(one: Reservation) -> bool:
    return add_note(reservation=one, text="By the window,\n please", by=make.make_by())


TOUCHES = [_arrive, _seat, _finish, _no_show, _cancel, _move, _note]


def state(reservation: Reservation) -> dict[str, Any]:
    """Return the row without its version, which only rises, and the key of the form that made it."""
    row = Reservation.objects.filter(pk=reservation.pk).values().get()
    return {name: value for name, value in row.items() if name not in ("sequence", "idempotency_key")}


@pytest.mark.parametrize("touch", TOUCHES, ids=lambda touch: touch.__name__.strip("_"))
def test_each_touch_is_taken_back_once_and_everything_is_as_before(
    venue: Restaurant, touch: Callable[[Reservation], bool]
) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN + 7 * MINUTE):
        before, held = state(reservation), claims(reservation)
        assert touch(reservation)
        assert state(reservation) != before
        event = last(reservation)
        assert take_back(reservation)
        assert state(reservation) == before
        assert sorted(claims(reservation)) == sorted(held)
        # The second tap of an impatient finger, and another host's.
        again = snapshot(reservation)
        assert not take_back(reservation, event)
        assert snapshot(reservation) == again
        assert broken(venue.pk) == {}
        assert chains_broken(venue) == []
        assert audited().violated == {}


@pytest.mark.parametrize("touch", TOUCHES, ids=lambda touch: touch.__name__.strip("_"))
def test_what_changed_since_is_not_taken_back(venue: Restaurant, touch: Callable[[Reservation], bool]) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN + 7 * MINUTE):
        touch(reservation)
        event = last(reservation)
        add_note(reservation=reservation, text="Another host was here", by=make.make_by())
        before = snapshot(reservation)
        with refused(Reason.CHANGED_MEANWHILE):
            take_back(reservation, event)
        assert snapshot(reservation) == before


def _walk_in(one: Reservation) -> object:
    return floor.walk_in(
        restaurant=one.restaurant, party=2, user=make.make_staff(), by=make.make_by(), key=make.new_key(), minutes=30
    )


def _put_out_of_use(one: Reservation) -> object:
    return Table.objects.filter(restaurant=one.restaurant).update(is_active=False)


def _block_all(one: Reservation) -> object:
    start = SEVEN + 60 * MINUTE
    free = Table.objects.filter(restaurant=one.restaurant).exclude(claims__slot_start=start)
    return block(
        restaurant=one.restaurant,
        date=TODAY,
        start=start,
        end=start + 60 * MINUTE,
        table_ids=tuple(free.values_list("pk", flat=True)),
        user=make.make_staff(),
        by=make.make_by(),
    )


@pytest.mark.parametrize("touch", [_finish, _no_show, _cancel, _move], ids=lambda touch: touch.__name__.strip("_"))
@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [(_walk_in, Reason.TABLES_TAKEN), (_block_all, Reason.TABLES_TAKEN), (_put_out_of_use, Reason.WRONG_TABLES)],
    ids=lambda one: getattr(one, "__name__", str(one)).strip("_"),
)
def test_a_table_that_is_gone_is_not_taken_back(
    touch: Callable[[Reservation], bool], meanwhile: Callable[[Reservation], object], reason: Reason
) -> None:
    venue = make.make_venue(tables=(2, 2) if touch is _move else (2,))
    reservation = booked(venue)
    with clock.at(SEVEN + 7 * MINUTE):
        touch(reservation)
    # In the next slot: who left early keeps the one that runs.
    with clock.at(SEVEN + 17 * MINUTE):
        meanwhile(reservation)
        before = snapshot(reservation)
        with refused(reason):
            take_back(reservation)
        assert snapshot(reservation) == before
        assert broken(venue.pk) == {}


def test_an_undone_cancellation_does_not_jump_the_queue() -> None:
    venue = make.make_venue(tables=(2,))
    reservation = booked(venue)
    entry = join_list(venue, date=TODAY)
    _cancel(reservation)
    entry.refresh_from_db()
    assert entry.status == WaitlistEntry.Status.OFFERED
    with refused(Reason.TABLES_TAKEN):
        take_back(reservation)
    # Given back, with nobody else waiting, it is free again.
    waitlist.leave(entry=entry, by=GUEST)
    assert take_back(reservation)
    assert broken(venue.pk) == {}


def test_who_waits_is_served_before_anything_is_taken_back() -> None:
    venue = make.make_venue(tables=(2,))
    reservation = booked(venue)
    _cancel(reservation)
    wish = make.make_wish(venue, date=TODAY)
    # The job loop has not come by since: the offer is made here, and stays.
    entry = make_waiting(venue, wish=wish)
    with refused(Reason.TABLES_TAKEN):
        take_back(reservation)
    entry.refresh_from_db()
    assert entry.status == WaitlistEntry.Status.OFFERED
    assert fresh(reservation).status == Status.CANCELLED


def test_covers_that_others_have_got_are_not_taken_back() -> None:
    venue = make.make_venue(tables=(2, 2, 2), service={"max_covers": 4})
    reservation, _other = booked(venue), booked(venue)
    _cancel(reservation)
    third = booked(venue)
    with refused(Reason.PACING_FULL):
        take_back(reservation)
    _cancel(third)
    assert take_back(reservation)


def test_nothing_comes_back_to_a_closed_day(venue: Restaurant, user: User) -> None:
    reservation = booked(venue)
    _cancel(reservation)
    make.make_closure(venue, TODAY)
    with refused(Reason.CLOSED):
        take_back(reservation)


def test_a_guest_who_was_told_is_told_again(venue: Restaurant) -> None:
    reservation = booked(venue)
    kinds = Message.objects.filter(reservation=reservation).values_list("kind", flat=True)
    Message.objects.filter(reservation=reservation).update(status=Message.Status.SENT)
    _cancel(reservation)
    take_back(reservation)
    assert list(kinds.filter(status=Message.Status.WAITING)) == ["cancellation"]  # dropped, being true no more
    _cancel(reservation)
    Message.objects.filter(kind="cancellation").update(status=Message.Status.SENT)
    take_back(reservation)
    assert list(kinds.filter(status=Message.Status.WAITING)) == ["confirmation"]


def test_a_guest_who_was_perhaps_told_is_told_again(venue: Restaurant) -> None:
    """The connection to the mail server broke on the way, and the mail waits for its next attempt."""
    reservation = booked(venue)
    Message.objects.update(status=Message.Status.SENT)
    _cancel(reservation)
    Message.objects.filter(kind="cancellation").update(attempts=1, due_at=SEVEN)
    take_back(reservation)
    assert Message.objects.filter(kind="confirmation", status=Message.Status.WAITING).count() == 1


@pytest.mark.parametrize("tell", [True, False])
def test_what_was_dropped_for_a_cancellation_that_is_taken_back_is_sent(
    venue: Restaurant, settings: Any, tell: bool
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    reservation = booked(venue)
    booking.cancel(
        reservation=reservation, by_guest=False, by=make.make_by(), tell=tell, tell_after=dt.timedelta(minutes=2)
    )
    while send_due():
        pass
    dropped = Message.objects.get(kind="confirmation")
    assert dropped.status == Message.Status.DROPPED
    take_back(reservation)
    while send_due():
        pass
    assert [message.subject.partition(":")[0] for message in mail.outbox] == [f"Your table at {venue.name}"]


def test_who_is_cancelled_again_is_told_once(venue: Restaurant, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    reservation = booked(venue)
    Message.objects.update(status=Message.Status.SENT)
    _cancel(reservation)
    take_back(reservation)
    _cancel(reservation)
    while send_due():
        pass
    assert [message.subject.partition(":")[0] for message in mail.outbox] == ["Cancelled"]


def test_what_is_no_touch_of_staff_can_t_be_taken_back(venue: Restaurant, user: User) -> None:
    reservation = booked(venue)
    with refused(Reason.NOTHING_TO_UNDO):
        take_back(reservation)
    booking.cancel(reservation=reservation, by_guest=True)
    with refused(Reason.NOTHING_TO_UNDO):
        take_back(reservation)
    with clock.at(SEVEN):
        seated = floor.walk_in(restaurant=venue, party=2, user=user, by=make.make_by(user), key="walk")
        with refused(Reason.NOTHING_TO_UNDO):
            take_back(seated)
        # Nor is what took something back.
        _finish(seated)
        assert take_back(seated)
        with refused(Reason.NOTHING_TO_UNDO):
            take_back(seated)
    with refused(Reason.CHANGED_MEANWHILE):
        take_back(seated, 10**15)


def test_a_party_that_came_back_after_its_time_gets_the_slot_it_sits_in(venue: Restaurant) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN):
        _seat(reservation)
    with clock.at(SEVEN + 130 * MINUTE):
        _finish(reservation)
        assert take_back(reservation)
        assert fresh(reservation).status == Status.SEATED
        assert fresh(reservation).ends_at == SEVEN + 135 * MINUTE
        assert audited().violated == {}


def test_who_has_arrived_is_not_late(venue: Restaurant) -> None:
    there, away = booked(venue), booked(venue)
    with clock.at(SEVEN + 7 * MINUTE):
        assert _arrive(there)
        assert not _arrive(there)
    with clock.at(SEVEN + 20 * MINUTE):
        assert due.flag_late() == 1
        assert fresh(away).late_flagged_at
        assert _arrive(away)
        assert fresh(away).late_flagged_at is None
        assert due.flag_late() == 0
        assert take_back(away)
        assert due.flag_late() == 1
        came = fresh(there).arrived_at
        assert came
        assert _seat(there)
        assert fresh(there).arrived_at == came
        with refused(Reason.NOT_CONFIRMED):
            _arrive(there)


def test_nobody_arrives_before_the_day(venue: Restaurant) -> None:
    reservation = booked(venue)
    with clock.at(SEVEN - dt.timedelta(days=1)), refused(Reason.NOT_STARTED):
        _arrive(reservation)


def test_notes_grow_by_lines_up_to_their_length_and_stay_out_of_the_history(venue: Restaurant) -> None:
    reservation = make.make_reservation(venue, date=TODAY, details=make.make_details(note="Quiet"))
    assert _note(reservation)
    assert fresh(reservation).note == "Quiet\nBy the window, please"
    event = HistoryEvent.objects.get(pk=last(reservation))
    assert (event.kind, event.changes) == ("noted", {"note_length": [5, 27], "told": ["note"]})
    assert not add_note(reservation=reservation, text=" \n", by=make.make_by())
    with refused(Reason.NOTE_TOO_LONG):
        add_note(reservation=reservation, text="x" * 980, by=make.make_by())
    # Erased with the guest meanwhile: there is no line to take away.
    number = last(reservation)
    Reservation.objects.filter(pk=reservation.pk).update(note="")
    with refused(Reason.CHANGED_MEANWHILE):
        take_back(reservation, number)
    assert events(venue, TODAY)[-1] == "reservation noted"


def test_a_party_moved_and_moved_back_when_its_time_is_over_needs_no_table(venue: Restaurant) -> None:
    over, after = booked(venue), booked(venue, dt.time(21))
    with clock.at(SEVEN + 190 * MINUTE):
        assert _move(over)
        assert take_back(over)
        row = fresh(over)
        assert (row.status, row.table_ids, row.ends_at) == (Status.CONFIRMED, over.table_ids, over.ends_at)
        assert claims(over) == []
        assert fresh(after).table_ids
        assert broken(venue.pk) == {}
        assert audited().violated == {}
