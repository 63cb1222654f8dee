"""Whoever has lost a link gets it again, at the address that booked; nobody learns which reservations there are."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from reservations.engine import finding
from reservations.forms import FindForm
from reservations.models import Message, Reservation, Restaurant
from tests.factories import make_details, make_hold, make_reservation, make_venue
from tests.pages import read

pytestmark = pytest.mark.django_db

Status = Reservation.Status
URL = "/my-reservations/find/"


@pytest.fixture
def place() -> Restaurant:
    return make_venue()


def ask(reference: str, email: str = "ada@example.org") -> Any:
    return Client().post(URL, {"reference": reference, "email": email})


def sent() -> list[tuple[int | None, str]]:
    rows = Message.objects.filter(kind=Message.Kind.LINK).order_by("pk")
    return list(rows.values_list("reservation_id", "recipient"))


def test_the_link_goes_to_the_address_that_booked(place: Restaurant) -> None:
    reservation = make_reservation(place)
    form = read(Client().get(URL)).form(URL)
    assert set(form.values) == {"csrfmiddlewaretoken", "reference", "email", "website", "shown"}
    answer = ask(reservation.reference)
    assert answer.status_code == 302
    page = read(Client().get(answer["Location"]))
    assert "If there is a reservation with this reference and address" in page.text
    assert sent() == [(reservation.pk, "ada@example.org")]


@pytest.mark.parametrize("typed", ["4X8KM2POA1I", "4x8km2poali"])
def test_a_letter_that_no_reference_has_is_read_as_the_digit(typed: str) -> None:
    form = FindForm({"reference": typed, "email": "ada@example.org"})
    assert form.is_valid()
    assert form.cleaned_data["reference"] == "4X8KM2P0A11"


@pytest.mark.parametrize(
    ("spell", "email"),
    [
        (str.lower, "ada@example.org"),
        (lambda text: f"  {text[:3]} {text[3:6]}-{text[6:]} ", "ADA@Example.org "),
        # As wide as a Japanese keyboard makes them.
        (lambda text: "".join(chr(ord(char) + 0xFEE0) for char in text), "ada@example.org"),
    ],
)
def test_however_it_is_spelt(place: Restaurant, spell: Any, email: str) -> None:
    reservation = make_reservation(place)
    ask(spell(reservation.reference), email)
    assert sent() == [(reservation.pk, "ada@example.org")]


def test_a_booker_finds_it_and_gets_it(place: Restaurant) -> None:
    reservation = make_reservation(place, details=make_details(booker_name="Bo", booker_email="bo@example.org"))
    ask(reservation.reference, "bo@example.org")
    assert sent() == [(reservation.pk, "bo@example.org")]


def test_for_whom_somebody_has_booked_is_told_that_the_booker_gets_it(place: Restaurant) -> None:
    reservation = make_reservation(place, details=make_details(booker_name="Bo", booker_email="bo@example.org"))
    answer = ask(reservation.reference, "ada@example.org")
    assert sent() == [(reservation.pk, "bo@example.org")]
    assert "its link is on its way to whoever booked it" in read(Client().get(answer["Location"])).text


def test_the_answer_is_the_same_whether_it_exists_or_not(place: Restaurant) -> None:
    reservation = make_reservation(place)
    held = make_hold(place, at=dt.time(21))
    answers = [
        ask(reservation.reference),
        ask(reservation.reference, "somebody@example.org"),
        ask("AAAAAAAAA"),
        ask(held.reference),
        ask(reservation.reference),
    ]
    assert {(answer.status_code, answer["Location"], answer.content) for answer in answers} == {
        (302, f"{URL}?sent=1", b"")
    }
    assert len({frozenset(dict(answer.items())) for answer in answers}) == 1
    assert sent() == [(reservation.pk, "ada@example.org")]


def test_every_restaurant_with_the_reference_writes(place: Restaurant) -> None:
    found = [make_reservation(place), make_reservation(make_venue())]
    Reservation.objects.update(reference="SAME00000")
    ask("SAME00000")
    assert [pk for pk, _to in sent()] == [row.pk for row in found]


@pytest.mark.parametrize(
    ("status", "days", "goes"),
    [
        (Status.CONFIRMED, 3, True),
        (Status.SEATED, 0, True),
        (Status.FINISHED, -59, True),
        (Status.CANCELLED, 5, True),
        (Status.NO_SHOW, -59, True),
        (Status.FINISHED, -61, False),
        (Status.CANCELLED, -61, False),
        (Status.HELD, 3, False),
        (Status.EXPIRED, 3, False),
        (Status.RELEASED, 3, False),
    ],
)
def test_which_are_found(place: Restaurant, status: str, days: int, goes: bool) -> None:
    reservation = make_reservation(place)
    Reservation.objects.update(status=status, starts_at=timezone.now() + dt.timedelta(days=days))
    ask(reservation.reference)
    assert bool(sent()) is goes


def test_at_most_one_in_five_minutes(place: Restaurant) -> None:
    reservation = make_reservation(place)
    for _press in range(3):
        ask(reservation.reference)
    assert len(sent()) == 1
    Message.objects.filter(kind=Message.Kind.LINK).update(
        created_at=timezone.now() - dt.timedelta(minutes=5, seconds=1)
    )
    ask(reservation.reference)
    assert len(sent()) == 2


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_message(place: Restaurant) -> None:
    reservation = make_reservation(place)
    barrier = threading.Barrier(4)

    def press() -> None:
        try:
            barrier.wait(10)
            finding.send_link(reference=reservation.reference, email="ada@example.org")
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent()) == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"reference": ""}, "Give the reference"),
        ({"reference": "x" * 41}, "at most 40 characters"),
        ({"reference": "a\x00b"}, "Null characters are not allowed."),
        ({"email": ""}, "Give the address that you booked with."),
        ({"email": "ada@"}, "Enter a valid email address."),
        ({"email": "ada\x00@example.org"}, "Null characters are not allowed."),
        ({"email": "x" * 5000 + "@example.org"}, "at most 320 characters"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_is_said_and_kept(place: Restaurant, typed: dict[str, str], says: str) -> None:
    reservation = make_reservation(place)
    data = {"reference": reservation.reference, "email": "ada@example.org", **typed}
    answer = Client().post(URL, data)
    assert answer.status_code == 400
    page = read(answer)
    assert any(says in alert for alert in page.alerts), page.alerts
    assert {name: page.form(URL).values[name] for name in data} == data
    assert not sent()


@pytest.mark.parametrize("reference", ["🍕", "'; DROP TABLE", "%", "٣٣", "\u2028x", "--", "ß"])
def test_odd_references_get_the_usual_answer(place: Restaurant, reference: str) -> None:
    make_reservation(place)
    assert ask(reference)["Location"] == f"{URL}?sent=1"
    assert not sent()


def test_opening_sends_nothing_and_is_never_cached(place: Restaurant) -> None:
    reservation = make_reservation(place)
    answer = Client().get(URL, {"reference": reservation.reference, "email": "ada@example.org"})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert not sent()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(URL, {"reference": reservation.reference, "email": "ada@example.org"}).status_code == 403


def test_it_is_linked_where_links_are_missed(place: Restaurant) -> None:
    assert read(Client().get("/my-reservations/")).links["Lost your link?"] == URL
    page = read(Client().get(f"/restaurants/{place.slug}/reservations/AAAAAAAAA.x/"))
    assert page.links["Send me the link again"] == URL
