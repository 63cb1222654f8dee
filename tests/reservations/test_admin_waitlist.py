"""Staff see the waitlist in its order, put guests who call on it, promote them and take them off."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from reservations.engine import booking
from reservations.models import HistoryEvent, Message, Reservation, Restaurant, User, WaitlistEntry
from tests.factories import (
    days_ahead,
    make_limited,
    make_reservation,
    make_staff,
    make_venue,
    make_wish,
    utc,
)
from tests.reservations.people import join_list, make_waiting

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "admin:reservations_waitlistentry_changelist"
NOTE = "By the window 🥂, please"

Status = WaitlistEntry.Status


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def full() -> Restaurant:
    """One table for two, taken from 18:00 to 22:00, so that nothing of the evening is free."""
    restaurant = make_venue(tables=(2,), service={"last_seating": dt.time(20)})
    make_reservation(restaurant, at=dt.time(18))
    make_reservation(restaurant, at=dt.time(20))
    return restaurant


def page_of(name: str, entry: WaitlistEntry) -> str:
    return reverse(f"admin:reservations_waitlistentry_{name}", args=(entry.pk,))


def typed(restaurant: Restaurant, **fields: Any) -> dict[str, Any]:
    """Return what staff type: two guests between 19:00 and 20:00 in a week."""
    return {
        "date": days_ahead(restaurant).isoformat(),
        "earliest": "19:00",
        "latest_time": "20:00",
        "party_size": "2",
        "area": "",
        "name": "Grace Guest",
        "email": "Grace@Example.org",
        "phone": "030 7654321",
        "note": NOTE,
        "language": "de",
        "key": "one form",
        **fields,
    }


def add(client: Client, restaurant: Restaurant, **fields: Any) -> HttpResponse:
    address = f"{reverse('admin:reservations_waitlistentry_add')}?restaurant={restaurant.pk}"
    return client.post(address, typed(restaurant, **fields), follow=True)  # type: ignore[return-value]


def assert_kept(response: HttpResponse) -> str:
    """Check that the form came back with what was typed, and that nobody waits; return the page."""
    assert response.status_code == 200
    page = response.content.decode()
    for text in ("Grace Guest", "Grace@Example.org", "030 7654321", NOTE):
        assert text in page
    assert not WaitlistEntry.objects.exists()
    return page


def test_guest_who_calls_is_put_on_the_list(staff: Client, full: Restaurant, user: User) -> None:
    page = add(staff, full).content.decode()
    entry = WaitlistEntry.objects.get()
    date = days_ahead(full)
    assert (entry.status, entry.kind, entry.party_size, entry.service_date) == (Status.WAITING, "online", 2, date)
    assert (entry.earliest, entry.latest) == (utc(full, date, dt.time(19)), utc(full, date, dt.time(20)))
    assert (entry.name, entry.email, entry.phone) == ("Grace Guest", "grace@example.org", "+49307654321")
    assert (entry.note, entry.language) == (NOTE, "de")
    assert entry.guest is not None
    assert entry.created_by == user
    assert f'<a href="{page_of("change", entry)}">{entry}</a> waits for' in page
    assert "in place 1" in page
    event = HistoryEvent.objects.get(kind="joined")
    assert (event.actor, event.source, event.user_number) == ("staff", "admin", user.pk)
    assert Message.objects.get(kind=Message.Kind.JOINED).language == "de"
    log = LogEntry.objects.get()
    assert (log.action_flag, log.object_id) == (ADDITION, str(entry.pk))


def test_form_that_is_sent_twice_is_one_entry(staff: Client, full: Restaurant) -> None:
    add(staff, full)
    add(staff, full)
    assert WaitlistEntry.objects.count() == 1


def test_who_can_book_is_not_put_on_the_list(staff: Client) -> None:
    assert "can still be booked" in assert_kept(add(staff, make_venue()))


def test_restaurant_without_a_waitlist_says_so(staff: Client) -> None:
    assert "keeps no waitlist" in assert_kept(add(staff, make_venue(takes_waitlist=False)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"date": "soon"}, "not a date of the calendar"),
        ({"date": "2001-01-01"}, "This day has passed"),
        ({"date": "9999-12-31"}, "more than two years away"),
        ({"earliest": "25:00"}, "This is not a time"),
        ({"latest_time": ""}, "This field is required"),
        ({"party_size": "two"}, "in digits"),
        ({"party_size": "101"}, "less than or equal to 100"),
        ({"area": "999999"}, "no such area"),
        ({"note": NOTE + "x" * 300}, "at most 300 characters"),
        ({"note": NOTE + "\x00"}, "Null characters are not allowed"),
        ({"language": "xx"}, "not one of the available choices"),
    ],
)
def test_bad_input_is_a_message_on_the_form(staff: Client, fields: dict[str, str], message: str) -> None:
    assert message in assert_kept(add(staff, make_venue(), **fields))


def test_somebody_who_cannot_be_reached_is_refused(staff: Client, full: Restaurant) -> None:
    page = add(staff, full, email="", phone="").content.decode()
    assert "Give an e-mail or a phone number" in page
    assert not WaitlistEntry.objects.exists()


def test_times_past_midnight_belong_to_the_evening(staff: Client) -> None:
    restaurant = make_venue(
        tables=(2,), turn_minutes=360, service={"first_seating": dt.time(23), "last_seating": dt.time(1)}
    )
    make_reservation(restaurant, at=dt.time(23))
    date = days_ahead(restaurant)
    next_day = date + dt.timedelta(days=1)
    for number, (first, last, expected) in enumerate(
        [
            ("23:00", "00:30", (utc(restaurant, date, dt.time(23)), utc(restaurant, next_day, dt.time(0, 30)))),
            ("00:00", "01:00", (utc(restaurant, next_day, dt.time(0)), utc(restaurant, next_day, dt.time(1)))),
        ]
    ):
        add(staff, restaurant, earliest=first, latest_time=last, key=f"form {number}", name=f"Guest {number}")
        entry = WaitlistEntry.objects.get(name=f"Guest {number}")
        assert (entry.service_date, (entry.earliest, entry.latest)) == (date, expected)


def test_list_shows_the_place_in_each_queue(staff: Client) -> None:
    for zone in ("Asia/Tokyo", "Europe/Berlin"):
        restaurant = make_venue(timezone=zone, name=zone)
        for number in range(3):
            make_waiting(restaurant, name=f"{zone} {number}")
        make_waiting(restaurant, name=f"{zone} door", kind="door")
        make_waiting(restaurant, name=f"{zone} gone", status=Status.LEFT)
        make_waiting(restaurant, name=f"{zone} first", rank=-1)
    response = staff.get(reverse(LIST))
    found = {row.name: row.place_in_queue for row in response.context["cl"].result_list}
    for zone in ("Asia/Tokyo", "Europe/Berlin"):
        places = {"first": 1, "0": 2, "1": 3, "2": 4, "door": 1, "gone": 0}
        assert {name: found[f"{zone} {name}"] for name in places} == places
    assert "19:00 JST – 20:00" in response.content.decode()


def test_entries_are_filtered_and_found_by_what_guests_say(staff: Client) -> None:
    restaurant = make_venue()
    entry = make_waiting(restaurant, name="Ada Lovelace", phone="+49307654321", kind="door")
    make_waiting(restaurant)
    for asked in (
        {"q": "030 765 43 21"},
        {"q": "lovelace"},
        {"q": entry.reference.lower()},
        {"kind__exact": "door"},
    ):
        assert list(staff.get(reverse(LIST), asked).context["cl"].result_list) == [entry]
    assert not staff.get(reverse(LIST), {"day": "today"}).context["cl"].result_list
    assert not staff.get(reverse(LIST), {"status__exact": "left"}).context["cl"].result_list


def test_promoting_puts_a_party_first(staff: Client, user: User) -> None:
    restaurant = make_venue()
    make_waiting(restaurant, name="Earlier")
    entry = make_waiting(restaurant)
    assert page_of("promote", entry) in staff.get(page_of("change", entry)).content.decode()
    assert "Place in the queue: 2" in staff.get(page_of("promote", entry)).content.decode()
    page = staff.post(page_of("promote", entry), follow=True).content.decode()
    assert "is next in the queue" in page
    entry.refresh_from_db()
    assert entry.rank == -1
    event = HistoryEvent.objects.get(kind="promoted")
    assert (event.user_number, event.subject_number) == (user.pk, entry.pk)
    assert LogEntry.objects.get().action_flag == CHANGE


def test_who_waits_no_more_is_not_promoted_and_the_page_says_why(staff: Client) -> None:
    entry = make_waiting(make_venue(), status=Status.LEFT)
    page = staff.post(page_of("promote", entry)).content.decode()
    assert "not waiting any more" in page
    assert "left the list" in page
    assert 'type="submit" class="default"' not in page


def test_taking_off_the_list_gives_the_table_to_the_next(staff: Client, full: Restaurant) -> None:
    first, second = join_list(full), join_list(full, details={"email": "next@example.org"})
    booking.cancel(reservation=Reservation.objects.get(starts_at=make_wish(full, at=dt.time(20)).start), by_guest=False)
    first.refresh_from_db()
    assert first.status == Status.OFFERED
    assert first.offer is not None
    offer = reverse("admin:reservations_reservation_change", args=(first.offer.pk,))
    page = staff.get(page_of("change", first)).content.decode()
    assert offer in page
    assert page_of("promote", first) not in page
    assert offer in staff.get(page_of("leave", first)).content.decode()
    assert "is taken off the list" in staff.post(page_of("leave", first), follow=True).content.decode()
    assert "was not waiting any more" in staff.post(page_of("leave", first), follow=True).content.decode()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (Status.DECLINED, Status.OFFERED)


def test_offer_is_accepted_for_a_guest_who_calls(staff: Client, full: Restaurant) -> None:
    entry = join_list(full)
    refused = staff.post(page_of("accept", entry)).content.decode()
    assert "The hold had lapsed" in refused
    booking.cancel(reservation=Reservation.objects.get(starts_at=make_wish(full, at=dt.time(20)).start), by_guest=False)
    assert page_of("accept", entry) in staff.get(page_of("change", entry)).content.decode()
    page = staff.post(page_of("accept", entry), follow=True).content.decode()
    assert "is booked" in page
    entry.refresh_from_db()
    assert entry.status == Status.ACCEPTED
    assert entry.offer is not None
    assert entry.offer.status == Reservation.Status.CONFIRMED


@pytest.mark.parametrize("name", ["promote", "accept", "leave"])
def test_get_changes_nothing_and_the_form_has_a_token(staff: Client, user: User, name: str) -> None:
    entry = make_waiting(make_venue())
    before = list(WaitlistEntry.objects.values())
    assert staff.get(page_of(name, entry)).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(page_of(name, entry)).status_code == 403
    assert staff.delete(page_of(name, entry)).status_code == 405
    assert staff.post(f"{reverse(LIST)}{10**30}/{name}/").status_code == 404
    assert list(WaitlistEntry.objects.values()) == before


def test_permissions_to_look_add_and_change_are_apart(client: Client, full: Restaurant) -> None:
    entry = make_waiting(full)
    client.force_login(make_limited("view_waitlistentry"))
    page = client.get(page_of("change", entry)).content.decode()
    assert "Wanda Waits" in page
    assert "/promote/" not in page
    assert client.post(page_of("promote", entry)).status_code == 403
    assert add(client, full).status_code == 403
    client.force_login(make_limited("add_waitlistentry", "view_restaurant"))
    assert client.post(page_of("leave", entry)).status_code == 403
    assert add(client, full).status_code == 200
    assert WaitlistEntry.objects.filter(name="Grace Guest").exists()
    client.force_login(make_limited("view_waitlistentry", "change_waitlistentry"))
    assert client.post(page_of("promote", entry)).status_code == 302


def test_rows_can_only_be_read(staff: Client) -> None:
    entry = make_waiting(make_venue())
    before = list(WaitlistEntry.objects.values())
    assert staff.post(page_of("change", entry), {"name": "Forged", "_save": "1"}).status_code == 403
    assert staff.post(page_of("delete", entry), {"post": "yes"}).status_code == 403
    assert list(WaitlistEntry.objects.values()) == before
