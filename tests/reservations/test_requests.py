"""Requests of large parties: they hold nothing until staff accept or propose, and end in one of a few ways."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import due, requests
from reservations.engine.closing import close
from reservations.engine.errors import Reason
from reservations.engine.placing import place
from reservations.messages.rendering import Mail, render
from reservations.models import (
    BookingRequest,
    HistoryEvent,
    Message,
    Refusal,
    Reservation,
    Restaurant,
    TableClaim,
    User,
)
from reservations.views.addresses import request_address
from tests import clock
from tests import factories as make
from tests.concurrency.invariants import broken
from tests.reservations.rows import chains_broken, claims, events, fresh, lapse, mails, refused

pytestmark = pytest.mark.django_db

EIGHT, NINE = dt.time(20), dt.time(21)


@pytest.fixture
def venue() -> Restaurant:
    """One table for twelve, of whom eight can book online, and a small one; an answer within two days."""
    return make.make_venue(tables=(2, 12))


@pytest.fixture
def user() -> User:
    return make.make_staff()


def again(request: BookingRequest) -> BookingRequest:
    """Return the request as another who has just opened it has it."""
    return BookingRequest.objects.get(pk=request.pk)


def accept(request: BookingRequest, user: User, **more: Any) -> Reservation:
    return requests.accept(request=request, user=user, by=make.make_by(user), **more)


def propose(request: BookingRequest, user: User, at: dt.time = EIGHT, **more: Any) -> Reservation:
    days = more.pop("days", 7)
    date = make.days_ahead(request.restaurant, days)
    wish = make.make_wish(request.restaurant, date=date, at=at, party=request.party_size)
    return requests.propose(request=request, wish=wish, user=user, by=make.make_by(user), **more)


def decline(request: BookingRequest, user: User, answer: str = "") -> None:
    requests.decline(request=request, user=user, by=make.make_by(user), answer=answer)


# --- Asking ------------------------------------------------------------------------------


def test_a_request_holds_no_table_and_is_told_to_both(venue: Restaurant) -> None:
    request = make.make_request(venue, details=make.make_details(note="A wedding", occasion="other"))
    assert (request.status, request.party_size, request.note, request.occasion) == ("open", 12, "A wedding", "other")
    assert (Reservation.objects.count(), TableClaim.objects.count()) == (0, 0)
    assert mails(venue) == [("requested", "ada@example.org"), ("staff_request", "table@example.org")]
    assert (events(venue, request.service_date), chains_broken(venue)) == (["request requested"], [])


def test_whoever_takes_no_requests_gets_none(venue: Restaurant) -> None:
    first = make.make_request(venue, browser="b" * 64, key="form")
    Restaurant.objects.filter(pk=venue.pk).update(takes_requests=False)
    with refused(Reason.REQUESTS_OFF):
        make.make_request(venue)
    assert BookingRequest.objects.get() == first
    # Who sends the form twice was answered before.
    assert make.make_request(venue, browser="b" * 64, key="form") == first


def test_what_is_past_can_not_be_asked_for(venue: Restaurant) -> None:
    date = make.days_ahead(venue)
    with clock.at(make.utc(venue, date, dt.time(19, 1))), refused(Reason.PAST):
        make.make_request(venue, date=date)
    assert (BookingRequest.objects.count(), mails(venue)) == (0, [])


def test_a_form_sent_twice_is_one_request(venue: Restaurant) -> None:
    first = make.make_request(venue, browser="b" * 64, key="form")
    assert make.make_request(venue, browser="b" * 64, key="form") == first
    assert len(mails(venue)) == 2
    assert make.make_request(venue, browser="c" * 64, key="form") != first
    assert make.make_request(venue, browser="b" * 64, key="form", party=11).party_size == 11
    assert BookingRequest.objects.count() == 3


def test_what_was_put_right_in_a_form_that_comes_once_more_is_kept_while_it_is_open(venue: Restaurant) -> None:
    def ask(**told: str) -> BookingRequest:
        return make.make_request(venue, browser="b" * 64, key="form", details=make.make_details(**told))

    first = ask(email="ada@exmaple.org")
    for _time in range(2):
        found = again(ask(email="ada@example.org", note="By the window"))
        assert (found.pk, found.email, found.note) == (first.pk, "ada@example.org", "By the window")
    told = HistoryEvent.objects.filter(subject="request").order_by("pk")
    assert [(event.kind, event.changes.get("told")) for event in told] == [
        ("requested", None),
        ("changed", ["email", "note"]),
    ]
    assert [to for kind, to in mails(venue) if kind == "requested"] == ["ada@exmaple.org", "ada@example.org"]
    requests.withdraw(request=found)
    assert again(ask(email="late@example.org")).email == "ada@example.org"
    assert chains_broken(venue) == []


def test_it_expires_after_the_restaurants_hours_or_at_its_start(venue: Restaurant) -> None:
    request = make.make_request(venue)
    assert request.expires_at - request.created_at == pytest.approx(dt.timedelta(hours=48), abs=dt.timedelta(seconds=9))
    near = make.make_request(venue, date=make.days_ahead(venue, 1))
    assert near.expires_at == near.starts_at
    with clock.at(request.expires_at - dt.timedelta(seconds=20)):
        assert due.expire_requests() == 1
    with clock.at(request.expires_at + dt.timedelta(seconds=1)):
        assert (due.expire_requests(), due.expire_requests()) == (1, 0)
    assert (again(request).status, again(near).status) == ("expired", "expired")
    assert events(venue, request.service_date) == ["request requested", "request expired"]
    assert [kind for kind, _to in mails(venue)].count("expired") == 2
    assert chains_broken(venue) == []


# --- Accepting ---------------------------------------------------------------------------


def test_accepted_it_is_a_reservation_by_the_rules_of_staff(venue: Restaurant, user: User) -> None:
    request = make.make_request(venue)
    Restaurant.objects.update(lead_minutes=60 * 24 * 30, booking_window_days=1, is_published=False)
    reservation = accept(request, user, answer="Gladly")
    assert (reservation.status, reservation.source, reservation.party_size) == ("confirmed", "request", 12)
    assert (reservation.name, reservation.email, reservation.created_by) == (request.name, request.email, user)
    assert (request.status, request.reservation, request.answered_by) == ("accepted", reservation, user)
    assert (request.answer, request.answered_at is not None) == ("Gladly", True)
    assert {"confirmation", "reminder"} <= {kind for kind, to in mails(venue) if to == "ada@example.org"}
    assert events(venue, request.service_date)[1:] == ["reservation confirmed", "request accepted"]
    assert (chains_broken(venue), broken(venue.pk)) == ([], {})


def test_what_is_refused_leaves_it_open(venue: Restaurant, user: User) -> None:
    request = make.make_request(venue)
    make.make_closure(venue, request.service_date)
    with refused(Reason.CLOSED):
        accept(request, user)
    assert (again(request).status, Reservation.objects.count()) == ("open", 0)
    with refused(Reason.TABLES_TAKEN):
        make.make_reservation(venue, date=make.days_ahead(venue, 8), party=8)
        propose(request, user, days=8)
    assert again(request).status == "open"


def test_pacing_is_exceeded_knowingly_and_it_is_recorded(venue: Restaurant, user: User) -> None:
    venue.services.update(max_covers=10)
    request = make.make_request(venue)
    with refused(Reason.PACING_FULL):
        accept(request, user)
    reservation = accept(request, user, exceed_pacing=True, pacing_reason="The mayor")
    assert (reservation.pacing_exceeded_by, reservation.pacing_reason) == (user, "The mayor")


ANSWERS: dict[str, Callable[[BookingRequest, User], object]] = {
    "accept": accept,
    "propose": propose,
    "decline": decline,
}


# --- Two answers ---------------------------------------------------------------------------


@pytest.mark.parametrize("second", ["accept", "propose", "decline"])
@pytest.mark.parametrize("first", ["accept", "decline", "withdraw", "expire"])
def test_what_was_answered_is_not_answered_again(venue: Restaurant, user: User, first: str, second: str) -> None:
    """Whoever comes second had the page open; with one large table they must not read that it is taken."""
    request = make.make_request(venue)
    stale = again(request)
    if first == "accept":
        accept(request, user)
    elif first == "decline":
        decline(request, user)
    elif first == "withdraw":
        requests.withdraw(request=request)
    else:
        BookingRequest.objects.update(status="expired")
    booked, told = Reservation.objects.count(), mails(venue)
    with refused(Reason.ALREADY_ANSWERED):
        ANSWERS[second](stale, make.make_staff())
    assert (Reservation.objects.count(), mails(venue)) == (booked, told)
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("taken", [True, False])
def test_answered_while_another_answer_waits_for_the_lock(
    venue: Restaurant, user: User, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    """The second has looked already: it is open. It finds the table taken, or its own rows in vain."""
    if not taken:
        make.make_table(venue, seats=12)
    request = make.make_request(venue)
    stale, other = again(request), make.make_staff()

    def first_the_other(*args: Any, **kwargs: Any) -> Reservation:
        monkeypatch.undo()
        accept(request, other)
        return place(*args, **kwargs)

    monkeypatch.setattr("reservations.engine.requests.place", first_the_other)
    with refused(Reason.ALREADY_ANSWERED):
        accept(stale, user)
    assert Reservation.objects.count() == 1
    assert (again(request).answered_by, broken(venue.pk), chains_broken(venue)) == (other, {}, [])


# --- Proposals -------------------------------------------------------------------------------


def test_a_proposal_is_held_until_the_guest_has_to_answer(venue: Restaurant, user: User) -> None:
    request = make.make_request(venue)
    held = propose(request, user, answer="An hour later?")
    assert (held.status, held.source, len(claims(held))) == ("held", "request", 8)
    assert held.held_until is not None
    assert held.held_until - held.created_at == pytest.approx(dt.timedelta(hours=48), abs=dt.timedelta(seconds=9))
    assert (request.status, request.reservation) == ("proposed", held)
    assert mails(venue)[-1] == ("proposal", "ada@example.org")
    assert chains_broken(venue) == []
    with refused(Reason.TABLES_TAKEN):
        make.make_hold(venue, party=8, at=EIGHT)


@pytest.mark.parametrize("days", [7, 8])
def test_a_second_proposal_frees_the_first_even_for_itself(venue: Restaurant, user: User, days: int) -> None:
    """There is one table for so many: half an hour later it is in its own way."""
    request = make.make_request(venue)
    first = propose(request, user)
    second = propose(again(request), user, at=dt.time(20, 30), days=days)
    assert (fresh(first).status, claims(first), fresh(first).name) == ("released", [], "")
    assert (second.status, again(request).reservation) == ("held", second)
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])
    with refused(Reason.HOLD_LAPSED):
        requests.accept_proposal(request=stale_of(request, first))
    assert requests.accept_proposal(request=again(request)) == second


def stale_of(request: BookingRequest, held: Reservation) -> BookingRequest:
    """Return the request as the guest has it who still looks at an earlier proposal."""
    copy = again(request)
    copy.reservation = held
    return copy


def test_a_second_proposal_that_is_refused_leaves_the_first(venue: Restaurant, user: User) -> None:
    request = make.make_request(venue)
    first = propose(request, user)
    make.make_closure(venue, make.days_ahead(venue, 8))
    with refused(Reason.CLOSED):
        propose(request, user, days=8)
    assert (fresh(first).status, again(request).reservation, len(claims(first))) == ("held", first, 8)


def test_accepting_a_proposal_books_it_and_again_gives_the_same_answer(venue: Restaurant, user: User) -> None:
    request = make.make_request(venue)
    held = propose(request, user)
    stale = again(request)
    assert requests.accept_proposal(request=request) == held
    told = mails(venue)
    assert requests.accept_proposal(request=stale) == held
    assert (fresh(held).status, request.status, mails(venue)) == ("confirmed", "accepted", told)
    assert told[-2][0] == "confirmation"
    with refused(Reason.ALREADY_ANSWERED):
        decline(stale, user)
    assert events(venue, held.service_date)[-2:] == ["request accepted", "reservation confirmed"]
    assert (broken(venue.pk), chains_broken(venue)) == ({}, [])


@pytest.mark.parametrize("noticed", [False, True])
def test_a_proposal_that_has_lapsed_is_not_accepted(venue: Restaurant, user: User, noticed: bool) -> None:
    request = make.make_request(venue)
    held = propose(request, user)
    lapse(held)
    if noticed:
        due.expire_holds()
        assert (again(request).status, mails(venue)[-1]) == ("expired", ("expired", "ada@example.org"))
    with refused(Reason.HOLD_LAPSED):
        requests.accept_proposal(request=request)
    due.expire_holds()
    assert (again(request).status, fresh(held).status, claims(held)) == ("expired", "expired", [])
    assert chains_broken(venue) == []


@pytest.mark.parametrize(
    ("ended", "subject", "because"),
    [
        ("lapsed", "has expired", "proposed to you was not accepted in time"),
        ("closed", "has expired", "has closed for the time that it proposed"),
        ("", "was not answered", "did not answer in time"),
    ],
)
def test_what_ended_a_request_is_told_by_mail_and_page(
    venue: Restaurant, user: User, client: Client, ended: str, subject: str, because: str
) -> None:
    request = make.make_request(venue)
    if ended:
        held = propose(request, user)
        if ended == "lapsed":
            lapse(held)
            due.expire_holds()
        else:
            close(restaurant=venue, first=held.service_date, last=held.service_date, choices={}, by=make.make_by(user))
    else:
        BookingRequest.objects.update(expires_at=timezone.now())
        due.expire_requests()
    told = Message.objects.get(kind=Message.Kind.EXPIRED)
    mail = render(told, timezone.now())
    assert isinstance(mail, Mail)
    assert subject in mail.subject
    assert because in mail.text
    assert because in " ".join(mail.html.split())
    page = client.get(request_address(again(request))).content.decode()
    assert ("closed for that time" in page, "no answer in time" in page) == (ended == "closed", ended != "closed")


@pytest.mark.parametrize("who", ["guest", "staff", "staff who have not seen it"])
def test_a_proposal_that_is_declined_frees_its_table(venue: Restaurant, user: User, who: str) -> None:
    request = make.make_request(venue)
    unseen = again(request)
    held = propose(request, user, days=9)
    if who == "guest":
        requests.withdraw(request=request)
    else:
        decline(request if who == "staff" else unseen, user, "Sorry")
    assert again(request).status == ("withdrawn" if who == "guest" else "declined")
    assert (fresh(held).status, claims(held)) == ("released", [])
    assert [kind for kind, _to in mails(venue)].count("declined") == (0 if who == "guest" else 1)
    assert chains_broken(venue) == []
    with refused(Reason.HOLD_LAPSED):
        requests.accept_proposal(request=request)


def test_without_a_proposal_there_is_nothing_to_accept(venue: Restaurant) -> None:
    with refused(Reason.HOLD_LAPSED):
        requests.accept_proposal(request=make.make_request(venue))
