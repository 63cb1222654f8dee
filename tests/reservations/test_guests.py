"""Guests are recognised, counted, merged and exported within their restaurant."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reservations.engine import booking, guests
from reservations.engine.bringing import Profile, bring_booking, bring_guest
from reservations.engine.errors import Reason, Refused
from reservations.history.trail import COMMAND
from reservations.importing.bookings.rows import TOLD
from reservations.models import (
    BookingImport,
    Guest,
    HistoryEvent,
    ImportRow,
    Reservation,
    Restaurant,
    WaitlistEntry,
    contact_key,
)
from reservations.queries.guests import Counts, counted, counts_of, export_of
from tests.factories import (
    days_ahead,
    make_details,
    make_reservation,
    make_seated,
    make_venue,
    make_wish,
)
from tests.reservations.people import make_guest, make_old_request, make_request, make_waiting

pytestmark = pytest.mark.django_db(transaction=True)

Status = Reservation.Status


@pytest.fixture
def venue() -> Restaurant:
    return make_venue(tables=(4,) * 4)


def visit(guest: Guest, days: int, **fields: Any) -> Reservation:
    """Write a visit of the guest so many days ahead, by default one that took place."""
    restaurant = guest.restaurant
    wish = make_wish(restaurant, date=days_ahead(restaurant, days))
    return make_seated(
        restaurant, [restaurant.tables.all()[0]], wish, **{"guest": guest, "status": Status.FINISHED, **fields}
    )


def book(restaurant: Restaurant, **fields: Any) -> int | None:
    """Book and cancel again; return the number of the guest for whom it was."""
    booked = make_reservation(restaurant, details=make_details(**fields))
    booking.cancel(reservation=booked, by_guest=False)
    return booked.guest_id


def refused(keep: Guest, other: Guest) -> Reason:
    with pytest.raises(Refused) as refusal:
        guests.merge(keep=keep, other=other, by=COMMAND)
    return refusal.value.reason


def test_what_a_visit_adds_to_a_known_guest_stands_in_the_history(venue: Restaurant) -> None:
    make_reservation(venue, details=make_details(phone=""))
    guest = Guest.objects.get()
    events = HistoryEvent.objects.filter(subject="guest")
    assert not events.exists()
    for _time in range(2):
        make_reservation(venue, details=make_details(phone="+49 30 1234567"))
    guest.refresh_from_db()
    assert guest.phone == "+49 30 1234567"
    (event,) = events
    assert (event.kind, event.subject_number, event.guest_number) == ("changed", guest.pk, guest.pk)
    assert (event.actor, event.source, event.changes) == ("guest", "web", {"told": ["phone"]})


def test_what_another_system_adds_to_a_guest_stands_in_the_history(venue: Restaurant) -> None:
    guest = make_guest(venue, email="ada@example.org", phone="+4930111")
    events = HistoryEvent.objects.filter(subject="guest", guest_number=guest.pk)
    profile = Profile(tags=("regular",), notes="Likes red")
    details = make_details(phone="", dietary_needs="no nuts")
    for key in ("one", "another"):
        bring_booking(wish=make_wish(venue), details=details, profile=profile, key=key, by=COMMAND, user=None)
    assert [(row.kind, row.changes) for row in events] == [("changed", {"told": ["notes", "tags"]})]
    for _time in range(2):
        bring_guest(restaurant_id=venue.pk, details=details, profile=profile, by=COMMAND)
    told = [(row.kind, row.changes) for row in events.order_by("pk")[1:]]
    assert told == [("imported", {"told": ["dietary_needs"]}), ("imported", {})]


def test_visits_no_shows_and_late_cancellations_are_counted(venue: Restaurant) -> None:
    guest = make_guest(venue, email="ada@example.org")
    for days, status in {
        -9: Status.FINISHED,
        -2: Status.SEATED,
        -3: Status.NO_SHOW,
        -5: Status.CANCELLED,
        -6: Status.EXPIRED,
        4: Status.CONFIRMED,
    }.items():
        visit(guest, days, status=status)
    visit(guest, -4, status=Status.CANCELLED, cancelled_late=True)
    visit(make_guest(venue), -1)
    assert counts_of(guest.pk) == Counts(2, 1, 1, days_ahead(venue, -2))
    assert counts_of(None) == Counts(0, 0, 0, None)
    assert not counts_of(None).known
    row = counted(Guest.objects.filter(pk=guest.pk)).get()
    assert (row.visits, row.no_shows, row.last_visit) == (2, 1, days_ahead(venue, -2))
    nobody = counted(Guest.objects.filter(pk=make_guest(venue).pk)).get()
    assert (nobody.visits, nobody.no_shows, nobody.last_visit) == (0, 0, None)


def test_merged_visits_add_up(venue: Restaurant) -> None:
    keep = make_guest(venue, email="ada@example.org", name="", notes="Sits by the window", tags=["regular"])
    other = make_guest(
        venue, email="a.l@example.org", phone="+4930111", name="Ada", notes="Vegan", tags=["vegan", "regular"]
    )
    visit(keep, -1)
    visit(other, -2)
    visit(other, -3, status=Status.NO_SHOW)
    waiting = make_waiting(venue, guest=other)
    Guest.objects.filter(pk=other.pk).update(created_at=timezone.now() - dt.timedelta(days=9))
    guests.merge(keep=keep, other=other, by=COMMAND)
    counts = counts_of(keep.pk)
    assert (counts.visits, counts.no_shows) == (2, 1)
    assert counts_of(other.pk).visits == 0
    assert WaitlistEntry.objects.get(pk=waiting.pk).guest_id == keep.pk
    assert (keep.name, keep.email, keep.phone) == ("Ada", "ada@example.org", "+4930111")
    assert (keep.notes, keep.tags) == ("Sits by the window\nVegan", ["regular", "vegan"])
    assert timezone.now() - keep.created_at > dt.timedelta(days=8)
    assert (other.merged_into_id, other.name, other.notes, other.tags) == (keep.pk, "", "", [])
    event = HistoryEvent.objects.get(kind="merged")
    assert (event.subject_number, event.guest_number, event.changes) == (keep.pk, keep.pk, {"from": other.pk})


def test_merging_cuts_nothing_off_the_notes(venue: Restaurant) -> None:
    keep, other = make_guest(venue, notes="a" * 1990), make_guest(venue, notes="b" * 1990 + " no nuts")
    notes = f"{keep.notes}\n{other.notes}"
    guests.merge(keep=keep, other=other, by=COMMAND)
    assert keep.notes == notes
    bring_guest(
        restaurant_id=venue.pk,
        details=make_details(email=keep.email),
        profile=Profile(notes="Likes red"),
        by=COMMAND,
    )
    keep.refresh_from_db()
    assert keep.notes == notes


def test_both_contacts_lead_to_the_guest_that_was_kept(venue: Restaurant) -> None:
    keep = make_guest(venue, email="ada@example.org", phone="+4930111")
    other = make_guest(venue, email="a.l@example.org", phone="+4930222")
    guests.merge(keep=keep, other=other, by=COMMAND)
    for contact in (
        {"email": "ada@example.org", "phone": ""},
        {"email": "a.l@example.org", "phone": ""},
        {"email": "", "phone": "+4930111"},
        {"email": "", "phone": "+4930222"},
    ):
        assert book(venue, **contact) == keep.pk, contact
    assert Guest.objects.count() == 2


def test_a_phone_that_two_share_tells_nobody_apart(venue: Restaurant) -> None:
    ada, bert = (make_guest(venue, email=f"{name}@example.org", phone="+4930111") for name in ("ada", "bert"))
    by_phone = book(venue, email="", phone="+4930111")
    assert by_phone not in (None, ada.pk, bert.pk)
    assert book(venue, email="", phone="+4930111") == by_phone
    # Once they are known to be one, it is that one.
    guests.merge(keep=ada, other=bert, by=COMMAND)
    guests.merge(keep=ada, other=Guest.objects.get(pk=by_phone), by=COMMAND)
    assert book(venue, email="", phone="+4930111") == ada.pk
    # And another address is still another's, though somebody who had told the phone alone was merged.
    other = book(venue, email="carla@example.org", phone="+4930111")
    assert other not in (ada.pk, bert.pk, by_phone)
    assert book(venue, email="carla@example.org", phone="") == other


def test_who_has_told_no_address_yet_is_found_by_phone_also_where_merged(venue: Restaurant) -> None:
    keep, other = make_guest(venue, phone="+4930111"), make_guest(venue, phone="+4930222")
    guests.merge(keep=keep, other=other, by=COMMAND)
    assert book(venue, email="ada@example.org", phone="+4930222") == keep.pk
    # What was told is theirs, and finds them by itself from now on.
    assert book(venue, email="ada@example.org", phone="") == keep.pk
    keep.refresh_from_db()
    assert keep.email == "ada@example.org"
    event = HistoryEvent.objects.get(kind="changed", subject="guest")
    assert (event.guest_number, event.changes) == (keep.pk, {"told": ["email"]})
    # Nobody else is found by that phone then.
    assert book(venue, email="bert@example.org", phone="+4930222") != keep.pk


def test_a_sign_keeps_its_address_where_it_was_taken_off_the_card(venue: Restaurant) -> None:
    keep, other = make_guest(venue, phone="+4930111"), make_guest(venue, email="ada@example.org")
    guests.merge(keep=keep, other=other, by=COMMAND)
    Guest.objects.filter(pk=keep.pk).update(email="")
    for _time in range(2):
        assert book(venue, email="ada@example.org", phone="") == keep.pk
    keep.refresh_from_db()
    assert keep.email == "ada@example.org"


def test_merges_chain(venue: Restaurant) -> None:
    one, two, three = (make_guest(venue, email=f"{number}@example.org") for number in range(3))
    visit(three, -1)
    guests.merge(keep=two, other=three, by=COMMAND)
    guests.merge(keep=one, other=two, by=COMMAND)
    assert set(Guest.objects.filter(merged_into=one)) == {two, three}
    assert counts_of(one.pk).visits == 1
    assert book(venue, email="2@example.org", phone="") == one.pk
    assert refused(two, one) == Reason.OTHER_GUEST
    assert refused(one, three) == Reason.OTHER_GUEST


def test_guests_that_are_not_two_of_one_restaurant_are_not_merged(venue: Restaurant) -> None:
    one = make_guest(venue, email="ada@example.org")
    erased = make_guest(venue, email="gone@example.org")
    guests.erase(guest=erased, by=COMMAND)
    for other in (one, erased, make_guest(make_venue(), email="ada@example.org")):
        assert refused(one, other) == Reason.OTHER_GUEST
        assert refused(other, one) == Reason.OTHER_GUEST
    assert not Guest.objects.exclude(merged_into=None).exists()


def test_merged_guest_is_erased_with_the_one_it_is_part_of(venue: Restaurant) -> None:
    keep, other = (make_guest(venue, email=f"{number}@example.org") for number in range(2))
    guests.merge(keep=keep, other=other, by=COMMAND)
    assert guests.erase(guest=other, by=COMMAND)
    assert not Guest.objects.exclude(email="").exists()
    assert Guest.objects.filter(erased_at=None).count() == 0


def test_export_holds_everything_of_a_guest_and_nothing_of_others(venue: Restaurant) -> None:
    told = make_details(note="By the window", dietary_needs="no nuts", booker_email="booker@example.org")
    booked = make_reservation(venue, details=told)
    guest = Guest.objects.get(email=booked.email)
    guests.merge(keep=guest, other=make_guest(venue, email="former@example.org", phone="+4930222"), by=COMMAND)
    make_old_request(venue, email="former@example.org", answer="Alas")
    make_waiting(venue, guest=guest, status=WaitlistEntry.Status.LEFT)
    make_request(venue, details={"email": "else@example.org"})
    make_reservation(venue, details=make_details(email="else@example.org", phone="", note="Not hers"))
    Guest.objects.filter(pk=guest.pk).update(notes="Likes the corner", tags=["regular"])

    data = export_of(Guest.objects.get(pk=guest.pk))

    assert json.loads(json.dumps(data)) == data
    assert data["guest"] | {"first_known": ""} == {
        "number": guest.pk,
        "name": "Ada Guest",
        "email": "ada@example.org",
        "phone": "+49 30 7654321",
        "language": "",
        "tags": ["regular"],
        # With the visit, for which they were told.
        "dietary_needs": "",
        "notes": "Likes the corner",
        "needs_consent_at": None,
        "thanks_consent_at": None,
        "first_known": "",
        "visits": 0,
        "no_shows": 0,
        "late_cancellations": 0,
        "merged": [{"number": guest.pk + 1, "email": "former@example.org", "phone": "+4930222"}],
    }
    [row] = data["reservations"]
    assert (row["reference"], row["note"], row["tables"]) == (
        booked.reference,
        "By the window",
        [venue.tables.all()[0].name],
    )
    assert row["starts_at"] == booked.local_start.isoformat(timespec="seconds")
    assert [row["answer"] for row in data["requests"]] == ["Alas"]
    assert len(data["waitlist"]) == 1
    assert {(row["kind"], row["to"], row["about"]) for row in data["messages"]} == {
        ("confirmation", "booker@example.org", booked.reference),
        ("reminder", "booker@example.org", booked.reference),
    }
    happened = [(row["kind"], row["subject"], row["by"]) for row in data["events"]]
    assert happened == [
        ("held", "reservation", "guest"),
        ("confirmed", "reservation", "guest"),
        ("merged", "guest", "command"),
    ]
    assert "Not hers" not in json.dumps(data)


def test_every_key_of_the_export_stands_in_the_docs(venue: Restaurant) -> None:
    booked = make_reservation(venue, details=make_details())
    guest = Guest.objects.get(email=booked.email)
    guests.merge(keep=guest, other=make_guest(venue), by=COMMAND)
    make_waiting(venue, guest=guest, status=WaitlistEntry.Status.LEFT)
    make_old_request(venue, email=guest.email)
    make_seated(venue, [], make_wish(venue), booker_email=guest.email, email="else@example.org")

    def keys(value: Any) -> set[str]:
        if isinstance(value, dict):
            # What an event changed are the names of fields.
            return set(value).union(*(keys(item) for name, item in value.items() if name != "changes"))
        assert value != []
        return set().union(*(keys(item) for item in value)) if isinstance(value, list) else set()

    batch = BookingImport.objects.create(restaurant=venue, file_name="old.csv")
    told = dict.fromkeys(TOLD, "said")
    contact = contact_key(booked.email, "")
    ImportRow.objects.create(restaurant=venue, batch=batch, line=2, key="k", contact=contact, told=told)
    data = export_of(Guest.objects.get(pk=guest.pk))
    data["guest"]["tags"] = data["guest"]["tags"] or [""]
    docs = (Path(__file__).parents[2] / "docs" / "guests.md").read_text()
    assert {key for key in keys(data) if f"`{key}`" not in docs} == set()


def test_export_of_a_merged_guest_is_that_of_the_one_it_is_part_of(venue: Restaurant) -> None:
    keep, other = (make_guest(venue, email=f"{number}@example.org") for number in range(2))
    guests.merge(keep=keep, other=other, by=COMMAND)
    assert export_of(other) == export_of(keep)


def test_export_takes_as_many_statements_for_twice_the_rows(venue: Restaurant) -> None:
    guest = make_guest(venue, email="ada@example.org")

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            export_of(Guest.objects.select_related("restaurant", "merged_into").get(pk=guest.pk))
        return len(queries)

    visit(guest, -1)
    make_old_request(venue, email=guest.email)
    before = statements()
    for days in range(2, 6):
        visit(guest, -days)
        make_old_request(venue, email=guest.email)
        make_waiting(venue, guest=guest)
    assert statements() == before
