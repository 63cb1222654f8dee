"""Staff who book learn whether the guest is known, choose the language, and say whether the guest is told by mail."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from reservations.models import Guest, Message, Reservation, Restaurant
from tests.factories import days_ahead, make_limited, make_seated, make_staff, make_venue, make_wish
from tests.reservations.people import make_guest
from tests.reservations.test_admin_booking import add, address_of

pytestmark = pytest.mark.django_db(transaction=True)

Status = Reservation.Status


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff())
    return client


def known(restaurant: Restaurant) -> Guest:
    """Write a guest with two visits and a no-show."""
    guest = make_guest(restaurant, email="grace@example.org", phone="+49307654321", name="Grace G.")
    for days, status in ((-1, Status.FINISHED), (-2, Status.FINISHED), (-3, Status.NO_SHOW)):
        wish = make_wish(restaurant, date=days_ahead(restaurant, days))
        make_seated(restaurant, [restaurant.tables.all()[0]], wish, guest=guest, status=status)
    return guest


@pytest.mark.parametrize("contact", [{"phone": ""}, {"email": ""}, {}])
def test_guest_who_comes_again_is_recognised(staff: Client, contact: dict[str, str]) -> None:
    restaurant = make_venue()
    guest = known(restaurant)
    add(staff, restaurant, **contact)
    assert Reservation.objects.get(status=Status.CONFIRMED).guest == guest
    page = staff.get(reverse("admin:index")).content.decode()
    link = reverse("admin:reservations_guest_change", args=(guest.pk,))
    assert f'<a href="{link}">Grace G.</a> is a known guest: 2 visits, 1 no-show.' in page


def test_new_guest_is_written_down_without_a_word(staff: Client) -> None:
    add(staff, make_venue())
    assert Guest.objects.get().email == "grace@example.org"
    assert "known guest" not in staff.get(reverse("admin:index")).content.decode()


def test_who_may_not_see_guests_is_told_nothing(client: Client) -> None:
    restaurant = make_venue()
    client.force_login(make_limited("add_reservation"))
    known(restaurant)
    add(client, restaurant)
    page = client.get(reverse("admin:index")).content.decode()
    assert "is booked" in page
    assert "known guest" not in page


def test_guest_is_told_by_mail_where_that_is_ticked(staff: Client) -> None:
    restaurant = make_venue()
    page = staff.get(address_of(restaurant)).content.decode()
    assert re.search(r'name="tell"[^>]* checked', page)
    add(staff, restaurant)
    assert not Message.objects.exists()
    add(staff, restaurant, tell="on", language="de", name="Somebody Else")
    assert set(Message.objects.values_list("kind", "language", "recipient")) == {
        ("confirmation", "de", "grace@example.org"),
        ("reminder", "de", "grace@example.org"),
    }
    add(staff, restaurant, tell="on", email="", name="No Address")
    assert Message.objects.count() == 2


def test_language_of_the_guest_is_kept(staff: Client) -> None:
    restaurant = make_venue()
    add(staff, restaurant, language="de")
    assert Reservation.objects.get().language == "de"
    assert Guest.objects.get().language == "de"
    add(staff, restaurant, email="other@example.org", phone="", name="No choice")
    assert Reservation.objects.get(name="No choice").language == "en"
    page = add(staff, restaurant, language="xx").content.decode()
    assert "not one of the available choices" in page
