"""The forms of the venue and its hours: what they save, what they refuse, and that what people typed comes back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reservations.models import (
    Area,
    CombinationTable,
    Restaurant,
    Service,
    SpecialDay,
    Table,
    TableCombination,
)
from tests.factories import (
    days_ahead,
    make_closure,
    make_reservation,
    make_restaurant,
    make_service,
    make_special_day,
    make_staff,
    make_table,
    make_turn_time,
    make_venue,
)
from tests.pages import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def address(model: str, page: str = "add", pk: int | None = None, restaurant: Restaurant | None = None) -> str:
    found = reverse(f"admin:reservations_{model}_{page}", args=(pk,) if pk else ())
    return f"{found}?restaurant={restaurant.pk}" if restaurant else found


def shown(client: Client, where: str) -> dict[str, Any]:
    """Return what the browser would send back, had nothing been typed."""
    context = client.get(where).context
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data: dict[str, Any] = {}
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False and not field.field.disabled:
                data[field.html_name] = value.pk if hasattr(value, "pk") else value
    return data


def errors(client: Client, where: str, data: dict[str, Any]) -> str:
    response = client.post(where, data)
    assert response.status_code == 200
    return str(response.context["errors"])


def saved(client: Client, where: str, data: dict[str, Any]) -> None:
    response = client.post(where, data)
    assert response.status_code == 302, response.context["errors"]


def test_weekdays_are_checkboxes_there_and_back(staff: Client) -> None:
    service = make_service(make_restaurant(), weekdays=0b1100000)
    where = address("service", "change", service.pk)
    page = staff.get(where).content.decode()
    for day, name in enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")):
        box = f'<input type="checkbox" name="weekdays" value="{day}" id="id_weekdays_{day}"'
        assert (f"{box} checked>" in page) == (day in (5, 6))
        assert name in page
    data = shown(staff, where)
    saved(staff, where, data)
    service.refresh_from_db()
    assert service.weekdays == 0b1100000
    saved(staff, where, data | {"weekdays": ["0", "2", "6"]})
    service.refresh_from_db()
    assert service.weekdays == 0b1000101
    assert "Mon, Wed, Sun" in staff.get(address("service", "changelist")).content.decode()
    for wrong in ([], ["7"], ["Monday"], ["\x00"]):
        assert errors(staff, where, data | {"weekdays": wrong})
    service.refresh_from_db()
    assert service.weekdays == 0b1000101


def test_service_is_added_with_turn_times_of_its_restaurant(staff: Client) -> None:
    restaurant = make_venue(tables=())
    where = address("service", restaurant=restaurant)
    data = shown(staff, where) | {
        "name": "Brunch",
        "first_seating": "10:00",
        "last_seating": "12:30",
        "turn_times-0-up_to": "2",
        "turn_times-0-minutes": "75",
    }
    saved(staff, where, data)
    service = Service.objects.get(name="Brunch")
    assert service.restaurant == restaurant
    turn = service.turn_times.get()
    assert (turn.restaurant, turn.up_to, turn.minutes) == (restaurant, 2, 75)
    change = address("service", "change", service.pk)
    twice = shown(staff, change) | {"turn_times-1-up_to": "2", "turn_times-1-minutes": "90"}
    assert "two turn times" in errors(staff, change, twice)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lead_minutes", "2147483647"),
        ("cutoff_minutes", "999999999999999999999"),
        ("lead_days_before", "32767"),
        ("first_seating", "18:10"),
        ("first_seating", "25:00"),
        ("valid_from", "2027-02-30"),
        ("name", "\x00"),
        ("max_covers", "-1"),
        ("interval_minutes", "7"),
    ],
)
def test_bad_input_is_a_message_and_stays(staff: Client, field: str, value: str) -> None:
    service = make_service(make_restaurant())
    where = address("service", "change", service.pk)
    response = staff.post(where, shown(staff, where) | {field: value})
    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors
    assert response.context["adminform"].form[field].value() == value


def test_restaurant_is_chosen_first_and_stays(staff: Client) -> None:
    mine, other = make_venue(), make_venue()
    theirs = other.areas.get()
    where = address("table", restaurant=mine)
    assert [value for value, _label in staff.get(where).context["adminform"].form.fields["area"].choices] == [
        "",
        mine.areas.get().pk,
    ]
    data = shown(staff, where) | {"name": "Nook", "max_seats": "2", "area": str(theirs.pk)}
    assert "not one of the available choices" in errors(staff, where, data)
    saved(staff, where, data | {"area": str(mine.areas.get().pk), "restaurant": str(other.pk)})
    nook = Table.objects.get(name="Nook")
    assert nook.restaurant == mine
    change = address("table", "change", nook.pk)
    saved(staff, change, shown(staff, change) | {"restaurant": str(other.pk), "max_seats": "3"})
    nook.refresh_from_db()
    assert (nook.restaurant, nook.max_seats) == (mine, 3)


def test_adding_another_stays_with_the_restaurant(staff: Client) -> None:
    restaurant = make_venue()
    where = address("area", restaurant=restaurant)
    response = staff.post(where, shown(staff, where) | {"name": "Garden", "_addanother": "1"})
    assert response.status_code == 302
    assert response["Location"] == where


def test_list_of_one_restaurant_leads_to_its_form(staff: Client) -> None:
    restaurant = make_venue()
    page = staff.get(f"{address('area', 'changelist')}?restaurant__id__exact={restaurant.pk}").content.decode()
    add = f"{address('area')}?_changelist_filters=restaurant__id__exact%3D{restaurant.pk}"
    assert f'href="{add}"' in page
    assert staff.get(add).context["adminform"].form.fields["restaurant"].initial == restaurant.pk


def test_name_that_is_taken_is_a_message(staff: Client) -> None:
    restaurant = make_venue()
    where = address("area", restaurant=restaurant)
    data = shown(staff, where) | {"name": restaurant.areas.get().name}
    assert "already exists" in errors(staff, where, data)


def test_name_that_is_taken_while_the_form_is_saved_is_a_message_too(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    restaurant = make_venue()
    where = address("area", restaurant=restaurant)
    data = shown(staff, where) | {"name": restaurant.areas.get().name}
    checks: list[int] = []
    stock = Area.validate_constraints

    def late(self: Area, exclude: Any = None) -> None:
        checks.append(1)
        if len(checks) > 1:
            stock(self, exclude=exclude)

    monkeypatch.setattr(Area, "validate_constraints", late)
    assert "already exists" in errors(staff, where, data)
    assert len(checks) == 2


def test_combination_takes_its_own_restaurants_tables(staff: Client) -> None:
    restaurant = make_venue(tables=(2, 2, 4))
    first, second, third = restaurant.tables.all()
    foreign = make_venue(tables=(2,)).tables.get()
    where = address("tablecombination", restaurant=restaurant)
    data = shown(staff, where) | {"name": "Long table", "min_party": "3", "max_party": "4"}
    assert "required" in errors(staff, where, data)
    assert "at least two" in errors(staff, where, data | {"members": [first.pk]})
    assert "not one of the available" in errors(staff, where, data | {"members": [first.pk, foreign.pk]})
    assert "4 seats" in errors(staff, where, data | {"members": [first.pk, second.pk], "max_party": "9"})
    saved(staff, where, data | {"members": [first.pk, second.pk]})
    combination = TableCombination.objects.get()
    change = address("tablecombination", "change", combination.pk)
    assert sorted(shown(staff, change)["members"]) == [first.pk, second.pk]
    saved(staff, change, shown(staff, change) | {"members": [second.pk, third.pk]})
    members = CombinationTable.objects.order_by("table")
    assert [(row.table_id, row.restaurant_id) for row in members] == [
        (second.pk, restaurant.pk),
        (third.pk, restaurant.pk),
    ]


def test_restaurant_is_added(staff: Client) -> None:
    where = address("restaurant")
    data = shown(staff, where) | {
        "name": "Zur Linde 🌳",
        "slug": "zur-linde",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "areas-0-name": "Garden",
        "opening_periods-0-day": "4",
        "opening_periods-0-opens": "18:00",
        "opening_periods-0-closes": "01:00",
        "cuisines-0-cuisine": " Ice  Cream ",
    }
    assert "is not a time zone" in errors(staff, where, data | {"timezone": "Berlin"})
    assert errors(staff, where, data | {"latitude": "91"})
    assert "Null characters" in errors(staff, where, data | {"description": "\x00"})
    saved(staff, where, data)
    restaurant = Restaurant.objects.get()
    assert restaurant.source_ref is None
    assert restaurant.areas.get().name == "Garden"
    assert restaurant.opening_periods.get().closes == dt.time(1)
    assert restaurant.cuisines.get().cuisine == "ice_cream"


def test_restaurants_page_is_bounded(staff: Client) -> None:
    restaurant = make_venue()
    where = address("restaurant", "change", restaurant.pk)
    staff.get(where)
    with CaptureQueriesContext(connection) as before:
        length = len(staff.get(where).content)
    assert length > 10_000
    for days in range(60):
        date = days_ahead(restaurant, days)
        make_closure(restaurant, date)
        make_special_day(restaurant, date)
        make_turn_time(restaurant, up_to=days + 1, minutes=60)
        make_table(restaurant)
    with CaptureQueriesContext(connection) as after:
        assert abs(len(staff.get(where).content) - length) < 100
    # The session may come from the cache.
    assert abs(len(after) - len(before)) <= 1


def test_special_day_has_services_of_its_own_or_is_closed(staff: Client) -> None:
    restaurant = make_venue()
    date = days_ahead(restaurant, 10)
    where = address("specialday", restaurant=restaurant)
    data = shown(staff, where) | {
        "date": date.isoformat(),
        "name": "Harvest",
        "services-0-name": "Gala",
        "services-0-first_seating": "17:00",
        "services-0-last_seating": "21:00",
    }
    assert "A closed day has no services" in errors(staff, where, data | {"is_closed": "on"})
    data.pop("is_closed", None)
    saved(staff, where, data)
    day = SpecialDay.objects.get()
    gala = day.services.get()
    assert (gala.restaurant, gala.special_day) == (restaurant, day)
    change = address("specialday", "change", day.pk)
    closing = shown(staff, change) | {"is_closed": "on"}
    assert "A closed day has no services" in errors(staff, change, closing)
    saved(staff, change, closing | {"services-0-DELETE": "on"})
    day.refresh_from_db()
    assert day.is_closed
    assert not day.services.exists()


def test_closing_a_special_day_names_the_guests_who_are_expected(staff: Client) -> None:
    restaurant = make_venue()
    date = days_ahead(restaurant)
    reservation = make_reservation(restaurant, date=date)
    where = address("specialday", restaurant=restaurant)
    data = shown(staff, where) | {"date": date.isoformat(), "is_closed": "on"}
    preview = staff.post(where, data).context["fingerprint"]
    page = staff.post(where, data | {"previewed": preview}, follow=True).content.decode()
    assert SpecialDay.objects.get().is_closed
    assert "1 confirmed reservation is on these days" in page
    link = page.split('days. Closing does not cancel it. <a href="')[1].split('"')[0].replace("&amp;", "&")
    assert list(staff.get(link).context["cl"].result_list) == [reservation]


def test_dates_and_times_are_the_browsers_own_inputs(staff: Client) -> None:
    """Django's widgets would warn of the server's zone, which has nothing to do with the restaurant's."""
    page = staff.get(address("service", restaurant=make_venue())).content.decode()
    assert 'type="time" name="first_seating"' in page
    assert 'type="date" name="valid_from"' in page
    assert "vTimeField" not in page


def test_rules_of_waitlist_requests_and_guests_are_saved_within_their_bounds(staff: Client) -> None:
    where = address("restaurant", "change", make_venue().pk)
    data = shown(staff, where)
    new = {
        "takes_waitlist": "",
        "offer_minutes": 45,
        "takes_requests": "",
        "request_hours": 24,
        "reminder_hours": 0,
        "sends_thanks": "on",
        "late_minutes": 20,
        "retention_days": 365,
    }
    saved(staff, where, {**data, **new})
    row = Restaurant.objects.get()
    assert {name: getattr(row, name) for name in new} == {
        **new,
        "takes_waitlist": False,
        "takes_requests": False,
        "sends_thanks": True,
    }
    for name, value in {"offer_minutes": 4, "request_hours": 721, "late_minutes": 0, "retention_days": 0}.items():
        assert "Ensure this value" in errors(staff, where, {**data, name: value}), name


@pytest.mark.django_db
def test_rows_that_are_there_can_not_be_sent_as_new_ones(client: Client) -> None:
    place = make_venue()
    client.force_login(make_staff())
    address = reverse("admin:reservations_restaurant_change", args=(place.pk,))
    form = next(form for form in read(client.get(address)).forms if "areas-INITIAL_FORMS" in form.values)
    answer = client.post(address, form.values | {"areas-INITIAL_FORMS": "0"})
    assert answer.status_code in (200, 400)
    assert place.areas.count() == 1
