"""A diner changes a reservation that stands: date, time, party, and what they have told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reservations.engine import changing
from reservations.engine.errors import Reason
from reservations.links import entry_token, request_token, reservation_token
from reservations.models import Message, Reservation, Restaurant, TableClaim
from reservations.reasons import diner_text
from tests.factories import days_ahead, make_area, make_hold, make_reservation, make_table, make_venue, make_wish
from tests.pages import Page, read
from tests.reservations.diner import EVERYTHING, Diner

pytestmark = pytest.mark.django_db

Status = Reservation.Status
PLACES = ("change", "details")


@pytest.fixture
def place() -> Restaurant:
    return make_venue(tables=(2, 4))


@pytest.fixture
def one_table() -> Restaurant:
    return make_venue(tables=(2,))


def opened(diner: Diner, url: str, end: str = "change", **query: Any) -> Page:
    """Return the page behind the reservation's, read."""
    response = diner.client.get(f"{url}{end}/", query)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return read(response)


def pressable(page: Page) -> list[str]:
    return [button.label for button in page.form("/change/").buttons if button.name == "start" and not button.disabled]


def times(page: Page) -> Any:
    """Return the form whose buttons are times."""
    return next(form for form in page.forms if form.method == "post")


# --- Another time -----------------------------------------------------------


def test_to_another_time_and_the_link_stays(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    url, page = diner.book("19:00")
    page = read(diner.client.get(page.links["Change date, time or party"]))
    form = times(page)
    # Its own table counts as free, and its own time is marked.
    assert form.button("18:30").disabled is False
    assert [button.label for button in form.buttons if "your time" in button.label] == ["19:00 your time"]
    response = diner.send(form, "20:00")
    assert (response.status_code, response["Location"]) == (302, f"{url}?done=changed")
    page = read(diner.client.get(response["Location"]))
    assert "Your reservation is changed." in page.text
    assert "20:00" in page.text
    reservation = Reservation.objects.get()
    assert (reservation.status, reservation.local_start.hour, reservation.sequence) == (Status.CONFIRMED, 20, 1)
    assert Message.objects.filter(kind=Message.Kind.CHANGE).count() == 1
    # The old time is free for others.
    assert not Diner(one_table).times().form("/hold/").button("18:00").disabled


def test_to_another_date_party_and_area(place: Restaurant) -> None:
    terrace = make_area(place, name="Terrace")
    make_table(place, area=terrace, seats=4)
    diner = Diner(place)
    url, _page = diner.book("19:00")
    page = opened(diner, url, date=str(days_ahead(place, 9)), party="4", area=str(terrace.pk))
    assert "your time" not in page.text
    assert diner.send(times(page), "21:00").status_code == 302
    reservation = Reservation.objects.get()
    assert (reservation.service_date, reservation.party_size) == (days_ahead(place, 9), 4)
    assert (reservation.area_id, reservation.local_start.hour) == (terrace.pk, 21)
    page = opened(diner, url)
    assert page.forms[0].values == {"party": "4", "date": str(days_ahead(place, 9)), "area": str(terrace.pk)}


def test_step_free_access_is_asked_for_and_kept(place: Restaurant) -> None:
    table = make_table(place, seats=2, is_step_free=True)
    diner = Diner(place)
    url, _page = diner.book("19:00")
    page = opened(diner, url, date=str(days_ahead(place)), party="2", step_free="on")
    assert diner.send(times(page), "19:00").status_code == 302
    reservation = Reservation.objects.get()
    assert (reservation.needs_step_free, reservation.table_ids) == (True, [table.pk])
    page = opened(diner, url)
    assert page.forms[0].values["step_free"] == "on"
    assert page.form("/change/").values.get("step_free") == "on"


def test_children_stay_within_a_smaller_party(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00", party=4, children="3", high_chairs="2")
    page = opened(diner, url, date=str(days_ahead(place)), party="1")
    assert diner.send(times(page), "19:00").status_code == 302
    reservation = Reservation.objects.get()
    assert (reservation.party_size, reservation.children, reservation.high_chairs) == (1, 1, 1)


def test_pressing_twice_changes_once(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    form = times(opened(diner, url))
    answers = [diner.send(form, "20:00") for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Reservation.objects.get().sequence == 1
    assert "as you wanted it already" in read(diner.client.get(answers[1]["Location"])).text


def test_a_time_that_is_taken_meanwhile_leaves_it_as_it_was(one_table: Restaurant) -> None:
    diner = Diner(one_table)
    url, _page = diner.book("18:00")
    form = times(opened(diner, url))
    Diner(one_table).book("21:00")
    before = set(TableClaim.objects.values_list("slot_start", flat=True))
    response = diner.send(form, "21:00")
    assert response.status_code == 409
    page = read(response)
    assert diner_text(Reason.TABLES_TAKEN) in page.alerts[0]
    assert "your reservation stands as it was" in page.alerts[0]
    assert [button.label.split()[0] for button in times(page).buttons if button.near] == [
        *("18:00", "18:30", "19:00"),
    ]
    assert set(TableClaim.objects.values_list("slot_start", flat=True)) == before
    assert Reservation.objects.order_by("pk")[0].local_start.hour == 18
    assert diner.send(times(page), "19:00").status_code == 302


def test_a_change_by_somebody_else_is_shown_and_not_written_over(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    form = times(opened(diner, url))
    other = Reservation.objects.get()
    changing.change(reservation=other, wish=make_wish(place, at=dt.time(21), party=1))
    response = diner.send(form, "18:00")
    assert response.status_code == 409
    page = read(response)
    assert diner_text(Reason.CHANGED_MEANWHILE) in page.alerts[0]
    assert "stands as it was" not in page.alerts[0]
    assert ", 21:00 · 1 guest" in page.text
    assert Reservation.objects.get().local_start.hour == 21
    # Seen, and pressed again.
    assert diner.send(times(page), "18:00").status_code == 302
    assert Reservation.objects.get().local_start.hour == 18


def test_a_party_above_the_largest_gets_the_request_or_the_phone(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    date = str(days_ahead(place))
    page = opened(diner, url, date=date, party="12")
    assert page.links["Send a request"] == f"{diner.base}/request/?date={date}&party=12"
    Restaurant.objects.filter(pk=place.pk).update(takes_requests=False)
    page = opened(diner, url, date=date, party="12")
    assert "Send a request" not in page.links
    assert diner_text(Reason.PARTY_TOO_LARGE) in page.text
    assert page.links[place.phone] == "tel:" + place.phone.replace(" ", "")


def test_after_the_cutoff_the_phone_is_shown(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    form = times(opened(diner, url))
    Restaurant.objects.update(cutoff_minutes=60 * 24 * 30)
    response = diner.send(form, "20:00")
    assert response.status_code == 409
    assert diner_text(Reason.CUTOFF_PASSED) in read(response).alerts[0]
    assert not read(response).forms
    assert "Change date, time or party" not in read(diner.client.get(url)).links
    page = opened(diner, url)
    assert page.links[place.phone] == "tel:" + place.phone.replace(" ", "")
    assert Reservation.objects.get().local_start.hour == 19


@pytest.mark.parametrize("since", [Status.CANCELLED, Status.SEATED, Status.FINISHED, Status.NO_SHOW])
def test_what_is_over_cannot_be_changed(place: Restaurant, since: str) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    form, told = times(opened(diner, url)), times(opened(diner, url, "details"))
    Reservation.objects.update(status=since)
    for answer in (diner.send(form, "20:00"), diner.send(told, "Tell the restaurant", name="Grace")):
        assert answer.status_code == 409
        assert not read(answer).forms
    for end in PLACES:
        assert not opened(diner, url, end).forms
    reservation = Reservation.objects.get()
    assert (reservation.local_start.hour, reservation.name, reservation.sequence) == (19, "Ada Guest", 0)


def test_at_a_restaurant_that_books_no_more_it_says_so(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    Restaurant.objects.update(is_published=False)
    page = opened(diner, url)
    assert diner_text(Reason.ONLINE_BOOKING_OFF) in page.text
    assert [form.method for form in page.forms] == ["get"]


# --- What was told ----------------------------------------------------------


def test_what_was_told_is_changed(place: Restaurant) -> None:
    diner = Diner(place)
    url, page = diner.book("19:00", note="By the window")
    form = times(read(diner.client.get(page.links["Change what you told us"])))
    assert (form.values["name"], form.values["note"]) == ("Ada Guest", "By the window")
    typed = {**EVERYTHING, "booker_name": "Bo Booker", "booker_email": "Bo@Example.org"}
    response = diner.send(form, "Tell the restaurant", **typed)
    assert (response.status_code, response["Location"]) == (302, f"{url}?done=told")
    page = read(diner.client.get(response["Location"]))
    for text in ("Zoë “O'Brien” <b>", "Birthday", "No nuts & no <milk>", "Bo Booker"):
        assert text in page.text
    reservation = Reservation.objects.get()
    assert (reservation.booker_email, reservation.children) == ("bo@example.org", 1)
    assert Message.objects.get(kind=Message.Kind.CHANGE).recipient == "bo@example.org"


def test_step_free_access_that_is_not_there_is_said(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    response = diner.send(times(opened(diner, url, "details")), "Tell the restaurant", needs_step_free="on", note="Hi")
    assert response.status_code == 409
    page = read(response)
    assert any(diner_text(Reason.NO_STEP_FREE_TABLE) in alert for alert in page.alerts)
    assert times(page).values["note"] == "Hi"
    assert Reservation.objects.get().note == ""


def test_details_of_an_older_version_are_kept_and_not_written_over(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    form = times(opened(diner, url, "details"))
    diner.send(times(opened(diner, url, "details")), "Tell the restaurant", note="The first")
    response = diner.send(form, "Tell the restaurant", note="The second")
    assert response.status_code == 409
    page = read(response)
    assert diner_text(Reason.CHANGED_MEANWHILE) in page.alerts
    assert "The first" in page.text
    assert times(page).values["note"] == "The second"
    assert diner.send(times(page), "Tell the restaurant").status_code == 302
    assert Reservation.objects.get().note == "The second"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": ""}, "Tell the restaurant whom to expect."),
        ({"email": "ada@"}, "Enter a valid email address."),
        ({"children": "3"}, "There are 2 guests in all"),
        ({"note": "x" * 1001}, "at most 1000 characters"),
        ({"booker_name": "Bo"}, "Give both the name and the address of whoever books"),
        ({"booker_email": "bo@example.org"}, "Give both the name and the address of whoever books"),
        ({"booker_name": "Bo", "booker_email": "bo@"}, "Enter a valid email address."),
        ({"booker_name": "x" * 121, "booker_email": "bo@example.org"}, "at most 120 characters"),
    ],
)
def test_what_is_wrong_is_said_and_everything_kept(place: Restaurant, typed: dict[str, str], says: str) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    sent = {**EVERYTHING, **typed}
    response = diner.send(times(opened(diner, url, "details")), "Tell the restaurant", **sent)
    assert response.status_code == 400
    page = read(response)
    assert any(says in alert for alert in page.alerts), page.alerts
    kept = times(page).values
    assert {name: kept[name] for name in sent if name != "needs_step_free"} == {
        name: value for name, value in sent.items() if name != "needs_step_free"
    }
    assert Reservation.objects.get().name == "Ada Guest"


def test_the_booker_is_asked_for_at_the_hold_and_gets_the_mails(place: Restaurant) -> None:
    diner = Diner(place)
    held = diner.hold()
    assert '<details class="booker">' in diner.client.get(diner.details_url(held)).content.decode()
    answer = diner.confirm(held, booker_name="Bo")
    assert answer.status_code == 400
    assert '<details class="booker" open>' in answer.content.decode()
    # A booker may not know the guest's address.
    assert diner.confirm(held, email="", booker_name="Bo", booker_email="bo@example.org").status_code == 302
    told = Message.objects.get(kind=Message.Kind.CONFIRMATION)
    assert told.recipient == "bo@example.org"
    assert Reservation.objects.get().email == ""


# --- What nobody's browser should send --------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        *({"start": value} for value in ("", "nonsense", "19:00", "9999-12-31T23:59:59-12:00", "🍕", "\x00", "x" * 99)),
        *({"sequence": value} for value in ("", "-1", "one", "9" * 30, "1.5", "\x00")),
        *({"party": value} for value in ("0", "-1", "1000", "two", "")),
        *({"date": value} for value in ("2020-01-01", "2027-02-30", "9999-12-31", "", "🍕")),
        *({"area": value} for value in ("0", "x", "9" * 30)),
    ],
    ids=repr,
)
def test_a_change_that_is_none_changes_nothing(place: Restaurant, sent: dict[str, str]) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    form = times(opened(diner, url))
    response = diner.client.post(form.action, form.pressed("20:00") | sent)
    assert response.status_code == 400
    text = response.content.decode()
    assert "Please choose the time from the list again." in text or 'class="errorlist"' in text
    reservation = Reservation.objects.get()
    assert (reservation.local_start.hour, reservation.sequence) == (19, 0)


@pytest.mark.parametrize("sequence", ["", "-1", "one", "9" * 30, "\x00"])
def test_details_of_no_version_can_be_sent_again(place: Restaurant, sequence: str) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    form = times(opened(diner, url, "details"))
    response = diner.send(form, "Tell the restaurant", sequence=sequence, note="Kept")
    assert response.status_code == 400
    page = read(response)
    assert any("Please send the form once more." in alert for alert in page.alerts)
    assert diner.send(times(page), "Tell the restaurant").status_code == 302
    assert Reservation.objects.get().note == "Kept"


@pytest.mark.parametrize("end", PLACES)
def test_a_link_of_something_else_leads_nowhere(place: Restaurant, end: str) -> None:
    other = make_venue()
    reservation, held = make_reservation(place), make_hold(place, at=dt.time(21))
    tokens = {
        reservation_token(other.pk, reservation.reference),
        entry_token(place.pk, reservation.reference),
        request_token(place.pk, reservation.reference),
        reservation_token(place.pk, held.reference),
        reservation.reference,
        "x" * 3000,
        "🍕",
    }
    for token in tokens:
        url = f"/restaurants/{place.slug}/reservations/{token}/{end}/"
        for answer in (Client().get(url), Client().post(url, {"sequence": "0", **EVERYTHING})):
            assert answer.status_code == 404
            assert "Ada" not in answer.content.decode()
            assert read(answer).links["Send me the link again"] == "/my-reservations/find/"
    good = reservation_token(place.pk, reservation.reference)
    assert Client().get(f"/restaurants/{other.slug}/reservations/{good}/{end}/").status_code == 404


@pytest.mark.parametrize("end", PLACES)
def test_opening_changes_nothing(place: Restaurant, end: str) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    form = times(opened(diner, url, end))
    query = form.pressed("20:00") if end == "change" else form.values | {"name": "Grace"}
    before = Reservation.objects.values().get()
    for method in ("get", "head"):
        assert getattr(diner.client, method)(form.action, query).status_code == 200
    for method in ("put", "delete", "patch"):
        assert getattr(diner.client, method)(form.action).status_code == 405
    assert Reservation.objects.values().get() == before


def test_after_the_start_nothing_is_changed(place: Restaurant) -> None:
    diner = Diner(place)
    url, _page = diner.book("19:00")
    told = times(opened(diner, url, "details"))
    Reservation.objects.update(starts_at=timezone.now() - dt.timedelta(minutes=1))
    answer = diner.send(told, "Tell the restaurant", name="Grace")
    assert answer.status_code == 409
    assert diner_text(Reason.ALREADY_STARTED) in read(answer).alerts
    assert Reservation.objects.get().name == "Ada Guest"
