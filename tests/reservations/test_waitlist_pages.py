"""A diner waits for a table: joins the list of a day, is offered what comes free, accepts, declines or is too late."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import booking, due
from reservations.engine.errors import Reason
from reservations.links import entry_token, request_token, reservation_token
from reservations.models import Message, Reservation, Restaurant, TableClaim, WaitlistEntry
from reservations.reasons import diner_text
from tests.factories import (
    days_ahead,
    make_area,
    make_closure,
    make_reservation,
    make_table,
    make_venue,
    make_wish,
)
from tests.pages import Form, Page, read
from tests.reservations.diner import TYPED, Diner, lapse

pytestmark = pytest.mark.django_db

Status = WaitlistEntry.Status
JSON = {"accept": "application/json"}
WORDS = {**TYPED, "note": "“By the <window>”"}
KEPT = {**WORDS, "phone": "+49307654321"}
"""As a valid form hands it on."""


@pytest.fixture
def place() -> Restaurant:
    """Return a house of one table that seats at 19:00 and 21:00."""
    return make_venue(
        tables=(2,), service={"first_seating": dt.time(19), "last_seating": dt.time(21), "interval_minutes": 120}
    )


@pytest.fixture
def full(place: Restaurant) -> tuple[Restaurant, list[Reservation]]:
    """Return the house with both times of the day in a week taken."""
    return place, [make_reservation(place, at=dt.time(hour)) for hour in (19, 21)]


def form_page(diner: Diner, **query: Any) -> Page:
    response = diner.client.get(
        f"{diner.base}/waitlist/", {"date": str(days_ahead(diner.restaurant)), "party": "2"} | query
    )
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return read(response)


def join(diner: Diner, **typed: Any) -> Any:
    form = form_page(diner).form("/waitlist/")
    return diner.send(form, "Join the waitlist", **{**WORDS, "join": "1", **typed})


def joined(diner: Diner, **typed: Any) -> tuple[str, WaitlistEntry]:
    response = join(diner, **typed)
    assert response.status_code == 302, read(response).alerts
    return response["Location"], WaitlistEntry.objects.select_related("offer").order_by("-pk")[0]


def page_of(diner: Diner, url: str) -> Page:
    response = diner.client.get(url)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return read(response)


def choices(page: Page) -> Form:
    """Return the form whose buttons are times; the one beside it looks for others."""
    return next(form for form in page.forms if any(button.name == "start" for button in form.buttons))


def status(entry: WaitlistEntry) -> str:
    return WaitlistEntry.objects.values_list("status", flat=True).get(pk=entry.pk)


def offered(full: tuple[Restaurant, list[Reservation]], diner: Diner, taken: int = 0) -> tuple[str, WaitlistEntry]:
    """Let a diner join and the first reservation be cancelled, so that its table is offered."""
    url, entry = joined(diner)
    booking.cancel(reservation=full[1][taken], by_guest=True)
    entry.refresh_from_db()
    assert entry.status == Status.OFFERED
    return url, entry


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
    assert diner.times().links[full[0].phone] == f"tel:{full[0].phone}"
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


def waiting_links(diner: Diner) -> list[str]:
    page = read(diner.client.get("/my-reservations/"))
    return [url for url in page.links.values() if "/waitlist/" in url]


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


# --- The offer --------------------------------------------------------------


def test_an_offer_is_accepted_once(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, _entry = offered(full, diner)
    response = diner.client.get(url)
    page = read(response)
    assert page.headings[0] == "A table is free for you"
    assert "19:00" in page.text
    assert "The table is held for 30 minutes, until" in page.text
    assert "data-seconds=" in response.content.decode()
    # Nobody else has it meanwhile.
    assert all(button.disabled for form in Diner(full[0]).times().forms for button in form.buttons if button.name)
    form = page.form("/accept/")
    answers = [diner.send(form, "Yes, we come") for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert read(diner.client.get(answers[0]["Location"])).headings[0] == "You are expected"
    reservation = Reservation.objects.get(source=Reservation.Source.WAITLIST)
    assert (reservation.status, reservation.name, reservation.note) == ("confirmed", "Ada Guest", WORDS["note"])
    assert Message.objects.filter(kind=Message.Kind.CONFIRMATION, reservation=reservation).count() == 1
    page = page_of(diner, url)
    assert page.headings[0] == "The table is yours"
    assert page.links["Your reservation"] == answers[0]["Location"]
    mine = read(diner.client.get("/my-reservations/"))
    assert reservation.reference in mine.text
    assert not waiting_links(diner)
    assert diner.client.cookies["visitor"].value == "1"


def test_an_offer_that_is_declined_goes_to_the_next(full: tuple[Restaurant, list[Reservation]]) -> None:
    first, second = Diner(full[0]), Diner(full[0])
    url, entry = joined(first)
    other_url, other = joined(second)
    booking.cancel(reservation=full[1][0], by_guest=True)
    form = page_of(first, url).form("/leave/")
    for _click in range(2):
        answer = first.send(form, "No, give it to the next")
        assert (answer.status_code, answer["Location"]) == (302, url)
    assert page_of(first, url).headings[0] == "You declined the table"
    assert page_of(second, other_url).headings[0] == "A table is free for you"
    assert (status(entry), status(other)) == (Status.DECLINED, Status.OFFERED)


def test_an_offer_that_has_lapsed_says_so_and_joins_again(full: tuple[Restaurant, list[Reservation]]) -> None:
    first, second = Diner(full[0]), Diner(full[0])
    url, entry = offered(full, first)
    joined(second)
    accept = page_of(first, url).form("/accept/")
    assert entry.offer
    lapse(entry.offer)
    # Nobody has noticed yet, and the page knows all the same.
    page = page_of(first, url)
    assert page.headings[0] == "The offer has lapsed"
    assert "accept" not in str([form.action for form in page.forms])
    answer = first.send(accept, "Yes, we come")
    assert answer.status_code == 409
    assert diner_text(Reason.HOLD_LAPSED) in read(answer).alerts
    due.expire_holds()
    assert page_of(first, url).headings[0] == "The offer has lapsed"
    assert "offer lapsed" in read(first.client.get("/my-reservations/")).text
    form = page_of(first, url).form("/again/")
    answers = {first.send(form, "Join again")["Location"] for _click in range(2)}
    assert len(answers) == 1
    assert answers != {url}
    assert set(waiting_links(first)) == answers
    page = page_of(first, answers.pop())
    assert "You are number 1 in the queue" in page.text
    assert WORDS["note"] in page.text
    assert WaitlistEntry.objects.count() == 3


def test_joining_again_where_the_table_is_free_leads_to_it(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = offered(full, diner)
    assert entry.offer
    lapse(entry.offer)
    answer = diner.send(page_of(diner, url).form("/again/"), "Join again")
    assert answer.status_code == 409
    page = read(answer)
    assert any(diner_text(Reason.STILL_FREE) in alert for alert in page.alerts)
    held = diner.send(choices(page), "19:00")
    assert diner.client.get(held["Location"]).status_code == 200
    assert Reservation.objects.get(status="held").name == WORDS["name"]


def test_leaving(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = joined(diner)
    form = page_of(diner, url).form("/leave/")
    for _click in range(2):
        assert diner.send(form, "Leave the waitlist").status_code == 302
    page = page_of(diner, url)
    assert page.headings[0] == "You left the waitlist"
    assert [form.action.split("/")[-2] for form in page.forms] == ["again"]
    assert status(entry) == Status.LEFT
    assert not waiting_links(diner)


def test_when_the_window_is_over_nothing_can_be_done(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = joined(diner)
    past = timezone.now() - dt.timedelta(minutes=1)
    WaitlistEntry.objects.update(earliest=past, latest=past)
    assert page_of(diner, url).headings[0] == "No table came free"
    due.end_waiting()
    page = page_of(diner, url)
    assert page.headings[0] == "No table came free"
    assert not page.forms
    assert diner.client.post(f"{url}again/").status_code == 302
    assert WaitlistEntry.objects.count() == 1
    answer = diner.client.post(f"{url}accept/")
    assert answer.status_code == 409
    assert status(entry) == Status.OVER


def test_a_link_outlives_the_restaurants_page(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner = Diner(full[0])
    url, entry = offered(full, diner)
    Restaurant.objects.update(is_published=False)
    assert diner.send(page_of(diner, url).form("/accept/"), "Yes, we come").status_code == 302
    assert status(entry) == Status.ACCEPTED


# --- Whose it is ------------------------------------------------------------


def test_a_link_of_something_else_leads_nowhere(full: tuple[Restaurant, list[Reservation]]) -> None:
    other = make_venue()
    place = full[0]
    _url, entry = offered(full, Diner(place))
    good = entry_token(place.pk, entry.reference)
    tokens = {
        entry_token(other.pk, entry.reference),
        reservation_token(place.pk, entry.reference),
        request_token(place.pk, entry.reference),
        entry_token(place.pk, full[1][1].reference),
        entry_token(place.pk, "no such"),
        entry.reference,
        good[:-1],
        good.swapcase(),
        "x" * 3000,
        "🍕",
    }
    urls = [f"/restaurants/{place.slug}/waitlist/{token}/" for token in tokens]
    for url in [*urls, f"/restaurants/{other.slug}/waitlist/{good}/"]:
        answers = [Client().get(url), *(Client().post(f"{url}{end}/") for end in ("accept", "leave", "again"))]
        for answer in answers:
            assert answer.status_code == 404
            assert "Ada" not in answer.content.decode()
    assert Client().get(f"/restaurants/{place.slug}/reservations/{good}/").status_code == 404
    assert status(entry) == Status.OFFERED


def test_the_door_list_has_no_links(place: Restaurant) -> None:
    now = timezone.now()
    entry = WaitlistEntry.objects.create(
        restaurant=place,
        kind=WaitlistEntry.Kind.DOOR,
        service_date=now.date(),
        earliest=now,
        latest=now + dt.timedelta(hours=4),
        party_size=2,
        idempotency_key="door",
    )
    assert (
        Client().get(f"/restaurants/{place.slug}/waitlist/{entry_token(place.pk, entry.reference)}/").status_code == 404
    )


@pytest.mark.parametrize("method", ["get", "head", "put", "delete"])
def test_only_post_changes_anything(full: tuple[Restaurant, list[Reservation]], method: str) -> None:
    diner = Diner(full[0])
    url, entry = offered(full, diner)
    before = TableClaim.objects.count()
    for end in ("accept", "leave", "again"):
        assert getattr(diner.client, method)(f"{url}{end}/").status_code == 405
    form = form_page(diner).form("/waitlist/")
    getattr(diner.client, method)(form.action, {**form.values, **WORDS, "join": "1"})
    assert (status(entry), WaitlistEntry.objects.count(), TableClaim.objects.count()) == (Status.OFFERED, 1, before)
    strict = Client(enforce_csrf_checks=True)
    for address in (f"{url}accept/", f"{url}leave/", f"{diner.base}/waitlist/"):
        assert strict.post(address, {**form.values, **WORDS, "join": "1"}).status_code == 403


def test_only_this_browsers_entries_are_listed(full: tuple[Restaurant, list[Reservation]]) -> None:
    diner, stranger = Diner(full[0]), Diner(full[0])
    url, _entry = joined(diner)
    assert waiting_links(diner) == [url]
    stranger.times()
    assert not waiting_links(stranger)
    assert not waiting_links(Diner(full[0]))
