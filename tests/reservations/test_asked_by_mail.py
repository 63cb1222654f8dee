"""Where a restaurant wants it, an online booking stands once the button in a mail is pressed; until then it is held."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import asking, due
from reservations.engine.errors import Reason
from reservations.messages.rendering import Dropped, render
from reservations.models import Guest, HistoryEvent, Message, Reservation, Restaurant, TableClaim
from tests import clock
from tests.factories import make_details, make_venue
from tests.pages import read
from tests.reservations.asked import ask, asking_venue, fresh, kinds, link, mails, press
from tests.reservations.diner import TYPED, Diner, lapse
from tests.reservations.rows import chains_broken, events, refused

pytestmark = pytest.mark.django_db

Status = Reservation.Status
Kind = Message.Kind
HALF_AN_HOUR = dt.timedelta(minutes=30)


@pytest.fixture
def place() -> Restaurant:
    return asking_venue()


@pytest.fixture
def diner(place: Restaurant) -> Diner:
    return Diner(place)


def test_the_table_is_held_until_the_button_is_pressed(diner: Diner, place: Restaurant) -> None:
    before = timezone.now()
    held = ask(diner, note="By the window")
    assert (held.status, held.asked, held.guest_id) == (Status.HELD, "mail", None)
    assert held.held_until is not None
    assert before + HALF_AN_HOUR <= held.held_until <= timezone.now() + HALF_AN_HOUR
    assert (held.name, held.email, held.note) == ("Ada Guest", "ada@example.org", "By the window")
    assert kinds(held) == [Kind.ASKED]
    page = diner.details(held)
    assert page.headings[0] == "Please look into your mail"
    until = held.held_until.astimezone(place.zone).strftime("%H:%M")
    assert "We have written to ada@example.org" in page.text
    assert f"Press the button in the mail until {until} in the restaurant's time" in page.text
    assert not Guest.objects.exists()

    response = press(link(mails(held)[0]))
    assert response.status_code == 302
    assert "/reservations/" in response["Location"]
    done = fresh(held)
    assert (done.status, done.asked, done.held_until) == (Status.CONFIRMED, "mail", None)
    assert done.guest is not None
    assert (done.guest.email, done.note) == ("ada@example.org", "By the window")
    assert kinds(held) == [Kind.ASKED, Kind.CONFIRMATION, Kind.REMINDER]
    assert diner.client.get(diner.details_url(held))["Location"] == response["Location"]
    assert events(place) == ["reservation held", "reservation asked", "reservation confirmed"]
    assert chains_broken(place) == []


def test_whoever_pressed_has_the_reservation_in_that_browser(diner: Diner) -> None:
    phone = Client()
    held = ask(diner)
    press(link(mails(held)[0]), phone)
    assert held.reference in read(phone.get("/my-reservations/")).text
    assert held.reference in read(diner.client.get("/my-reservations/")).text


def test_looking_at_the_link_changes_nothing(diner: Diner) -> None:
    held = ask(diner)
    path = link(mails(held)[0])
    before = Reservation.objects.filter(pk=held.pk).values().get()
    for method in ("get", "head", "options"):
        getattr(Client(), method)(path)
    assert Reservation.objects.filter(pk=held.pk).values().get() == before
    text = read(Client().get(path)).text
    # Of what was told it shows nothing: the address may be a stranger's.
    assert "Ada" not in text
    assert "030" not in text


def test_pressing_twice_leads_to_the_same_page(diner: Diner) -> None:
    held = ask(diner)
    path = link(mails(held)[0])
    client = Client()
    first = press(path, client)
    again = client.post(path)
    assert first["Location"] == again["Location"] == client.get(path)["Location"]
    assert kinds(held).count(Kind.CONFIRMATION) == 1


def test_the_form_sent_twice_writes_one_mail(diner: Diner) -> None:
    held = ask(diner)
    again = diner.client.post(diner.details_url(held), TYPED | {"children": "0", "high_chairs": "0"})
    assert (again.status_code, again["Location"]) == (302, diner.details_url(held))
    assert len(mails(held)) == 1
    # The row as another request has read it a moment before.
    stale = fresh(held)
    stale.asked = ""
    assert asking.confirm_online(reservation=stale, details=make_details()).is_asked
    assert len(mails(held)) == 1


def test_the_form_that_was_asked_about_takes_no_address_back_that_was_put_right_since(diner: Diner) -> None:
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    diner.send(form, "Confirm the reservation", **TYPED | {"email": "ada@exmaple.org"})
    asking.write_again(reservation=fresh(held), email=TYPED["email"])
    pressed = press(link(mails(held)[-1]))
    late = diner.send(form, "Confirm the reservation", **TYPED | {"email": "ada@exmaple.org"})
    assert late["Location"] == pressed["Location"]
    assert (fresh(held).status, fresh(held).email) == (Status.CONFIRMED, TYPED["email"])


def test_a_link_of_another_restaurant_or_made_up_or_tampered_with_leads_nowhere(diner: Diner) -> None:
    held = ask(diner)
    path = link(mails(held)[0])
    token = path.split("/")[-2]
    reference, _dash, rest = token.partition("-")
    other = asking_venue()
    twin = Diner(other)
    theirs = ask(twin).reference
    for slug, given in (
        (other.slug, token),
        (diner.restaurant.slug, token[:-1] + ("A" if token[-1] != "A" else "B")),
        (diner.restaurant.slug, f"{theirs}-{rest}"),
        (diner.restaurant.slug, reference),
        (diner.restaurant.slug, "x"),
        (diner.restaurant.slug, "é" * 300),
    ):
        for method in ("get", "post"):
            response = getattr(Client(), method)(f"/restaurants/{slug}/confirm/{given}/")
            assert response.status_code == 404, given
    # Neither does the link of a reservation, nor this one there.
    assert Client().get(f"/restaurants/{diner.restaurant.slug}/reservations/{token}/").status_code == 404
    assert fresh(held).status == Status.HELD


def test_what_nobody_confirms_lapses_and_goes_to_who_waits(diner: Diner, place: Restaurant) -> None:
    held = ask(diner)
    path = link(mails(held)[0])
    lapse(held)
    # Before anybody has noticed, and after.
    for _round in range(2):
        shown = Client().get(path)
        assert shown.status_code == Client().post(path).status_code == 410
        page = read(shown)
        assert page.headings[0] == "The table is not held any more"
        assert f"party={held.party_size}" in page.links["See the times of that day"]
        due.expire_holds()
    assert fresh(held).status == Status.EXPIRED
    assert (fresh(held).name, fresh(held).email) == ("", "")
    assert not TableClaim.objects.filter(reservation=held).exists()
    assert kinds(held) == [Kind.ASKED]
    message = mails(held)[0]
    assert isinstance(render(message, timezone.now()), Dropped)
    # Whom it was written to is forgotten with the rest: the address may be a stranger's.
    assert message.recipient == ""
    # In the browser that held it, the form tries the same time once more.
    again = diner.confirm(held)
    assert again.status_code == 302
    assert "again=1" in again["Location"]


def test_the_wrong_address_is_corrected_and_nothing_is_lost(diner: Diner) -> None:
    held = ask(diner, email="ada@exmaple.org", note="By the window")
    wrong = link(mails(held)[0])
    form = diner.details(held).form("/mail/")
    assert form.values["email"] == "ada@exmaple.org"
    response = diner.send(form, "Write to this address", email=" Ada@Example.org ")
    assert response.status_code == 302
    page = read(diner.client.get(response["Location"]))
    assert "A mail is on its way to ada@example.org." in page.text
    first, second = mails(held)
    assert (first.recipient, second.recipient) == ("ada@exmaple.org", "ada@example.org")
    assert isinstance(render(first, timezone.now()), Dropped)
    # Whoever has the wrong address can't confirm, even with the mail in hand.
    assert Client().get(wrong).status_code == Client().post(wrong).status_code == 404
    press(link(second))
    done = fresh(held)
    assert (done.status, done.email, done.note, done.name) == (
        *(Status.CONFIRMED, "ada@example.org", "By the window", "Ada Guest"),
    )


def test_mails_go_to_the_booker_where_somebody_books_for_the_guest(diner: Diner) -> None:
    held = ask(diner, booker_name="Bo", booker_email="bo@example.org")
    diner.send(diner.details(held).form("/mail/"), "Write to this address", email="bob@example.org")
    assert [row.recipient for row in mails(held)] == ["bo@example.org", "bob@example.org"]
    assert (fresh(held).email, fresh(held).booker_email) == ("ada@example.org", "bob@example.org")


def test_it_is_written_again_a_few_times_and_not_twice_a_minute(diner: Diner) -> None:
    held = ask(diner)
    until = held.held_until

    def again(email: str) -> Any:
        return diner.send(diner.details(held).form("/mail/"), "Write to this address", email=email)

    assert again("ada@example.org").status_code == 302
    assert len(mails(held)) == 1
    Message.objects.update(created_at=timezone.now() - dt.timedelta(minutes=2))
    for number in range(asking.MOST_MAILS - 1):
        assert again(f"ada{number}@example.org").status_code == 302
    refusal = again("eve@example.org")
    assert refusal.status_code == 409
    assert "We have written several times already." in read(refusal).alerts[0]
    assert len(mails(held)) == asking.MOST_MAILS
    # Nor does it hold the table for longer.
    assert fresh(held).held_until == until
    for bad in ("", "nobody", "a@b\x00.org", "x" * 300 + "@example.org"):
        assert again(bad).status_code == 400


def test_only_the_browser_that_holds_it_may_have_it_written_again(diner: Diner) -> None:
    held = ask(diner)
    url = f"{diner.details_url(held)}mail/"
    assert Client().post(url, {"email": "eve@example.org"}).status_code == 404
    assert diner.client.get(url).status_code == 405
    assert [row.recipient for row in mails(held)] == ["ada@example.org"]


def test_another_hold_of_the_same_browser_does_not_give_it_back(diner: Diner) -> None:
    held = ask(diner)
    other = diner.hold("21:00")
    assert (fresh(held).status, fresh(other).status) == (Status.HELD, Status.HELD)
    # It is not extended by the form of holds, and is given back by who wants to.
    diner.client.post(f"{diner.details_url(held)}extend/", TYPED)
    assert fresh(held).held_until == held.held_until
    diner.send(diner.details(held).form("/release/"), "Give the table back")
    assert fresh(held).status == Status.RELEASED
    assert [row.recipient for row in mails(held)] == [""]


def test_a_browser_that_has_pressed_for_this_address_is_not_asked_again(diner: Diner) -> None:
    press(link(mails(ask(diner))[0]))
    location, page = diner.book("21:00")
    assert page.headings[0] == "You are expected"
    # Another address is asked, and so is another browser.
    assert ask(Diner(diner.restaurant)).asked == "mail"
    held = diner.hold("20:00", party=3)
    diner.confirm(held, email="bo@example.org")
    assert fresh(held).asked == "mail"
    assert location


def test_never_beyond_the_lead_time_of_the_table(place: Restaurant) -> None:
    Restaurant.objects.filter(pk=place.pk).update(lead_clock=dt.time(18), hold_minutes=1)
    date = timezone.now().astimezone(place.zone).date() + dt.timedelta(days=2)
    with clock.at(dt.datetime.combine(date, dt.time(17, 45), place.zone)):
        held = Diner(place).hold(date=date)
        row = asking.confirm_online(reservation=fresh(held), details=make_details())
    assert row.held_until is not None
    assert row.held_until.astimezone(place.zone).time() == dt.time(18)


def test_other_restaurants_ask_nothing(place: Restaurant) -> None:
    assert Diner(make_venue()).book()[1].headings[0] == "You are expected"


def test_a_link_that_is_pressed_while_the_address_is_corrected_confirms_nothing(diner: Diner) -> None:
    held = ask(diner, email="ada@exmaple.org")
    seen = fresh(held)
    asking.write_again(reservation=fresh(held), email="ada@example.org")
    with refused(Reason.CHANGED_MEANWHILE):
        asking.press(reservation=seen)
    assert (fresh(held).status, fresh(held).email) == (Status.HELD, "ada@example.org")
    # That the address changed is told, and not what it is.
    last = HistoryEvent.objects.filter(subject="reservation", subject_number=held.pk).latest("position")
    assert (last.kind, last.changes) == ("asked", {"told": ["email"]})


def test_without_that_look_the_wrong_address_would_have_it(diner: Diner, monkeypatch: pytest.MonkeyPatch) -> None:
    held = ask(diner, email="ada@exmaple.org")
    seen = fresh(held)
    asking.write_again(reservation=fresh(held), email="ada@example.org")
    monkeypatch.setattr(asking, "_unchanged", lambda reservation, _details: fresh(reservation))
    asking.press(reservation=seen)
    assert (fresh(held).status, fresh(held).email) == (Status.CONFIRMED, "ada@exmaple.org")


def test_step_free_tables_are_found_before_anything_is_asked(place: Restaurant) -> None:
    place.tables.update(is_step_free=False)
    diner = Diner(place)
    held = diner.hold()
    answer = diner.confirm(held, needs_step_free="on")
    assert answer.status_code == 409
    assert fresh(held).asked == ""
    table = place.tables.order_by("pk").last()
    assert table is not None
    place.tables.filter(pk=table.pk).update(is_step_free=True)
    diner.confirm(held, needs_step_free="on")
    assert (fresh(held).asked, fresh(held).table_ids) == ("mail", [table.pk])
