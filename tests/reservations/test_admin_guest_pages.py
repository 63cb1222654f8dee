"""Staff merge two guests who are one, hand out what is kept of one, and erase one."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.test import Client
from django.urls import reverse

from reservations.engine import guests
from reservations.history.trail import COMMAND
from reservations.models import Guest, HistoryEvent, Reservation, Restaurant, User
from reservations.queries.guests import counts_of
from tests.factories import (
    make_details,
    make_limited,
    make_reservation,
    make_staff,
    make_venue,
)
from tests.reservations.people import guest_page, make_guest, make_visit

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "admin:reservations_guest_changelist"

Status = Reservation.Status


@pytest.fixture
def user() -> User:
    return make_staff(email="host@example.org", name="Hanna Host")


@pytest.fixture
def staff(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


@pytest.fixture
def venue() -> Restaurant:
    return make_venue(tables=(4,) * 3)


def fresh(guest: Guest) -> Guest:
    return Guest.objects.get(pk=guest.pk)


def test_two_guests_are_searched_compared_and_merged(staff: Client, venue: Restaurant, user: User) -> None:
    keep = make_guest(venue, email="ada@example.org", name="Ada", notes="By the window")
    other = make_guest(
        venue, email="a.l@example.org", name="Ada", phone="+49307654321", notes="Vegan", tags=["regular"]
    )
    stranger = make_guest(make_venue(), email="else@example.org", name="Ada")
    make_visit(keep, -1)
    make_visit(other, -2)
    # Who has the same name is proposed, of this restaurant alone.
    page = staff.get(guest_page("merge", keep)).content.decode()
    assert f"?other={other.pk}" in page
    assert f"?other={stranger.pk}" not in page
    for asked in ("a.l@", "030 7654321", "regular", str(other.pk), f"#{other.pk}"):
        assert f"?other={other.pk}" in staff.get(guest_page("merge", keep), {"q": asked}).content.decode(), asked
    assert "Nobody of this restaurant" in staff.get(guest_page("merge", keep), {"q": "else@"}).content.decode()
    page = staff.get(guest_page("merge", keep), {"other": other.pk}).content.decode()
    for text in ("By the window", "Vegan", "ada@example.org", "a.l@example.org"):
        assert text in page
    assert not Guest.objects.exclude(merged_into=None).exists()

    page = staff.post(guest_page("merge", keep), {"other": other.pk}, follow=True).content.decode()

    assert "are one now" in page
    assert counts_of(keep.pk).visits == 2
    assert fresh(keep).notes == "By the window\nVegan"
    assert fresh(other).merged_into == keep
    assert HistoryEvent.objects.get(kind="merged").user_number == user.pk
    assert LogEntry.objects.filter(action_flag=CHANGE).count() == 2


@pytest.mark.parametrize("which", ["itself", "elsewhere", "merged", "erased", "9" * 30, "0", "x", ""])
def test_who_is_no_second_guest_here_is_not_merged(staff: Client, venue: Restaurant, which: str) -> None:
    guest, other, gone = (make_guest(venue, email=f"{number}@example.org") for number in range(3))
    guests.merge(keep=guest, other=other, by=COMMAND)
    guests.erase(guest=gone, by=COMMAND)
    elsewhere = make_guest(make_venue())
    numbers = {"itself": guest.pk, "elsewhere": elsewhere.pk, "merged": other.pk, "erased": gone.pk}
    before = list(Guest.objects.order_by("pk").values())
    response = staff.post(guest_page("merge", guest), {"other": numbers.get(which, which), "q": "\x00"})
    assert response.status_code == 200
    assert ("Choose two different guests" in response.content.decode()) == bool(which)
    assert staff.get(guest_page("merge", guest), {"q": which, "other": which}).status_code == 200
    assert list(Guest.objects.order_by("pk").values()) == before


def test_export_is_a_file_of_what_is_kept(client: Client, venue: Restaurant) -> None:
    guest = make_guest(venue, email="ada@example.org", name="Ada 🥂")
    booked = make_visit(guest, -1)
    client.force_login(make_limited("view_guest", "export_guest"))
    assert guest_page("export", guest) in client.get(guest_page("change", guest)).content.decode()
    response = client.get(guest_page("export", guest))
    assert response["Content-Disposition"] == f'attachment; filename="guest-{guest.pk}.json"'
    assert "Ada 🥂" in response.content.decode()
    assert [row["reference"] for row in json.loads(response.content)["reservations"]] == [booked.reference]


def test_erasing_says_what_will_be_gone_and_does_it(staff: Client, venue: Restaurant, user: User) -> None:
    guest = make_guest(venue, email="ada@example.org", name="Ada")
    make_visit(guest, -1)
    make_visit(guest, -2, Status.NO_SHOW)
    page = staff.get(guest_page("erase", guest)).content.decode()
    assert "2 reservations" in page
    assert "0 requests" in page
    assert fresh(guest).name == "Ada"
    page = staff.post(guest_page("erase", guest), follow=True).content.decode()
    assert "is erased" in page
    assert (fresh(guest).name, fresh(guest).email) == ("", "")
    assert (counts_of(guest.pk).visits, counts_of(guest.pk).no_shows) == (1, 1)
    assert HistoryEvent.objects.get(kind="erased").user_number == user.pk
    assert "Ada" not in LogEntry.objects.get().object_repr
    assert list(staff.get(reverse(LIST), {"kind": "erased"}).context["cl"].result_list) == [guest]
    assert staff.post(guest_page("erase", guest)).status_code == 302
    assert HistoryEvent.objects.filter(kind="erased").count() == 1


def test_visits_to_come_keep_a_guest_and_are_named(staff: Client, venue: Restaurant) -> None:
    booked = make_reservation(venue, at=dt.time(19, 30), details=make_details())
    guest = Guest.objects.get()
    address = reverse("admin:reservations_reservation_change", args=(booked.pk,))
    for response in (staff.get(guest_page("erase", guest)), staff.post(guest_page("erase", guest))):
        page = response.content.decode()
        assert response.status_code == 200
        assert "has a visit to come" in page
        assert address in page
        assert "19:30 C" in page
        assert 'type="submit" class="default"' not in page
    assert fresh(guest).name == "Ada Guest"


@pytest.mark.parametrize("name", ["merge", "export", "erase"])
def test_permissions_are_asked_and_get_changes_nothing(client: Client, venue: Restaurant, name: str) -> None:
    guest, other = make_guest(venue, email="ada@example.org"), make_guest(venue)
    before = list(Guest.objects.order_by("pk").values())
    needed = {"merge": "merge_guest", "export": "export_guest", "erase": "delete_guest"}[name]
    codes = {"view_guest", "change_guest", "delete_guest", "merge_guest", "export_guest"} - {needed}
    client.force_login(make_limited(*codes))
    assert client.post(guest_page(name, guest), {"other": other.pk}).status_code == 403
    assert client.get(guest_page(name, guest)).status_code == 403
    client.force_login(make_staff())
    assert client.get(guest_page(name, guest), {"other": other.pk}).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_staff())
    assert strict.post(guest_page(name, guest), {"other": other.pk}).status_code == 403
    assert list(Guest.objects.order_by("pk").values()) == before
