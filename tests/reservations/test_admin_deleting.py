"""What may be deleted in the admin, and what stays: the page says why, and what to do instead."""

from __future__ import annotations

import pytest
from django.test import Client

from reservations.engine import requests
from reservations.models import Area, Refusal, Restaurant, ServiceDay, Table
from tests.factories import (
    days_ahead,
    make_area,
    make_by,
    make_combination,
    make_request,
    make_reservation,
    make_staff,
    make_venue,
    make_wish,
)
from tests.reservations.rows import lapse
from tests.reservations.test_admin_forms import address, errors, saved, shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def test_booked_table_stays_and_the_page_says_why(staff: Client) -> None:
    restaurant = make_venue(tables=(2,))
    make_reservation(restaurant)
    table = restaurant.tables.get()
    delete = address("table", "delete", table.pk)
    for response in (
        staff.get(delete),
        staff.post(delete, {"post": "yes"}),
        staff.post(
            address("table", "changelist"),
            {"action": "delete_selected", "_selected_action": [str(table.pk)], "post": "yes"},
        ),
    ):
        assert response.status_code == 200
        page = response.content.decode()
        assert "1 reservation, the last one on" in page
        assert "20:45 C" in page
        assert "Untick “in use” instead" in page
    assert Table.objects.filter(pk=table.pk).exists()


def test_free_table_is_deleted(staff: Client) -> None:
    restaurant = make_venue(tables=(2, 2))
    first, second = restaurant.tables.all()
    assert staff.post(address("table", "delete", first.pk), {"post": "yes"}).status_code == 302
    staff.post(
        address("table", "changelist"),
        {"action": "delete_selected", "_selected_action": [str(second.pk)], "post": "yes"},
    )
    assert not restaurant.tables.exists()


def test_table_of_a_combination_stays(staff: Client) -> None:
    restaurant = make_venue(tables=(2, 2))
    combination = make_combination(restaurant, list(restaurant.tables.all()), name="Both")
    table = restaurant.tables.all()[0]
    response = staff.post(address("table", "delete", table.pk), {"post": "yes"})
    assert "belongs to the combination “Both”" in response.content.decode()
    assert staff.post(address("tablecombination", "delete", combination.pk), {"post": "yes"}).status_code == 302
    assert staff.post(address("table", "delete", table.pk), {"post": "yes"}).status_code == 302
    assert restaurant.tables.count() == 1


def test_area_with_tables_stays(staff: Client) -> None:
    restaurant = make_venue(tables=(2, 2))
    area, empty = restaurant.areas.get(), make_area(restaurant, name="Cellar")
    response = staff.post(address("area", "delete", area.pk), {"post": "yes"})
    assert "has 2 tables. Move them" in response.content.decode()
    where = address("restaurant", "change", restaurant.pk)
    data = shown(staff, where)
    assert "has tables" in errors(staff, where, data | {"areas-0-DELETE": "on"})
    saved(staff, where, data | {"areas-1-DELETE": "on"})
    assert list(restaurant.areas.all()) == [area]
    assert not Area.objects.filter(pk=empty.pk).exists()


def test_restaurant_with_reservations_stays(staff: Client) -> None:
    restaurant = make_venue(tables=(2,))
    make_reservation(restaurant)
    response = staff.post(address("restaurant", "delete", restaurant.pk), {"post": "yes"})
    assert "has 1 reservation. Untick “published” instead" in response.content.decode()
    assert Restaurant.objects.filter(pk=restaurant.pk).exists()


def test_restaurant_without_reservations_goes_with_all_that_is_its_own(staff: Client) -> None:
    restaurant = make_venue()
    make_combination(restaurant, list(restaurant.tables.all())[:2])
    day = days_ahead(restaurant)
    ServiceDay.objects.create(restaurant=restaurant, date=day)
    Refusal.objects.create(
        restaurant=restaurant, service_date=day, starts_at=restaurant.updated_at, party_size=2, reason="CLOSED"
    )
    assert staff.post(address("restaurant", "delete", restaurant.pk), {"post": "yes"}).status_code == 302
    assert not Restaurant.objects.exists()


def test_table_of_a_combination_keeps_the_seats_that_it_needs(staff: Client) -> None:
    """With fewer a diner would be given tables that don't seat the party."""
    restaurant = make_venue(tables=(4, 4))
    combination = make_combination(restaurant, list(restaurant.tables.all()), name="Both")
    table = restaurant.tables.order_by("pk")[0]
    typed = {
        "area": table.area_id,
        "name": table.name,
        "min_seats": 1,
        "max_seats": 2,
        "is_active": "on",
        "position": 0,
    }
    page = staff.post(address("table", "change", table.pk), typed).content.decode()
    assert "“Both” takes parties up to 8" in page
    typed["max_seats"] = 5
    assert staff.post(address("table", "change", table.pk), typed).status_code == 302
    type(combination).objects.update(max_party=6)
    typed["max_seats"] = 2
    assert staff.post(address("table", "change", table.pk), typed).status_code == 302
    table.refresh_from_db()
    assert table.max_seats == 2


def typed_of(table: Table) -> dict[str, object]:
    return {
        "area": table.area_id,
        "name": table.name,
        "min_seats": 1,
        "max_seats": table.max_seats,
        "is_active": "on",
        "position": 0,
    }


@pytest.mark.parametrize("change", [{"max_seats": 2}, {"is_active": ""}])
def test_table_that_suits_who_is_to_come_no_more_names_them(staff: Client, change: dict[str, object]) -> None:
    restaurant = make_venue(tables=(4,))
    row = make_reservation(restaurant, party=3)
    table = restaurant.tables.get()
    typed = typed_of(table)
    where = address("table", "change", table.pk)
    assert "no more" not in staff.post(where, typed | {"max_seats": 3}, follow=True).content.decode()
    page = staff.post(where, typed | change, follow=True).content.decode()
    assert f"{table.name} suits 1 party to come no more" in page
    assert f'href="/admin/reservations/reservation/{row.pk}/move/"' in page
    row.refresh_from_db()
    assert row.table_ids == [table.pk]


def test_table_that_suits_a_proposal_no_more_names_who_may_still_accept_it(staff: Client) -> None:
    restaurant = make_venue(tables=(12,))
    user = make_staff()
    request = make_request(restaurant)
    held = requests.propose(request=request, wish=make_wish(restaurant, party=12), user=user, by=make_by(user))
    table = restaurant.tables.get()
    where, typed = address("table", "change", table.pk), typed_of(table)
    page = staff.post(where, typed | {"max_seats": 8}, follow=True).content.decode()
    assert f"{table.name} suits 1 party to come no more" in page
    assert f'href="/admin/reservations/reservation/{held.pk}/change/"' in page
    assert "held until" in page
    lapse(held)
    assert "to come no more" not in staff.post(where, typed | {"max_seats": 7}, follow=True).content.decode()
