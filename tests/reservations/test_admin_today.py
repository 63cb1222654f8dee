"""The admin's first page: what is going on at each restaurant, and where one acts on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from reservations.admin.formats import date_text
from reservations.engine import floor
from reservations.engine.booking import cancel
from reservations.engine.changing import change, wish_of
from reservations.engine.undoing import undo
from reservations.models import HistoryEvent, Message, Reservation, Restaurant, User
from tests.factories import (
    days_ahead,
    make_by,
    make_closure,
    make_reservation,
    make_restaurant,
    make_special_day,
    make_staff,
)
from tests.reservations.evening import make_house, make_party, of_restaurant, signed_in, tonight
from tests.reservations.people import make_waiting

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff(email="host@example.org", name="Hanna Host"))
    return client


def cards(client: Client, **query: str) -> dict[str, Any]:
    """Return the cards of the page by the restaurant's name."""
    response = client.get("/admin/", query)
    assert response.status_code == 200
    assert " style=" not in response.content.decode().partition('id="today"')[2].partition("</section>")[0]
    return {card.restaurant.name: card for card in response.context["today"].cards}


def addresses(card: Any) -> dict[str, str]:
    return {fact.text: fact.address for fact in (*card.services, *card.facts, *card.closures)}


def make_busy(**fields: Any) -> Restaurant:
    """Return a restaurant with one of everything that the page tells."""
    restaurant = make_house(tables=(2,) * 6, service={"name": "Dinner"}, **fields)
    make_party(restaurant, 1, starts=-45, name="Lara Late")
    make_party(restaurant, 2, starts=-45, name="Arrived", arrived_at=timezone.now())
    make_party(restaurant, 3, starts=30, party=3, name="Soon")
    make_party(restaurant, 4, starts=-30, status=Status.SEATED)
    gone = make_party(restaurant, 5, starts=30)
    cancel(reservation=gone, by_guest=False)
    waiting = make_waiting(restaurant)
    type(waiting).objects.filter(pk=waiting.pk).update(service_date=tonight(restaurant))
    make_closure(restaurant, tonight(restaurant) + dt.timedelta(days=2))
    make_special_day(restaurant, tonight(restaurant) + dt.timedelta(days=3))
    Message.objects.filter(restaurant=restaurant).update(status=Message.Status.FAILED)
    return restaurant


def test_each_number_leads_to_where_one_acts(staff: Client) -> None:
    restaurant = make_busy(name="Zur Linde")
    found = addresses(cards(staff)["Zur Linde"])
    floor = of_restaurant(restaurant)
    closed, special = (text for text in found if text.startswith("Closed on "))
    assert found == {
        "Dinner: 9 covers": reverse(
            "admin:reservations_restaurant_sheet", args=(restaurant.pk, tonight(restaurant).isoformat())
        ),
        "1 party within the hour (3 covers)": f"{floor}#arriving",
        "1 late party": f"{floor}#late",
        "2 covers seated": f"{floor}#seated",
        "Since yesterday: 0 new, 0 changed, 1 cancelled": reverse(
            "admin:reservations_historyevent_restaurant", args=(restaurant.pk,)
        ),
        "Waitlist: 1 waiting, 0 with an offer": f"{floor}#waitlist",
        "1 message could not be sent": found["1 message could not be sent"],
        closed: found[closed],
        special: found[special],
    }
    for address in found.values():
        assert staff.get(address, follow=True).status_code == 200


def since_yesterday(client: Client, name: str) -> str:
    """Return what the card says of bookings, or "" where it says nothing."""
    texts = [fact.text for fact in cards(client)[name].facts]
    return next((text.partition(": ")[2] for text in texts if text.startswith("Since yesterday")), "")


def take_back(reservation: Reservation) -> None:
    last = HistoryEvent.objects.filter(subject="reservation", subject_number=reservation.pk).latest("pk")
    assert undo(reservation=reservation, event=last.pk, by=make_by())


def test_a_booking_is_new_or_changed_once(staff: Client) -> None:
    restaurant = make_house(tables=(2,) * 4, name="Zur Linde")
    date = days_ahead(restaurant, 3)
    booked = make_reservation(restaurant, date=date)
    make_reservation(restaurant, date=date)
    assert since_yesterday(staff, "Zur Linde") == "2 new, 0 changed, 0 cancelled"
    # It leaves one day and comes to another, and both days' chains tell of it.
    wish = wish_of(booked)
    day = dt.timedelta(days=1)
    assert change(reservation=booked, wish=replace(wish, date=date + day, start=wish.start + day))
    assert since_yesterday(staff, "Zur Linde") == "2 new, 1 changed, 0 cancelled"


def test_what_was_taken_back_is_no_booking(staff: Client) -> None:
    restaurant = make_house(tables=(2,) * 4, name="Zur Linde")
    seated, missed, gone = (make_party(restaurant, number, starts=-15) for number in (1, 2, 3))
    floor.seat(reservation=seated, by=make_by())
    floor.mark_no_show(reservation=missed, by=make_by())
    cancel(reservation=gone, by_guest=False, by=make_by())
    assert since_yesterday(staff, "Zur Linde") == "0 new, 0 changed, 1 cancelled"
    for row in (seated, missed, gone):
        take_back(row)
        assert row.status == Status.CONFIRMED
    assert since_yesterday(staff, "Zur Linde") == ""
    cancel(reservation=gone, by_guest=False, by=make_by())
    assert since_yesterday(staff, "Zur Linde") == "0 new, 0 changed, 1 cancelled"


def test_closed_special_days_and_closures_of_one_service_are_told(staff: Client) -> None:
    restaurant = make_house(tables=(2,), name="Zur Linde")
    date, day = tonight(restaurant), dt.timedelta(days=1)
    make_closure(restaurant, date + day, date + 3 * day, service=restaurant.services.get())
    make_special_day(restaurant, date, name="Staff outing")
    make_special_day(restaurant, date + 2 * day)
    # Open, over, and too far ahead.
    make_special_day(restaurant, date + day, is_closed=False)
    make_special_day(restaurant, date - day)
    make_special_day(restaurant, date + 8 * day)
    make_special_day(make_house(tables=(2,), name="Elsewhere"), date)
    assert [fact.text for fact in cards(staff)["Zur Linde"].closures] == [
        f"Closed on {date_text(date)} (Staff outing)",
        f"Closed from {date_text(date + day)} to {date_text(date + 3 * day)} (Dinner)",
        f"Closed on {date_text(date + 2 * day)} (all)",
    ]
    for fact in cards(staff)["Zur Linde"].closures:
        assert staff.get(fact.address).context["cl"].result_count


def test_many_cost_as_much_as_one_and_busy_ones_come_first(staff: Client) -> None:
    def count() -> int:
        # The first may ask besides whether Redis is still there, and what content types there are.
        for _turn in range(2):
            with CaptureQueriesContext(connection) as queries:
                staff.get("/admin/")
        return len(queries)

    make_busy(name="Busy 1", position=9)
    few = count()
    for number in range(2, 4):
        make_busy(name=f"Busy {number}", position=9)
    for number in range(30):
        make_restaurant(name=f"Idle {number:02}th", city="Rom")
    assert count() == few
    found = list(cards(staff))
    assert found[:3] == ["Busy 1", "Busy 2", "Busy 3"]
    assert len(found) == 20
    assert len(cards(staff, **{"from": "1"})) == 13
    assert list(cards(staff, q="rom 07th")) == ["Idle 07th"]
    for odd in ("x", "-1", "9" * 30, "\x00", "<b>", "%"):
        staff.get("/admin/", {"q": odd, "from": odd})


def test_who_sees_no_floor_sees_no_day(client: Client) -> None:
    make_busy(name="Zur Linde")
    signed_in(client, "view_guest")
    page = client.get("/admin/")
    assert page.context["today"] is None
    assert b"Zur Linde" not in page.content
    signed_in(client, "view_reservation")
    found = addresses(cards(client)["Zur Linde"])
    assert not any("could not be sent" in text for text in found)
    assert User.objects.filter(is_superuser=True).count() == 0
