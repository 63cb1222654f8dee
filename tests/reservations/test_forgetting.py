"""Who is forgotten when, and who booked for others: in time, and for nobody else's sake."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from reservations.engine import guests
from reservations.history.trail import COMMAND
from reservations.models import BookingRequest, Guest, HistoryEvent, Message, Reservation, Restaurant
from reservations.queries.traces import traces_of_contact
from tests.factories import days_ahead, make_seated, make_venue, make_wish, new_key
from tests.messages.rows import make_message
from tests.reservations.people import make_guest, make_request

pytestmark = pytest.mark.django_db(transaction=True)

ADA, FORMER = "ada@example.org", "ada@former.example"
BOOKER = {"booker_name": "Basil Booker", "booker_email": "basil@booker.example"}


@pytest.fixture
def venue() -> Restaurant:
    return make_venue(tables=(4, 4, 4), retention_days=100)


def past(restaurant: Restaurant, guest: Guest, days: int, **fields: Any) -> Reservation:
    """Write a visit of a guest so many days ago."""
    wish = make_wish(restaurant, date=days_ahead(restaurant, -days))
    told = {"name": guest.name, "email": guest.email, "status": Reservation.Status.FINISHED, "guest": guest}
    return make_seated(restaurant, [restaurant.tables.all()[0]], wish, **{**told, **fields})


@pytest.mark.parametrize("address", [ADA, FORMER])
def test_a_request_keeps_a_guest_from_being_forgotten(venue: Restaurant, address: str) -> None:
    guest = make_guest(venue, email=ADA, notes="Sits by the window")
    guests.merge(keep=guest, other=make_guest(venue, email=FORMER), by=COMMAND)
    Guest.objects.update(created_at=timezone.now() - dt.timedelta(days=200))
    make_request(venue, details={"email": address})
    guests.forget_old()
    guest.refresh_from_db()
    assert (guest.erased_at, guest.notes) == (None, "Sits by the window")
    BookingRequest.objects.update(email="else@example.org")
    guests.forget_old()
    guest.refresh_from_db()
    assert guest.erased_at


def test_who_booked_for_a_guest_who_still_comes_is_forgotten_by_the_date_of_the_visit(venue: Restaurant) -> None:
    guest = make_guest(venue, email="boss@example.org", name="The Boss")
    old, late = (past(venue, guest, days, **BOOKER) for days in (120, 20))
    for visit in (old, late):
        for recipient in (BOOKER["booker_email"], "table@example.org"):
            make_message(Message.Kind.LINK, visit, recipient=recipient)
    assert guests.forget_old() == 1
    old.refresh_from_db()
    late.refresh_from_db()
    assert (old.name, old.booker_name, old.booker_email) == ("The Boss", "", "")
    assert late.booker_email == BOOKER["booker_email"]
    told = Message.objects.order_by("pk").values_list("recipient", flat=True)
    assert list(told) == ["", "table@example.org", BOOKER["booker_email"], "table@example.org"]
    assert guests.forget_old() == 0


@pytest.mark.parametrize(("seconds", "left"), [(60.0, 0), (0.0, 3)])
def test_a_run_forgets_as_many_as_it_has_time_for(
    venue: Restaurant, monkeypatch: pytest.MonkeyPatch, seconds: float, left: int
) -> None:
    monkeypatch.setattr(guests, "_CHUNK", 2)
    monkeypatch.setattr(guests, "RUN_SECONDS", seconds)
    # Another retention is not barred by a backlog.
    other = make_venue(retention_days=90)
    for restaurant in (venue, venue, venue, venue, venue, other):
        make_guest(restaurant, email=f"{new_key()}@example.org")
    Guest.objects.update(created_at=timezone.now() - dt.timedelta(days=200))
    assert guests.forget_old() == 6 - left
    assert Guest.objects.filter(erased_at=None).count() == left


@pytest.mark.parametrize("is_guest", [True, False])
def test_a_booker_is_erased_from_the_visits_of_others(venue: Restaurant, is_guest: bool) -> None:
    visit = past(venue, make_guest(venue, email="boss@example.org", name="The Boss"), 9, **BOOKER)
    if is_guest:
        guests.erase(guest=make_guest(venue, email=BOOKER["booker_email"]), by=COMMAND)
    else:
        guests.erase_contact(traces=traces_of_contact(venue.pk, BOOKER["booker_email"], ""), by=COMMAND)
    visit.refresh_from_db()
    assert (visit.name, visit.booker_name, visit.booker_email) == ("The Boss", "", "")
    event = HistoryEvent.objects.get(subject="reservation", subject_number=visit.pk)
    assert (event.kind, event.changes) == ("changed", {"told": ["booker_email", "booker_name"]})
