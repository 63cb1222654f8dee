"""A new menu is of a known restaurant, and applies at the services that are chosen on the form that makes it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from menus.models import Menu
from reservations.models import Membership, Restaurant
from tests.factories import make_member, make_restaurant, make_service, make_staff
from tests.menus.staff import url

pytestmark = pytest.mark.django_db

ADD = url("menu_add")


@pytest.fixture
def place() -> Restaurant:
    restaurant = make_restaurant(name="Zum Löwen")
    make_service(restaurant, name="Lunch")
    make_service(restaurant, name="Dinner")
    return restaurant


def typed(place: Restaurant, *services: str, **fields: Any) -> dict[str, Any]:
    lines = {"sections-TOTAL_FORMS": 0, "sections-INITIAL_FORMS": 0}
    form = {"restaurant": place.pk, "name": "Specials", "position": 0, "is_published": "on"}
    return {**form, **lines, "at_services": list(services), **fields}


def offered(client: Client, address: str) -> list[str]:
    return re.findall(r'name="at_services" value="([^"]*)"', client.get(address).content.decode())


def applies_at(menu: Menu) -> list[str]:
    return sorted(row.name for row in menu.services.all())


def test_who_has_one_restaurant_chooses_its_services_at_once(client: Client, place: Restaurant) -> None:
    make_service(make_restaurant(), name="Brunch")
    client.force_login(make_member(place, "manager"))
    assert sorted(offered(client, ADD)) == ["Dinner", "Lunch"]
    assert client.post(ADD, typed(place, "Lunch")).status_code == 302
    assert applies_at(Menu.objects.get()) == ["Lunch"]


def test_who_has_several_is_asked_for_the_restaurant_first(client: Client, place: Restaurant) -> None:
    other = make_restaurant()
    make_service(other, name="Brunch")
    member = make_member(place, "manager")
    Membership.objects.create(user=member, restaurant=other, role="manager")
    for user in (member, make_staff()):
        client.force_login(user)
        page = client.get(f"{ADD}?_changelist_filters=q%3Dx").content.decode()
        assert "Which restaurant?" in page
        assert 'name="_changelist_filters" value="q=x"' in page
        for address in (
            f"{ADD}?restaurant={other.pk}",
            f"{ADD}?_changelist_filters=restaurant__id__exact%3D{other.pk}",
        ):
            assert offered(client, address) == ["Brunch"]
        for text in ("x", "9" * 5000, "²", "0"):
            assert "There is no such restaurant." in client.get(ADD, {"restaurant": text}).content.decode()
        assert (
            client.post(f"{ADD}?restaurant={other.pk}", typed(other, "Brunch", name=f"By {user.pk}")).status_code == 302
        )
        assert applies_at(Menu.objects.latest("pk")) == ["Brunch"]


def test_services_of_another_restaurant_are_refused(client: Client, place: Restaurant) -> None:
    other = make_restaurant()
    make_service(other, name="Brunch")
    client.force_login(make_staff())
    # Chosen anew on the form: what is ticked must be that restaurant's.
    response = client.post(f"{ADD}?restaurant={place.pk}", typed(other, "Lunch"))
    assert "at_services" in response.context["adminform"].form.errors
    client.force_login(make_member(place, "manager"))
    for address in (ADD, f"{ADD}?restaurant={other.pk}"):
        response = client.post(address, typed(other, "Brunch"))
        assert {"restaurant", "at_services"} <= set(response.context["adminform"].form.errors)
        assert "Brunch" not in offered(client, address)
    for text in ("", "x", "9" * 5000, "²"):
        assert "restaurant" in client.post(ADD, typed(place, restaurant=text)).context["adminform"].form.errors
    assert not Menu.objects.exists()
