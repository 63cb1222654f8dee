"""Staff cancel through the write rule: the tables are free at once, and cancelling again is harmless."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.test import Client
from django.urls import reverse

from reservations.models import Reservation, TableClaim, User
from tests.factories import make_hold, make_staff, make_venue
from tests.reservations.test_admin_booking import add

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def test_cancelling_frees_the_tables(staff: Client, user: User) -> None:
    restaurant = make_venue(tables=(2,))
    add(staff, restaurant)
    reservation = Reservation.objects.get()
    cancel = reverse("admin:reservations_reservation_cancel", args=(reservation.pk,))
    page = staff.get(reverse("admin:reservations_reservation_change", args=(reservation.pk,))).content.decode()
    assert f'href="{cancel}"' in page
    assert reservation.reference in staff.get(cancel).content.decode()
    page = staff.post(cancel, follow=True).content.decode()
    assert "is cancelled, and its tables are free" in page
    reservation.refresh_from_db()
    assert reservation.status == Reservation.Status.CANCELLED
    assert not TableClaim.objects.exists()
    assert LogEntry.objects.filter(action_flag=CHANGE, user=user, object_id=str(reservation.pk)).count() == 1
    assert "was cancelled already" in staff.post(cancel, follow=True).content.decode()
    assert LogEntry.objects.filter(action_flag=CHANGE).count() == 1
    add(staff, restaurant, name="The next")
    assert Reservation.objects.get(name="The next").status == Reservation.Status.CONFIRMED


def test_hold_is_not_cancelled_and_the_page_says_why(staff: Client) -> None:
    hold = make_hold(make_venue())
    response = staff.post(reverse("admin:reservations_reservation_cancel", args=(hold.pk,)))
    assert response.status_code == 200
    assert "not in status confirmed" in response.content.decode()
    hold.refresh_from_db()
    assert hold.status == Reservation.Status.HELD


@pytest.mark.parametrize("pk", [0, 10**30])
def test_cancelling_what_is_not_there_is_not_found(staff: Client, pk: int) -> None:
    assert staff.post(f"{reverse('admin:reservations_reservation_changelist')}{pk}/cancel/").status_code == 404
