"""A large party asks for a time, and follows its request: open, proposed, accepted, declined, expired, withdrawn."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import due, requests
from reservations.engine.errors import Reason
from reservations.history.trail import by_staff
from reservations.links import entry_token, request_token, reservation_token
from reservations.models import BookingRequest, Message, Reservation, Restaurant, User
from reservations.reasons import diner_text
from tests.factories import days_ahead, make_closure, make_reservation, make_service, make_staff, make_venue, make_wish
from tests.pages import Page, read
from tests.reservations.diner import TYPED, Diner, lapse

pytestmark = pytest.mark.django_db

Status = BookingRequest.Status
WORDS = {
    **TYPED,
    "occasion": "birthday",
    "dietary_needs": "No <nuts>",
    "note": "First line\r\n“second” line",
}


@pytest.fixture
def place() -> Restaurant:
    """Return a house whose largest party online is 6, with a table for 12."""
    return make_venue(tables=(2, 12), max_party=6)


@pytest.fixture
def staff(place: Restaurant) -> User:
    return make_staff()


def form_page(diner: Diner, **query: Any) -> Page:
    given = {"date": str(days_ahead(diner.restaurant)), "party": "10"} | query
    response = diner.client.get(f"{diner.base}/request/", given)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return read(response)


def start(restaurant: Restaurant, hour: int = 19, days: int = 7) -> str:
    return make_wish(restaurant, at=dt.time(hour), date=days_ahead(restaurant, days)).start.isoformat()


def send(diner: Diner, **typed: Any) -> Any:
    form = form_page(diner).form("/request/")
    return diner.send(form, "Send the request", **{"ask": "1", "start": start(diner.restaurant), **WORDS, **typed})


def asked(diner: Diner, **typed: Any) -> tuple[str, BookingRequest]:
    response = send(diner, **typed)
    assert response.status_code == 302, read(response).alerts
    return response["Location"], BookingRequest.objects.order_by("-pk")[0]


def page_of(diner: Diner, url: str) -> Page:
    response = diner.client.get(url)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return read(response)


def fresh(row: BookingRequest) -> BookingRequest:
    return BookingRequest.objects.select_related("restaurant", "reservation").get(pk=row.pk)


def propose(row: BookingRequest, staff: User, hour: int = 21) -> Reservation:
    wish = make_wish(row.restaurant, at=dt.time(hour), party=row.party_size)
    return requests.propose(request=fresh(row), wish=wish, user=staff, by=by_staff(staff), answer="A quieter hour?")


# --- Asking -----------------------------------------------------------------


def test_a_large_party_is_led_to_a_request(place: Restaurant) -> None:
    diner = Diner(place)
    date = str(days_ahead(place))
    page = diner.times(party=10)
    assert page.links["Send a request"] == f"{diner.base}/request/?date={date}&party=10"
    assert "larger than can be booked online" in page.text
    assert "Please call" not in page.text
    assert "Send a request" not in diner.times(party=6).links
    form = read(diner.client.get(page.links["Send a request"])).form("/request/")
    assert (form.values["date"], form.values["party"]) == (date, "10")


def test_where_none_are_taken_the_phone_is_shown(place: Restaurant) -> None:
    place.takes_requests = False
    place.save()
    diner = Diner(place)
    page = diner.times(party=10)
    assert "Send a request" not in page.links
    assert diner_text(Reason.PARTY_TOO_LARGE) in page.text
    assert page.links[place.phone] == "tel:" + place.phone.replace(" ", "")
    for answer in (diner.client.get(f"{diner.base}/request/"), diner.client.post(f"{diner.base}/request/", WORDS)):
        assert answer.status_code == 404
        assert place.phone in read(answer).text


def test_the_request_arrives(place: Restaurant) -> None:
    # Those that are full can be asked for too.
    for hour in (18, 20):
        make_reservation(place, at=dt.time(hour))
    diner = Diner(place)
    url, row = asked(diner, step_free="on", party="100")
    assert (row.party_size, row.needs_step_free, row.occasion) == (100, True, "birthday")
    assert (row.starts_at.isoformat(), row.phone) == (start(place), "+49307654321")
    assert row.note == "First line\n“second” line"
    page = page_of(diner, url)
    assert page.headings[0] == "The restaurant has your request"
    assert "It is answered until" in page.text
    for text in ("100", "step-free", "No <nuts>", "Birthday", row.reference):
        assert text in page.text
    kinds = set(Message.objects.filter(request=row).values_list("kind", flat=True))
    assert kinds == {Message.Kind.REQUESTED, Message.Kind.STAFF_REQUEST}
    assert not Reservation.objects.filter(source=Reservation.Source.REQUEST).exists()
    listed = read(diner.client.get("/my-reservations/"))
    assert url in listed.links.values()
    assert "waiting for an answer" in listed.text
    assert url not in read(Diner(place).client.get("/my-reservations/")).links.values()


def test_sending_twice_is_one_request(place: Restaurant) -> None:
    diner = Diner(place)
    form = form_page(diner).form("/request/")
    urls = {
        diner.send(form, "Send the request", ask="1", start=start(place), **WORDS)["Location"] for _click in range(2)
    }
    assert len(urls) == 1
    assert BookingRequest.objects.count() == 1


def test_another_day_shows_its_times_and_keeps_everything(place: Restaurant) -> None:
    diner = Diner(place)
    form = form_page(diner).form("/request/")
    answer = diner.send(
        form, "Show the times of this day", date=str(days_ahead(place, 9)), start=start(place, 20), **WORDS
    )
    assert answer.status_code == 200
    page = read(answer)
    assert not page.alerts
    values = page.form("/request/").values
    assert values["start"] == start(place, 20, 9)
    assert {name: values[name] for name in WORDS} == WORDS
    assert not BookingRequest.objects.exists()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": ""}, "Tell the restaurant whom to expect."),
        ({"email": "ada@"}, "Enter a valid email address."),
        ({"phone": "call me"}, "This is not a phone number"),
        ({"occasion": "wake"}, "wake is not one of the available choices"),
        ({"dietary_needs": "x" * 301}, "at most 300 characters"),
        ({"note": "x" * 1001}, "at most 1000 characters"),
        ({"party": "6"}, "Up to 6 guests can book this time themselves"),
        ({"party": "0"}, "A table is for at least one guest."),
        ({"party": "101"}, "We can't seat that many."),
        ({"party": "many"}, "Give the number of guests in digits"),
        ({"date": "2027-02-30"}, "This is not a date of the calendar."),
        ({"date": "🍕"}, "This is not a date of the calendar."),
        ({"start": ""}, "Choose one of the times of this day."),
        ({"start": "19:00"}, "Choose one of the times of this day."),
        ({"start": "9999-12-31T23:59:59-12:00"}, "Choose one of the times of this day."),
        ({"start": "\x00"}, "Choose one of the times of this day."),
        ({"key": ""}, "Please send the form once more."),
        ({"key": "x" * 5000}, "Please send the form once more."),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_is_said_and_everything_kept(place: Restaurant, typed: dict[str, str], says: str) -> None:
    diner = Diner(place)
    answer = send(diner, **typed)
    assert answer.status_code == 400
    page = read(answer)
    assert any(says in alert for alert in page.alerts), page.alerts
    form = page.form("/request/")
    sent = {**WORDS, **{name: value for name, value in typed.items() if name in (*WORDS, "party", "date")}}
    if "occasion" in typed:
        sent["occasion"] = ""
    assert {name: form.values[name] for name in sent} == sent
    if "start" not in typed:
        assert form.values["start"] == start(place)
    assert not BookingRequest.objects.exists()
    if "key" in typed:
        assert diner.send(form, "Send the request", ask="1").status_code == 302


def test_what_a_service_takes_online_decides_who_is_large(place: Restaurant) -> None:
    make_service(place, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(13), max_party=3)
    diner = Diner(place)
    assert send(diner, party="5", start=start(place, 12)).status_code == 302
    assert send(diner, party="5").status_code == 400


def test_a_closed_day_cannot_be_asked_for(place: Restaurant) -> None:
    diner = Diner(place)
    form = form_page(diner).form("/request/")
    make_closure(place, days_ahead(place))
    answer = diner.send(form, "Send the request", ask="1", **WORDS)
    assert answer.status_code == 400
    assert diner_text(Reason.CLOSED) in read(answer).alerts
    assert not BookingRequest.objects.exists()


# --- How it goes on ---------------------------------------------------------


def test_a_proposal_is_accepted_once(place: Restaurant, staff: User) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    propose(row, staff)
    page = page_of(diner, url)
    assert page.headings[0] == "The restaurant proposes another time"
    assert "A quieter hour?" in page.text
    assert ", 21:00 10 guests" in page.text
    assert "The table is held until" in page.text
    form = page.form("/accept/")
    answers = [diner.send(form, "Yes, we come") for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert read(diner.client.get(answers[0]["Location"])).headings[0] == "You are expected"
    reservation = Reservation.objects.get(source=Reservation.Source.REQUEST)
    assert (reservation.status, reservation.local_start.hour, reservation.party_size) == ("confirmed", 21, 10)
    page = page_of(diner, url)
    assert page.headings[0] == "Your request is accepted"
    assert page.links["Your reservation"] == answers[0]["Location"]
    assert reservation.reference in read(diner.client.get("/my-reservations/")).text


def test_nobody_accepts_a_proposal_that_they_have_not_seen(place: Restaurant, staff: User) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    propose(row, staff)
    form = page_of(diner, url).form("/accept/")
    propose(row, staff, hour=18)
    answer = diner.send(form, "Yes, we come")
    assert answer.status_code == 409
    page = read(answer)
    assert diner_text(Reason.CHANGED_MEANWHILE) in page.alerts
    assert ", 18:00" in page.text
    assert fresh(row).status == Status.PROPOSED
    assert diner.send(page.form("/accept/"), "Yes, we come").status_code == 302
    assert Reservation.objects.get(status="confirmed").local_start.hour == 18


@pytest.mark.parametrize("sent", ["", "x", "\x00", "🍕", "9" * 5000])
def test_a_proposal_that_was_never_made_is_not_accepted(place: Restaurant, staff: User, sent: str) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    assert diner.client.post(f"{url}accept/", {"proposal": sent}).status_code == 409
    propose(row, staff)
    assert diner.client.post(f"{url}accept/", {"proposal": sent}).status_code == 409
    assert fresh(row).status == Status.PROPOSED


def test_a_proposal_that_has_lapsed(place: Restaurant, staff: User) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    held = propose(row, staff)
    form = page_of(diner, url).form("/accept/")
    lapse(held)
    assert page_of(diner, url).headings[0] == "Your request has expired"
    answer = diner.send(form, "Yes, we come")
    assert answer.status_code == 409
    assert diner_text(Reason.HOLD_LAPSED) in read(answer).alerts
    due.expire_holds()
    page = page_of(diner, url)
    assert page.headings[0] == "Your request has expired"
    assert not page.forms
    assert page.links["Ask for another time"].startswith(f"{diner.base}/request/?date=")


def test_a_proposal_that_is_declined_frees_the_table(place: Restaurant, staff: User) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    held = propose(row, staff)
    form = page_of(diner, url).form("/withdraw/")
    for _click in range(2):
        answer = diner.send(form, "No, thank you")
        assert (answer.status_code, answer["Location"]) == (302, url)
    assert page_of(diner, url).headings[0] == "You withdrew your request"
    assert Reservation.objects.get(pk=held.pk).status == "released"
    assert url not in read(diner.client.get("/my-reservations/")).links.values()


def test_withdrawing_an_open_request(place: Restaurant) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    assert diner.send(page_of(diner, url).form("/withdraw/"), "Withdraw the request").status_code == 302
    page = page_of(diner, url)
    assert page.headings[0] == "You withdrew your request"
    assert not page.forms
    assert fresh(row).status == Status.WITHDRAWN


def test_what_staff_answer_is_shown(place: Restaurant, staff: User) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    form = page_of(diner, url).form("/withdraw/")
    requests.decline(request=fresh(row), user=staff, by=by_staff(staff), answer="We are <full>, sorry.")
    page = page_of(diner, url)
    assert page.headings[0] == "The restaurant can't take your request"
    assert "We are <full>, sorry." in page.text
    answer = diner.send(form, "Withdraw the request")
    assert answer.status_code == 409
    assert diner_text(Reason.ALREADY_ANSWERED) in read(answer).alerts
    assert fresh(row).status == Status.DECLINED

    url, row = asked(diner)
    reservation = requests.accept(request=fresh(row), user=staff, by=by_staff(staff))
    page = page_of(diner, url)
    assert page.headings[0] == "Your request is accepted"
    token = reservation_token(place.pk, reservation.reference)
    assert page.links["Your reservation"] == f"{diner.base}/reservations/{token}/"


def test_a_request_that_nobody_answered_has_expired(place: Restaurant) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    BookingRequest.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert page_of(diner, url).headings[0] == "Your request has expired"
    due.expire_requests()
    assert fresh(row).status == Status.EXPIRED
    assert page_of(diner, url).headings[0] == "Your request has expired"


# --- Whose it is ------------------------------------------------------------


def test_a_link_of_something_else_leads_nowhere(place: Restaurant) -> None:
    other = make_venue()
    _url, row = asked(Diner(place))
    good = request_token(place.pk, row.reference)
    tokens = {
        request_token(other.pk, row.reference),
        reservation_token(place.pk, row.reference),
        entry_token(place.pk, row.reference),
        request_token(place.pk, "no such"),
        row.reference,
        good[:-1],
        "x" * 3000,
        "🍕",
    }
    urls = [f"/restaurants/{place.slug}/requests/{token}/" for token in tokens]
    for url in [*urls, f"/restaurants/{other.slug}/requests/{good}/"]:
        for answer in (Client().get(url), *(Client().post(f"{url}{end}/") for end in ("accept", "withdraw"))):
            assert answer.status_code == 404
            assert "Ada" not in answer.content.decode()
    assert Client().get(f"/restaurants/{place.slug}/waitlist/{good}/").status_code == 404
    assert fresh(row).status == Status.OPEN


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_post_changes_anything(place: Restaurant, staff: User, method: str) -> None:
    diner = Diner(place)
    url, row = asked(diner)
    held = propose(row, staff)
    for end in ("accept", "withdraw"):
        assert getattr(diner.client, method)(f"{url}{end}/", {"proposal": held.reference}).status_code == 405
    form = form_page(diner).form("/request/")
    getattr(diner.client, method)(form.action, {**form.values, **WORDS, "ask": "1", "start": start(place)})
    assert (fresh(row).status, BookingRequest.objects.count()) == (Status.PROPOSED, 1)
    strict = Client(enforce_csrf_checks=True)
    for address in (f"{url}accept/", f"{url}withdraw/", f"{diner.base}/request/"):
        assert strict.post(address, {**form.values, **WORDS, "ask": "1"}).status_code == 403
