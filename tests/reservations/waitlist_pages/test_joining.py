"""The way to the waitlist, and joining it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from reservations.engine.errors import Reason
from reservations.models import Message, Reservation, Restaurant, WaitlistEntry
from reservations.reasons import diner_text
from tests.factories import (
    days_ahead,
    make_area,
    make_closure,
    make_reservation,
    make_table,
    make_wish,
)
from tests.pages import read
from tests.reservations.diner import Diner, lapse
from tests.reservations.waitlist_pages.pages import (
    JSON,
    KEPT,
    WORDS,
    choices,
    form_page,
    join,
    joined,
    page_of,
    waiting_links,
)

pytestmark = pytest.mark.django_db


# --- The way to it ----------------------------------------------------------


def test_a_full_day_leads_to_the_waitlist(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    page = diner.times()
    assert page.links["Join the waitlist"] == f"{diner.base}/waitlist/?date={days_ahead(full[0])}&party=2"
    assert "Every table for your party is taken on this day." in page.text
    page = read(diner.client.get(page.links["Join the waitlist"]))
    values = page.form("/waitlist/").values
    assert (values["date"], values["party"]) == (str(days_ahead(full[0])), "2")
    assert [
        dt.datetime.fromisoformat(values[name]).astimezone(full[0].zone).hour for name in ("earliest", "latest")
    ] == [
        19,
        21,
    ]


def test_a_day_that_is_full_in_part_too(place: Restaurant) -> None:
    diner = Diner(place)
    assert "Join the waitlist" not in diner.times().links
    make_reservation(place, at=dt.time(19))
    page = diner.times()
    assert "Join the waitlist" in page.links
    assert page.form("/hold/").button("21:00").disabled is False
    # The window in which nothing is free is chosen at first.
    values = form_page(diner).form("/waitlist/").values
    assert values["earliest"] == values["latest"]
    assert "21:00 – free" in form_page(diner).text


def test_where_the_list_is_not_kept_nothing_leads_to_it(full: tuple[Restaurant, list[Reservation]]) -> None:
    Restaurant.objects.filter(pk=full[0].pk).update(takes_waitlist=False)
    Restaurant.objects.get(pk=full[0].pk).save()
    diner = Diner(full[0])
    assert "Join the waitlist" not in diner.times().links
    assert diner.times().links[full[0].phone] == "tel:" + full[0].phone.replace(" ", "")
    for answer in (diner.client.get(f"{diner.base}/waitlist/"), diner.client.post(f"{diner.base}/waitlist/", WORDS)):
        assert answer.status_code == 404
        assert "keeps no waitlist" in read(answer).text
    assert ask_json(full[0])["waitlist"] is False


def ask_json(restaurant: Restaurant, party: int = 2) -> Any:
    query = {"date": str(days_ahead(restaurant)), "party": str(party)}
    return Client().get(f"/restaurants/{restaurant.slug}/times/", query, headers=JSON).json()


def test_programs_are_told_where_it_helps_to_wait(place: Restaurant) -> None:
    assert (ask_json(place)["waitlist"], ask_json(place)["request"]) == (False, False)
    for hour in (19, 21):
        make_reservation(place, at=dt.time(hour))
        assert (ask_json(place)["waitlist"], ask_json(place)["request"]) == (True, False)
    assert (ask_json(place, 9)["waitlist"], ask_json(place, 9)["request"]) == (False, True)


def test_what_was_typed_for_a_lapsed_hold_goes_along(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    date = days_ahead(full[0], 8)
    held = diner.hold(date=date)
    form = diner.details(held).form(diner.details_url(held))
    lapse(held)
    for hour in (19, 21):
        make_reservation(full[0], at=dt.time(hour), date=date)
    answer = diner.send(form, "Confirm the reservation", **WORDS)
    assert answer.status_code == 409
    panel = next(form for form in read(answer).forms if "/waitlist/" in form.action)
    page = read(diner.send(panel, "Join the waitlist"))
    values = page.form("/waitlist/").values
    assert {name: values[name] for name in KEPT} == KEPT
    assert values["date"] == str(date)
    assert not page.alerts
    assert not WaitlistEntry.objects.exists()
    assert diner.send(page.form("/waitlist/"), "Join the waitlist", join="1").status_code == 302
    assert WaitlistEntry.objects.get().note == WORDS["note"]


# --- Joining ----------------------------------------------------------------


def test_joining_shows_the_place_in_the_queue(full: tuple[Restaurant, list[Reservation]]) -> None:
    first, second = Diner(full[0]), Diner(full[0])
    joined(first)
    url, entry = joined(second, email="zoe@example.org")
    page = page_of(second, url)
    assert page.headings[0] == "You are on the waitlist"
    assert "You are number 2 in the queue of this day." in page.text
    assert "19:00–21:00" in page.text
    assert "“By the <window>”" in page.text
    assert (entry.party_size, entry.email, entry.phone) == (2, "zoe@example.org", "+49307654321")
    assert Message.objects.filter(kind=Message.Kind.JOINED, entry=entry).count() == 1
    # Whoever has the link sees it; the first in the queue has another number.
    assert "number 2" in page_of(Diner(full[0]), url).text
    first.client.get("/my-reservations/")
    assert "number 1" in page_of(first, next(iter(waiting_links(first)))).text


def test_joining_twice_is_one_entry(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    form = form_page(diner).form("/waitlist/")
    urls = {diner.send(form, "Join the waitlist", join="1", **WORDS)["Location"] for _click in range(2)}
    assert len(urls) == 1
    assert WaitlistEntry.objects.count() == 1


def test_a_time_that_is_free_leads_back_with_what_was_typed(place: Restaurant) -> None:
    diner = Diner(place)
    make_reservation(place, at=dt.time(19))
    form = form_page(diner).form("/waitlist/")
    late = place_time(place, 21)
    answer = diner.send(form, "Join the waitlist", join="1", latest=late, **WORDS)
    assert answer.status_code == 409
    page = read(answer)
    assert any(alert.startswith(diner_text(Reason.STILL_FREE)) for alert in page.alerts), page.alerts
    times = choices(page)
    assert [button.label for button in times.buttons if button.near] == ["21:00 (near the time you wanted)"]
    assert not WaitlistEntry.objects.exists()
    held = diner.send(times, "21:00")
    details = read(diner.client.get(held["Location"]))
    assert {name: details.form(held["Location"]).values[name] for name in KEPT} == KEPT


def place_time(restaurant: Restaurant, hour: int, days: int = 7) -> str:
    return make_wish(restaurant, at=dt.time(hour), date=days_ahead(restaurant, days)).start.isoformat()


def test_another_day_shows_its_times_and_keeps_everything(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    form = form_page(diner).form("/waitlist/")
    date = days_ahead(full[0], 9)
    answer = diner.send(form, "Show the times of this day", date=str(date), **WORDS)
    assert answer.status_code == 200
    page = read(answer)
    assert not page.alerts
    values = page.form("/waitlist/").values
    assert {name: values[name] for name in WORDS} == WORDS
    assert (values["earliest"], values["latest"]) == (place_time(full[0], 19, 9), place_time(full[0], 21, 9))
    assert "There are free tables on this day." in page.text
    assert not WaitlistEntry.objects.exists()


def test_a_date_that_was_changed_alone_keeps_the_clock(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    for hour in (19, 21):
        make_reservation(full[0], at=dt.time(hour), date=days_ahead(full[0], 9))
    answer = join(diner, date=str(days_ahead(full[0], 9)))
    assert answer.status_code == 302
    entry = WaitlistEntry.objects.get()
    assert (entry.earliest, entry.latest) == tuple(
        dt.datetime.fromisoformat(place_time(full[0], hour, 9)) for hour in (19, 21)
    )


def test_an_area_is_waited_for(full: tuple[Restaurant, list[Reservation]]) -> None:
    terrace = make_area(full[0], name="Terrace")
    make_table(full[0], area=terrace, seats=2)
    room = full[0].areas.exclude(pk=terrace.pk).get()
    diner = Diner(full[0])
    page = diner.times(area=str(room.pk))
    assert page.links["Join the waitlist"].endswith(f"&area={room.pk}")
    form = read(diner.client.get(page.links["Join the waitlist"])).form("/waitlist/")
    assert form.values["area"] == str(room.pk)
    assert diner.send(form, "Join the waitlist", join="1", **WORDS).status_code == 302
    assert WaitlistEntry.objects.get().area_id == room.pk


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": ""}, "Tell the restaurant whom to expect."),
        ({"email": "ada@"}, "Enter a valid email address."),
        ({"email": "", "booker_email": "x@example.org"}, "Give an address for the confirmation."),
        ({"phone": "12"}, "This is not a phone number"),
        ({"note": "x" * 301}, "at most 300 characters"),
        ({"party": "0"}, "A table is for at least one guest."),
        ({"party": "9" * 5000}, "Give the number of guests in digits"),
        ({"date": "2027-02-30"}, "This is not a date of the calendar."),
        ({"date": "2020-01-01"}, "This day has passed."),
        ({"area": "x"}, "This restaurant has no such area."),
        ({"earliest": ""}, "Choose one of the times of this day."),
        ({"earliest": "19:00"}, "Choose one of the times of this day."),
        ({"latest": "9999-12-31T23:59:59-12:00"}, "Choose one of the times of this day."),
        ({"latest": "0001-01-01T00:00:00+12:00"}, "Choose one of the times of this day."),
        ({"latest": "🍕"}, "Choose one of the times of this day."),
        ({"key": ""}, "Please send the form once more."),
        ({"key": "short"}, "Please send the form once more."),
        ({"key": "x" * 65}, "Please send the form once more."),
        ({"key": "with\x00nul"}, "Null characters are not allowed."),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_wrong_is_said_and_everything_kept(
    full: tuple[Restaurant, list[Reservation]], typed: dict[str, str], says: str
) -> None:
    diner = Diner(full[0])
    answer = join(diner, **typed)
    assert answer.status_code == 400
    page = read(answer)
    assert any(says in alert for alert in page.alerts), page.alerts
    form = page.form("/waitlist/")
    sent = {**WORDS, **{name: value for name, value in typed.items() if name in WORDS}}
    assert {name: form.values[name] for name in sent} == sent
    if "date" in typed:
        assert form.values["date"] == typed["date"]
        assert dt.datetime.fromisoformat(form.values["latest"]).astimezone(full[0].zone).hour == 21
    assert not WaitlistEntry.objects.exists()
    if "key" in typed:
        assert diner.send(form, "Join the waitlist", join="1").status_code == 302


def test_a_window_that_ends_before_it_begins(full: tuple[Restaurant, list[Reservation]]) -> None:
    answer = join(Diner(full[0]), earliest=place_time(full[0], 21), latest=place_time(full[0], 19))
    assert answer.status_code == 400
    assert any("Choose a time that is not before the first." in alert for alert in read(answer).alerts)


@pytest.mark.parametrize("reason", [Reason.CLOSED, Reason.TOO_FAR])
def test_a_day_on_which_waiting_cannot_help(full: tuple[Restaurant, list[Reservation]], reason: Reason) -> None:
    diner = Diner(full[0])
    form = form_page(diner).form("/waitlist/")
    date = days_ahead(full[0], 300 if reason == Reason.TOO_FAR else 7)
    if reason == Reason.CLOSED:
        make_closure(full[0], date)
    answer = diner.send(form, "Join the waitlist", join="1", **{**WORDS, "date": str(date)})
    assert answer.status_code == 400
    page = read(answer)
    assert page.alerts[0] == diner_text(reason)
    assert {name: page.form("/waitlist/").values[name] for name in WORDS} == WORDS
    assert page_text(diner, date).startswith(diner_text(reason))


def page_text(diner: Diner, date: dt.date) -> str:
    return form_page(diner, date=str(date)).alerts[0]


def test_a_party_for_which_waiting_cannot_help(full: tuple[Restaurant, list[Reservation]]) -> None:
    answer = join(Diner(full[0]), party="7")
    assert answer.status_code == 409
    assert diner_text(Reason.NO_TABLE) in read(answer).alerts
