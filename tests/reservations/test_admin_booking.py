"""Staff add and cancel reservations through the write rules: what is refused is said, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reservations.models import Refusal, Reservation, Restaurant, TableClaim, User
from tests.factories import (
    days_ahead,
    make_area,
    make_closure,
    make_limited,
    make_reservation,
    make_service,
    make_staff,
    make_table,
    make_venue,
    make_wish,
    utc,
)

pytestmark = pytest.mark.django_db

NOTE = "By the window 🥂, please"


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def address_of(restaurant: Restaurant) -> str:
    return f"{reverse('admin:reservations_reservation_add')}?restaurant={restaurant.pk}"


def typed(restaurant: Restaurant, **fields: Any) -> dict[str, Any]:
    """Return what staff type, by default two guests at 19:00 in a week."""
    return {
        "date": days_ahead(restaurant).isoformat(),
        "time": "19:00",
        "party_size": "2",
        "area": "",
        "name": "Grace Guest",
        "email": "Grace@Example.org",
        "phone": "030 7654321",
        "occasion": "birthday",
        "dietary_needs": "no nuts",
        "note": NOTE,
        "children": "0",
        "high_chairs": "0",
        **fields,
    }


def add(client: Client, restaurant: Restaurant, **fields: Any) -> HttpResponse:
    return client.post(address_of(restaurant), typed(restaurant, **fields))  # type: ignore[return-value]


def assert_kept(response: HttpResponse, **fields: str) -> str:
    """Check that the form came back with what was typed, and that nothing was booked; return the page."""
    assert response.status_code == 200
    page = response.content.decode()
    for text in ("Grace Guest", "Grace@Example.org", "030 7654321", "no nuts", NOTE, *fields.values()):
        assert text in page
    assert not Reservation.objects.filter(name="Grace Guest").exists()
    return page


def transition(zone: str, *, forward: bool) -> dt.date:
    """Return the next local date on which the zone's clocks go forward, or back."""
    tz = ZoneInfo(zone)
    date = timezone.now().astimezone(tz).date() + dt.timedelta(days=2)
    while True:
        before, after = (dt.datetime.combine(date, dt.time(hour), tz).utcoffset() for hour in (0, 12))
        assert before is not None
        assert after is not None
        if before != after and (after > before) == forward:
            return date
        date += dt.timedelta(days=1)


def test_booking_is_confirmed_logged_and_linked(staff: Client, user: User) -> None:
    restaurant = make_venue(tables=(2,))
    response = staff.post(address_of(restaurant), typed(restaurant), follow=True)
    reservation = Reservation.objects.get()
    assert reservation.status == Reservation.Status.CONFIRMED
    assert reservation.source == Reservation.Source.STAFF
    assert reservation.starts_at == utc(restaurant, days_ahead(restaurant), dt.time(19))
    assert reservation.service_date == days_ahead(restaurant)
    assert (reservation.name, reservation.email) == ("Grace Guest", "grace@example.org")
    assert (reservation.phone, reservation.note) == ("+49307654321", NOTE)
    assert reservation.created_by == user
    assert reservation.pacing_exceeded_by is None
    assert TableClaim.objects.filter(reservation=reservation).count() == 8
    page = response.content.decode()
    change = reverse("admin:reservations_reservation_change", args=(reservation.pk,))
    assert f'<a href="{change}">{reservation}</a> is booked' in page
    assert "19:00 C" in page
    entry = LogEntry.objects.get()
    assert (entry.action_flag, entry.object_id, entry.user) == (ADDITION, str(reservation.pk), user)


def test_form_names_the_restaurant_and_its_zone(staff: Client) -> None:
    restaurant = make_venue(timezone="Asia/Tokyo", name="Sushi Seven")
    make_area(make_venue(), name="Somebody else's terrace")
    page = staff.get(address_of(restaurant)).content.decode()
    assert "Sushi Seven" in page
    assert "Asia/Tokyo" in page
    assert "Dining room" in page
    assert "terrace" not in page
    assert "exceed_pacing" not in page


def test_link_from_the_restaurants_page_begins_a_booking_without_javascript(staff: Client) -> None:
    restaurant = make_venue()
    page = staff.get(reverse("admin:reservations_restaurant_change", args=(restaurant.pk,))).content.decode()
    assert f'href="{address_of(restaurant)}"' in page
    assert f"{reverse('admin:reservations_reservation_changelist')}?restaurant__id__exact={restaurant.pk}" in page


def test_area_and_step_free_are_respected(staff: Client) -> None:
    restaurant = make_venue(tables=(2,))
    terrace = make_area(restaurant, name="Terrace")
    table = make_table(restaurant, area=terrace, seats=2, is_step_free=True)
    add(staff, restaurant, area=str(terrace.pk), needs_step_free="on")
    assert Reservation.objects.get().table_ids == [table.pk]


def test_party_beyond_the_online_limits_is_booked_in_house(staff: Client) -> None:
    restaurant = make_venue(tables=(), max_party=4)
    make_table(restaurant, seats=12, is_online=False)
    add(staff, restaurant, party_size="12")
    assert Reservation.objects.get().party_size == 12


def test_closed_day_is_refused(staff: Client) -> None:
    restaurant = make_venue()
    make_closure(restaurant, days_ahead(restaurant))
    assert "is closed on this day" in assert_kept(add(staff, restaurant))
    assert Refusal.objects.get().reason == "CLOSED"


def test_taken_tables_are_refused_with_times_that_are_free(staff: Client) -> None:
    restaurant = make_venue(tables=(2,))
    make_reservation(restaurant, at=dt.time(19))
    page = assert_kept(add(staff, restaurant))
    assert "is taken" in page
    assert "Nearest free times: 21:00, 21:30, 22:00" in page


def test_time_that_no_service_has_is_refused_with_the_nearest(staff: Client) -> None:
    restaurant = make_venue()
    page = assert_kept(add(staff, restaurant, time="19:10"), time="19:10")
    assert "No service seats guests at this time" in page
    assert "Nearest times: 18:30, 19:00, 19:30, 20:00" in page
    assert Refusal.objects.get().reason == "NOT_A_TIME"


def test_full_pacing_is_refused_and_may_be_exceeded_knowingly(staff: Client, user: User) -> None:
    restaurant = make_venue(service={"max_covers": 2})
    make_reservation(restaurant)
    page = assert_kept(add(staff, restaurant))
    assert "Pacing" in page
    assert 'name="exceed_pacing"' in page
    page = assert_kept(add(staff, restaurant, exceed_pacing="on"))
    assert "Say why pacing is exceeded" in page
    assert 'name="pacing_reason"' in page
    add(staff, restaurant, exceed_pacing="on", pacing_reason="Regulars")
    reservation = Reservation.objects.get(name="Grace Guest")
    assert (reservation.pacing_exceeded_by, reservation.pacing_reason) == (user, "Regulars")
    page = staff.get(reverse("admin:reservations_reservation_change", args=(reservation.pk,))).content.decode()
    assert "Hanna Host" in page
    assert "Regulars" in page


def test_pacing_that_is_not_exceeded_is_not_recorded_as_such(staff: Client) -> None:
    restaurant = make_venue(service={"max_covers": 20})
    add(staff, restaurant, exceed_pacing="on", pacing_reason="Just in case")
    reservation = Reservation.objects.get()
    assert (reservation.pacing_exceeded_by, reservation.pacing_reason) == (None, "")


def test_time_that_the_night_skips_is_refused(staff: Client) -> None:
    restaurant = make_venue(service={"first_seating": dt.time(20), "last_seating": dt.time(4)})
    date = transition("Europe/Berlin", forward=True)
    page = assert_kept(add(staff, restaurant, date=date.isoformat(), time="02:30"), time="02:30")
    assert "The clocks go forward on this night and skip 02:30" in page
    assert not Refusal.objects.exists()


def test_time_that_comes_twice_is_asked_for(staff: Client) -> None:
    restaurant = make_venue(service={"first_seating": dt.time(20), "last_seating": dt.time(4)})
    date = transition("Europe/Berlin", forward=False)
    fields = {"date": date.isoformat(), "time": "02:30"}
    page = assert_kept(add(staff, restaurant, **fields))
    assert "this time comes twice" in page
    add(staff, restaurant, **fields, fold="1")
    reservation = Reservation.objects.get()
    assert reservation.starts_at == dt.datetime.combine(date, dt.time(1, 30), dt.UTC)
    assert reservation.service_date == date - dt.timedelta(days=1)
    add(staff, restaurant, **fields, fold="0", name="The first")
    assert Reservation.objects.get(name="The first").starts_at == dt.datetime.combine(date, dt.time(0, 30), dt.UTC)


def test_time_after_midnight_belongs_to_the_evening_before(staff: Client) -> None:
    restaurant = make_venue(service={"first_seating": dt.time(20), "last_seating": dt.time(1)})
    date = days_ahead(restaurant)
    add(staff, restaurant, date=date.isoformat(), time="00:30")
    reservation = Reservation.objects.get()
    assert reservation.service_date == date - dt.timedelta(days=1)
    assert reservation.local_start.replace(tzinfo=None) == dt.datetime.combine(date, dt.time(0, 30))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"party_size": "0"}, "greater than or equal to 1"),
        ({"party_size": "-1"}, "greater than or equal to 1"),
        ({"party_size": "1000"}, "less than or equal to 100"),
        ({"party_size": "two"}, "in digits"),
        ({"party_size": ""}, "This field is required"),
        ({"date": "2027-02-30"}, "not a date of the calendar"),
        ({"date": "0001-01-01"}, "This day has passed"),
        ({"date": "9999-12-31"}, "more than two years away"),
        ({"date": "soon"}, "not a date of the calendar"),
        ({"time": "25:00"}, "This is not a time"),
        ({"time": "7\x00"}, "This is not a time"),
        ({"area": "999999999999999999999"}, "no such area"),
        ({"area": "terrace\x00"}, "Null characters are not allowed"),
        ({"fold": "2"}, "not one of the available choices"),
        ({"occasion": "funeral"}, "not one of the available choices"),
        ({"children": "3"}, "2 guests in all"),
        ({"high_chairs": "1"}, "more high chairs than children"),
        ({"dietary_needs": "no nuts" + "x" * 300}, "at most 300 characters"),
        ({"note": NOTE + "x" * 10_000}, "at most 1000 characters"),
        ({"note": NOTE + "\x00"}, "Null characters are not allowed"),
        ({"exceed_pacing": "on", "pacing_reason": "x" * 201}, "at most 200 characters"),
    ],
)
def test_bad_input_is_a_message_on_the_form(staff: Client, fields: dict[str, str], message: str) -> None:
    assert message in assert_kept(add(staff, make_venue(), **fields))


@pytest.mark.parametrize("name", ["date", "time", "party_size", "area", "name", "email", "phone", "occasion", "fold"])
@pytest.mark.parametrize("value", ["\x00", "🥐", "x" * 10_000])
def test_no_field_breaks_by_what_is_typed(staff: Client, name: str, value: str) -> None:
    restaurant = make_venue()
    response = add(staff, restaurant, **{name: value})
    assert response.status_code in (200, 302)
    assert Reservation.objects.exists() == (response.status_code == 302)


def test_phone_that_cannot_be_called_is_refused(staff: Client) -> None:
    response = add(staff, make_venue(), phone="ring twice")
    assert "ring twice" in response.content.decode()
    assert "not a phone number" in response.content.decode()


def test_name_alone_is_enough(staff: Client) -> None:
    restaurant = make_venue()
    add(staff, restaurant, email="", phone="", note="", dietary_needs="", children="", high_chairs="", occasion="")
    assert Reservation.objects.get().name == "Grace Guest"


def test_note_of_ten_megabytes_is_refused_before_it_is_read(staff: Client) -> None:
    assert add(staff, make_venue(), note="x" * 10_000_000).status_code == 413
    assert not Reservation.objects.exists()


def test_past_time_of_today_is_refused(staff: Client) -> None:
    restaurant = make_venue(
        service={"first_seating": dt.time(0), "last_seating": dt.time(23, 45), "interval_minutes": 15}
    )
    today = days_ahead(restaurant, 0)
    page = assert_kept(add(staff, restaurant, date=today.isoformat(), time="00:00"))
    assert "This time has passed" in page


def test_get_changes_nothing(staff: Client) -> None:
    restaurant = make_venue()
    reservation = make_reservation(restaurant)
    before = list(Reservation.objects.values())
    staff.get(address_of(restaurant), typed(restaurant))
    staff.get(reverse("admin:reservations_reservation_cancel", args=(reservation.pk,)))
    staff.get(reverse("admin:reservations_reservation_change", args=(reservation.pk,)))
    assert list(Reservation.objects.values()) == before


def test_restaurant_that_is_not_there_is_asked_for_again(staff: Client) -> None:
    page = staff.get(reverse("admin:reservations_reservation_add"), {"restaurant": "no-such"}).content.decode()
    assert "There is no such restaurant" in page


def test_form_keeps_the_token_of_its_own(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_staff())
    restaurant = make_venue()
    reservation = make_reservation(restaurant)
    assert add(strict, restaurant).status_code == 403
    assert strict.post(reverse("admin:reservations_reservation_cancel", args=(reservation.pk,))).status_code == 403
    assert Reservation.objects.get() == reservation


def test_permission_to_add_alone_books(client: Client) -> None:
    restaurant = make_venue()
    user = make_limited("add_reservation")
    client.force_login(user)
    response = client.post(address_of(restaurant), typed(restaurant), follow=True)
    assert response.status_code == 200
    assert Reservation.objects.get().created_by == user


@pytest.mark.django_db(transaction=True)
def test_write_rules_run_outside_a_transaction(staff: Client) -> None:
    """A durable block raises RuntimeError inside another: in this test nothing wraps the request."""
    assert not connection.in_atomic_block
    restaurant = make_venue(tables=(2,))
    make_service(restaurant, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(14))
    assert add(staff, restaurant).status_code == 302
    assert_page = add(staff, restaurant, name="Somebody else")
    assert "is taken" in assert_page.content.decode()
    reservation = Reservation.objects.get()
    assert staff.post(reverse("admin:reservations_reservation_cancel", args=(reservation.pk,))).status_code == 302
    assert Reservation.objects.get().status == Reservation.Status.CANCELLED


def test_number_of_statements_does_not_grow(staff: Client, django_assert_max_num_queries: Any) -> None:
    restaurant = make_venue(tables=(2,) * 12)
    for _number in range(6):
        make_reservation(restaurant, wish=make_wish(restaurant), browser=f"{_number}" * 64)
    with django_assert_max_num_queries(50):
        assert add(staff, restaurant).status_code == 302
