"""Forms with somebody's contact: robots are asked once more, people lose nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client

from reservations.models import BookingRequest, Message, Reservation, WaitlistEntry
from tests.factories import days_ahead, make_reservation, make_venue, make_wish
from tests.pages import Form, read
from tests.reservations.diner import TYPED, Diner

pytestmark = pytest.mark.django_db

Way = tuple[Client, str, str, dict[str, str], Callable[[], int]]
"""A browser, a page with a form, the button of that, what a person types, and how much was done."""


def booking() -> Way:
    diner = Diner(make_venue())
    held = diner.hold()
    confirmed = Reservation.objects.filter(status=Reservation.Status.CONFIRMED)
    return diner.client, diner.details_url(held), "Confirm the reservation", TYPED, confirmed.count


def waiting() -> Way:
    place = make_venue(
        tables=(2,), service={"first_seating": dt.time(19), "last_seating": dt.time(19), "interval_minutes": 60}
    )
    make_reservation(place)
    diner = Diner(place)
    address = f"{diner.base}/waitlist/?date={days_ahead(place)}&party=2"
    return diner.client, address, "Join the waitlist", TYPED, WaitlistEntry.objects.count


def asking() -> Way:
    place = make_venue(tables=(2, 12), max_party=6)
    diner = Diner(place)
    address = f"{diner.base}/request/?date={days_ahead(place)}&party=10"
    typed = TYPED | {"start": make_wish(place).start.isoformat()}
    return diner.client, address, "Send the request", typed, BookingRequest.objects.count


def finding() -> Way:
    reservation = make_reservation(make_venue())
    typed = {"reference": reservation.reference, "email": "ada@example.org"}
    links = Message.objects.filter(kind=Message.Kind.LINK)
    return Client(), "/my-reservations/find/", "Send me the link", typed, links.count


@pytest.fixture(params=[booking, waiting, asking, finding])
def way(request: pytest.FixtureRequest) -> Way:
    made: Way = request.param()
    return made


@pytest.fixture(autouse=True)
def _patient(settings: Any) -> None:
    settings.FORM_MILLISECONDS = 1500


@pytest.fixture
def hand() -> Iterator[time_machine.Traveller]:
    """Stop the clock of this node."""
    with time_machine.travel(dt.datetime.now(dt.UTC), tick=False) as found:
        yield found


def form_of(response: Any, address: str) -> Form:
    """Return the form that the page sends to itself."""
    assert response.status_code in (200, 400)
    return read(response).form(address.partition("?")[0])


def send(way: Way, form: Form, **typed: str) -> Any:
    client, _address, label, words, _done = way
    return client.post(form.action, form.pressed(label, **{**words, **typed}))


def test_who_takes_their_time_notices_nothing(way: Way, hand: time_machine.Traveller) -> None:
    client, address, _label, _words, done = way
    form = form_of(client.get(address), address)
    hand.shift(2)
    assert send(way, form).status_code == 302
    assert done() == 1


def test_who_is_faster_than_people_is_asked_once_more(way: Way, hand: time_machine.Traveller) -> None:
    client, address, _label, words, done = way
    form = form_of(client.get(address), address)
    hand.shift(1)
    answer = send(way, form)
    assert (answer.status_code, done()) == (400, 0)
    page = read(answer)
    assert page.alerts[0].startswith("Please press the button once more.")
    again = form_of(answer, address)
    assert {name: again.values[name] for name in words if name != "phone"} == {
        name: value for name, value in words.items() if name != "phone"
    }
    # At once, and all is as it was typed.
    assert send(way, again).status_code == 302
    assert done() == 1


def test_what_fills_the_field_that_nobody_sees_is_told(way: Way, hand: time_machine.Traveller) -> None:
    client, address, _label, _words, done = way
    shown = client.get(address)
    assert '<div class="extra" aria-hidden="true">' in shown.content.decode()
    form = form_of(shown, address)
    assert form.values["website"] == ""
    hand.shift(5)
    answer = send(way, form, website="https://spam.example/")
    assert (answer.status_code, done()) == (400, 0)
    html = answer.content.decode()
    assert "Leave this field empty" in html
    assert 'class="extra"' not in html
    assert "spam.example" not in html
    assert send(way, form_of(answer, address)).status_code == 302
    assert done() == 1


@pytest.mark.parametrize("stamp", ["", "x", "again-1", "again-99999999999999.abc", "é\x00", "again-" + "9" * 5000])
def test_a_made_up_stamp_is_no_stamp(hand: time_machine.Traveller, stamp: str) -> None:
    way = booking()
    form = form_of(way[0].get(way[1]), way[1])
    hand.shift(5)
    assert send(way, form, shown=stamp).status_code == 400
    assert way[4]() == 0


def test_the_stamp_of_another_form_or_of_yesterday_is_no_stamp(hand: time_machine.Traveller) -> None:
    way, other = booking(), booking()
    form, foreign = (form_of(one[0].get(one[1]), one[1]) for one in (way, other))
    hand.shift(5)
    assert send(way, form, shown=foreign.values["shown"]).status_code == 400
    hand.shift(25 * 60 * 60)
    assert send(way, form).status_code == 400


def test_a_form_with_mistakes_says_those_first(hand: time_machine.Traveller) -> None:
    way = booking()
    form = form_of(way[0].get(way[1]), way[1])
    answer = send(way, form, name="")
    assert "once more" not in " ".join(read(answer).alerts)
    # Whoever puts it right has been seen to be there.
    assert send(way, form_of(answer, way[1])).status_code == 302


def test_no_time_is_asked_for_where_it_is_switched_off(settings: Any, way: Way) -> None:
    settings.FORM_MILLISECONDS = 0
    client, address, _label, _words, done = way
    assert send(way, form_of(client.get(address), address)).status_code == 302
    assert done() == 1
