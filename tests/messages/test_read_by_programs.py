"""What programs read of a mail is what the database says: its data by rdflib, its calendar entry by vobject."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import vobject

from reservations.models import Message, Reservation
from tests.factories import make_restaurant
from tests.messages.rows import Kind, mail_of, make_message, make_row, make_told
from tests.site.found.reading import graph_of, head_of, is_term, outside_of_the_vocabulary, the, values

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("addresses")]

HOSTILE = "</script><b>Ö & 'Söhne'; a,b\\n"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.CONFIRMATION, "ReservationConfirmed"),
        (Kind.CHANGE, "ReservationConfirmed"),
        (Kind.CANCELLATION, "ReservationCancelled"),
    ],
)
def test_the_reservation_stands_in_the_html_as_data(kind: Message.Kind, status: str) -> None:
    restaurant = make_restaurant(name=HOSTILE, timezone="Australia/Adelaide")
    mail = mail_of(make_told(kind, restaurant=restaurant, name=HOSTILE))
    row = Reservation.objects.get(restaurant=restaurant)
    graph = graph_of(head_of(mail.html))
    assert outside_of_the_vocabulary(graph) == ["FoodEstablishmentReservation: https://schema.org/reservationNumber"]
    told = the(graph, "FoodEstablishmentReservation")
    for name in ("reservationId", "reservationNumber"):
        assert values(graph, told, name) == [row.reference]
    (told_status,) = values(graph, told, "reservationStatus")
    assert is_term(told_status, status)
    assert values(graph, told, "partySize") == [row.party_size]
    (start,) = values(graph, told, "startTime")
    assert dt.datetime.fromisoformat(str(start)) == row.starts_at
    assert str(start).endswith(("+10:30", "+09:30")), "the restaurant's wall time"
    links = values(graph, told, "url")
    assert len(links) == (kind != Kind.CANCELLATION)
    assert all(link in mail.text for link in links)
    (guest,), (place,) = values(graph, told, "underName"), values(graph, told, "reservationFor")
    assert values(graph, guest, "name") == [HOSTILE]
    assert values(graph, place, "name") == [HOSTILE]
    (address,) = values(graph, place, "address")
    assert values(graph, address, "streetAddress") == [restaurant.street]
    assert "<b>" not in mail.html


def test_other_mails_have_no_data() -> None:
    for kind in (Kind.ASKED, Kind.REMINDER, Kind.STAFF_BOOKED, Kind.JOINED):
        assert head_of(mail_of(make_told(kind)).html).documents == [], kind


def calendar_of(message: Message) -> tuple[Any, Any]:
    (attached,) = mail_of(message).attachments
    calendar = vobject.readOne(attached.content)
    return calendar, calendar.vevent


def test_another_parser_reads_the_calendar_entry() -> None:
    restaurant = make_restaurant(name=HOSTILE)
    row = make_row(restaurant)
    calendar, event = calendar_of(make_message(Kind.CONFIRMATION, row))
    assert calendar.method.value == "REQUEST"
    assert event.dtstart.value == row.starts_at
    assert event.dtend.value == row.ends_at
    assert event.summary.value == HOSTILE
    assert event.location.value.startswith(HOSTILE)
    assert row.reference in event.description.value
    assert event.uid.value == f"{restaurant.pk}-{row.reference}@book.example.org"
    Reservation.objects.filter(pk=row.pk).update(status=Reservation.Status.CANCELLED)
    row.refresh_from_db()
    calendar, event = calendar_of(make_message(Kind.CANCELLATION, row))
    assert (calendar.method.value, event.status.value) == ("CANCEL", "CANCELLED")
