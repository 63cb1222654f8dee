"""Input that nobody's browser should send: each gets a page or a form error, never a 5xx, and keeps what was typed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from reservations.engine.errors import Reason
from reservations.models import Refusal, Reservation, Restaurant
from reservations.reasons import diner_day_text, diner_text
from tests.conftest import Site
from tests.factories import days_ahead, make_area, make_closure, make_venue, utc
from tests.pages import read
from tests.reservations.diner import TYPED, Diner
from tests.wire import Wire

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def place() -> Restaurant:
    restaurant = make_venue(tables=(2, 4))
    make_area(restaurant)
    make_venue()
    return restaurant


def hold_data(diner: Diner, **more: Any) -> dict[str, Any]:
    """Return what a press on 19:00 in a week sends."""
    return diner.times().form("/hold/").pressed("19:00") | more


# --- What is looked for -----------------------------------------------------


@pytest.mark.parametrize(
    ("party", "says"),
    [
        ("0", "A table is for at least one guest."),
        ("-1", "A table is for at least one guest."),
        ("1000", "We can't seat that many."),
        ("two", "Give the number of guests in digits"),
        ("2.5", "Give the number of guests in digits"),
        ("9" * 5000, "Give the number of guests in digits"),
        ("", "Say how many of you will come."),
        ("  ", "Give the number of guests in digits"),
        ("2\x01", "Give the number of guests in digits"),
    ],
)
def test_a_party_that_is_none(place: Restaurant, party: str, says: str) -> None:
    diner = Diner(place)
    page = diner.times(party=party)
    assert says in page.text
    assert page.form("/times/").values["party"] == party
    assert page.form("/times/").values["date"] == str(days_ahead(place))
    response = diner.client.post(f"{diner.base}/hold/", hold_data(diner, party=party))
    assert response.status_code == 400
    assert says in read(response).text
    assert not Reservation.objects.exists()


@pytest.mark.parametrize(
    ("date", "says"),
    [
        ("2020-01-01", "This day has passed."),
        ("0001-01-01", "This day has passed."),
        ("9999-12-31", "This date is too far away."),
        ("2027-02-30", "This is not a date of the calendar."),
        ("2027-13-45", "This is not a date of the calendar."),
        ("99999-01-01", "This is not a date of the calendar."),
        ("0000-00-00", "This is not a date of the calendar."),
        ("today", "This is not a date of the calendar."),
        ("01.02.2027", "This is not a date of the calendar."),
        ("", "Choose a date."),
    ],
)
def test_a_date_that_is_none(place: Restaurant, date: str, says: str) -> None:
    diner = Diner(place)
    data = hold_data(diner)
    response = diner.client.get(f"{diner.base}/times/", {"date": date, "party": "2"})
    assert response.status_code == 200
    page = read(response)
    assert says in page.text
    assert page.form("/times/").values["date"] == date
    assert page.form("/times/").values["party"] == "2"
    response = diner.client.post(f"{diner.base}/hold/", data | {"date": date})
    assert response.status_code == 400
    assert says in read(response).text
    assert not Reservation.objects.exists()


def test_a_date_beyond_the_window_is_refused_with_the_reason(place: Restaurant) -> None:
    diner = Diner(place)
    date = days_ahead(place, place.booking_window_days + 2)
    assert diner_day_text(Reason.TOO_FAR) in diner.times(date).text
    start = utc(place, date, dt.time(19))
    data = hold_data(diner, date=str(date), start=start.isoformat())
    response = diner.client.post(f"{diner.base}/hold/", data)
    assert response.status_code == 409
    assert diner_text(Reason.TOO_FAR) in read(response).text


@pytest.mark.parametrize(
    ("start", "status"),
    [
        ("nonsense", 400),
        ("", 400),
        ("19:00", 400),
        ("{date}T19:00", 400),
        ("{date}", 400),
        ("{date}T18:00:00+99:99", 400),
        ("9999-12-31T23:59:59-12:00", 400),
        ("0001-01-01T00:00:00+12:00", 400),
        ("x" * 41, 400),
        ("🍕", 400),
        ("0001-01-01T00:00:00+00:00", 400),
        ("9999-12-31T23:59:59.999999+00:00", 400),
        ("{date}T03:00:00+00:00", 409),
        ("{date}T18:00:01+00:00", 409),
        ("{date}T18:07:00Z", 409),
        ("{next}T18:00:00Z", 409),
    ],
)
def test_a_start_that_is_not_offered(place: Restaurant, start: str, status: int) -> None:
    diner = Diner(place)
    start = start.format(date=days_ahead(place), next=days_ahead(place, 8))
    response = diner.client.post(f"{diner.base}/hold/", hold_data(diner, start=start))
    assert response.status_code == status
    page = read(response)
    assert page.alerts
    # The day's times are there to choose from.
    assert not page.form("/hold/").button("19:00").disabled
    assert not Reservation.objects.exists()


def test_a_start_of_the_night_that_skips_it() -> None:
    night = make_venue(
        service={"first_seating": dt.time(0, 30), "last_seating": dt.time(4)}, booking_window_days=730, turn_minutes=30
    )
    date = next(day for day in (days_ahead(night, days) for days in range(2, 400)) if skips(night, day))
    diner = Diner(night)
    page = diner.times(date, time="02:30")
    labels = [button.label for button in page.form("/hold/").buttons]
    assert "02:30" not in labels
    assert "03:30" in labels
    # As a program that goes by the wall clock would send it, with either offset.
    for hour in (0, 1):
        start = dt.datetime.combine(date, dt.time(hour, 30), dt.UTC).isoformat()
        response = diner.client.post(f"{diner.base}/hold/", page.form("/hold/").values | {"start": start})
        assert response.status_code == 302
        held = Reservation.objects.get(status=Status.HELD)
        assert held.local_start.hour == (1 if hour == 0 else 3)
    assert Reservation.objects.filter(status=Status.HELD).count() == 1


def skips(restaurant: Restaurant, date: dt.date) -> bool:
    wall = dt.datetime.combine(date, dt.time(2, 30))
    return (
        wall.replace(tzinfo=restaurant.zone).astimezone(dt.UTC).astimezone(restaurant.zone).replace(tzinfo=None) != wall
    )


@pytest.mark.parametrize("key", ["", "short", "k" * 65, "with\x01control", "🗝" * 20])
def test_a_key_that_is_none(place: Restaurant, key: str) -> None:
    diner = Diner(place)
    response = diner.client.post(f"{diner.base}/hold/", hold_data(diner, key=key))
    assert response.status_code in (302, 400)
    if response.status_code == 400:
        assert "Please choose the time from the list again." in read(response).alerts


def test_a_start_that_a_closure_has_taken_since(place: Restaurant) -> None:
    diner = Diner(place)
    data = hold_data(diner)
    make_closure(place, days_ahead(place))
    response = diner.client.post(f"{diner.base}/hold/", data)
    assert response.status_code == 409
    assert diner_text(Reason.CLOSED) in read(response).text
    assert Refusal.objects.get().reason == Reason.CLOSED


# --- Too much ---------------------------------------------------------------


def test_a_note_of_five_thousand_characters_keeps_everything(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    typed = {
        **TYPED,
        "note": "Lots to say. " * 400,
        "dietary_needs": "no nuts",
        "occasion": "birthday",
        "children": "1",
    }
    response = diner.confirm(held, **typed)
    assert response.status_code == 400
    page = read(response)
    assert any("A note for the restaurant" in alert and "at most 1000 characters" in alert for alert in page.alerts)
    kept = page.form(diner.details_url(held)).values
    assert {name: kept[name] for name in typed} == typed


@pytest.mark.parametrize("megabytes", [2, 10])
def test_a_note_of_megabytes_is_too_large(place: Restaurant, megabytes: int) -> None:
    diner = Diner(place)
    held = diner.hold()
    response = diner.client.post(diner.details_url(held), {**TYPED, "note": "x" * (megabytes * 1024 * 1024)})
    assert response.status_code == 413
    page = read(response)
    assert "That is more text than we can take" in page.headings
    assert "Go back" in page.text
    assert Reservation.objects.get().status == Status.HELD


def test_gunicorn_answers_a_note_of_ten_megabytes(site: Site) -> None:
    """Over a real connection the answer has to arrive, though the browser is still sending."""
    place = make_venue()
    wire = Wire(site.url)
    times = wire.get(f"/restaurants/{place.slug}/times/?date={days_ahead(place)}&party=2").page
    location = wire.send(times.form("/hold/"), "19:00").headers["Location"]
    form = wire.get(location).page.form(location)
    answer = wire.send(form, "Confirm the reservation", **{**TYPED, "note": "x" * (10 * 1024 * 1024)})
    assert answer.status == 413
    assert "That is more text than we can take" in answer.page.headings
    assert answer.headers["Content-Security-Policy"]
    assert Reservation.objects.get().status == Status.HELD
    assert wire.send(form, "Confirm the reservation", **TYPED).status == 302


# --- A form without its token -----------------------------------------------


def test_a_form_without_its_token_can_be_sent_again(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    diner.client.handler.enforce_csrf_checks = True
    typed = {**TYPED, "note": "<b>Window</b> & 'view'\nplease", "children": "1"}
    response = diner.client.post(diner.details_url(held), typed)
    assert response.status_code == 403
    page = read(response)
    assert page.headings[0] == "Please send that once more"
    assert "<b>Window</b> & 'view'" in page.text
    assert "csrfmiddlewaretoken" not in page.text
    form = page.forms[0]
    assert form.action == diner.details_url(held)
    assert {name: form.values[name] for name in typed} == typed
    assert Reservation.objects.get().status == Status.HELD
    assert diner.send(form, "Send it again").status_code == 302
    assert Reservation.objects.get().status == Status.CONFIRMED
    assert Reservation.objects.get().note == typed["note"]


def test_a_restaurant_may_be_called_as_the_admin_is() -> None:
    diner = Diner(make_venue(slug="admin"))
    held = diner.hold()
    diner.client.handler.enforce_csrf_checks = True
    page = read(diner.client.post(diner.details_url(held), TYPED))
    assert {name: page.forms[0].values[name] for name in TYPED} == TYPED


@pytest.mark.parametrize("token", ["", "x", "\x00" * 64, "🍕" * 16, "a" * 64, "a" * 32])
def test_a_form_with_a_wrong_token(place: Restaurant, token: str) -> None:
    diner = Diner(place)
    held = diner.hold()
    diner.client.handler.enforce_csrf_checks = True
    response = diner.client.post(diner.details_url(held), {**TYPED, "csrfmiddlewaretoken": token})
    assert response.status_code == 403
    assert diner.send(read(response).forms[0], "Send it again").status_code == 302


def test_a_browser_without_cookies_is_told(place: Restaurant) -> None:
    form = Diner(place).times().form("/hold/")
    response = Client(enforce_csrf_checks=True).post(form.action, form.pressed("19:00"))
    assert response.status_code == 403
    page = read(response)
    assert page.headings[0] == "Your browser sends no cookies"
    assert "Nothing was booked or changed. Please allow cookies for this site" in page.text
    assert page.links["To the restaurant, with its phone number"] == f"/restaurants/{place.slug}/"
    assert not Reservation.objects.exists()


def test_a_form_from_another_site_is_not_sent_again_by_itself(place: Restaurant) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        f"/restaurants/{place.slug}/hold/", {"start": "x"}, headers={"origin": "https://evil.example"}
    )
    assert response.status_code == 403
    assert "<script" not in response.content.decode()


def test_a_lost_token_in_the_admin_shows_no_field(place: Restaurant) -> None:
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a@b.de", "password": "hunter2"})
    assert response.status_code == 403
    assert "hunter2" not in response.content.decode()
