"""Staff answer the requests of large parties: they accept, propose another time or decline, by the rules of staff."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from reservations.engine import requests
from reservations.history.trail import by_staff
from reservations.models import BookingRequest, Message, Refusal, Reservation, Restaurant, User
from tests.factories import (
    days_ahead,
    make_closure,
    make_limited,
    make_reservation,
    make_seated,
    make_staff,
    make_venue,
    make_wish,
    utc,
)
from tests.messages.rows import mail_of
from tests.reservations.people import make_old_request, make_request

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "admin:reservations_bookingrequest_changelist"
ANSWER = "With pleasure 🥂, on the terrace"

Status = BookingRequest.Status


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def venue() -> Restaurant:
    """Two tables for twelve, and pacing for fourteen."""
    return make_venue(tables=(12, 12), max_party=6, service={"max_covers": 14})


def page_of(name: str, row: BookingRequest) -> str:
    return reverse(f"admin:reservations_bookingrequest_{name}", args=(row.pk,))


def test_list_shows_open_requests_until_another_kind_is_chosen(staff: Client, venue: Restaurant) -> None:
    later, sooner = make_request(venue), make_request(venue)
    BookingRequest.objects.filter(pk=sooner.pk).update(expires_at=sooner.expires_at - dt.timedelta(hours=3))
    proposed = make_old_request(venue, status=Status.PROPOSED)
    expired = make_old_request(venue)
    declined = make_old_request(venue, status=Status.DECLINED)
    for asked, expected in (
        ({}, [sooner, later, proposed]),
        ({"state": "expired"}, [expired]),
        ({"state": "nonsense"}, [sooner, later, proposed]),
        ({"state": "all"}, [sooner, later, proposed, expired, declined]),
        ({"q": "rita", "state": "declined", "_facets": "True"}, [declined]),
    ):
        response = staff.get(reverse(LIST), asked)
        assert list(response.context["cl"].result_list) == expected, asked
    page = staff.get(reverse(LIST)).content.decode()
    assert "To be answered" in page
    zone = venue.zone
    assert f"{later.expires_at.astimezone(zone):%H:%M}" in page


def test_page_says_what_the_rules_say_now(staff: Client, venue: Restaurant) -> None:
    row = make_request(venue)
    first, second = venue.tables.all()
    assert f"Free: {first.name}." in staff.get(page_of("change", row)).content.decode()
    make_reservation(venue, party=6)
    page = staff.get(page_of("change", row)).content.decode()
    assert "Pacing" in page
    assert f"Above pacing there is room: {second.name}." in page
    make_seated(venue, [second], make_wish(venue, party=2))
    page = staff.get(page_of("change", row)).content.decode()
    assert "Pacing" in page
    assert "is taken" in page
    make_closure(venue, days_ahead(venue))
    assert "is closed on this day" in staff.get(page_of("change", row)).content.decode()
    odd = make_request(venue, at=dt.time(19, 10))
    assert "is closed on this day" in staff.get(page_of("change", odd)).content.decode()
    elsewhere = make_request(venue, date=days_ahead(venue, 9), at=dt.time(19, 10))
    assert "No service seats guests at this time" in staff.get(page_of("change", elsewhere)).content.decode()


def test_accepting_books_and_tells_the_guest(staff: Client, venue: Restaurant, user: User) -> None:
    row = make_request(venue)
    page = staff.get(page_of("accept", row)).content.decode()
    assert "exceed_pacing" not in page
    page = staff.post(page_of("accept", row), {"answer": ANSWER}, follow=True).content.decode()
    row.refresh_from_db()
    assert (row.status, row.answer, row.answered_by) == (Status.ACCEPTED, ANSWER, user)
    reservation = row.reservation
    assert reservation is not None
    assert (reservation.status, reservation.source) == (Reservation.Status.CONFIRMED, Reservation.Source.REQUEST)
    change = reverse("admin:reservations_reservation_change", args=(reservation.pk,))
    assert f'is accepted: <a href="{change}">' in page
    assert Message.objects.filter(kind=Message.Kind.CONFIRMATION, recipient=row.email).count() == 1
    assert LogEntry.objects.filter(object_id=str(row.pk), user=user).count() == 1
    confirmation = mail_of(Message.objects.get(kind=Message.Kind.CONFIRMATION))
    assert f"The restaurant writes: {ANSWER}" in confirmation.text
    assert ANSWER in confirmation.html


def test_what_was_written_to_a_proposal_does_not_stand_in_its_confirmation(staff: Client, venue: Restaurant) -> None:
    row = make_request(venue)
    assert "is proposed" in propose(staff, row)
    row.refresh_from_db()
    requests.accept_proposal(request=row)
    assert "The restaurant writes" not in mail_of(Message.objects.get(kind=Message.Kind.CONFIRMATION)).text


def test_full_pacing_refuses_until_it_is_exceeded_knowingly(staff: Client, venue: Restaurant, user: User) -> None:
    make_reservation(venue, party=6)
    row = make_request(venue)
    page = staff.get(page_of("accept", row)).content.decode()
    assert 'name="exceed_pacing"' in page
    page = staff.post(page_of("accept", row), {"answer": ANSWER}).content.decode()
    assert "as many covers as allowed" in page
    assert ANSWER in page
    page = staff.post(page_of("accept", row), {"answer": ANSWER, "exceed_pacing": "on"}).content.decode()
    assert "Say why pacing is exceeded" in page
    assert ANSWER in page
    assert not Reservation.objects.filter(source="request").exists()
    typed = {"answer": ANSWER, "exceed_pacing": "on", "pacing_reason": "Golden wedding"}
    assert staff.post(page_of("accept", row), typed).status_code == 302
    booked = Reservation.objects.get(source="request")
    assert (booked.pacing_exceeded_by, booked.pacing_reason) == (user, "Golden wedding")


def test_pacing_that_fills_while_the_form_is_open_is_asked_about(
    staff: Client, venue: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = make_request(venue)
    make_reservation(venue, party=6)
    monkeypatch.setattr(
        "reservations.admin.answering.verdict",
        lambda _row: type("Free", (), {"reason": None, "text": "Free when it was asked."})(),
    )
    assert 'name="exceed_pacing"' not in staff.get(page_of("accept", row)).content.decode()
    assert 'name="exceed_pacing"' in staff.post(page_of("accept", row), {"answer": ANSWER}).content.decode()


def test_taken_tables_refuse_whatever_is_ticked(staff: Client, venue: Restaurant) -> None:
    make_seated(venue, list(venue.tables.all()), make_wish(venue, party=2))
    row = make_request(venue)
    typed = {"answer": ANSWER, "exceed_pacing": "on", "pacing_reason": "Please"}
    page = staff.post(page_of("accept", row), typed).content.decode()
    assert "is taken" in page
    assert ANSWER in page
    assert Refusal.objects.get().reason == "TABLES_TAKEN"


def propose(client: Client, row: BookingRequest, **fields: str) -> str:
    typed = {"date": days_ahead(row.restaurant).isoformat(), "time": "20:30", "area": "", "answer": ANSWER, **fields}
    return client.post(page_of("propose", row), typed, follow=True).content.decode()


def test_proposing_holds_another_time_and_writes_to_the_guest(staff: Client, venue: Restaurant) -> None:
    row = make_request(venue)
    page = staff.get(page_of("propose", row)).content.decode()
    assert 'value="19:00"' in page
    assert f'value="{days_ahead(venue).isoformat()}"' in page
    assert "is proposed" in propose(staff, row)
    row.refresh_from_db()
    first = row.reservation
    assert first is not None
    assert (row.status, row.answer, first.status) == (Status.PROPOSED, ANSWER, Reservation.Status.HELD)
    assert first.starts_at == utc(venue, days_ahead(venue), dt.time(20, 30))
    page = staff.get(page_of("change", row)).content.decode()
    assert "held until" in page
    # What is held for the party itself takes nothing from it.
    assert "Free: " in page
    assert page_of("accept", row) not in page
    assert "is proposed" in propose(staff, row, time="21:00")
    first.refresh_from_db()
    assert first.status == Reservation.Status.RELEASED
    assert Message.objects.filter(kind=Message.Kind.PROPOSAL).count() == 2


def test_refused_proposal_says_why_and_what_else_there_is(staff: Client, venue: Restaurant) -> None:
    row = make_request(venue)
    for fields, message in (
        ({"time": "19:10"}, "Nearest times: 18:30, 19:00, 19:30, 20:00"),
        ({"time": "25:00"}, "This is not a time"),
        ({"date": "2001-01-01"}, "This day has passed"),
        ({"answer": ANSWER + "x" * 500}, "at most 500 characters"),
        ({"answer": ANSWER + "\x00"}, "Null characters"),
    ):
        page = propose(staff, row, **fields)
        assert message in page, fields
        assert ANSWER in page
    make_seated(venue, list(venue.tables.all()), make_wish(venue, at=dt.time(20, 30), party=2), minutes=60)
    assert "Nearest free times: 18:00, 18:30, 21:30, 22:00" in propose(staff, row)
    make_reservation(venue, at=dt.time(18), party=6)
    page = propose(staff, row, time="18:00")
    assert 'name="exceed_pacing"' in page
    assert ANSWER in page
    assert "is proposed" in propose(staff, row, time="18:00", exceed_pacing="on", pacing_reason="Regulars")


def test_declining_tells_the_guest_and_frees_what_was_proposed(staff: Client, venue: Restaurant, user: User) -> None:
    row = make_request(venue)
    propose(staff, row)
    page = staff.post(page_of("decline", row), {"answer": "Alas, not then"}, follow=True).content.decode()
    assert "is declined" in page
    row.refresh_from_db()
    assert (row.status, row.answer, row.answered_by) == (Status.DECLINED, "Alas, not then", user)
    assert row.reservation is not None
    assert row.reservation.status == Reservation.Status.RELEASED
    assert Message.objects.filter(kind=Message.Kind.DECLINED).count() == 1


@pytest.mark.parametrize("name", ["accept", "propose", "decline"])
def test_who_comes_second_sees_what_was_answered(staff: Client, venue: Restaurant, name: str) -> None:
    row = make_request(venue)
    other = make_staff(email="second@example.org", name="Second Host")
    requests.decline(request=BookingRequest.objects.get(pk=row.pk), user=other, by=by_staff(other), answer="No")
    typed = {"answer": ANSWER, "date": days_ahead(venue).isoformat(), "time": "20:30"}
    response = staff.post(page_of(name, row), typed)
    page = response.content.decode()
    assert response.status_code == 200
    assert "was answered, withdrawn or has expired already" in page
    assert "Status: declined (Second Host" in page
    assert ANSWER in page
    assert 'type="submit" class="default"' not in page
    row.refresh_from_db()
    assert (row.status, row.answer, row.answered_by) == (Status.DECLINED, "No", other)
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("name", ["accept", "propose", "decline"])
def test_get_changes_nothing_and_the_permission_is_asked(
    client: Client, user: User, venue: Restaurant, name: str
) -> None:
    row = make_request(venue)
    before = list(BookingRequest.objects.values())
    client.force_login(user)
    assert client.get(page_of(name, row)).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(page_of(name, row), {"answer": ""}).status_code == 403
    client.force_login(make_limited("view_bookingrequest"))
    assert page_of(name, row) not in client.get(page_of("change", row)).content.decode()
    assert client.post(page_of(name, row), {"answer": ""}).status_code == 403
    assert client.post(page_of("change", row), {"name": "Forged"}).status_code == 403
    assert list(BookingRequest.objects.values()) == before
