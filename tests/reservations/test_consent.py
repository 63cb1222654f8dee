"""What goes beyond the visit is agreed to by a tick, noted with its moment, and taken back by a link."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import consenting
from reservations.engine.guests import erase, merge
from reservations.history.trail import COMMAND
from reservations.messages.delivery import as_email
from reservations.messages.rendering import Dropped, Mail, render
from reservations.models import Guest, HistoryEvent, Message, Reservation, Restaurant
from tests.factories import make_venue
from tests.messages.rows import make_message
from tests.pages import read
from tests.reservations.asked import BUTTON, link, mails
from tests.reservations.diner import Diner
from tests.reservations.people import make_guest, make_visit

pytestmark = pytest.mark.django_db(transaction=True)

NEEDS = "No nuts"


@pytest.fixture
def venue() -> Restaurant:
    return make_venue(tables=(2, 4), sends_thanks=True)


def booked(venue: Restaurant, **ticked: Any) -> tuple[Diner, str, Guest]:
    diner = Diner(venue)
    url, _page = diner.book(dietary_needs=NEEDS, **ticked)
    return diner, url, Guest.objects.get(restaurant=venue)


def test_nothing_is_ticked_and_nothing_is_kept_without_a_tick(venue: Restaurant) -> None:
    diner = Diner(venue)
    page = diner.client.get(diner.details_url(diner.hold())).content.decode()
    assert 'name="keep_needs"' in page
    assert 'name="want_thanks"' in page
    assert "checked" not in page
    _diner, _url, guest = booked(venue)
    assert (guest.dietary_needs, guest.needs_consent_at, guest.thanks_consent_at) == ("", None, None)
    assert Reservation.objects.filter(dietary_needs=NEEDS).count() == 1


def test_mails_after_visits_are_offered_where_they_are_sent(venue: Restaurant) -> None:
    Restaurant.objects.update(sends_thanks=False)
    diner = Diner(venue)
    assert 'name="want_thanks"' not in diner.client.get(diner.details_url(diner.hold())).content.decode()
    _diner, _url, guest = booked(venue, want_thanks="on")
    assert guest.thanks_consent_at is None


def test_what_is_ticked_is_noted_with_its_moment_and_taken_back(venue: Restaurant) -> None:
    before = timezone.now()
    diner, url, guest = booked(venue, keep_needs="on", want_thanks="on")
    assert guest.dietary_needs == NEEDS
    assert guest.needs_consent_at
    assert guest.thanks_consent_at
    assert before < guest.needs_consent_at <= guest.thanks_consent_at < timezone.now()
    event = HistoryEvent.objects.get(kind="consented")
    assert event.changes == {"told": ["dietary_needs", "needs_consent_at", "thanks_consent_at"]}

    page = read(diner.client.get(url))
    answer = diner.send(page.form("/consent/"), "Take back what I agreed to")
    assert "is taken back" in read(diner.client.get(answer["Location"])).text
    diner.send(page.form("/consent/"), "Take back what I agreed to")
    assert Guest.objects.filter(dietary_needs="", needs_consent_at=None, thanks_consent_at=None).count() == 1
    assert HistoryEvent.objects.filter(kind="withdrew").count() == 1
    # The visit that is to come has its own.
    assert Reservation.objects.get().dietary_needs == NEEDS


def test_where_a_mails_button_confirms_the_boxes_stand_beside_it(venue: Restaurant) -> None:
    Restaurant.objects.update(confirms_by_mail=True)
    diner = Diner(venue)
    held = diner.hold()
    assert 'name="keep_needs"' not in diner.client.get(diner.details_url(held)).content.decode()
    diner.confirm(held, dietary_needs=NEEDS)
    (mail,) = mails(held)
    browser = Client()
    form = read(browser.get(link(mail))).form(link(mail))
    assert Guest.objects.count() == 0
    browser.post(link(mail), form.pressed(BUTTON, keep_needs="on"))
    guest = Guest.objects.get()
    assert guest.dietary_needs == NEEDS
    assert guest.needs_consent_at
    assert guest.thanks_consent_at is None


def test_the_page_tells_strangers_nothing_of_what_a_guest_agreed_to(venue: Restaurant) -> None:
    """Who types another's address gets a reservation of that guest."""
    booked(venue, keep_needs="on")
    stranger = Diner(venue)
    url, _page = stranger.book("21:30")
    with_consent = stranger.client.get(url).content.decode()
    assert NEEDS not in with_consent
    Guest.objects.update(needs_consent_at=None, dietary_needs="")
    assert read(stranger.client.get(url)).text == read(with_consent.encode()).text


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_changes_nothing(venue: Restaurant, method: str) -> None:
    diner, url, guest = booked(venue, keep_needs="on")
    answer = getattr(diner.client, method)(f"{url}consent/")
    # An older mail program opens it as a page: the button stands there.
    assert answer.status_code == 200
    if method == "get":
        assert read(answer).form("/consent/")
    assert diner.client.post(f"{url[:-2]}x/consent/").status_code == 404
    guest.refresh_from_db()
    assert guest.needs_consent_at


def test_a_mail_after_a_visit_goes_to_who_asked_for_it_and_says_how_to_end_that(venue: Restaurant) -> None:
    guest = make_guest(venue, email="ada@example.org", name="Ada")
    visit = make_visit(guest, -1)
    message = make_message(Message.Kind.THANKS, visit)
    assert isinstance(render(message, timezone.now()), Dropped)
    consenting.consent(reservation=visit, thanks=True)
    mail = render(message, timezone.now())
    assert isinstance(mail, Mail)
    headers = as_email(mail).message()
    link = headers["List-Unsubscribe"].strip("<>")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.removesuffix("consent/") in mail.text
    # As a mail program sends it: without cookies, without a token of ours.
    path = link.partition("127.0.0.1:8000")[2]
    answer = Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200, "RFC 8058 forbids a redirect"
    assert "is taken back" in answer.content.decode()
    assert isinstance(render(message, timezone.now()), Dropped)


def test_who_books_for_somebody_else_agrees_to_nothing(venue: Restaurant) -> None:
    booker: dict[str, Any] = {"booker_name": "Basil Booker", "booker_email": "basil@booker.example"}
    diner, _url, guest = booked(venue, keep_needs="on", want_thanks="on", **booker)
    assert (guest.dietary_needs, guest.needs_consent_at, guest.thanks_consent_at) == ("", None, None)
    # And what the guest has agreed to is no reason to write to the booker.
    Guest.objects.update(thanks_consent_at=timezone.now())
    Reservation.objects.update(status=Reservation.Status.FINISHED)
    message = Message.objects.get(kind=Message.Kind.THANKS)
    assert message.recipient == booker["booker_email"]
    assert isinstance(render(message, timezone.now()), Dropped)
    # Who gives their own address twice is the guest.
    diner.book("21:30", want_thanks="on", **{**booker, "booker_email": guest.email})
    Guest.objects.update(thanks_consent_at=None)
    consenting.consent(reservation=Reservation.objects.latest("pk"), thanks=True)
    guest.refresh_from_db()
    assert guest.thanks_consent_at


def test_who_books_for_somebody_else_is_told_that_the_boxes_are_the_guests(venue: Restaurant) -> None:
    diner = Diner(venue)
    assert "the guest's to tick" in read(diner.client.get(diner.details_url(diner.hold()))).text
    Restaurant.objects.update(confirms_by_mail=True)
    held = diner.hold("20:00")
    assert "the guest's to tick" not in read(diner.client.get(diner.details_url(held))).text
    diner.confirm(held, booker_name="Basil Booker", booker_email="basil@booker.example")
    (mail,) = mails(held)
    page = Client().get(link(mail)).content.decode()
    assert BUTTON in page
    assert 'name="keep_needs"' not in page


def test_other_mails_need_no_consent(venue: Restaurant) -> None:
    booked(venue)
    message = Message.objects.get(kind=Message.Kind.CONFIRMATION)
    mail = render(message, timezone.now())
    assert isinstance(mail, Mail)
    assert "List-Unsubscribe" not in as_email(mail).message()


def test_consent_goes_with_the_guest(venue: Restaurant) -> None:
    now = timezone.now()
    one = make_guest(venue, email="one@example.org")
    two = make_guest(venue, email="two@example.org", dietary_needs=NEEDS, needs_consent_at=now, thanks_consent_at=now)
    merge(keep=one, other=two, by=COMMAND)
    assert (one.dietary_needs, one.needs_consent_at, one.thanks_consent_at) == (NEEDS, now, now)
    assert (two.needs_consent_at, two.thanks_consent_at) == (None, None)
    erase(guest=one, by=COMMAND)
    assert (one.needs_consent_at, one.thanks_consent_at) == (None, None)
    visit = make_visit(one, -1)
    consenting.consent(reservation=visit, needs=True, thanks=True)
    one.refresh_from_db()
    assert one.thanks_consent_at is None, "who was erased is nobody, and agrees to nothing"
    assert one.created_at < now + dt.timedelta(days=1)
