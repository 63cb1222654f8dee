"""Guests with many no-shows: flagged for staff, and asked to call where the restaurant wants that."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reservations.engine import asking, due, guests, waitlist
from reservations.engine.errors import Reason
from reservations.links import entry_token
from reservations.models import Guest, Message, Reservation, Restaurant
from tests.factories import (
    days_ahead,
    make_by,
    make_details,
    make_hold,
    make_member,
    make_reservation,
    make_seated,
    make_venue,
    make_wish,
)
from tests.pages import read
from tests.reservations.asked import ask, fresh, kinds, link, mails
from tests.reservations.diner import Diner
from tests.reservations.people import make_guest, make_waiting
from tests.reservations.rows import refused

pytestmark = pytest.mark.django_db

Status = Reservation.Status
Kind = Message.Kind
BY_PHONE = "This restaurant confirms this booking by phone."


def stayed_away(restaurant: Restaurant, guest: Guest, times: int, *, days_ago: int = 30) -> None:
    """Write no-shows of a guest, each on a date of its own."""
    for number in range(times):
        wish = make_wish(restaurant, date=days_ahead(restaurant, -days_ago - number))
        make_seated(restaurant, (), wish, status=Status.NO_SHOW, guest=guest)


@pytest.fixture
def place() -> Restaurant:
    return make_venue(no_shows_call=2)


@pytest.fixture
def ada(place: Restaurant) -> Guest:
    return make_guest(place, email="ada@example.org", phone="+49307654321", name="Ada Guest")


@pytest.fixture
def host(place: Restaurant) -> Client:
    client = Client()
    client.force_login(make_member(place))
    return client


def sheet(host: Client, held: Reservation) -> str:
    address = reverse("admin:reservations_restaurant_sheet", args=(held.restaurant_id, held.service_date.isoformat()))
    return str(host.get(address).content.decode())


def test_who_stayed_away_often_is_asked_to_call_and_staff_confirm(place: Restaurant, ada: Guest, host: Client) -> None:
    stayed_away(place, ada, 2)
    diner = Diner(place)
    held = ask(diner, note="By the window")
    assert (held.status, held.asked, held.guest_id) == (Status.HELD, "call", None)
    assert kinds(held) == []
    page = diner.details(held)
    assert page.headings[0] == "Please call the restaurant"
    assert BY_PHONE in page.text
    assert page.links[place.phone] == "tel:" + place.phone.replace(" ", "")
    # Whoever typed somebody else's address learns nothing of them.
    assert "no-show" not in page.text.lower()
    assert "stay" not in page.text.lower()

    shown = sheet(host, held)
    assert "asked to call" in shown
    assert f"/{held.pk}/confirm/" in shown
    own = reverse("admin:reservations_reservation_change", args=(held.pk,))
    assert "Not confirmed yet: asked to call." in read(host.get(own)).text
    act = reverse("admin:reservations_reservation_confirm", args=(held.pk,))
    assert host.get(act).status_code == 200
    assert fresh(held).status == Status.HELD
    for _press in range(2):
        assert host.post(act).status_code == 302
    done = fresh(held)
    assert (done.status, done.guest_id, done.note, done.held_until) == (Status.CONFIRMED, ada.pk, "By the window", None)
    assert kinds(held) == [Kind.CONFIRMATION, Kind.REMINDER]
    assert "/reservations/" in diner.client.get(diner.details_url(held))["Location"]


@pytest.mark.parametrize(
    ("times", "days_ago", "call", "asked"),
    [(1, 30, 2, ""), (2, 30, 2, "call"), (2, 400, 2, ""), (5, 30, 0, ""), (5, 30, 6, "")],
    ids=["too few", "enough", "long ago", "off", "a patient house"],
)
def test_how_many_it_takes(place: Restaurant, ada: Guest, times: int, days_ago: int, call: int, asked: str) -> None:
    Restaurant.objects.filter(pk=place.pk).update(no_shows_call=call)
    stayed_away(place, ada, times, days_ago=days_ago)
    diner = Diner(place)
    held = diner.hold()
    diner.confirm(held)
    assert fresh(held).asked == asked


def test_of_this_guest_at_this_restaurant_alone(place: Restaurant, ada: Guest) -> None:
    stayed_away(place, make_guest(place, email="bo@example.org"), 5)
    other = make_venue()
    stayed_away(other, make_guest(other, email="ada@example.org"), 5)
    assert Diner(place).book()[1].headings[0] == "You are expected"


def test_merging_takes_the_no_shows_along_and_erasing_leaves_the_counts(place: Restaurant, ada: Guest) -> None:
    other = make_guest(place, email="ada@work.example")
    stayed_away(place, ada, 1)
    stayed_away(place, other, 1, days_ago=60)
    guests.merge(keep=other, other=ada, by=make_by())
    diner = Diner(place)
    held = ask(diner)
    assert held.asked == "call"
    # Who is erased is somebody new, and nothing is held against them.
    diner.send(diner.details(held).form("/release/"), "Give the table back")
    guests.erase(guest=Guest.objects.get(pk=other.pk), by=make_by())
    assert Reservation.objects.filter(guest=other, status=Status.NO_SHOW).count() == 2
    assert Diner(place).book()[1].headings[0] == "You are expected"


def test_a_call_comes_before_a_mail_and_a_mail_is_no_way_around_it(ada: Guest, place: Restaurant) -> None:
    Restaurant.objects.filter(pk=place.pk).update(confirms_by_mail=True)
    diner = Diner(place)
    held = ask(diner)
    assert held.asked == "mail"
    path = link(mails(held)[0])
    stayed_away(place, ada, 2)
    until = fresh(held).held_until
    form = read(Client().get(path)).form(path)
    shown = Client().post(path, form.values)
    assert shown.status_code == 200
    assert BY_PHONE in read(shown).text
    assert (fresh(held).status, fresh(held).asked, fresh(held).held_until) == (Status.HELD, "call", until)
    # However often it is pressed.
    assert BY_PHONE in read(Client().post(path)).text
    assert fresh(held).held_until == until
    assert ask(Diner(place)).asked == "call"


def test_an_offer_of_the_waitlist_is_no_way_around_it(place: Restaurant, ada: Guest, host: Client) -> None:
    stayed_away(place, ada, 2)
    entry = make_waiting(place, guest=ada, email=ada.email)
    due.serve_waitlists()
    with refused(Reason.BY_PHONE):
        waitlist.accept(entry=entry)
    entry.refresh_from_db()
    assert entry.status == "offered"
    page = f"/restaurants/{place.slug}/waitlist/{entry_token(place.pk, entry.reference)}/"
    answer = Client().post(f"{page}accept/")
    assert answer.status_code == 409
    assert read(answer).alerts == [f"{BY_PHONE} Please call. {place.phone}"]
    # Who calls then is answered.
    answer = host.post(reverse("admin:reservations_waitlistentry_accept", args=(entry.pk,)))
    assert answer.status_code == 302
    entry.refresh_from_db()
    assert entry.status == "accepted"


def test_staff_see_who_stayed_away_often(place: Restaurant, ada: Guest, host: Client) -> None:
    Restaurant.objects.filter(pk=place.pk).update(no_shows_call=0, no_shows_flagged=3)
    stayed_away(place, ada, 2)
    stayed_away(place, ada, 1, days_ago=500)
    reservation = make_reservation(place)
    assert reservation.guest_id == ada.pk
    change = reverse("admin:reservations_reservation_change", args=(reservation.pk,))
    search = reverse("admin:reservations_restaurant_phone_guests", args=(place.pk,))
    text = "no-shows in 12 months"

    def seen() -> list[bool]:
        found = host.post(search, {"name": "Ada"}).content.decode()
        return [text in sheet(host, reservation), text in host.get(change).content.decode(), text in found]

    # Three in all, but two of the last 12 months.
    assert seen() == [False, False, False]
    stayed_away(place, ada, 1, days_ago=90)
    assert seen() == [True, True, True]
    assert "3 no-shows in 12 months" in sheet(host, reservation)
    Restaurant.objects.filter(pk=place.pk).update(no_shows_flagged=0)
    assert seen() == [False, False, False]


def test_holds_of_others_are_not_confirmed_by_staff(place: Restaurant, host: Client) -> None:
    diner = Diner(place)
    held = diner.hold()
    act = reverse("admin:reservations_reservation_confirm", args=(held.pk,))
    host.post(act)
    assert fresh(held).status == Status.HELD
    assert f"/{held.pk}/confirm/" not in sheet(host, held)
    foreign = Client()
    foreign.force_login(make_member(make_venue(), role="owner"))
    assert foreign.post(act).status_code in (403, 404)


def test_a_booking_asks_one_question_more_where_it_counts(place: Restaurant, ada: Guest) -> None:
    def statements(call: int) -> int:
        Restaurant.objects.filter(pk=place.pk).update(no_shows_call=call)
        held = Reservation.objects.select_related("restaurant", "service").get(pk=make_hold(place).pk)
        with CaptureQueriesContext(connection) as queries:
            asking.confirm_online(reservation=held, details=make_details())
        return len(queries)

    assert statements(5) - statements(0) <= 2
