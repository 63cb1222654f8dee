"""Input that nobody's browser should send: each gets a page or a form error, never a 5xx, and keeps what was typed."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reservations.engine.errors import Reason
from reservations.links import reservation_token
from reservations.models import Refusal, Reservation, Restaurant
from reservations.reasons import diner_day_text, diner_text
from tests.conftest import Site
from tests.factories import days_ahead, make_area, make_closure, make_reservation, make_venue, utc
from tests.pages import read
from tests.reservations.diner import TYPED, Diner
from tests.wire import Wire

pytestmark = pytest.mark.django_db

Status = Reservation.Status

# Texts that have broken programs before.
HOSTILE = {
    "NUL": "a\x00b",
    "emoji": "👩‍👩‍👧🍕\U0001f9c1",
    "right to left": "\u202eשלום مرحبا\u202c",
    "replacement": "\ufffd",
    "line separator": "a\u2028b\u2029\x85",
    "controls": "\x01\x08\x1b[31m\x7f",
    "quotes": "'\";--<script>alert(1)</script>{{ 7 }}{% now %}",
    "format": "%s %(name)s {0} $1",
    "newlines": "a\r\nb\nc\rd",
    "byte order mark": "\ufeffa",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "long": "x" * 50_000,
}
DETAILS = ("name", "email", "phone", "occasion", "children", "high_chairs", "dietary_needs", "needs_step_free", "note")


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
        ("  ", "Say how many of you will come."),
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
    assert (
        page.form("/times/").values
        == {"date": date, "party": "2", "area": ""} | ({} if "area" in page.form("/times/").values else {"area": ""})
        or page.form("/times/").values["date"] == date
    )
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
        ("0001-01-01T00:00:00+00:00", 409),
        ("9999-12-31T23:59:59.999999+00:00", 409),
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


# --- Hostile texts everywhere -----------------------------------------------


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_in_every_query(place: Restaurant, text: str) -> None:
    client = Client(raise_request_exception=False)
    base = f"/restaurants/{place.slug}"
    for url, names in {
        "/": ("q", "city", "cuisine", "page"),
        f"{base}/": ("anything",),
        f"{base}/times/": ("date", "party", "area", "step_free", "time"),
        f"{base}/menu/": ("x",),
        "/my-reservations/": ("x",),
        "/de/": ("q",),
    }.items():
        for name in names:
            given = {"date": str(days_ahead(place)), "party": "2"} | {name: text, text[:40]: text}
            for headers in ({}, {"accept": "application/json"}, {"hx-request": "true"}):
                response = client.get(url, given, headers=headers)
                assert response.status_code == 400 if "\x00" in text else response.status_code in (200, 400)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_in_every_field_of_a_hold(place: Restaurant, text: str) -> None:
    diner = Diner(place, raise_request_exception=False)
    data = hold_data(diner)
    for name in [*data, *DETAILS, "unknown", text[:50]]:
        response = diner.client.post(f"{diner.base}/hold/", data | {name: text})
        assert response.status_code in (302, 400, 409), name


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_in_every_detail(place: Restaurant, text: str) -> None:
    for name in (*DETAILS, "unknown"):
        diner = Diner(place, raise_request_exception=False)
        held = diner.hold()
        extended = diner.client.post(f"{diner.details_url(held)}extend/", TYPED | {name: text})
        assert extended.status_code == 302
        assert diner.client.get(diner.details_url(held)).status_code == 200
        response = diner.client.post(diner.details_url(held), TYPED | {name: text})
        assert response.status_code in (302, 400), name
        if response.status_code == 400:
            page = read(response)
            assert page.alerts
            if name not in ("occasion", "needs_step_free"):
                # A page can't hold a NUL byte, and HTML reads one kind of newline.
                kept = page.form(diner.details_url(held)).values[name].replace("\r\n", "\n").replace("\r", "\n")
                wanted = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
                assert kept.replace("\x00", "").replace("\ufffd", "") == wanted.replace("\ufffd", ""), name
        else:
            shown = diner.client.get(response["Location"])
            assert shown.status_code == 200
            assert "<script>alert" not in shown.content.decode()
            assert diner.client.get("/my-reservations/").status_code == 200
        Reservation.objects.all().delete() if not Reservation.objects.filter(claims__isnull=False) else clear()


def clear() -> None:
    """Free every table."""
    for reservation in Reservation.objects.all():
        reservation.claims.all().delete()
        reservation.delete()


@pytest.mark.parametrize(
    "raw", ["%00", "%ED%A0%80", "%FF%FE", "%", "%zz", "%C0%80", "%F0%9F%8D%95", "%0d%0aSet-Cookie:x=1", "+", "%2500"]
)
def test_percent_signs_that_mean_nothing(place: Restaurant, raw: str) -> None:
    diner = Diner(place, raise_request_exception=False)
    held = diner.hold()
    base = diner.base
    for url in (
        f"/?q={raw}",
        f"/?{raw}=1",
        f"{base}/times/?date={raw}&party={raw}&area={raw}&time={raw}",
        f"/restaurants/{raw}/",
        f"{base}/holds/{raw}/",
        f"{base}/reservations/{raw}/",
        f"{base}/reservations/{raw}.{raw}/",
        f"/{raw}",
        f"/de/{raw}/",
        f"/static/{raw}",
    ):
        response = diner.client.get(url)
        assert response.status_code in (200, 400, 404), url
        assert "x=1" not in str(response.headers.get("Set-Cookie", ""))
    body = f"name={raw}&email={raw}&phone={raw}&note={raw}&{raw}={raw}"
    for url in (diner.details_url(held), f"{base}/hold/"):
        response = diner.client.post(url, body, content_type="application/x-www-form-urlencoded")
        assert response.status_code == 400 or (raw, url) == ("+", f"{base}/hold/") or response.status_code == 200


@pytest.mark.parametrize(
    "cookie",
    [
        'sessionid="\\000aaaaaaaaaaaaaaaa"; browser="\\000:1:x"; csrftoken="\\000aaaa"',
        "sessionid=%00; browser=x:y:z; csrftoken=short",
        "sessionid=" + "a" * 32 + "; browser=" + "a" * 3000 + "; csrftoken=" + "a" * 64,
        'sessionid="\\377\\376"; browser="\\377"; csrftoken="\\377"',
        "=;;;=x; sessionid; browser=; csrftoken=",
        "sessionid=🍕; browser=🍕; csrftoken=🍕",
        "browser=" + "a" * 32 + ":1xVZRC:" + "b" * 43,
        "django_language=xx; messages=nonsense; django_timezone=\\000",
    ],
)
def test_hostile_cookies(place: Restaurant, cookie: str) -> None:
    held = Diner(place).hold()
    reservation = make_reservation(place)
    token = reservation_token(place.pk, reservation.reference)
    client = Client(raise_request_exception=False)
    # As the server hands it on: bytes as Latin-1.
    sent = {"HTTP_COOKIE": cookie.encode().decode("latin-1")}
    base = f"/restaurants/{place.slug}"
    for url, status in {
        "/": 200,
        "/my-reservations/": 200,
        f"{base}/times/": 200,
        f"{base}/holds/{held.reference}/": 404,
        f"{base}/reservations/{token}/": 200,
        "/admin/": 302,
        "/admin/login/": 200,
    }.items():
        assert client.get(url, **sent).status_code == status, url
    assert client.post(f"{base}/holds/{held.reference}/", TYPED, **sent).status_code == 404
    checked = Client(raise_request_exception=False, enforce_csrf_checks=True)
    assert checked.post(f"{base}/hold/", TYPED, **sent).status_code == 403


# --- Bodies of the wrong kind -----------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps({"name": "Ada", "start": "x"}).encode()),
        ("application/json", b"{"),
        ("text/plain", b"name=Ada"),
        ("", b"name=Ada"),
        ("application/x-www-form-urlencoded; charset=utf-16", "name=Ada".encode("utf-16")),
        ("application/x-www-form-urlencoded; charset=nonsense", b"name=Ada"),
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda'),
        ("multipart/form-data; boundary=x", b"\xff" * 200),
        ("multipart/form-data; boundary=" + "x" * 300, b"--"),
        ("multipart/form-data; boundary=\xe9", b"--"),
        ("\xff/\xfe;;;=", b"name=Ada"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(3000))),
        ("application/x-www-form-urlencoded", b"a=1&" * 100_000),
    ],
)
@pytest.mark.parametrize("checked", [False, True], ids=["", "csrf"])
def test_bodies_of_the_wrong_kind(place: Restaurant, content_type: str, body: bytes, checked: bool) -> None:
    diner = Diner(place, raise_request_exception=False)
    held = diner.hold()
    diner.client.handler.enforce_csrf_checks = checked
    for url in (f"{diner.base}/hold/", diner.details_url(held), "/", "/admin/login/"):
        response = diner.client.generic("POST", url, body, content_type=content_type)
        assert response.status_code in ((400, 403, 405, 413) if checked else (200, 400, 405, 413)), url
        assert read(response).headings or response.status_code == 405
    assert Reservation.objects.get().status == Status.HELD


def test_a_file_where_text_belongs(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    file = SimpleUploadedFile("note.txt", b"\x00\xff" * 100)
    response = diner.client.post(diner.details_url(held), {"name": "Ada", "note": file, "phone": file})
    assert response.status_code == 400
    assert read(response).form(diner.details_url(held)).values["name"] == "Ada"


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
    assert "your browser sends no cookies" in read(response).text
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


# --- Anything at all --------------------------------------------------------

ANY_TEXT = st.text(max_size=60) | st.sampled_from(list(HOSTILE.values())[:-1])
FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@given(query=st.dictionaries(st.sampled_from(["date", "party", "area", "step_free", "time"]) | ANY_TEXT, ANY_TEXT))
@FUZZ
def test_any_question_about_times(place: Restaurant, query: dict[str, str]) -> None:
    for headers in ({}, {"accept": "application/json"}):
        response = Client().get(
            f"/restaurants/{place.slug}/times/", {"date": str(days_ahead(place)), "party": "2"} | query, headers=headers
        )
        assert response.status_code in (200, 400)


@given(
    typed=st.dictionaries(st.sampled_from(["date", "party", "area", "step_free", "start", "key", *DETAILS]), ANY_TEXT)
)
@FUZZ
def test_any_hold(place: Restaurant, typed: dict[str, str]) -> None:
    diner = Diner(place)
    response = diner.client.post(f"{diner.base}/hold/", hold_data(diner) | typed)
    assert response.status_code in (302, 400, 409)
    if response.status_code == 302:
        assert diner.client.get(response["Location"]).status_code == 200
        clear()


@given(typed=st.dictionaries(st.sampled_from(DETAILS), ANY_TEXT))
@FUZZ
def test_any_details(place: Restaurant, typed: dict[str, str]) -> None:
    diner = Diner(place)
    held = diner.hold()
    response = diner.client.post(diner.details_url(held), TYPED | typed)
    assert response.status_code in (302, 400, 409)
    clear()
