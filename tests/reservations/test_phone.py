"""The page of the phone: quick dates and times, guests found while typing, and rules that are passed over knowingly."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from reservations.admin.quick_entry import date_of, time_of
from reservations.engine import stopping
from reservations.history.trail import COMMAND
from reservations.models import HistoryEvent, Reservation, Restaurant, Table
from tests import factories as make
from tests.reservations.evening import signed_in
from tests.reservations.people import make_guest, make_visit

pytestmark = pytest.mark.django_db

# A Thursday.
TODAY = dt.date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("today", TODAY),
        ("Tonight", TODAY),
        ("tomorrow", TODAY + dt.timedelta(days=1)),
        ("fr", TODAY + dt.timedelta(days=1)),
        ("FRI", TODAY + dt.timedelta(days=1)),
        ("thursday", TODAY),
        ("we", TODAY + dt.timedelta(days=6)),
        ("+3", TODAY + dt.timedelta(days=3)),
        ("24.12.", dt.date(2026, 12, 24)),
        ("24.12", dt.date(2026, 12, 24)),
        ("12/24", dt.date(2026, 12, 24)),
        ("1.2.", dt.date(2027, 2, 1)),
        ("1.2.28", dt.date(2028, 2, 1)),
        ("29.2.", dt.date(2028, 2, 29)),
        ("26", TODAY),
        ("3.", dt.date(2026, 12, 3)),
        ("31.11.", None),
        ("0.0.", None),
        ("99", None),
        ("f", None),
        ("someday", None),
        ("٣", None),
        ("", None),
    ],
)
def test_a_date_as_it_is_typed(text: str, date: dt.date | None) -> None:
    assert date_of(text, TODAY) == date


def test_weekdays_are_known_in_the_active_language_too() -> None:
    with translation.override("de"):
        assert date_of("so", TODAY) == TODAY + dt.timedelta(days=3)
        assert date_of("mittwoch", TODAY) == TODAY + dt.timedelta(days=6)
    with translation.override("ja"):
        assert date_of("金", TODAY) == date_of("金曜日", TODAY) == TODAY + dt.timedelta(days=1)
        assert date_of("明日", TODAY) == TODAY + dt.timedelta(days=1)


def test_the_month_is_first_where_the_language_has_it_first() -> None:
    assert date_of("3/4", TODAY) == dt.date(2027, 4, 3)
    with translation.override("ja"):
        assert date_of("3/4", TODAY) == date_of("３月４日", TODAY) == dt.date(2027, 3, 4)
        assert date_of("2028年2月29日", TODAY) == dt.date(2028, 2, 29)
        assert date_of("3日", TODAY) == dt.date(2026, 12, 3)
        assert date_of("2027年3日", TODAY) is None
        assert date_of("13月32日", TODAY) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1930", dt.time(19, 30)),
        ("19:30", dt.time(19, 30)),
        ("19.30", dt.time(19, 30)),
        ("19h30", dt.time(19, 30)),
        ("730pm", dt.time(19, 30)),
        ("12 am", dt.time(0)),
        ("19", dt.time(19)),
        ("930", dt.time(9, 30)),
        ("2460", None),
        ("13pm", None),
        ("noon", None),
        ("１９３０", dt.time(19, 30)),
        ("19時半", dt.time(19, 30)),
        ("１９時３０分", dt.time(19, 30)),
        ("午後7時", dt.time(19)),
        ("午前7時", dt.time(7)),
        ("午後12時", dt.time(12)),
        ("25時", None),
        ("١٩٣٠", None),
    ],
)
def test_a_time_as_it_is_typed(text: str, time: dt.time | None) -> None:
    assert time_of(text) == time


# --- Parts of the page -----------------------------------------------------------


@pytest.fixture
def venue() -> Restaurant:
    restaurant = make.make_venue(tables=(2,))
    make.make_table(restaurant, seats=4, name="Window", area=make.make_area(restaurant, name="Terrace"))
    return restaurant


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make.make_staff(name="Hanna Host"))
    return client


def part(client: Client, restaurant: Restaurant, of_page: str, /, **fields: Any) -> str:
    asked = {"date": make.days_ahead(restaurant).isoformat(), "party_size": "2", **fields}
    address = reverse(f"admin:reservations_restaurant_phone_{of_page}", args=(restaurant.pk,))
    response = client.post(address, asked)
    assert response.status_code == 200
    return response.content.decode()


def second(restaurant: Restaurant, hour: int) -> str:
    return str(int(make.utc(restaurant, make.days_ahead(restaurant), dt.time(hour)).timestamp()))


def add(client: Client, restaurant: Restaurant, **fields: Any) -> str:
    typed = {"date": make.days_ahead(restaurant).isoformat(), "party_size": "2", "name": "Grace Guest", **fields}
    address = f"{reverse('admin:reservations_reservation_add')}?restaurant={restaurant.pk}"
    return client.post(address, typed, follow=True).content.decode()


@pytest.mark.parametrize("typed", ["love", "ADA", "lovelace ada", "030 765", "+49307", "ada@ex"])
def test_a_guest_is_found_by_name_phone_or_mail_within_the_restaurant(
    staff: Client, venue: Restaurant, typed: str
) -> None:
    ada = make_guest(venue, email="ada@example.org", phone="+49307654321", name="Ada Lovelace", tags=["VIP"])
    make_visit(ada, -3)
    gone = make_guest(venue, email="old-ada@example.org", name="Ada Lovelace")
    gone.merged_into = ada
    gone.save()
    make_guest(make.make_venue(), email="ada@example.org", phone="+49307654321", name="Ada Lovelace")
    page = part(staff, venue, "guests", name=typed)
    assert page.count("<li ") == 1
    assert f'id="guest-{ada.pk}"' in page
    for text in ("1 visit", "VIP", "+49307654321"):
        assert text in page


@pytest.mark.parametrize("typed", ["", "a", "\x00", "%", "__", "x" * 10_000, "مرحبا بكم", "<script>"])
def test_whatever_is_typed_is_searched_for_and_shown_as_text(staff: Client, venue: Restaurant, typed: str) -> None:
    make_guest(venue, email="h@example.org", name="<script>alert(1)</script> مرحبا بكم")
    assert "<script>" not in part(staff, venue, "guests", name=typed)


def test_guests_are_found_by_who_may_see_guests_alone(client: Client, venue: Restaurant) -> None:
    make_guest(venue, email="ada@example.org", name="Ada Lovelace")
    signed_in(client, "add_reservation", "view_restaurant")
    assert "Ada" not in part(client, venue, "guests", name="ada")
    signed_in(client, "view_reservation")
    for name in ("guests", "times", "picked"):
        address = reverse(f"admin:reservations_restaurant_phone_{name}", args=(venue.pk,))
        assert client.post(address).status_code == 403
    client.force_login(make.make_staff())
    for name in ("guests", "times", "picked"):
        assert client.post(reverse(f"admin:reservations_restaurant_phone_{name}", args=(2**40,))).status_code == 404
        assert client.get(reverse(f"admin:reservations_restaurant_phone_{name}", args=(venue.pk,))).status_code == 405


def test_times_say_what_they_pass_over_and_why_others_are_refused(staff: Client, venue: Restaurant) -> None:
    stopping.stop(
        restaurant=venue,
        date=make.days_ahead(venue),
        user=make.make_staff(),
        by=COMMAND,
        slot=make.utc(venue, make.days_ahead(venue), dt.time(18)),
    )
    for _table in range(2):
        make.make_reservation(venue, at=dt.time(20))
    page = part(staff, venue, "times", time="1800")
    assert f'value="{second(venue, 18)}" data-digits="1800" data-clock="18:00" checked' in page
    assert "Online booking is paused" in page
    assert f'value="{second(venue, 20)}" data-digits="2000" data-clock="20:00" disabled' in page
    assert "Every table or combination that seats the party is taken." in page
    assert "Window (1–4)" in page
    make.make_closure(venue, make.days_ahead(venue))
    assert "The restaurant is closed on this day" in part(staff, venue, "times")


@pytest.mark.parametrize("value", ["\x00", "🥐", "9" * 40, "-1", "x" * 5_000, "99999999999"])
@pytest.mark.parametrize("name", ["date", "party_size", "area", "time", "at", "tables"])
def test_nothing_that_is_sent_breaks_a_part(staff: Client, venue: Restaurant, name: str, value: str) -> None:
    for of_page in ("times", "picked"):
        part(staff, venue, of_page, **{name: value})
    assert "Grace Guest" in add(staff, venue, **{"time": "1900", name: value})


# --- What is booked --------------------------------------------------------------


def test_tables_of_choice_are_taken_and_who_passed_over_what_is_recorded(staff: Client, venue: Restaurant) -> None:
    Restaurant.objects.update(lead_minutes=60 * 24 * 30, max_party=1)
    window = Table.objects.get(name="Window")
    page = add(staff, venue, at=second(venue, 19), tables=str(window.pk), pacing_reason="The mayor")
    booked = Reservation.objects.get()
    assert booked.table_ids == [window.pk]
    assert (booked.passed_over, booked.passed_over_reason) == ("TOO_LATE,PARTY_TOO_LARGE", "The mayor")
    assert booked.pacing_exceeded_by is None
    assert "is booked" in page
    event = HistoryEvent.objects.get(subject="reservation")
    assert event.user_number == booked.created_by_id
    assert event.changes["passed_over"] == [None, "TOO_LATE,PARTY_TOO_LARGE"]
    page = staff.get(reverse("admin:reservations_reservation_change", args=(booked.pk,))).content.decode()
    assert "The lead time for online booking has run out." in page
    assert "The mayor" in page
    # The claim stands, whatever the host wants.
    page = add(staff, venue, name="Second", at=second(venue, 19), tables=str(window.pk))
    assert "leave the choice to us" in page
    other = make.make_table(make.make_venue())
    assert "These tables don&#x27;t do" in add(staff, venue, name="Third", at=second(venue, 21), tables=str(other.pk))
    assert Reservation.objects.count() == 1


def test_what_a_diner_could_book_passes_over_nothing(staff: Client, venue: Restaurant) -> None:
    add(staff, venue, time="1900", pacing_reason="Just so")
    booked = Reservation.objects.get()
    assert (booked.passed_over, booked.passed_over_reason, booked.pacing_reason) == ("", "", "")


def test_a_form_sent_twice_books_once(staff: Client, venue: Restaurant) -> None:
    for _time in range(2):
        assert "is booked" in add(staff, venue, time="1900", key="one form")
    assert Reservation.objects.count() == 1


def test_a_concierge_books_and_is_written_to(staff: Client, venue: Restaurant) -> None:
    page = add(staff, venue, time="1900", booker_name="Carla Concierge", booker_email="carla@example.org", tell="on")
    assert "is booked" in page
    booked = Reservation.objects.get()
    assert (booked.booker_name, booked.booker_email) == ("Carla Concierge", "carla@example.org")
    assert set(booked.messages.values_list("recipient", flat=True)) == {"carla@example.org"}


def test_a_chosen_time_of_another_date_or_than_is_typed_is_not_booked(staff: Client, venue: Restaurant) -> None:
    page = add(staff, venue, date="+9", at=second(venue, 19))
    assert "The chosen time is of another date." in page
    page = add(staff, venue, time="2000", at=second(venue, 19))
    assert "Another time is typed than the one that is chosen." in page
    assert "Type a time, or choose one" in add(staff, venue)
    assert not Reservation.objects.exists()


def test_the_page_leads_back_to_the_floor(staff: Client, venue: Restaurant) -> None:
    floor = reverse("admin:reservations_restaurant_floor", args=(venue.pk,))
    page = staff.get(floor).content.decode()
    assert "New reservation" in page
    assert "back=%2Fadmin" in page
    typed = {"date": "+7", "time": "19", "party_size": "2", "name": "Grace Guest", "back": floor}
    response = staff.post(f"{reverse('admin:reservations_reservation_add')}?restaurant={venue.pk}", typed)
    assert response["Location"] == floor
