"""A diner books through the pages: hold, extend, give back, confirm, look up, cancel."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.engine.arriving import add_note
from reservations.engine.errors import Reason
from reservations.messages.rendering import Mail, render
from reservations.models import Message, Reservation, Restaurant, TableClaim
from reservations.reasons import diner_text
from tests.conftest import Site
from tests.factories import (
    make_area,
    make_by,
    make_seated,
    make_table,
    make_venue,
    make_wish,
)
from tests.pages import Form, read
from tests.reservations.diner import EVERYTHING, TYPED, Diner, status
from tests.wire import Answer, Wire

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def place() -> Restaurant:
    return make_venue(tables=(2, 4))


@pytest.fixture
def one_table() -> Restaurant:
    return make_venue(tables=(2,))


# --- From a time to a reservation -------------------------------------------


def test_from_a_time_to_a_reservation_and_back(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    held = diner.hold("19:00")
    details = diner.details(held)
    assert "The table is held for 10 minutes" in details.text
    assert "19:00 · 2 guests" in details.text
    confirmed = diner.confirm(held, **EVERYTHING)
    assert confirmed.status_code == 302
    url = confirmed["Location"]
    page = read(diner.client.get(url))
    reservation = Reservation.objects.get(status=Status.CONFIRMED)
    assert page.headings == ["You are expected"]
    for text in (reservation.reference, "19:00 CET", "Zoë “O'Brien” <b>", "1 child", "1 high chair", "Birthday"):
        assert text in page.text.replace("CEST", "CET")
    assert "No nuts & no <milk>" in page.text
    assert reservation.note == EVERYTHING["note"].replace("\r\n", "\n")
    assert (reservation.email, reservation.phone) == ("zoe@example.org", "+49307654321")
    assert (reservation.children, reservation.high_chairs, reservation.source) == (1, 1, "online")

    # Whoever has the link: the guest's other device.
    stranger = Diner(one_table)
    assert read(stranger.client.get(url)).headings == ["You are expected"]
    assert [button.label for button in stranger.times().form("/hold/").buttons if not button.disabled] == [
        *("21:00", "21:30", "22:00")
    ]
    cancelled = stranger.send(read(stranger.client.get(url)).form("/cancel/"), "Yes, cancel it")
    assert (cancelled.status_code, cancelled["Location"]) == (302, url)
    assert read(stranger.client.get(url)).headings == ["Your reservation is cancelled"]
    assert not TableClaim.objects.exists()
    assert Diner(one_table).book("19:00")[1].headings == ["You are expected"]


def test_the_first_answer_is_given_again(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    form = diner.times().form("/hold/")
    first, second = (diner.send(form, "19:00") for _click in range(2))
    assert first["Location"] == second["Location"]
    held = Reservation.objects.get()

    form = diner.details(held).form(diner.details_url(held))
    answers = [diner.send(form, "Confirm the reservation", **TYPED) for _click in range(2)]
    assert answers[0].status_code == answers[1].status_code == 302
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Reservation.objects.get().status == Status.CONFIRMED


def test_a_double_click_by_a_newcomer_holds_one_table(place: Restaurant) -> None:
    """Neither answer has arrived when the second click is sent: both carry what the times page gave."""
    diner = Diner(place)
    form = diner.times().form("/hold/")
    before = {name: morsel.value for name, morsel in diner.client.cookies.items()}
    locations = set()
    for _click in range(2):
        diner.client.cookies.clear()
        diner.client.cookies.load(before)
        locations.add(diner.send(form, "19:00")["Location"])
    assert len(locations) == 1
    assert Reservation.objects.count() == 1


def test_a_double_click_on_confirm_keeps_the_reservation_among_mine(place: Restaurant) -> None:
    """The browser throws away the first click's answer and its cookie."""
    diner = Diner(place)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    before = {name: morsel.value for name, morsel in diner.client.cookies.items()}
    diner.send(form, "Confirm the reservation", **TYPED)
    diner.client.cookies.clear()
    diner.client.cookies.load(before)
    diner.send(form, "Confirm the reservation", **TYPED)
    assert held.reference in read(diner.client.get("/my-reservations/")).text


def test_the_same_key_for_another_time_is_another_hold(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    form = diner.times().form("/hold/")
    first, second = diner.send(form, "19:00"), diner.send(form, "21:00")
    assert first["Location"] != second["Location"]
    # Who tries several times keeps none of them from others.
    assert Reservation.objects.get(status=Status.HELD).local_start.hour == 21
    assert Reservation.objects.filter(status=Status.RELEASED).count() == 1


def test_what_was_put_right_and_sent_again_is_told(place: Restaurant) -> None:
    """As by who stops a slow page, corrects a letter and presses once more: the first form had arrived."""
    diner = Diner(place)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    first = diner.send(form, "Confirm the reservation", **{**TYPED, "email": "ada@exmaple.org"})
    again = diner.send(form, "Confirm the reservation", **TYPED)
    assert again["Location"] == f"{first['Location']}?done=told"
    assert "The restaurant now knows" in read(diner.client.get(again["Location"])).text
    held.refresh_from_db()
    assert (held.email, held.status) == (TYPED["email"], Status.CONFIRMED)
    assert Message.objects.filter(reservation=held, kind=Message.Kind.CHANGE, recipient=TYPED["email"]).exists()
    # An old page is no later word than what was changed by the link.
    late = diner.send(form, "Confirm the reservation", **{**TYPED, "email": "old@example.org"})
    assert late["Location"] == first["Location"]
    held.refresh_from_db()
    assert held.email == TYPED["email"]


def test_a_form_sent_again_takes_nothing_away_that_staff_have_noted_since(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    first = diner.send(form, "Confirm the reservation", **TYPED)
    held.refresh_from_db()
    add_note(reservation=held, text="Has called: by the window", by=make_by())
    again = diner.send(form, "Confirm the reservation", **TYPED)
    assert again["Location"] == first["Location"]
    held.refresh_from_db()
    assert held.note == "Has called: by the window"
    assert not Message.objects.filter(reservation=held, kind=Message.Kind.CHANGE).exists()


@pytest.mark.parametrize("by_mail", [False, True], ids=["at-once", "by-mail"])
def test_mails_are_in_the_language_in_which_it_was_confirmed(place: Restaurant, by_mail: bool) -> None:
    Restaurant.objects.update(confirms_by_mail=by_mail)
    diner = Diner(place)
    held = diner.hold()
    assert held.language == "en"
    diner.base = f"/de{diner.base}"
    form = diner.details(held).form(diner.details_url(held))
    assert diner.send(form, "Reservierung bestätigen", **TYPED).status_code == 302
    held.refresh_from_db()
    assert held.language == "de"
    mail = render(Message.objects.filter(reservation=held).earliest("pk"), timezone.now())
    assert isinstance(mail, Mail)
    assert "/de/restaurants/" in mail.text


def test_the_enter_key_confirms(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    assert form.buttons[0].action == diner.details_url(held)


def test_a_hold_and_its_confirmation_are_few_statements(place: Restaurant) -> None:
    def count() -> int:
        diner = Diner(place)
        form = diner.times().form("/hold/")
        with CaptureQueriesContext(connection) as holding:
            held = diner.send(form, "19:00")
        held = Reservation.objects.get(reference=held["Location"].split("/")[-2])
        form = diner.details(held).form(diner.details_url(held))
        with CaptureQueriesContext(connection) as confirming:
            assert diner.send(form, "Confirm the reservation", **TYPED).status_code == 302
        return len(holding) + len(confirming)

    # The first writes the guest down, and makes the day's row.
    count()
    first = count()
    for number in range(20):
        table = make_table(place, seats=4, area=make_area(place))
        make_seated(place, [table], make_wish(place, at=dt.time(18 + number % 4)))
    assert count() == first


# --- Extending and giving back ----------------------------------------------


def test_a_hold_is_extended_once_and_keeps_what_was_typed(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    typed = {**EVERYTHING, "email": "not yet", "children": ""}
    response = diner.send(form, "10 more minutes", **typed)
    assert (response.status_code, response["Location"]) == (302, diner.details_url(held))
    until = held.held_until
    held.refresh_from_db()
    assert until
    assert held.held_until == until + dt.timedelta(minutes=10)
    page = diner.details(held)
    kept = page.form(diner.details_url(held))
    assert [button.label for button in kept.buttons if "more minutes" in button.label] == []
    assert "The table is held for 20 minutes" in page.text
    assert (kept.values["name"], kept.values["email"], kept.values["note"]) == (
        EVERYTHING["name"],
        "not yet",
        EVERYTHING["note"].replace("\r\n", "\n"),
    )

    # A second time, from a page that was open in another tab.
    again = diner.send(form, "10 more minutes", **{**typed, "name": "Typed since"})
    assert again.status_code == 409
    page = read(again)
    assert diner_text(Reason.ALREADY_EXTENDED) in page.alerts
    assert page.form(diner.details_url(held)).values["name"] == "Typed since"
    held.refresh_from_db()
    assert held.held_until == until + dt.timedelta(minutes=10)


def test_giving_the_table_back_frees_it(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    response = diner.send(form, "Give the table back", **EVERYTHING)
    assert response.status_code == 302
    held.refresh_from_db()
    assert (held.status, held.name, held.note) == (Status.RELEASED, "", "")
    page = read(diner.client.get(response["Location"]))
    assert not page.form("/hold/").button("19:00").disabled
    Diner(one_table).hold("19:00")


def test_giving_back_what_was_confirmed_since_changes_nothing(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    url = diner.confirm(held)["Location"]
    for label in ("Give the table back", "10 more minutes"):
        response = diner.client.post(form.button(label).action, form.values, follow=True)
        assert read(response).headings == ["You are expected"]
        assert response.redirect_chain[-1][0] == url
    assert status(held) == Status.CONFIRMED


# --- As served --------------------------------------------------------------


def test_gunicorn_serves_the_whole_way(site: Site) -> None:
    place = make_venue(tables=(2,))
    wire = Wire(site.url)
    date = make_wish(place).date
    times = wire.get(f"/restaurants/{place.slug}/times/?date={date}&party=2").page
    held = wire.send(times.form("/hold/"), "19:00")
    assert held.status == 302
    details = wire.get(held.headers["Location"])
    confirmed = wire.send(details.page.form(held.headers["Location"]), "Confirm the reservation", **EVERYTHING)
    assert confirmed.status == 302, confirmed.page.alerts
    url = confirmed.headers["Location"]
    assert Reservation.objects.get().reference in wire.get("/my-reservations/").page.text
    stranger = Wire(site.url)
    page = stranger.get(url).page
    assert page.headings == ["You are expected"]
    assert stranger.send(page.form("/cancel/"), "Yes, cancel it").status == 302
    assert wire.get(url).page.headings == ["Your reservation is cancelled"]
    assert not TableClaim.objects.exists()


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """Return the answers of calls that are made at the same moment."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer:
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def clicked_twice(wire: Wire, url: str, form: Form, label: str, **typed: str) -> tuple[str, list[Wire]]:
    """Press a button twice at once, with the cookies that the page came with; return the one address of the answers.

    And a browser for each answer, since nobody knows which one a browser keeps.
    """
    clicks = [Wire(url) for _click in range(2)]
    for click in clicks:
        click.cookies = dict(wire.cookies)
    answers = at_once(*(partial(click.send, form, label, **typed) for click in clicks))
    assert [answer.status for answer in answers] == [302, 302]
    (location,) = {answer.headers["Location"] for answer in answers}
    return location, clicks


def test_two_clicks_at_once_are_one_reservation(site: Site) -> None:
    place = make_venue(tables=(2, 2))
    wire = Wire(site.url)
    times = wire.get(f"/restaurants/{place.slug}/times/?date={make_wish(place).date}&party=2").page
    location, browsers = clicked_twice(wire, site.url, times.form("/hold/"), "19:00")
    reservation = Reservation.objects.get()
    for browser in browsers:
        form = browser.get(location).page.form(location)
    _url, browsers = clicked_twice(browser, site.url, form, "Confirm the reservation", **TYPED)
    assert status(reservation) == Status.CONFIRMED
    for browser in browsers:
        assert reservation.reference in browser.get("/my-reservations/").page.text
