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


# --- Copies -------------------------------------------------------------------


def line(response: Any, number: int) -> tuple[str, list[int], str]:
    """Return a line as the page shows it: its name, its days and its first seating."""
    form = response.context["services"].forms[number]
    return form["name"].value(), [int(day) for day in form["weekdays"].value()], form["first_seating"].value()


def two_days(place: Restaurant) -> None:
    """Let there be lunch and dinner on Monday, and dinner at another time on Tuesday."""
    place.services.all().delete()
    make.make_service(place, name="Lunch", weekdays=0b1, first_seating=dt.time(12), last_seating=dt.time(14))
    make.make_service(place, name="Dinner", weekdays=0b1)
    make.make_service(place, name="Dinner", weekdays=0b10, first_seating=dt.time(19), last_seating=dt.time(22))


def test_a_service_is_copied_to_the_days_that_are_chosen(owner: Client, place: Restaurant) -> None:
    two_days(place)
    sent = {"_copy_days": "x", "copy-what": "line.0", "copy-days": [1, 5]}
    page = read(owner.get(address(place)))
    assert "Dinner (Mon) Dinner (Tue) All of Monday All of Tuesday To these days" in page.text
    response = send(owner, place, **sent)
    assert line(response, 3) == ("Lunch", [1, 5], "12:00")
    assert place.services.count() == 3
    # It is a line like any other: saved with the rest.
    typed = {"service-3-name": "Lunch", "service-3-weekdays": [1, 5]}
    times = {"service-3-first_seating": "12:30", "service-3-last_seating": "14:00"}
    assert send(owner, place, **typed, **times).status_code == 302
    assert place.services.filter(name="Lunch", weekdays=0b100010, first_seating=dt.time(12, 30)).exists()


def test_all_of_a_day_is_copied_and_what_other_days_have_stays(owner: Client, place: Restaurant) -> None:
    two_days(place)
    response = send(owner, place, **{"_copy_days": "x", "copy-what": "day.0", "copy-days": [1, 2]})
    assert line(response, 3) == ("Lunch", [1, 2], "12:00")
    assert line(response, 4) == ("Dinner", [2], "18:00")
    assert "“Dinner” takes place already, and stays as it is: Tue." in read(response).text
    assert place.services.count() == 3


def test_nothing_is_copied_where_every_day_has_it(owner: Client, place: Restaurant) -> None:
    page = owner.get(address(place))
    assert 'name="_copy"' not in page.content.decode()
    for sent in ({"_copy": "0"}, {"_copy_days": "x", "copy-what": "line.0", "copy-days": list(range(7))}):
        response = send(owner, place, **sent)
        assert "“Dinner” takes place already, and stays as it is: every day." in read(response).text
        assert response.context["services"].forms[1]["name"].value() == ""
    two_days(place)
    assert owner.get(address(place)).content.decode().count('name="_copy"') == 3
    # A service that is to be removed is neither copied nor in the way.
    gone = {"service-1-DELETE": "on", "service-2-DELETE": "on"}
    response = send(owner, place, **{"_copy_days": "x", "copy-what": "line.1", "copy-days": [3]} | gone)
    assert response.context["copying"].errors["what"]


def test_a_copy_that_makes_no_sense_is_said_and_changes_nothing(owner: Client, place: Restaurant) -> None:
    for what, days in (("", [1]), ("line.0", []), ("day.9", [1]), ("line." + "9" * 5000, [1]), ("line.0", ["²"])):
        response = send(owner, place, **{"_copy_days": "x", "copy-what": what, "copy-days": days})
        assert response.status_code == 200
        assert response.context["copying"].errors
    for number in range(19):
        make.make_service(place, name=f"Party {number}", weekdays=1)
    response = send(owner, place, **{"_copy_days": "x", "copy-what": "day.0", "copy-days": [1]})
    assert "There was no room for: Party 0" in read(response).text
    assert place.services.count() == 20
