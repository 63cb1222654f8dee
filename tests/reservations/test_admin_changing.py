"""Staff change a reservation or cancel it: what is refused is said, nothing typed is lost, and the guest is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from reservations.admin.pages import seen_of
from reservations.models import HistoryEvent, Message, Reservation, User
from tests.factories import make_details, make_reservation, make_staff, make_venue
from tests.pages import read
from tests.reservations.evening import make_house, make_party, of_reservation

pytestmark = pytest.mark.django_db(transaction=True)

Status = Reservation.Status


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def after(reservation: Reservation) -> Reservation:
    return Reservation.objects.select_related("restaurant").get(pk=reservation.pk)


def typed(client: Client, reservation: Reservation, **fields: Any) -> dict[str, Any]:
    """Return what a browser would send of the page of a change as it opens, and what is typed into it."""
    page = read(client.get(of_reservation(reservation, "alter")))
    return next(form for form in page.forms if "sequence" in form.values).values | fields


def altered(client: Client, reservation: Reservation, data: dict[str, Any]) -> str:
    response = client.post(of_reservation(reservation, "alter"), data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_reservation_is_changed_and_the_guest_is_told(staff: Client, user: User) -> None:
    restaurant = make_venue()
    reservation = make_reservation(restaurant, details=make_details(booker_name="Ben", booker_email="b@example.org"))
    Message.objects.all().delete()
    data = typed(staff, reservation, time="20:30", party_size="4", dietary_needs="no nuts")
    shown = altered(staff, reservation, data)
    assert "is changed:" in shown
    row = after(reservation)
    assert (row.local_start.time(), row.party_size, row.dietary_needs) == (dt.time(20, 30), 4, "no nuts")
    assert (row.booker_name, row.booker_email, row.name) == ("Ben", "b@example.org", reservation.name)
    assert Message.objects.filter(kind=Message.Kind.CHANGE, recipient="b@example.org").count() == 1
    assert HistoryEvent.objects.get(kind="changed").user_number == user.pk
    # The same form sent twice.
    assert "is as it was" in altered(staff, reservation, data)
    assert Message.objects.filter(kind=Message.Kind.CHANGE).count() == 1


def test_change_may_be_made_without_a_word(staff: Client) -> None:
    reservation = make_reservation(make_venue())
    Message.objects.all().delete()
    data = typed(staff, reservation, time="20:30")
    del data["tell"]
    altered(staff, reservation, data)
    assert after(reservation).sequence == reservation.sequence + 1
    assert not Message.objects.filter(kind=Message.Kind.CHANGE).exists()


def test_change_that_another_forestalled_is_told(staff: Client) -> None:
    reservation = make_reservation(make_venue())
    data = typed(staff, reservation, time="20:30", note="By the window 🥂")
    other = typed(staff, reservation, time="21:00")
    assert "is changed" in altered(staff, reservation, other)
    page = altered(staff, reservation, data)
    assert "Somebody has changed it meanwhile" in page
    assert "21:00 C" in page
    assert "By the window 🥂" in page
    assert after(reservation).local_start.time() == dt.time(21)
    # The page knows the new version now: sent once more, it is meant.
    again = data | {"sequence": after(reservation).sequence}
    assert f'name="sequence" value="{again["sequence"]}"' in page
    assert "is changed" in altered(staff, reservation, again)
    assert after(reservation).local_start.time() == dt.time(20, 30)


def test_refused_change_keeps_what_was_typed_and_the_old_time(staff: Client) -> None:
    restaurant = make_venue(tables=(2, 2), service={"max_covers": 4})
    reservation = make_reservation(restaurant)
    for at in (dt.time(20, 30), dt.time(21)):
        make_reservation(restaurant, at=at)
    page = altered(staff, reservation, typed(staff, reservation, time="20:30", note="Corner 🥂"))
    assert "is taken" in page
    assert "Corner 🥂" in page
    # Its own tables count as free.
    assert "Nearest free times: 18:00, 18:30, 19:00" in page
    assert after(reservation).starts_at == reservation.starts_at
    page = altered(staff, reservation, typed(staff, reservation, time="19:10"))
    assert "No service seats guests at this time" in page
    page = altered(staff, reservation, typed(staff, reservation, date="2020-01-01"))
    assert "This day has passed" in page


def test_pacing_is_exceeded_knowingly(staff: Client, user: User) -> None:
    restaurant = make_venue(service={"max_covers": 2})
    reservation = make_reservation(restaurant)
    make_reservation(restaurant, at=dt.time(20, 30))
    data = typed(staff, reservation, time="20:30")
    page = altered(staff, reservation, data)
    assert 'name="exceed_pacing"' in page
    assert "Say why" in altered(staff, reservation, data | {"exceed_pacing": "on"})
    altered(staff, reservation, data | {"exceed_pacing": "on", "pacing_reason": "Regulars"})
    row = after(reservation)
    assert (row.pacing_exceeded_by, row.pacing_reason) == (user, "Regulars")


def test_details_of_a_seated_walk_in_without_a_name_are_changed(staff: Client) -> None:
    reservation = make_party(make_house(), status="seated", starts=-15, name="", email="", source="walk_in")
    assert "is changed" in altered(staff, reservation, typed(staff, reservation, note="Birthday"))
    assert after(reservation).note == "Birthday"


def test_what_is_over_is_not_changed(staff: Client) -> None:
    reservation = make_reservation(make_venue())
    data = typed(staff, reservation, note="Too late")
    Reservation.objects.update(status="cancelled")
    page = staff.get(of_reservation(reservation, "alter")).content.decode()
    assert "not in status confirmed" in page
    assert 'name="party_size"' not in page
    assert "not in status confirmed" in altered(staff, reservation, data)


@pytest.mark.parametrize(("sent", "mails"), [({"tell": "on"}, 1), ({}, 0)])
def test_cancelling_tells_the_guest_unless_unticked(staff: Client, sent: dict[str, str], mails: int) -> None:
    reservation = make_reservation(make_venue())
    page = staff.get(of_reservation(reservation, "cancel")).content.decode()
    assert 'name="tell" id="id_tell" checked' in page
    assert "ada@example.org" in page
    staff.post(of_reservation(reservation, "cancel"), {"seen": seen_of(reservation), **sent})
    assert after(reservation).status == Status.CANCELLED
    assert Message.objects.filter(kind=Message.Kind.CANCELLATION).count() == mails
    assert HistoryEvent.objects.get(kind="cancelled").actor == "staff"
