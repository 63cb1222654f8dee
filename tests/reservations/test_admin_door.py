"""Walk-ins and the list at the door: seated now, for as long as there is something, or told how long it takes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from reservations.engine.tables import slot_of
from reservations.models import Area, HistoryEvent, Reservation, Restaurant, Table, User, WaitlistEntry
from tests.factories import make_area, make_closure, make_staff, make_table
from tests.reservations.evening import make_house, make_party, of_restaurant, tables_of, tonight

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def walk_in(client: Client, restaurant: Restaurant, **fields: Any) -> Any:
    data = {"party_size": "2", "key": "key12345", **fields}
    return client.post(of_restaurant(restaurant, "walk_in"), data, follow=True)


def test_walk_in_is_seated_now(staff: Client, user: User) -> None:
    restaurant = make_house()
    page = staff.get(of_restaurant(restaurant, "walk_in"))
    key = page.context["form"]["key"].value()
    for _time in range(2):
        response = walk_in(staff, restaurant, name=" Willa  Walk ", phone="030 7654321", note="Stroller 🥂", key=key)
        assert "is seated at T1 until" in response.content.decode()
    row = Reservation.objects.get()
    assert (row.status, row.source, row.created_by) == ("seated", "walk_in", user)
    assert (row.name, row.phone, row.note) == ("Willa Walk", "+49307654321", "Stroller 🥂")
    assert row.starts_at == slot_of(row.seated_at or row.starts_at)
    assert [row.reservation for row in response.context["seated"]] == [row]
    walk_in(staff, restaurant, key="another")
    assert Reservation.objects.count() == 2


def test_another_party_by_the_same_form_is_seated_too(staff: Client) -> None:
    restaurant = make_house()
    for _click in range(2):
        walk_in(staff, restaurant)
        walk_in(staff, restaurant, party_size="4")
    assert sorted(Reservation.objects.values_list("party_size", flat=True)) == [2, 4]


def test_another_party_by_the_same_form_is_on_the_list_too(staff: Client) -> None:
    restaurant = make_house(tables=())
    for _click in range(2):
        for party, name in (("2", "Ann"), ("3", "Ann"), ("2", "Bo")):
            staff.post(
                of_restaurant(restaurant, "door"), {"party_size": party, "name": name, "key": "key12345"}, follow=True
            )
    assert sorted(WaitlistEntry.objects.values_list("party_size", "name")) == [(2, "Ann"), (2, "Bo"), (3, "Ann")]


def test_walk_in_sits_where_it_likes(staff: Client) -> None:
    restaurant = make_house()
    terrace = make_area(restaurant, name="Terrace")
    table = make_table(restaurant, area=terrace, seats=6, is_step_free=True)
    make_area(make_house(), name="Somebody else's")
    page = staff.get(of_restaurant(restaurant, "walk_in")).content.decode()
    assert "Terrace" in page
    assert "Somebody else" not in page
    walk_in(staff, restaurant, area=str(terrace.pk))
    assert Reservation.objects.get().table_ids == [table.pk]
    response = walk_in(staff, restaurant, needs_step_free="on", key="other")
    assert "is taken" in response.content.decode()
    assert "Put them on the door list" in response.content.decode()
    other = Area.objects.get(name="Somebody else's")
    assert walk_in(staff, restaurant, area=str(other.pk)).context["form"].errors


def test_walk_in_is_offered_what_is_free_for_less(staff: Client) -> None:
    restaurant = make_house(tables=(2, 2))
    coming = make_party(restaurant, 1, starts=60)
    make_party(restaurant, 2, starts=-15, status="seated")
    response = walk_in(staff, restaurant, name="Willa Walk", note="Stroller 🥂")
    page = response.content.decode()
    assert "is taken" in page
    assert 'value="Willa Walk"' in page
    assert "Stroller 🥂" in page
    [place] = response.context["places"]
    assert place.label.startswith("T1 until ")
    assert ": seat here for " in place.label
    assert not Reservation.objects.filter(name="Willa Walk").exists()
    response = walk_in(staff, restaurant, name="Willa Walk", seat_at=place.value)
    assert "is seated at T1 until" in response.content.decode()
    row = Reservation.objects.get(name="Willa Walk")
    assert row.ends_at == coming.starts_at


def test_a_table_at_which_somebody_sits_early_is_offered_to_nobody(staff: Client) -> None:
    restaurant = make_house(tables=(2, 2))
    make_party(restaurant, 1, starts=60, status="seated")
    make_party(restaurant, 2, starts=75)
    offered = walk_in(staff, restaurant, name="Willa Walk").context["places"]
    assert [place.table_ids for place in offered] == [(tables_of(restaurant)[1].pk,)]


@pytest.mark.parametrize("value", ["x", "1-2-x", "9999999", "1.99999999999999999", "1.-5", "1.5", "-", "²"])
def test_forged_place_is_a_refusal(staff: Client, value: str) -> None:
    restaurant = make_house()
    response = walk_in(staff, restaurant, seat_at=value)
    assert response.status_code == 200
    assert response.context["form"].errors
    assert not Reservation.objects.exists()


@pytest.mark.parametrize("fields", [{"party_size": "0"}, {"party_size": "x"}, {"phone": "ring"}, {"name": "x" * 200}])
def test_bad_input_at_the_door_is_a_message(staff: Client, fields: dict[str, str]) -> None:
    restaurant = make_house()
    for page in ("walk_in", "door"):
        response = staff.post(of_restaurant(restaurant, page), {"party_size": "2", **fields})
        assert response.context["form"].errors
        assert next(iter(fields.values())) in response.content.decode()
    assert not Reservation.objects.exists()
    assert not WaitlistEntry.objects.exists()


def test_walk_in_of_a_closed_day_is_refused(staff: Client) -> None:
    restaurant = make_house()
    for days in (-1, 0):
        make_closure(restaurant, timezone.now().astimezone(restaurant.zone).date() + dt.timedelta(days=days))
    for page in ("walk_in", "door"):
        response = staff.post(of_restaurant(restaurant, page), {"party_size": "2", "name": "Willa"})
        assert "is closed on this day" in response.content.decode()
        assert 'value="Willa"' in response.content.decode()


def test_party_at_the_door_is_told_how_long_and_seated(staff: Client, user: User) -> None:
    restaurant = make_house(tables=(2, 2))
    make_party(restaurant, 1, starts=-15, stay=60, status="seated")
    make_party(restaurant, 2, starts=60)
    door = of_restaurant(restaurant, "door")
    data = {"party_size": "2", "name": "Dora Door", "phone": "030 7654321", "note": "Dog", "key": "key12345"}
    for _time in range(2):
        response = staff.post(door, data, follow=True)
    assert "Dora Door: about " in response.content.decode()
    entry = WaitlistEntry.objects.get()
    assert 25 <= (entry.quoted_minutes or 0) <= 45
    page = staff.get(of_restaurant(restaurant))
    assert "waits 0 minutes" in page.content.decode()
    assert "told: about " in page.content.decode()
    seat = page.context["door"][0].buttons[0]
    response = staff.post(seat.address, dict(seat.fields), follow=True)
    assert "is taken" in response.content.decode()
    assert "Dora Door" in response.content.decode()
    _best, button = response.context["buttons"]
    assert button.label.startswith("T2 until")
    response = staff.post(seat.address, dict(button.fields), follow=True)
    row = Reservation.objects.get(name="Dora Door")
    assert f"{row}</a> is seated at T2" in response.content.decode()
    assert (row.status, row.phone, row.note) == ("seated", "+49307654321", "Dog")
    entry.refresh_from_db()
    assert (entry.status, entry.offer) == ("seated", row)
    # Another host's page still has the button.
    signed = make_staff()
    staff.force_login(signed)
    assert "Dora Door is seated already" in staff.post(seat.address, follow=True).content.decode()
    assert Reservation.objects.filter(name="Dora Door").count() == 1


def test_party_leaves_the_door_once(staff: Client) -> None:
    restaurant = make_house()
    now = timezone.now()
    entry = WaitlistEntry.objects.create(
        restaurant=restaurant,
        kind="door",
        service_date=tonight(restaurant),
        earliest=now,
        latest=now + dt.timedelta(hours=2),
        party_size=2,
        name="Wanda 1",
        idempotency_key="wanda",
    )
    address = reverse("admin:reservations_restaurant_door_leave", args=(restaurant.pk, entry.pk))
    assert "Wanda 1" in staff.get(address).content.decode()
    assert WaitlistEntry.objects.get().status == "waiting"
    assert "is off the list" in staff.post(address, follow=True).content.decode()
    assert "was off the list already: left the list" in staff.post(address, follow=True).content.decode()
    assert HistoryEvent.objects.filter(subject="entry").count() == 1
    seat = reverse("admin:reservations_restaurant_door_seat", args=(restaurant.pk, entry.pk))
    assert "not waiting any more" in staff.post(seat).content.decode()
    other = make_house()
    for name in ("seat", "leave"):
        foreign = reverse(f"admin:reservations_restaurant_door_{name}", args=(other.pk, entry.pk))
        assert staff.post(foreign).status_code == 404


def test_table_out_of_use_is_not_offered(staff: Client) -> None:
    restaurant = make_house(tables=(2,))
    Table.objects.update(is_active=False)
    response = walk_in(staff, restaurant)
    assert response.context["form"].errors
    assert not response.context["places"]
