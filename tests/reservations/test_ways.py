"""The pages of an evening lead to each other, under one name each, and keep the date."""

from __future__ import annotations

import pytest
from django.test import Client

from reservations.models import Restaurant
from tests.factories import make_staff
from tests.pages import read
from tests.reservations.evening import make_house, make_party, of_restaurant, signed_in, tonight

pytestmark = pytest.mark.django_db

BOARDS = {"day": "Day sheet", "floor": "Floor", "timeline": "Timeline", "plan": "Floor plan"}


@pytest.fixture
def house() -> Restaurant:
    restaurant = make_house()
    make_party(restaurant, 1, starts=-30)
    return restaurant


@pytest.mark.parametrize("name", [*BOARDS, "night"])
def test_each_page_leads_to_the_others(client: Client, house: Restaurant, name: str) -> None:
    client.force_login(make_staff())
    links = dict(read(client.get(of_restaurant(house, name), follow=True)).links)
    wanted = {label for other, label in BOARDS.items() if other != name} | {"New reservation"}
    assert wanted <= set(links)
    assert "Add reservation" not in links
    for label in wanted & {"Day sheet", "Timeline", "Floor plan"}:
        assert str(tonight(house)) in links[label]
    for label in wanted:
        assert client.get(links[label], follow=True).status_code == 200


def test_today_leads_to_all_of_them(client: Client, house: Restaurant) -> None:
    client.force_login(make_staff())
    links = read(client.get("/admin/")).links
    assert {*BOARDS.values(), "New reservation"} <= set(links)


def test_nobody_is_led_where_he_may_not_go(client: Client, house: Restaurant) -> None:
    signed_in(client, "view_reservation")
    links = read(client.get(of_restaurant(house, "timeline"))).links
    assert "Floor plan" in links
    assert "New reservation" not in links
