"""Bytes that no person types, in every field, address, cookie and body: a page or a form error, never a 5xx."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reservations.links import reservation_token
from reservations.models import Reservation, Restaurant
from tests.factories import days_ahead, make_area, make_reservation, make_venue
from tests.pages import read
from tests.reservations.diner import TYPED, Diner

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
EACH = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


@pytest.fixture
def place() -> Restaurant:
    restaurant = make_venue(tables=(2, 4))
    make_area(restaurant)
    make_venue()
    return restaurant


def clear() -> None:
    """Free every table."""
    for reservation in Reservation.objects.all():
        reservation.claims.all().delete()
        reservation.delete()


def as_html_reads(text: str) -> str:
    """Return a text as a parser of HTML hands it on: one kind of newline, and no NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")


# --- Texts ------------------------------------------------------------------


@EACH
def test_in_every_form_of_a_reservation(place: Restaurant, text: str) -> None:
    diner = Diner(place)
    url, _page = diner.book()
    Reservation.objects.update(starts_at=timezone.now() + dt.timedelta(hours=2))
    search = {"date": str(days_ahead(place)), "party": "1", "sequence": "0", "area": "", "step_free": "", "start": ""}
    forms = {
        "change": search,
        "details": {**TYPED, "sequence": "0", "booker_name": "", "booker_email": ""},
        "late": {"minutes": "5"},
        "fewer": {"party": "1"},
    }
    for end, form in forms.items():
        for name in form:
            answer = diner.client.post(f"{url}{end}/", form | {name: text, text[:40]: text})
            assert answer.status_code in (302, 400, 409), (end, name)
        answer = diner.client.get(f"{url}{end}/", dict.fromkeys(form, text))
        assert answer.status_code in (200, 400, 405), end
    assert Reservation.objects.count() == 1


@EACH
def test_in_every_form_of_who_waits(place: Restaurant, text: str) -> None:
    diner = Diner(place)
    first = {"date": str(days_ahead(place)), "party": "9", "key": "k" * 16, **TYPED, "area": "", "note": ""}
    for end, more in {"waitlist": ("earliest", "latest"), "request": ("start", "occasion", "dietary_needs")}.items():
        url = f"{diner.base}/{end}/"
        for name in (*first, *more):
            answer = diner.client.post(url, first | {name: text, text[:40]: text, "join": "1", "ask": "1"})
            assert answer.status_code in (400, 409), (end, name)
        everything = dict.fromkeys((*first, *more), text)
        assert diner.client.post(url, everything).status_code in (200, 400)
        assert diner.client.get(url, everything).status_code in (200, 400)
    for name in ("reference", "email"):
        data = {"reference": "AAAAAAAAA", "email": "a@example.org", name: text}
        assert diner.client.post("/my-reservations/find/", data).status_code in (302, 400)


@EACH
def test_in_every_query(place: Restaurant, text: str) -> None:
    client = Client()
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
            sent = {"date": str(days_ahead(place)), "party": "2"} | {name: text, text[:40]: text}
            for headers in ({}, {"accept": "application/json"}, {"hx-request": "true"}):
                status = client.get(url, sent, headers=headers).status_code
                assert status == 400 if "\x00" in text else status in (200, 400), (url, name)


@EACH
def test_in_every_field_of_a_hold(place: Restaurant, text: str) -> None:
    diner = Diner(place)
    data = diner.times().form("/hold/").pressed("19:00")
    for name in [*data, *DETAILS, "unknown", text[:50]]:
        response = diner.client.post(f"{diner.base}/hold/", data | {name: text})
        assert response.status_code in (200, 302, 400, 409), name
        if response.status_code == 302:
            assert diner.client.get(response["Location"]).status_code == 200


@EACH
def test_in_every_detail_at_once_it_is_kept(place: Restaurant, text: str) -> None:
    diner = Diner(place)
    held = diner.hold()
    response = diner.client.post(diner.details_url(held), dict.fromkeys(DETAILS, text) | {text[:50]: text})
    assert response.status_code == 400
    page = read(response)
    assert page.alerts
    kept = page.form(diner.details_url(held)).values
    for name in set(DETAILS) - {"occasion", "needs_step_free"}:
        assert as_html_reads(kept[name]) == as_html_reads(text), name
    assert Reservation.objects.get().status == Status.HELD


@EACH
def test_in_a_draft(place: Restaurant, text: str) -> None:
    diner = Diner(place)
    held = diner.hold()
    response = diner.client.post(f"{diner.details_url(held)}extend/", dict.fromkeys(DETAILS, text))
    assert response.status_code == 302
    kept = diner.details(held).form(diner.details_url(held)).values
    # What the column can take of it.
    assert as_html_reads(kept["note"]).split() == as_html_reads(text.replace("\x00", "")[:1000]).split()


@EACH
def test_in_each_detail_alone(place: Restaurant, text: str) -> None:
    """What is a name to somebody is booked, and shown as text wherever it is shown."""
    for name in ("name", "email", "phone", "dietary_needs", "note"):
        diner = Diner(place)
        held = diner.hold()
        response = diner.client.post(diner.details_url(held), TYPED | {name: text})
        assert response.status_code in (302, 400), name
        if response.status_code == 302:
            for url in (response["Location"], "/my-reservations/"):
                shown = diner.client.get(url)
                assert shown.status_code == 200
                assert "<script>alert" not in shown.content.decode()
        clear()


@pytest.mark.parametrize(
    "raw", ["%00", "%ED%A0%80", "%FF%FE", "%", "%zz", "%C0%80", "%F0%9F%8D%95", "%0d%0aSet-Cookie:x=1", "+", "%2500"]
)
def test_percent_signs_that_mean_nothing(place: Restaurant, raw: str) -> None:
    diner = Diner(place)
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
        assert "x=1" not in str(response.headers)
    body = f"name={raw}&email={raw}&phone={raw}&note={raw}&start={raw}&{raw}={raw}"
    for url in (diner.details_url(held), f"{base}/hold/"):
        response = diner.client.post(url, body, content_type="application/x-www-form-urlencoded")
        assert response.status_code == 400


@pytest.mark.parametrize(
    "path",
    ["//[x", "//evil.example/", "/\\evil.example/", "/..;/", "/" + "a/" * 2000, "/de//[x", "/:8000", "/restaurants//"],
)
def test_paths_that_are_none(path: str) -> None:
    response = Client().get("/", PATH_INFO=path)
    assert response.status_code == 404
    page = read(response)
    assert page.links["Tafel"] == ("/de/" if path.startswith("/de/") else "/")
    assert not any(url.startswith("//") for url in page.links.values())


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
def test_cookies(place: Restaurant, cookie: str) -> None:
    held = Diner(place).hold()
    reservation = make_reservation(place)
    token = reservation_token(place.pk, reservation.reference)
    # As the server hands it on: bytes as Latin-1.
    headers = {"cookie": cookie.encode().decode("latin-1")}
    client = Client()
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
        assert client.get(url, headers=headers).status_code == status, url
    assert client.post(f"{base}/holds/{held.reference}/", TYPED, headers=headers).status_code == 404
    checked = Client(enforce_csrf_checks=True)
    assert checked.post(f"{base}/hold/", TYPED, headers=headers).status_code == 403


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
@pytest.mark.parametrize("checked", [False, True], ids=["no-csrf", "csrf"])
def test_bodies_of_the_wrong_kind(place: Restaurant, content_type: str, body: bytes, checked: bool) -> None:
    diner = Diner(place)
    held = diner.hold()
    diner.client.handler.enforce_csrf_checks = checked
    for url in (f"{diner.base}/hold/", diner.details_url(held), f"{diner.details_url(held)}release/x"):
        response = diner.client.generic("POST", url, body, content_type=content_type)
        assert response.status_code in ((400, 403, 404, 413) if checked else (200, 400, 404, 413)), url
        assert read(response).headings, url
    assert diner.client.generic("POST", "/", body, content_type=content_type).status_code in (400, 403, 405, 413)
    assert diner.client.generic("POST", "/admin/login/", body, content_type=content_type).status_code < 500
    assert Reservation.objects.get().status == Status.HELD


def test_a_file_where_text_belongs(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    file = SimpleUploadedFile("note.txt", b"\x00\xff" * 100)
    response = diner.client.post(diner.details_url(held), {"name": "Ada", "note": file, "phone": file})
    assert response.status_code == 400
    assert read(response).form(diner.details_url(held)).values["name"] == "Ada"


def test_the_same_field_many_times(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    response = diner.client.post(diner.details_url(held), {name: ["x", "", value] for name, value in TYPED.items()})
    assert response.status_code == 302
    assert Reservation.objects.get().name == TYPED["name"]
    response = diner.client.get(f"{diner.base}/times/?party=1&party=2&date=x&date={days_ahead(place)}")
    assert response.status_code == 200


# --- Anything at all --------------------------------------------------------

ANY_TEXT = st.text(max_size=60) | st.sampled_from([text for text in HOSTILE.values() if len(text) < 1000])
SEARCHED = ("date", "party", "area", "step_free")
# The fixtures' rows serve all examples of a test, which clear away their own.
FUZZ = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@given(query=st.dictionaries(st.sampled_from([*SEARCHED, "time"]) | ANY_TEXT, ANY_TEXT, max_size=6))
@FUZZ
def test_any_question_about_times(place: Restaurant, query: dict[str, str]) -> None:
    url, asked = f"/restaurants/{place.slug}/times/", {"date": str(days_ahead(place)), "party": "2"}
    for headers in ({}, {"accept": "application/json"}):
        assert Client().get(url, asked | query, headers=headers).status_code in (200, 400)


@given(typed=st.dictionaries(st.sampled_from([*SEARCHED, "start", "key", *DETAILS]), ANY_TEXT, max_size=6))
@FUZZ
def test_any_hold(place: Restaurant, typed: dict[str, str]) -> None:
    diner = Diner(place)
    response = diner.client.post(f"{diner.base}/hold/", diner.times().form("/hold/").pressed("19:00") | typed)
    assert response.status_code in (302, 400, 409)
    if response.status_code == 302:
        assert diner.client.get(response["Location"]).status_code == 200
    clear()


@given(typed=st.dictionaries(st.sampled_from(DETAILS), ANY_TEXT, max_size=6))
@FUZZ
def test_any_details(place: Restaurant, typed: dict[str, Any]) -> None:
    diner = Diner(place)
    held = diner.hold()
    response = diner.client.post(diner.details_url(held), TYPED | typed)
    assert response.status_code in (302, 400, 409)
    clear()
