"""What a page that has slept is told of its hold: as the server counts, and to this browser alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import booking
from reservations.models import Reservation
from tests.factories import make_venue
from tests.reservations.diner import Diner, lapse

pytestmark = pytest.mark.django_db(transaction=True)


def left(diner: Diner, held: Reservation) -> Any:
    response = diner.client.get(f"{diner.details_url(held)}left/")
    assert "no-store" in response["Cache-Control"]
    return response.json()


def test_the_seconds_are_the_servers_and_end_with_the_hold() -> None:
    diner = Diner(make_venue(tables=(2,)))
    held = diner.hold()
    told = left(diner, held)
    assert told["state"] == "held"
    assert 590 <= told["seconds"] <= 600
    Reservation.objects.update(held_until=timezone.now() + dt.timedelta(seconds=119))
    assert 110 <= left(diner, held)["seconds"] <= 119
    stranger = Client().get(f"{diner.details_url(held)}left/")
    assert (stranger.status_code, stranger.json()) == (404, {"state": "lapsed", "seconds": 0})
    assert diner.client.post(f"{diner.details_url(held)}left/").status_code == 405
    lapse(held)
    assert left(diner, held) == {"state": "lapsed", "seconds": 0}


def test_what_is_confirmed_is_done_and_what_is_given_back_has_lapsed() -> None:
    diner = Diner(make_venue(tables=(2, 2)))
    held = diner.hold()
    assert diner.confirm(held).status_code == 302
    assert left(diner, held) == {"state": "done", "seconds": 0}
    other = diner.hold("20:00")
    booking.release(reservation=other)
    assert left(diner, other) == {"state": "lapsed", "seconds": 0}


def test_a_hold_that_has_lapsed_offers_the_same_time_with_what_was_typed() -> None:
    diner = Diner(make_venue(tables=(2,)))
    held = diner.hold()
    lapse(held)
    page = diner.details(held)
    form = page.form(diner.details_url(held))
    response = diner.send(form, "Hold the same time again", name="Slow Typist", note="By the window")
    assert response.status_code == 302
    again = Reservation.objects.get(status=Reservation.Status.HELD)
    assert (again.starts_at, again.name, again.note) == (held.starts_at, "Slow Typist", "By the window")
    assert again.reference in response["Location"]
