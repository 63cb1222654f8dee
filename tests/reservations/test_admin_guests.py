"""Staff see who comes how often, find guests by what is known of them, and keep contacts and notes."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reservations.admin.guest_form import GuestForm
from reservations.engine import guests
from reservations.history.trail import COMMAND
from reservations.models import Guest, HistoryEvent, Reservation, Restaurant, User, contact_key
from reservations.queries.guests import counts_of
from tests.factories import (
    days_ahead,
    make_details,
    make_reservation,
    make_staff,
    make_venue,
)
from tests.reservations.people import guest_page, make_guest, make_request, make_visit, make_waiting

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


def typed(guest: Guest, **fields: str) -> dict[str, str]:
    """Return what the form holds, with what was typed instead."""
    names = ("name", "email", "phone", "dietary_needs", "notes", "language")
    return {**{name: getattr(guest, name) for name in names}, "tags": ", ".join(guest.tags), **fields}


def fresh(guest: Guest) -> Guest:
    return Guest.objects.get(pk=guest.pk)


def test_list_counts_visits_and_no_shows(staff: Client, venue: Restaurant) -> None:
    often, never = make_guest(venue, name="Often"), make_guest(venue, name="Never")
    for days in (1, 2, 3):
        make_visit(often, -days)
    make_visit(often, -4, Status.NO_SHOW)
    make_visit(often, 4, Status.CONFIRMED)
    response = staff.get(reverse(LIST), {"o": "-5"})
    rows = list(response.context["cl"].result_list)
    assert [(row.name, row.visits, row.no_shows) for row in rows] == [("Often", 3, 1), ("Never", 0, 0)]
    assert [row.last_visit for row in rows] == [days_ahead(venue, -1), None]
    assert fresh(never).name in response.content.decode()


def test_list_shows_who_is_known_until_another_kind_is_chosen(staff: Client, venue: Restaurant) -> None:
    known, other, gone = (make_guest(venue, email=f"{number}@example.org") for number in range(3))
    guests.merge(keep=known, other=other, by=COMMAND)
    guests.erase(guest=gone, by=COMMAND)
    for kind, expected in (
        ({}, {known}),
        ({"kind": "merged"}, {other}),
        ({"kind": "erased"}, {gone}),
        ({"kind": "all", "_facets": "True"}, {known, other, gone}),
    ):
        assert set(staff.get(reverse(LIST), kind).context["cl"].result_list) == expected


@pytest.mark.parametrize(
    "asked",
    [
        "ada",
        "LOVELACE",
        "ada@example.org",
        "030 765 43 21",
        "+49 (30) 7654321",
        "stammgäste",
        "STAMMGÄSTE 🥂",
        '"fenster"',
    ],
)
def test_guests_are_found_by_what_is_known_of_them(staff: Client, venue: Restaurant, asked: str) -> None:
    ada = make_guest(
        venue, name="Ada Lovelace", email="ada@example.org", phone="+49307654321", tags=["Stammgäste 🥂", "Fenster"]
    )
    make_guest(venue, name="Grace", email="grace@example.org", phone="+49301111111", tags=["Bar"])
    assert list(staff.get(reverse(LIST), {"q": asked}).context["cl"].result_list) == [ada]


def test_page_shows_the_record_and_what_is_to_come(staff: Client, venue: Restaurant) -> None:
    booked = make_reservation(venue, at=dt.time(19, 30), details=make_details(phone=""))
    guest = Guest.objects.get(email="ada@example.org")
    make_visit(guest, -3)
    Reservation.objects.create(
        restaurant=venue,
        guest=guest,
        status=Status.CANCELLED,
        cancelled_late=True,
        party_size=2,
        service_date=booked.service_date,
        starts_at=booked.starts_at,
        ends_at=booked.ends_at,
        idempotency_key="late",
    )
    entry = make_waiting(venue, email=guest.email, guest=guest)
    request = make_request(venue, details={"email": guest.email})
    page = staff.get(guest_page("change", guest)).content.decode()
    for row in (booked, entry, request):
        assert reverse(f"admin:reservations_{row._meta.model_name}_change", args=(row.pk,)) in page
    assert "19:30 C" in page
    assert f"?guest__id__exact={guest.pk}" in page
    found = staff.get(f"{reverse('admin:reservations_reservation_changelist')}?guest__id__exact={guest.pk}")
    assert found.status_code == 200
    assert len(found.context["cl"].result_list) == 3
    assert (counts_of(guest.pk).visits, counts_of(guest.pk).late_cancellations) == (1, 1)


def test_page_takes_as_many_statements_for_twice_the_rows(staff: Client, venue: Restaurant) -> None:
    guest = make_guest(venue, email="ada@example.org")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(guest_page("change", guest)).status_code == 200
        return sum("django_session" not in query["sql"] for query in queries)

    make_visit(guest, 2, Status.CONFIRMED)
    make_waiting(venue, guest=guest)
    make_request(venue, details={"email": guest.email})
    statements()
    before = statements()
    for days in range(3, 7):
        make_visit(guest, days, Status.CONFIRMED)
        make_waiting(venue, guest=guest)
        make_request(venue, details={"email": guest.email})
    assert statements() == before


def test_editing_writes_an_event_that_names_the_fields_alone(staff: Client, venue: Restaurant, user: User) -> None:
    guest = make_guest(venue, email="ada@example.org", name="Ada")
    form = typed(
        guest,
        name="  Ada   Lovelace ",
        tags="Regular, window table,, regular ,Regular",
        notes="Tea\r\nfirst",
        language="de",
    )
    assert staff.post(guest_page("change", guest), form).status_code == 302
    found = fresh(guest)
    assert (found.name, found.tags) == ("Ada Lovelace", ["Regular", "window table", "regular"])
    assert (found.notes, found.language, found.key) == ("Tea\nfirst", "de", guest.key)
    event = HistoryEvent.objects.get()
    assert (event.kind, event.subject, event.subject_number, event.guest_number) == (
        "changed",
        "guest",
        guest.pk,
        guest.pk,
    )
    assert (event.actor, event.user_number) == ("staff", user.pk)
    assert event.changes == {"told": ["language", "name", "notes", "tags"]}
    log = LogEntry.objects.get()
    assert "Lovelace" not in log.change_message
    assert 'value="Regular, window table, regular"' in staff.get(guest_page("change", guest)).content.decode()
    assert staff.post(guest_page("change", guest), typed(found)).status_code == 302
    assert HistoryEvent.objects.count() == 1


def test_new_contact_is_the_one_by_which_the_guest_is_found(staff: Client, venue: Restaurant) -> None:
    guest = make_guest(venue, email="old@example.org", phone="+49307654321")
    staff.post(guest_page("change", guest), typed(guest, email=" New@Example.org "))
    assert (fresh(guest).email, fresh(guest).key) == ("new@example.org", contact_key("new@example.org", ""))
    assert make_reservation(venue, details=make_details(email="new@example.org")).guest_id == guest.pk
    staff.post(guest_page("change", guest), typed(fresh(guest), email="", phone="030 1112223"))
    assert (fresh(guest).phone, fresh(guest).key) == ("+49301112223", contact_key("", "+49301112223"))
    staff.post(guest_page("change", guest), typed(fresh(guest), email="", phone=""))
    assert fresh(guest).key not in ("", contact_key("", "+49301112223"))


def test_contact_of_another_guest_is_refused_with_a_way_to_merge(staff: Client, venue: Restaurant) -> None:
    guest = make_guest(venue, email="ada@example.org", name="Ada", notes="Tea")
    other = make_guest(venue, email="grace@example.org", name="<b>Grace</b>")
    make_guest(make_venue(), email="elsewhere@example.org")
    form = typed(guest, email="grace@example.org", notes="Coffee")
    page = staff.post(guest_page("change", guest), form).content.decode()
    assert f'<a href="{guest_page("change", other)}">&lt;b&gt;Grace&lt;/b&gt;</a>. Merge them instead' in page
    assert "Coffee" in page
    assert fresh(guest).notes == "Tea"
    phone = make_guest(venue, phone="+49307654321", name="By phone")
    page = staff.post(guest_page("change", guest), typed(guest, email="", phone="030 7654321")).content.decode()
    assert f'{guest_page("change", phone)}">By phone' in page
    # Somebody of the same contact elsewhere is another guest.
    assert staff.post(guest_page("change", guest), typed(guest, email="elsewhere@example.org")).status_code == 302


def test_contact_of_a_merged_guest_leads_to_the_one_it_is_part_of(staff: Client, venue: Restaurant) -> None:
    kept, part, third = (make_guest(venue, email=f"{number}@example.org", name=f"G{number}") for number in range(3))
    guests.merge(keep=kept, other=part, by=COMMAND)
    page = staff.post(guest_page("change", third), typed(third, email="1@example.org")).content.decode()
    assert f'{guest_page("change", kept)}">G0' in page
    # Its own it may take.
    assert staff.post(guest_page("change", kept), typed(kept, email="1@example.org")).status_code == 302
    assert fresh(kept).key == contact_key("1@example.org", "")
    assert make_reservation(venue, details=make_details(email="1@example.org", phone="")).guest_id == kept.pk


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"email": "nobody"}, "valid email address"),
        ({"phone": "ring twice"}, "not a phone number"),
        ({"tags": "x" * 41}, "at most 40 characters"),
        ({"tags": ",".join(f"tag{number}" for number in range(21))}, "at most 20 tags"),
        ({"tags": "nul\x00"}, "Null characters are not allowed"),
        ({"name": "x" * 121}, "at most 120 characters"),
        ({"notes": "x" * 2001}, "at most 2000 characters"),
        ({"notes": "nul\x00"}, "Null characters are not allowed"),
        ({"language": "xx"}, "not one of the available choices"),
    ],
)
def test_bad_input_is_a_message_on_the_form(
    staff: Client, venue: Restaurant, fields: dict[str, str], message: str
) -> None:
    guest = make_guest(venue, email="ada@example.org", name="Ada")
    response = staff.post(guest_page("change", guest), typed(guest, dietary_needs="no nuts", **fields))
    assert response.status_code == 200
    assert message in response.content.decode()
    assert "no nuts" in response.content.decode()
    assert fresh(guest).dietary_needs == ""


def test_language_that_the_site_has_no_more_is_kept(staff: Client, venue: Restaurant) -> None:
    guest = make_guest(venue, language="fr", name="Ada")
    assert staff.post(guest_page("change", guest), typed(guest, name="Ada L.")).status_code == 302
    assert (fresh(guest).name, fresh(guest).language) == ("Ada L.", "fr")


def test_merged_and_erased_guests_are_shown_as_such_and_cannot_be_edited(staff: Client, venue: Restaurant) -> None:
    kept, part, gone = (make_guest(venue, email=f"{number}@example.org", name=f"G{number}") for number in range(3))
    guests.merge(keep=kept, other=part, by=COMMAND)
    guests.erase(guest=gone, by=COMMAND)
    page = staff.get(guest_page("change", part)).content.decode()
    assert f'<a href="{guest_page("change", kept)}">Merged into G0</a>' in page
    for guest in (part, gone):
        page = staff.get(guest_page("change", guest)).content.decode()
        assert 'name="email"' not in page
        assert guest_page("merge", guest) not in page
        assert guest_page("erase", guest) not in page
        assert staff.post(guest_page("change", guest), typed(guest, name="Forged")).status_code == 403
        assert fresh(guest).name != "Forged"


def test_guest_that_is_merged_while_the_form_is_saved_is_not_written(
    staff: Client, venue: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest, other = make_guest(venue, name="Ada"), make_guest(venue)
    clean = GuestForm.clean

    def merge() -> None:
        Guest.objects.filter(pk=guest.pk).update(merged_into=other)
        connection.close()

    def merge_meanwhile(form: GuestForm) -> Any:
        thread = threading.Thread(target=merge)
        thread.start()
        thread.join()
        return clean(form)

    monkeypatch.setattr(GuestForm, "clean", merge_meanwhile)
    assert staff.post(guest_page("change", guest), typed(guest, name="Forged")).status_code == 403
    assert fresh(guest).name == "Ada"
    assert not HistoryEvent.objects.exists()


def test_guests_are_neither_added_nor_deleted(staff: Client, venue: Restaurant) -> None:
    guest = make_guest(venue)
    assert staff.get(reverse("admin:reservations_guest_add")).status_code == 403
    assert staff.post(guest_page("delete", guest), {"post": "yes"}).status_code == 403
    assert Guest.objects.exists()
