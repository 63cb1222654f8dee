"""A hold whose time ran out: the same time again, or another; and nothing that was typed is lost."""

from __future__ import annotations

import pytest
from django.utils import timezone

from reservations.engine.errors import Reason
from reservations.models import Guest, Reservation, Restaurant
from reservations.reasons import diner_day_text
from tests.factories import (
    days_ahead,
    make_venue,
)
from tests.pages import read
from tests.reservations.diner import EVERYTHING, TYPED, Diner, lapse, status

pytestmark = pytest.mark.django_db

Status = Reservation.Status


@pytest.fixture
def place() -> Restaurant:
    return make_venue(tables=(2, 4))


@pytest.fixture
def one_table() -> Restaurant:
    return make_venue(tables=(2,))


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
    expected = {**EVERYTHING, "phone": "+49307654321", "note": EVERYTHING["note"].replace("\r\n", "\n")}
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


def test_confirming_a_lapsed_hold_twice_holds_one_table(one_table: Restaurant) -> None:
    """As a double click does: the second form comes from the page of the hold that lapsed."""
    diner = Diner(one_table)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    lapse(held)
    first, second = (diner.send(form, "Confirm the reservation", **EVERYTHING) for _click in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Reservation.objects.filter(status=Status.HELD, held_until__gt=timezone.now()).count() == 1


def test_step_free_access_asked_for_with_another_time_is_kept(place: Restaurant) -> None:
    place.tables.update(is_step_free=True)
    diner = Diner(place)
    form = diner.times(step_free="on").form("/hold/")
    sent = form.pressed("19:00") | {"name": "Ada", "email": "ada@example.org"}
    response = diner.client.post(form.button("19:00").action, sent)
    assert response.status_code == 302
    assert Reservation.objects.get().needs_step_free


@pytest.mark.parametrize(
    ("way", "lapsed"), [("Confirm the reservation", True), ("10 more minutes", True), ("10 more minutes", False)]
)
def test_what_was_ticked_stays_ticked_until_it_is_confirmed(place: Restaurant, way: str, lapsed: bool) -> None:
    """A tick has no column of the hold's: it goes from page to page, and is asked for once."""
    Restaurant.objects.update(sends_thanks=True)
    diner = Diner(place)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    if lapsed:
        lapse(held)
    response = diner.send(form, way, **TYPED, dietary_needs="No nuts", want_thanks="on")
    assert response.status_code == 302
    form = read(diner.client.get(response["Location"])).form(response["Location"].split("?")[0])
    assert form.values.get("want_thanks") == "on"
    assert "keep_needs" not in form.values
    assert diner.send(form, "Confirm the reservation").status_code == 302
    guest = Guest.objects.get()
    assert guest.thanks_consent_at
    assert guest.needs_consent_at is None


def test_what_was_ticked_goes_along_to_another_time(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    held = diner.hold("19:00")
    form = diner.details(held).form(diner.details_url(held))
    lapse(held)
    Diner(one_table).book("18:30")
    page = read(diner.send(form, "Confirm the reservation", **EVERYTHING, keep_needs="on"))
    again = diner.send(page.forms[1], "20:30")
    kept = read(diner.client.get(again["Location"])).form(again["Location"].split("?")[0])
    assert kept.values.get("keep_needs") == "on"


def test_more_time_keeps_numbers_that_do_not_go_together(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    form = diner.details(held).form(diner.details_url(held))
    response = diner.send(form, "10 more minutes", **{**TYPED, "children": "5", "high_chairs": "7"})
    kept = read(diner.client.get(response["Location"])).form(diner.details_url(held)).values
    assert (kept["children"], kept["high_chairs"]) == ("5", "7")
    for typed in ("-1", "²", "9" * 40, "٣", ""):
        sent = form.pressed("10 more minutes", **{**TYPED, "children": typed})
        assert diner.client.post(form.button("10 more minutes").action, sent).status_code in (302, 409)
