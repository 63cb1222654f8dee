"""Several things happen to one guest at once: it stays one row, and no visit is lost to a merge or an erasure."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
from django.db.models import QuerySet

from reservations.engine import booking, confirming, guests, waitlist
from reservations.engine.confirming import take_hold
from reservations.engine.due import serve_waitlists
from reservations.engine.errors import Reason
from reservations.engine.known import guest_from
from reservations.history.trail import COMMAND
from reservations.models import Guest, Reservation, Restaurant
from reservations.queries.guests import counts_of
from tests import factories as make
from tests.concurrency.crew import Crew, winners
from tests.reservations.people import make_guest, make_waiting

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]

THREADS = 8
ADA = make.make_details()


@pytest.fixture
def venue(transactional_db: None) -> Restaurant:
    return make.make_venue(tables=(2,) * 4)


def visit(venue: Restaurant, guest: Guest, day: int) -> None:
    wish = make.make_wish(venue, date=make.days_ahead(venue, day))
    make.make_seated(venue, [venue.tables.all()[0]], wish, guest=guest, status=Reservation.Status.FINISHED)


def book_at_once(crew: Crew, venue: Restaurant, number: int) -> list[Reservation]:
    """Let a guest book eight dates at once, so that no day's lock makes one wait for another."""
    told = make.make_details(email=f"ada{number}@example.org", phone="")
    holds = [make.make_hold(venue, date=make.days_ahead(venue, day + 2)) for day in range(THREADS)]
    booked = winners(crew.race([partial(booking.confirm, reservation=hold, details=told) for hold in holds]))
    for row in booked:
        booking.cancel(reservation=row, by_guest=False)
    return booked


def test_guest_of_eight_bookings_at_once_is_one_row(crew: Crew, venue: Restaurant) -> None:
    for number in range(5):
        booked = book_at_once(crew, venue, number)
        assert len(booked) == THREADS
        assert Guest.objects.filter(email=f"ada{number}@example.org").count() == 1
        assert len({row.guest_id for row in booked}) == 1


def test_without_its_key_a_guest_is_several(crew: Crew, venue: Restaurant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what keeps it one row is the key's constraint."""
    monkeypatch.setattr("reservations.engine.known.contact_key", lambda _email, _phone: make.new_key())
    rows = 0
    for number in range(5):
        book_at_once(crew, venue, number)
        rows += Guest.objects.filter(email=f"ada{number}@example.org").count()
    assert rows > 5


def test_merges_in_a_ring_end_and_visits_add_up(crew: Crew, venue: Restaurant) -> None:
    for number in range(10):
        ring = [make_guest(venue, email=f"{number}-{place}@example.org") for place in range(4)]
        for place, guest in enumerate(ring):
            visit(venue, guest, 2 + 4 * number + place)

        def merge(keep: Guest, other: Guest) -> None:
            guests.merge(keep=Guest.objects.get(pk=keep.pk), other=Guest.objects.get(pk=other.pk), by=COMMAND)

        pairs = [(ring[place], ring[(place + step) % 4]) for place in range(4) for step in (1, 3)]
        answers = crew.race([partial(merge, *pair) for pair in pairs])
        assert set(answers) <= {None, Reason.OTHER_GUEST}
        assert None in answers
        rows = list(Guest.objects.filter(pk__in=[guest.pk for guest in ring]))
        roots = [row for row in rows if row.merged_into_id is None]
        # Each guest that is left has its own visit and those of what was merged into it, and no sign leads to a sign.
        assert sum(counts_of(row.pk).visits for row in roots) == 4
        for root in roots:
            assert counts_of(root.pk).visits == 1 + sum(row.merged_into_id == root.pk for row in rows)


class Pause:
    """Stops a booking between finding its guest and committing, until the other has had its time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found, self.go = threading.Event(), threading.Event()
        monkeypatch.setattr(confirming, "guest_from", self)

    def __call__(self, *args: Any) -> int:
        pk = guest_from(*args)
        self.found.set()
        self.go.wait(1)
        return pk


def book_meanwhile(crew: Crew, venue: Restaurant, monkeypatch: pytest.MonkeyPatch, ending: str) -> Reservation:
    """Let a guest book, and be merged or erased while the booking is under way; return the reservation."""
    guest = make_guest(venue, email=ADA.email)
    hold = make.make_hold(venue)
    pause = Pause(monkeypatch)

    def end() -> None:
        assert pause.found.wait(10)
        if ending == "merged":
            guests.merge(keep=make_guest(venue, email="kept@example.org"), other=guest, by=COMMAND)
        else:
            guests.erase(guest=guest, by=COMMAND)
        pause.go.set()

    crew.race([lambda: booking.confirm(reservation=hold, details=ADA), end])
    return Reservation.objects.select_related("guest").get(pk=hold.pk)


@pytest.mark.parametrize("ending", ["merged", "erased"])
def test_guest_who_books_meanwhile_is_where_the_visit_is(
    crew: Crew, venue: Restaurant, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    booked = book_meanwhile(crew, venue, monkeypatch, ending)
    assert booked.guest is not None
    assert (booked.guest.merged_into_id, booked.guest.erased_at) == (None, None)


@pytest.mark.parametrize("ending", ["merged", "erased"])
def test_without_the_guests_lock_the_visit_is_lost(
    crew: Crew, venue: Restaurant, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """The control: without its lock the booking comes to a guest that is no more."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *_args, **_kwargs: self)
    booked = book_meanwhile(crew, venue, monkeypatch, ending)
    assert booked.guest is not None
    assert booked.guest.merged_into_id or booked.guest.erased_at


def test_who_accepts_an_offer_while_being_merged_is_the_guest_who_was_kept(
    crew: Crew, venue: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest, keep = make_guest(venue, email=ADA.email), make_guest(venue, email="kept@example.org")
    entry = make_waiting(venue, guest=guest, email=ADA.email)
    serve_waitlists()
    begun, merged = threading.Event(), threading.Event()

    def take_slowly(*args: Any) -> bool:
        begun.set()
        merged.wait(1)
        return take_hold(*args)

    def merge() -> None:
        assert begun.wait(10)
        guests.merge(keep=keep, other=guest, by=COMMAND)
        merged.set()

    monkeypatch.setattr(waitlist, "take_hold", take_slowly)
    crew.race([lambda: waitlist.accept(entry=entry), merge])
    assert Reservation.objects.get().guest_id == keep.pk
