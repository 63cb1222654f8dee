"""Numbers that no row has, in every place where a page of staff reads one by itself: never a 5xx, and nothing done."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from menus.models import Dish
from reservations.models import Brake, Closure, Reservation, Restaurant
from reservations.numbers import is_number, read_number
from tests.factories import make_guest, make_menu, make_reservation, make_staff
from tests.reservations.evening import make_house, make_party, of_reservation, of_restaurant

pytestmark = pytest.mark.django_db

ODD = ["9" * 5000, "9" * 30, str(2**63), "0", "²", "٣" * 20, "-1", "1_0", " 1", "\x00", ""]


@pytest.mark.parametrize("text", ODD)
def test_what_is_no_row_s_number_is_none(text: str) -> None:
    assert read_number(text) == 0
    assert is_number(text) == (text == "0")
    assert read_number("42") == 42


@pytest.fixture
def place() -> Restaurant:
    return make_house()


@pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text[:9]))
def test_pages_of_staff_take_any_text_for_a_number(client: Client, place: Restaurant, text: str) -> None:
    client.force_login(make_staff())
    party = make_party(place, starts=-60)
    guest = make_guest(place, email="ada@example.org")
    dish = make_menu(place).sections.get().dishes.earliest("pk")
    date = make_reservation(place).service_date.isoformat()
    order = reverse("admin:menus_section_order", args=(dish.section_id,))
    sent: list[tuple[str, dict[str, Any]]] = [
        (
            f"{reverse('admin:reservations_closure_close')}?restaurant={place.pk}",
            {"starts_on": date, "ends_on": date, "shown": f"{text},{party.pk}", f"choice_{text}": "cancel"},
        ),
        (of_restaurant(place, "night"), {f"outcome_{text}": "finished"}),
        (of_restaurant(place, "brake"), {"stop": f"slot.{text}", "resume": text}),
        (of_restaurant(place, "brake"), {"stop": f"area.{text}.{text}"}),
        (of_restaurant(place, "walk_in"), {"party_size": "2", "name": "Ada", "seat_at": f"{text}-1.{text}"}),
        (of_restaurant(place, "drop"), {"reservation": text, "table": text, "to": text}),
        (of_reservation(party, "undo"), {"event": text}),
        (reverse("admin:reservations_guest_merge", args=(guest.pk,)), {"other": text, "q": f"#{text}"}),
        (reverse("admin:menus_sold_out", args=(place.pk,)), {"off": text}),
        (order, {f"place_{text}": "1", f"place_{dish.pk}": text}),
    ]
    for address, fields in sent:
        # As a browser does it: in the other way of encoding, the test client's own, a long name of a field is cut off.
        body = urlencode(fields)
        response = client.post(address, body, content_type="application/x-www-form-urlencoded")
        assert response.status_code < 500, address
    asked: list[tuple[str, dict[str, str]]] = [
        (reverse("admin:reservations_closure_close"), {"restaurant": text}),
        (reverse("admin:reservations_reservation_add"), {"restaurant": str(place.pk), "table": text, "start": text}),
        (of_restaurant(place, "walk_in"), {"table": text}),
        (reverse("admin:reservations_guest_merge", args=(guest.pk,)), {"other": text, "q": f"#{text}"}),
        (reverse("admin:menus_export", args=(place.pk,)), {"menu": text}),
    ]
    for address, query in asked:
        assert client.get(address, query).status_code < 500, address
    party.refresh_from_db()
    assert party.status == Reservation.Status.CONFIRMED
    assert not Closure.objects.exists()
    assert not Brake.objects.exists()
    assert Dish.objects.filter(is_available=True, off_until=None).count() == 2


def test_lists_by_date_are_asked_for_dates_of_no_calendar(client: Client, place: Restaurant) -> None:
    """A list without the date is what answers, as to any filter that is none."""
    client.force_login(make_staff())
    by_date = {model: one.date_hierarchy for model, one in admin.site._registry.items() if one.date_hierarchy}
    assert len(by_date) > 5
    for model, column in by_date.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        dates = [
            ("9" * 18, "1"),
            ("2027", "9" * 18),
            ("9999", ""),
            ("9999", "12"),
            ("0", "1"),
            ("9" * 5000, ""),
            ("²", "1"),
        ]
        for year, month in dates:
            query = {f"{column}__year": year} | ({f"{column}__month": month} if month else {})
            response = client.get(address, query)
            assert response.status_code in (200, 302), (address, query)
