"""The times of a date as JSON, for programs: its shape, both nights on which the clocks change, and refusals."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from reservations.engine.errors import Reason
from reservations.models import Restaurant
from tests.factories import days_ahead, make_closure, make_reservation, make_table, make_venue
from tests.pages import read
from tests.reservations.diner import Diner

pytestmark = pytest.mark.django_db

JSON = {"accept": "application/json"}


def ask(restaurant: Restaurant, date: object, party: object = 2, **more: str) -> Any:
    response = Client().get(
        f"/restaurants/{restaurant.slug}/times/", {"date": str(date), "party": str(party), **more}, headers=JSON
    )
    assert response["Content-Type"] == "application/json"
    return response


def walls(answer: Any) -> list[tuple[str, str]]:
    """Return each time's local clock and offset."""
    return [(time["start"][11:16], time["start"][19:]) for time in answer.json()["times"]]


def test_the_shape() -> None:
    place = make_venue(tables=(2,))
    date = days_ahead(place)
    make_reservation(place)
    answer = ask(place, date)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["restaurant"], body["date"], body["party"]) == (place.slug, date.isoformat(), 2)
    assert (body["timezone"], body["reason"]) == ("Europe/Berlin", None)
    assert len(body["times"]) == 9
    for time in body["times"]:
        assert {"start", "start_utc", "bookable", "reason"} <= set(time)
        start, utc = dt.datetime.fromisoformat(time["start"]), dt.datetime.fromisoformat(time["start_utc"])
        assert start == utc
        assert start.utcoffset() == start.astimezone(ZoneInfo("Europe/Berlin")).utcoffset()
        assert time["start_utc"].endswith("Z")
        assert start.date() == date
        assert time["bookable"] is (time["reason"] is None)
    reasons = {time["start"][11:16]: time["reason"] for time in body["times"]}
    assert reasons["19:00"] == Reason.TABLES_TAKEN
    assert reasons["21:00"] is None


def test_it_is_the_same_that_the_page_offers() -> None:
    place = make_venue(tables=(2,))
    make_reservation(place, at=dt.time(20))
    offered = {
        button.value: not button.disabled for button in Diner(place).times().form("/hold/").buttons if button.name
    }
    told = {
        dt.datetime.fromisoformat(time["start_utc"]): time["bookable"]
        for time in ask(place, days_ahead(place)).json()["times"]
    }
    assert {dt.datetime.fromisoformat(value): free for value, free in offered.items()} == told


def test_a_start_can_be_held() -> None:
    place = make_venue()
    diner = Diner(place)
    start = ask(place, days_ahead(place)).json()["times"][2]["start"]
    form = diner.times().form("/hold/")
    held = diner.client.post(form.action, form.values | {"start": start})
    assert held.status_code == 302
    assert place.reservations.get().starts_at == dt.datetime.fromisoformat(start)


def test_area_and_step_free_are_asked_for_too() -> None:
    place = make_venue(tables=(2,))
    area = place.areas.get()
    date = days_ahead(place)
    assert ask(place, date, area=str(area.pk)).json()["times"][0]["bookable"]
    assert ask(place, date, step_free="on").json()["times"][0]["reason"] == Reason.NO_TABLE
    make_table(place, is_step_free=True)
    assert ask(place, date, step_free="on").json()["times"][0]["bookable"]


@pytest.mark.parametrize(
    ("fields", "days", "reason"),
    [
        ({"online_booking": "off"}, 7, Reason.ONLINE_BOOKING_OFF),
        ({"online_booking": "hours_unknown"}, 7, Reason.HOURS_UNKNOWN),
        ({}, 8, Reason.CLOSED),
        ({"booking_window_days": 6}, 7, Reason.TOO_FAR),
    ],
)
def test_a_day_without_times_has_a_reason(fields: dict[str, Any], days: int, reason: Reason) -> None:
    place = make_venue(**fields)
    make_closure(place, days_ahead(place, 8))
    body = ask(place, days_ahead(place, days)).json()
    assert body["times"] == []
    assert body["reason"] == reason


# --- Clock changes ----------------------------------------------------------


@pytest.fixture
def night() -> Restaurant:
    """Return a place that seats guests from 00:30 to 04:00, every half hour."""
    return make_venue(
        service={"first_seating": dt.time(0, 30), "last_seating": dt.time(4)}, booking_window_days=60, hold_minutes=5
    )


def test_the_skipped_hour_is_not_offered(night: Restaurant) -> None:
    with time_machine.travel(dt.datetime(2027, 3, 20, 12, tzinfo=dt.UTC), tick=False):
        answer = ask(night, "2027-03-28")
        before = ask(night, "2027-03-27")
    assert walls(answer) == [
        *((clock, "+01:00") for clock in ("00:30", "01:00", "01:30")),
        *((clock, "+02:00") for clock in ("03:00", "03:30", "04:00")),
    ]
    utc = [time["start_utc"] for time in answer.json()["times"]]
    assert utc[2:4] == ["2027-03-28T00:30:00Z", "2027-03-28T01:00:00Z"]
    assert len(walls(before)) == 8
    assert all(time["bookable"] for time in answer.json()["times"])


def test_the_doubled_hour_is_offered_twice(night: Restaurant) -> None:
    with time_machine.travel(dt.datetime(2027, 10, 25, 12, tzinfo=dt.UTC), tick=False):
        answer = ask(night, "2027-10-31")
        page = Diner(night).times("2027-10-31")
    assert walls(answer) == [
        *((clock, "+02:00") for clock in ("00:30", "01:00", "01:30", "02:00", "02:30")),
        *((clock, "+01:00") for clock in ("02:00", "02:30", "03:00", "03:30", "04:00")),
    ]
    utc = [time["start_utc"] for time in answer.json()["times"]]
    assert utc == sorted(set(utc))
    assert utc[3] == "2027-10-31T00:00:00Z"
    assert utc[5] == "2027-10-31T01:00:00Z"
    # People tell them apart by the zone's name, and only where they have to.
    labels = [button.label for button in page.form("/hold/").buttons]
    assert labels[2:7] == ["01:30", "02:00 CEST", "02:30 CEST", "02:00 CET", "02:30 CET"]


def test_both_of_the_doubled_hour_can_be_booked(night: Restaurant) -> None:
    night.turn_minutes, night.booking_window_days = 60, 730
    night.save()
    night.tables.exclude(pk=night.tables.first().pk).delete()  # type: ignore[union-attr]
    change = next_doubled_night(night)
    diners = [Diner(night), Diner(night)]
    held = [diner.hold(at, date=change) for diner, at in zip(diners, ("02:00 CEST", "02:00 CET"), strict=True)]
    assert held[1].starts_at - held[0].starts_at == dt.timedelta(hours=1)
    assert [reservation.local_start.hour for reservation in held] == [2, 2]
    for diner, reservation, zone in zip(diners, held, ("CEST", "CET"), strict=True):
        assert f", 02:00 {zone} ·" in diner.details(reservation).text
        confirmed = diner.confirm(reservation)
        assert f"02:00 {zone}" in read(diner.client.get(confirmed["Location"])).text
        assert f", 02:00 {zone}" in read(diner.client.get("/my-reservations/")).text


def next_doubled_night(restaurant: Restaurant) -> dt.date:
    """Return the next date on which the clocks of the restaurant go back."""
    for days in range(2, 400):
        date = days_ahead(restaurant, days)
        noons = [dt.datetime.combine(day, dt.time(12), restaurant.zone) for day in (date - dt.timedelta(1), date)]
        if (noons[0].utcoffset() or dt.timedelta()) > (noons[1].utcoffset() or dt.timedelta()):
            return date
    raise AssertionError("no zone of these tests is without a change")


# --- Refusals ---------------------------------------------------------------


@pytest.mark.parametrize("party", ["0", "-1", "1000", "two", "", "9" * 5000, "2.5", "1e3", "NaN", "🍕", "2;3"])
def test_a_party_that_is_none(party: str) -> None:
    place = make_venue()
    answer = ask(place, days_ahead(place), party)
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert set(errors) == {"party"}
    assert errors["party"][0]["message"]
    assert errors["party"][0]["code"]


@pytest.mark.parametrize(
    "date",
    [
        *("2027-02-30", "2027-13-01", "0000-00-00", "0001-01-01", "9999-12-31", "99999-01-01", "2020-01-01", "today"),
        *("", "2027/01/01", "2027-01-01T00:00", "1e9", "🍕", "-2027-01-01", "\x01"),
    ],
)
def test_a_date_that_is_none(date: str) -> None:
    answer = ask(make_venue(), date)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"date"}


def test_every_error_at_once() -> None:
    answer = ask(make_venue(), "today", "two", area="x")
    assert set(answer.json()["errors"]) == {"date", "party", "area"}


def test_a_restaurant_that_is_not_there() -> None:
    make_venue()
    assert Client().get("/restaurants/nothing/times/", headers=JSON).status_code == 404


def test_errors_are_in_the_language_of_the_address() -> None:
    place = make_venue()
    url = f"/restaurants/{place.slug}/times/?date=2027-02-30&party=2"
    english, german = (Client().get(prefix + url, headers=JSON) for prefix in ("", "/de"))
    assert english["Content-Language"] == "en"
    assert german["Content-Language"] == "de"
    assert german.status_code == 400


# --- Who gets JSON ----------------------------------------------------------

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("APPLICATION/JSON", True),
        ("application/json, text/plain, */*", True),
        ("application/json;q=0.9, text/html;q=0.8", True),
        ("text/html;q=0.5, application/json", True),
        ("application/*", True),
        (FIREFOX, False),
        (CHROME, False),
        ("*/*", False),
        ("", False),
        (None, False),
        ("text/*", False),
        ("text/html, application/json", False),
        ("application/json;q=0.1, text/html", False),
        ("application/json;q=0", False),
        ("image/png", False),
        (";;;,,/,q=", False),
        ("application/json;q=nan", True),
        ("x" * 8000, False),
        ("application/json\u00e9", False),
    ],
)
def test_who_gets_json(accept: str | None, json: bool) -> None:
    place = make_venue()
    headers = {} if accept is None else {"accept": accept}
    response = Client().get(
        f"/restaurants/{place.slug}/times/", {"date": str(days_ahead(place)), "party": "2"}, headers=headers
    )
    assert response.status_code == 200
    assert response["Content-Type"] == ("application/json" if json else "text/html; charset=utf-8")
    assert "accept" in response["Vary"].lower()
    if json:
        assert not response.cookies
        assert "cookie" not in response["Vary"].lower()


def test_head_is_answered() -> None:
    place = make_venue()
    response = Client().head(f"/restaurants/{place.slug}/times/", headers=JSON)
    assert (response.status_code, response.content) == (200, b"")
    assert Client().post(f"/restaurants/{place.slug}/times/", headers=JSON).status_code == 405
