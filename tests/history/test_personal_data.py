"""No event holds who somebody is or what they told: erasing a guest then leaves the history as it was written."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict

import pytest

from reservations.engine import booking
from reservations.engine.booking import Details
from reservations.engine.errors import Refused
from reservations.history import trail
from reservations.history.happened import of_row
from reservations.history.trail import Event
from reservations.models import Guest, HistoryEvent, Reservation, Restaurant
from tests.factories import make_hold, make_staff, make_venue, make_wish, new_key
from tests.history.rows import happen

pytestmark = pytest.mark.django_db(transaction=True)

TOLD = Details(
    name="Zofia Wolańska",
    email="zofia.w@example.net",
    phone="+48221234567",
    occasion="birthday",
    dietary_needs="peanuts kill",
    note="my husband must not know",
    children=1,
    high_chairs=1,
)
SECRETS = ("Zofia", "Wolańska", "zofia.w", "example.net", "48221234567", "birthday", "peanuts", "husband")


def betrayed() -> list[str]:
    """Return which secrets stand in any column of any event."""
    rows = [json.dumps(asdict(of_row(row)), default=str, ensure_ascii=False) for row in HistoryEvent.objects.all()]
    return [secret for secret in SECRETS if any(secret.lower() in row.lower() for row in rows)]


def live(place: Restaurant) -> None:
    """Let a guest and staff do what they do, by the rules of booking."""
    staff = make_staff(name="Mika Host")
    first = make_hold(place, browser="a" * 64)
    booking.extend(reservation=first, details=TOLD)
    booking.confirm(reservation=first, details=TOLD)
    booking.cancel(reservation=first, by_guest=True)
    booking.release(reservation=make_hold(place, browser="b" * 64))
    make_hold(place, browser="c" * 64, lapsed=True)
    wish = make_wish(place, at=dt.time(20))
    booking.book(wish=wish, details=TOLD, user=staff, key=new_key(), pacing_reason="Zofia is a regular")
    with pytest.raises(Refused):
        booking.hold(wish=make_wish(place, party=99), browser="d" * 64, key=new_key(), details=TOLD)


def test_no_event_of_the_rules_holds_what_guests_told() -> None:
    place = make_venue()
    live(place)
    reservation = Reservation.objects.filter(name=TOLD.name).latest("pk")
    # A change of everything that was told, as the rules tell of it.
    changed = trail.difference({}, asdict(TOLD) | {"party_size": 4, "booker_email": TOLD.email, "tags": ["Zofia"]})
    guest = Guest.objects.create(restaurant=place, key="k", name=TOLD.name)
    happen(place, Event("changed", "reservation", reservation.pk, guest.pk, changed), date=reservation.service_date)
    assert HistoryEvent.objects.exists()
    assert betrayed() == []
    [event] = HistoryEvent.objects.filter(kind="changed", changes__party_size__1=4)
    assert {"name", "email", "phone", "note", "dietary_needs"} <= set(event.changes["told"])


def test_the_search_finds_what_an_event_betrays() -> None:
    place = make_venue()
    happen(place, Event("changed", "reservation", 1, changes={"nested": [{"name": TOLD.name.upper()}, TOLD.phone]}))
    assert betrayed() == ["Zofia", "Wolańska", "48221234567"]


def test_erasing_a_guest_breaks_no_chain() -> None:
    place = make_venue()
    guest = Guest.objects.create(restaurant=place, key="k", name=TOLD.name, email=TOLD.email)
    rows = happen(place, Event("confirmed", "reservation", 1, guest.pk), Event("seated", "reservation", 1, guest.pk))
    guest.delete()
    again = list(HistoryEvent.objects.order_by("position"))
    assert [of_row(row) for row in again] == [of_row(row) for row in rows]
    assert trail.check(again) == []
