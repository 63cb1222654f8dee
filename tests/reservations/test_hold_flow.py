"""A diner books through the pages: hold, extend, give back, confirm, look up, cancel."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.engine.errors import Reason
from reservations.links import reservation_token
from reservations.models import Reservation, Restaurant, TableClaim
from reservations.reasons import diner_day_text, diner_text
from tests.conftest import Site
from tests.factories import (
    days_ahead,
    make_area,
    make_hold,
    make_reservation,
    make_seated,
    make_table,
    make_venue,
    make_wish,
)
from tests.pages import read
from tests.reservations.diner import TYPED, Diner
from tests.wire import Wire

pytestmark = pytest.mark.django_db

Status = Reservation.Status
EVERYTHING = {
    "name": "Zoë “O'Brien” <b>",
    "email": "zoe@example.org",
    "phone": "+49 30 7654321",
    "occasion": "birthday",
    "children": "1",
    "high_chairs": "1",
    "dietary_needs": "No nuts & no <milk>",
    "needs_step_free": "",
    "note": "First line\r\n  second line\r\n<script>alert(1)</script>",
}


@pytest.fixture
def place() -> Restaurant:
    return make_venue(tables=(2, 4))


@pytest.fixture
def one_table() -> Restaurant:
    return make_venue(tables=(2,))


def lapse(held: Reservation) -> None:
    """Let a hold's time run out, with nobody having noticed."""
    Reservation.objects.filter(pk=held.pk).update(held_until=timezone.now() - dt.timedelta(seconds=1))


def status(reservation: Reservation) -> str:
    return Reservation.objects.values_list("status", flat=True).get(pk=reservation.pk)


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
    assert reservation.note == EVERYTHING["note"].strip()
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
    assert Session.objects.count() == 1


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

    first = count()
    for number in range(20):
        table = make_table(place, seats=4, area=make_area(place))
        make_seated(place, [table], make_wish(place, at=dt.time(18 + number % 4)))
    assert count() == first


# --- The details ------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"name": ""}, "name", "Tell the restaurant whom to expect."),
        ({"name": "   "}, "name", "Tell the restaurant whom to expect."),
        ({"email": ""}, "email", "Give an address for the confirmation."),
        ({"email": "ada@"}, "email", "Enter a valid email address."),
        # Each of these letters becomes two when the address is normalised.
        ({"email": "ada@" + ("ﬀ" * 31 + ".") * 6 + "example"}, "email", "at most 254 characters"),
        ({"phone": ""}, "phone", "Give a number at which you can be reached."),
        ({"phone": "12"}, "phone", "This is not a phone number that can be called."),
        ({"phone": "call me"}, "phone", "This is not a phone number that can be called."),
        ({"phone": "030 1234567 ext. 5"}, "phone", "This is not a phone number that can be called."),
        ({"children": "3"}, "children", "There are 2 guests in all, children included."),
        ({"children": "-1"}, "children", "greater than or equal to 0"),
        ({"children": "one"}, "children", "whole number"),
        ({"children": "1", "high_chairs": "2"}, "high_chairs", "There are more high chairs than children."),
        ({"occasion": "wake"}, "occasion", "wake is not one of the available choices"),
        ({"dietary_needs": "x" * 301}, "dietary_needs", "at most 300 characters"),
        ({"note": "x" * 1001}, "note", "at most 1000 characters"),
        ({"name": "x" * 121}, "name", "at most 120 characters"),
    ],
)
def test_what_is_wrong_is_said_and_everything_kept(
    place: Restaurant, typed: dict[str, str], field: str, says: str
) -> None:
    diner = Diner(place)
    held = diner.hold()
    sent = {**EVERYTHING, **typed}
    response = diner.confirm(held, **sent)
    assert response.status_code == 400
    page = read(response)
    assert any(says in alert for alert in page.alerts), page.alerts
    assert f'href="#id_{field}"' in response.content.decode()
    kept = page.form(diner.details_url(held)).values
    expected = {name: value for name, value in sent.items() if name != "needs_step_free"}
    if field == "occasion":
        expected["occasion"] = ""
    assert {name: kept[name] for name in expected} == expected
    assert status(held) == Status.HELD
    # And it can still be put right.
    assert diner.confirm(held).status_code == 302


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("DE", "030/765-43 21", "+49307654321"),
        ("DE", "+44 20 7946 0958", "+442079460958"),
        ("DE", "0044 20 7946 0958", "+442079460958"),
        ("GB", "020 7946 0958", "+442079460958"),
        ("", "+81 3-1234-5678", "+81312345678"),
        ("AE", "٠٤ ١٢٣ ٤٥٦٧", "+97141234567"),
    ],
)
def test_phone_numbers_are_read_as_people_write_them(country: str, typed: str, kept: str) -> None:
    place = make_venue(country=country)
    Diner(place).book(phone=typed)
    assert Reservation.objects.get().phone == kept


def test_addresses_are_kept_in_one_spelling(place: Restaurant) -> None:
    Diner(place).book(email="  ADA@Example.ORG ")
    assert Reservation.objects.get().email == "ada@example.org"


@pytest.mark.parametrize("party", [1, 2])
def test_children_are_within_the_covers(place: Restaurant, party: int) -> None:
    diner = Diner(place)
    assert diner.confirm(diner.hold(party=party), children=str(party)).status_code == 302


def test_step_free_access_moves_the_party(place: Restaurant) -> None:
    level = make_table(place, seats=6, is_step_free=True)
    Diner(place).book(needs_step_free="on")
    assert set(Reservation.objects.get().claims.values_list("table", flat=True)) == {level.pk}


def test_step_free_access_that_cannot_be_had_is_said(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    response = diner.confirm(held, **{**EVERYTHING, "needs_step_free": "on"})
    assert response.status_code == 409
    page = read(response)
    assert any(diner_text(Reason.NO_STEP_FREE_TABLE) in alert for alert in page.alerts)
    assert page.form(diner.details_url(held)).values["needs_step_free"] == "on"
    assert page.form(diner.details_url(held)).values["note"] == EVERYTHING["note"]
    assert status(held) == Status.HELD


def test_the_step_free_search_is_the_forms_beginning(place: Restaurant) -> None:
    make_table(place, seats=6, is_step_free=True)
    diner = Diner(place)
    held = diner.hold(step_free="on")
    assert diner.details(held).form(diner.details_url(held)).values["needs_step_free"] == "on"


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
        EVERYTHING["note"].strip(),
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


# --- A hold that lapsed -----------------------------------------------------


def test_a_lapsed_hold_is_held_once_more_with_what_was_typed(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    lapse(held)
    assert "The hold has run out and nothing is booked yet" in diner.details(held).text
    response = diner.send(form, "Confirm the reservation", **EVERYTHING)
    assert response.status_code == 302
    again = Reservation.objects.get(status=Status.HELD, held_until__gt=timezone.now())
    assert again.pk != held.pk
    page = read(diner.client.get(response["Location"]))
    assert any("we could hold the same time once more" in alert for alert in page.alerts)
    form = page.form(diner.details_url(again))
    expected = {**EVERYTHING, "phone": "+49307654321", "note": EVERYTHING["note"].strip()}
    expected.pop("needs_step_free")
    assert {name: form.values[name] for name in expected} == expected
    assert diner.send(form, "Confirm the reservation").status_code == 302
    assert Reservation.objects.get(status=Status.CONFIRMED).note == expected["note"]


@pytest.mark.parametrize("way", ["Confirm the reservation", "10 more minutes"])
def test_where_another_took_it_others_are_offered_and_all_is_carried_along(one_table: Restaurant, way: str) -> None:
    diner, other = Diner(one_table), Diner(one_table)
    held = diner.hold("19:00")
    form = diner.details(held).form(diner.details_url(held))
    lapse(held)
    other.book("18:30")
    response = diner.send(form, way, **EVERYTHING)
    assert response.status_code == 409
    page = read(response)
    assert any("19:00" in alert and "What you typed is kept" in alert for alert in page.alerts)
    hold = page.forms[1]
    assert [button.label[:5] for button in hold.buttons if button.near] == ["20:30", "21:00", "21:30", "22:00"]
    again = diner.send(hold, "20:30")
    assert again.status_code == 302
    kept = read(diner.client.get(again["Location"])).form("/").values
    for name in ("name", "email", "occasion", "children", "high_chairs", "dietary_needs"):
        assert kept[name] == EVERYTHING[name], name
    assert kept["note"].split() == EVERYTHING["note"].split()
    assert Reservation.objects.filter(status=Status.CONFIRMED).count() == 1


def test_what_was_typed_is_carried_through_other_days(one_table: Restaurant) -> None:
    """The day is full by now: the search of another day goes by POST, and no address shows what was typed."""
    diner = Diner(one_table)
    held = diner.hold("19:00")
    form = diner.details(held).form(diner.details_url(held))
    lapse(held)
    Diner(one_table).book("18:30")
    Diner(one_table).book("20:30")
    page = read(diner.send(form, "Confirm the reservation", **{**EVERYTHING, "needs_step_free": ""}))
    assert diner_day_text(Reason.TABLES_TAKEN) in page.text
    assert not any("date=" in url for url in page.links.values())
    search = page.forms[0]
    assert search.method == "post"
    typed = {"date": "2026-02-30", "party": "two"}
    for sent, expected in (
        (typed, "This is not a date of the calendar"),
        ({"date": str(days_ahead(one_table, 8))}, ""),
    ):
        response = diner.send(search, "Show times", **sent)
        assert response.status_code == 200
        page = read(response)
        assert expected in page.text
        search = page.forms[0]
        assert search.values["dietary_needs"] == EVERYTHING["dietary_needs"]
        search.values |= {"party": "2"}
    # A time that can't be read is no reason to lose it either.
    hold = page.forms[1]
    refused = diner.client.post(hold.action, hold.values | {"start": "nonsense"})
    assert refused.status_code == 400
    assert "This time can't be read" in read(refused).alerts[0]
    assert read(refused).forms[1].values["dietary_needs"] == EVERYTHING["dietary_needs"]
    again = diner.send(hold, "19:00")
    assert read(diner.client.get(again["Location"])).form("/").values["name"] == EVERYTHING["name"]


def test_a_lapsed_hold_bars_nobody(one_table: Restaurant) -> None:
    held = Diner(one_table).hold()
    lapse(held)
    assert not Diner(one_table).times().form("/hold/").button("19:00").disabled
    Diner(one_table).book("19:00")
    assert status(held) == Status.EXPIRED


# --- Whose it is ------------------------------------------------------------


def test_another_browsers_hold_is_as_good_as_none(place: Restaurant) -> None:
    owner, stranger = Diner(place), Diner(place)
    held = owner.hold()
    stranger.times()
    for diner in (stranger, Diner(place)):
        answers = [diner.client.get(diner.details_url(held)), diner.client.post(diner.details_url(held), EVERYTHING)]
        answers += [diner.client.post(f"{diner.details_url(held)}{end}/", EVERYTHING) for end in ("extend", "release")]
        for answer in answers:
            assert answer.status_code == 404
            page = read(answer)
            assert page.headings == ["This hold is not here"]
            assert page.links["Choose a time"] == f"/restaurants/{place.slug}/"
    before = held.held_until
    held.refresh_from_db()
    assert (held.status, held.held_until, held.name) == (Status.HELD, before, "")
    assert owner.confirm(held).status_code == 302


def test_a_hold_that_never_was(place: Restaurant) -> None:
    diner = Diner(place)
    diner.hold()
    for reference in ("AAAAAAAAA", "x" * 500, "٣٣", "a b", "-", "..", "%2e%2e", "🍕"):
        response = diner.client.get(f"{diner.base}/holds/{reference}/")
        assert response.status_code == 404


def test_a_hold_at_another_restaurants_address(place: Restaurant) -> None:
    other = make_venue()
    diner = Diner(place)
    held = diner.hold()
    assert diner.client.get(f"/restaurants/{other.slug}/holds/{held.reference}/").status_code == 404
    assert diner.client.post(f"/restaurants/{other.slug}/holds/{held.reference}/", TYPED).status_code == 404
    assert status(held) == Status.HELD


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: token.swapcase(),
        lambda token: token.partition(".")[0],
        lambda token: token.partition(".")[0] + ".",
        lambda token: "." + token.partition(".")[2],
        lambda token: "A" + token[1:] if token[0] != "A" else "B" + token[1:],
        lambda token: token.replace(".", ":"),
        lambda token: "🍕" + token,
        lambda token: "x" * 5000,
    ],
)
def test_a_tampered_link_leads_nowhere(place: Restaurant, spoil) -> None:  # type: ignore[no-untyped-def]
    reservation = make_reservation(place)
    token = spoil(reservation_token(place.pk, reservation.reference))
    client = Client()
    for answer in (
        client.get(f"/restaurants/{place.slug}/reservations/{token}/"),
        client.post(f"/restaurants/{place.slug}/reservations/{token}/cancel/"),
    ):
        assert answer.status_code == 404
        assert read(answer).headings == ["This link is not complete"]
        assert "Ada" not in answer.content.decode()
    assert status(reservation) == Status.CONFIRMED


def test_a_link_holds_for_its_own_restaurant(place: Restaurant) -> None:
    other = make_venue()
    reservation = make_reservation(place)
    make_reservation(other)
    # Even were the references the same.
    Reservation.objects.update(reference="SAME00000")
    token = reservation_token(place.pk, "SAME00000")
    assert Client().get(f"/restaurants/{place.slug}/reservations/{token}/").status_code == 200
    assert Client().get(f"/restaurants/{other.slug}/reservations/{token}/").status_code == 404
    assert Client().post(f"/restaurants/{other.slug}/reservations/{token}/cancel/").status_code == 404
    assert status(reservation) == Status.CONFIRMED


def test_a_hold_has_no_link(place: Restaurant) -> None:
    held = make_hold(place)
    token = reservation_token(place.pk, held.reference)
    assert Client().get(f"/restaurants/{place.slug}/reservations/{token}/").status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch"])
def test_only_post_changes_anything(place: Restaurant, method: str) -> None:
    diner = Diner(place)
    held = diner.hold()
    reservation = make_reservation(place)
    token = reservation_token(place.pk, reservation.reference)
    query = diner.times().form("/hold/").pressed("21:00")
    for url in (
        f"{diner.base}/hold/",
        f"{diner.details_url(held)}extend/",
        f"{diner.details_url(held)}release/",
        f"{diner.base}/reservations/{token}/cancel/",
    ):
        answer = getattr(diner.client, method)(url, query_params=query)
        assert answer.status_code == 405
        assert answer["Allow"] == "POST"
        if method == "get":
            assert read(answer).headings == ["This address takes a form"]
    assert diner.client.get(diner.details_url(held)).status_code == 200
    assert status(held) == Status.HELD
    assert not Reservation.objects.get(pk=held.pk).hold_extended
    assert status(reservation) == Status.CONFIRMED
    assert Reservation.objects.count() == 2


# --- Cancelling -------------------------------------------------------------


def test_cancelling_twice_says_the_same(place: Restaurant) -> None:
    diner = Diner(place)
    url, page = diner.book()
    form = page.form("/cancel/")
    for _click in range(2):
        answer = diner.send(form, "Yes, cancel it")
        assert (answer.status_code, answer["Location"]) == (302, url)
    cancelled_at = Reservation.objects.get().cancelled_at
    diner.send(form, "Yes, cancel it")
    assert Reservation.objects.get().cancelled_at == cancelled_at
    assert not read(diner.client.get(url)).forms


def test_after_the_cutoff_the_phone_is_shown(place: Restaurant) -> None:
    diner = Diner(place)
    url, page = diner.book()
    assert "You can cancel here until" in page.text
    Restaurant.objects.update(cutoff_minutes=60 * 24 * 30)
    answer = diner.send(page.form("/cancel/"), "Yes, cancel it")
    assert answer.status_code == 409
    assert any(diner_text(Reason.CUTOFF_PASSED) in alert and place.phone in alert for alert in read(answer).alerts)
    assert Reservation.objects.get().status == Status.CONFIRMED
    page = read(diner.client.get(url))
    assert not page.forms
    assert page.links[place.phone] == f"tel:{place.phone}"


@pytest.mark.parametrize("since", [Status.SEATED, Status.FINISHED, Status.NO_SHOW])
def test_what_is_no_longer_to_come_cannot_be_cancelled(place: Restaurant, since: str) -> None:
    diner = Diner(place)
    url, page = diner.book()
    Reservation.objects.update(status=since)
    answer = diner.send(page.form("/cancel/"), "Yes, cancel it")
    assert answer.status_code == 409
    assert Reservation.objects.get().status == since
    assert not read(diner.client.get(url)).forms


# --- My reservations and the session ----------------------------------------


def test_the_session_is_written_once_at_confirmation(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    diner.details(held)
    diner.confirm(held, name="")
    diner.client.get("/my-reservations/")
    assert "sessionid" not in diner.client.cookies
    assert not Session.objects.exists()
    diner.confirm(held)
    assert diner.client.cookies["sessionid"].value
    (first,) = Session.objects.values_list("session_key", "session_data")
    diner.client.get("/my-reservations/")
    diner.client.get(f"/restaurants/{place.slug}/")
    assert list(Session.objects.values_list("session_key", "session_data")) == [first]


def test_my_reservations_are_those_of_this_browser(place: Restaurant) -> None:
    diner, other = Diner(place), Diner(place)
    assert "There is none yet." in read(diner.client.get("/my-reservations/")).text
    url, _page = diner.book("19:00")
    diner.book("21:30")
    other.book("18:00")
    page = read(diner.client.get("/my-reservations/"))
    mine = [link for label, link in page.links.items() if "/reservations/" in link]
    assert len(mine) == 2
    assert mine[0] == url
    assert page.headings == ["My reservations", "Coming up"]
    diner.send(read(diner.client.get(url)).form("/cancel/"), "Yes, cancel it")
    page = read(diner.client.get("/my-reservations/"))
    assert page.headings == ["My reservations", "Coming up", "Past and cancelled"]
    assert "18:00" not in page.text
    assert "There is none yet." in read(Client().get("/my-reservations/")).text


def test_private_pages_are_stored_nowhere(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    pages = [diner.client.get(diner.details_url(held))]
    url, _page = diner.book()
    pages += [diner.client.get(url), diner.client.get("/my-reservations/")]
    for page in pages:
        assert "no-store" in page["Cache-Control"]
        assert "private" in page["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in pages[1].content.decode()


def test_the_address_is_in_the_language_in_which_it_was_booked(place: Restaurant) -> None:
    diner = Diner(place)
    diner.base = f"/de{diner.base}"
    held = diner.hold()
    response = diner.client.get(diner.details_url(held))
    assert response["Content-Language"] == "de"
    assert held.language == "de"
    form = read(response).form(diner.details_url(held))
    confirmed = diner.client.post(form.action, form.values | TYPED)
    assert confirmed["Location"].startswith("/de/")


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
