"""The guide's page of services, once the restaurant runs: what a change touches is shown first; copies between days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from reservations.models import Reservation, Restaurant, Service
from tests import factories as make
from tests.pages import Page, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Restaurant:
    return make.make_venue(tables=(2, 2, 2))


@pytest.fixture
def owner(client: Client, place: Restaurant) -> Client:
    client.force_login(make.make_member(place, "owner"))
    return client


def address(place: Restaurant) -> str:
    return f"/admin/set-up/{place.pk}/services/"


def shown(owner: Client, place: Restaurant) -> dict[str, Any]:
    """Return what the page sends with nothing typed and no button of its own; ticked days are a list."""
    response = owner.get(address(place))
    form = next(form for form in read(response).forms if form.method == "post" and not form.action)
    days = {
        name: [
            int(day) for day in response.context["services"].forms[int(name.split("-")[1])]["weekdays"].value() or []
        ]
        for name in form.values
        if name.startswith("service-") and name.endswith("-weekdays")
    }
    return {name: value for name, value in form.values.items() if not name.startswith("_")} | days


def send(owner: Client, place: Restaurant, **typed: Any) -> Any:
    return owner.post(address(place), shown(owner, place) | typed)


def preview(response: Any) -> Page:
    assert response.status_code == 200
    return read(response)


def test_hours_are_changed_once_it_was_shown_whom_that_touches(owner: Client, place: Restaurant) -> None:
    booked = make.make_reservation(place, at=dt.time(19))
    page = preview(send(owner, place, **{"service-0-first_seating": "20:30", "service-0-last_seating": "21:00"}))
    assert "This change touches 1 reservation" in page.text
    assert "1 of them is then outside the hours." in page.text
    service = place.services.get()
    assert service.first_seating == dt.time(18)
    # Somebody else books meanwhile, and is shown too.
    other = make.make_reservation(place, at=dt.time(20, 30))
    again = preview(owner.post(address(place), page.forms[-1].values))
    assert "Other reservations are touched than were shown." in again.text
    assert owner.post(address(place), again.forms[-1].values)["Location"].endswith("/menu/")
    service.refresh_from_db()
    assert (service.first_seating, service.last_seating) == (dt.time(20, 30), dt.time(21))
    for row in (booked, other):
        row.refresh_from_db()
        assert (row.status, row.service_name) == (Reservation.Status.CONFIRMED, "Dinner")


def test_a_service_goes_once_it_was_shown_whom_that_touches(owner: Client, place: Restaurant) -> None:
    booked = make.make_reservation(place, at=dt.time(19))
    page = preview(send(owner, place, **{"service-0-DELETE": "on", "_back": "x"}))
    assert "This change touches 1 reservation" in page.text
    assert "1 of them is then outside the hours." in page.text
    assert Service.objects.filter(restaurant=place).exists()
    # It goes where the button that was pressed leads.
    assert owner.post(address(place), page.forms[-1].values)["Location"].endswith("/tables/")
    assert not Service.objects.filter(restaurant=place).exists()
    booked.refresh_from_db()
    assert booked.status == Reservation.Status.CONFIRMED


def test_what_touches_nobody_is_saved_at_once(owner: Client, place: Restaurant) -> None:
    make.make_reservation(place, at=dt.time(19))
    new = {
        "service-1-name": "Lunch",
        "service-1-weekdays": [0, 1],
        "service-1-first_seating": "12:00",
        "service-1-last_seating": "13:30",
    }
    assert send(owner, place, **{"turn-0-minutes": "75"} | new).status_code == 302
    assert send(owner, place, **{"service-0-last_seating": "13:00"}).status_code == 302
    assert list(place.services.order_by("first_seating").values_list("name", "weekdays")) == [
        ("Lunch", 0b11),
        ("Dinner", 0b1111111),
    ]
