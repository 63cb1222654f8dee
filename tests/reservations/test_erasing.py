"""Erasing a guest takes the person out of every column of every table, and leaves the counts and the history."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Sum
from django.utils import timezone

from reservations.engine import booking, guests, requests, waitlist
from reservations.engine.errors import Reason, Refused
from reservations.history import trail
from reservations.history.trail import COMMAND, By
from reservations.messages import sending
from reservations.messages.delivery import Delivery, Outcome
from reservations.models import BookingRequest, Guest, HistoryEvent, Message, Reservation, Restaurant, WaitlistEntry
from reservations.models.reservation import COUNTED
from reservations.queries.guests import counts_of
from reservations.queries.traces import coming, traces_of, traces_of_contact
from restaurant_site.caching.sessions import SessionStore
from tests.factories import (
    days_ahead,
    make_details,
    make_reservation,
    make_seated,
    make_staff,
    make_venue,
    make_wish,
    new_key,
)
from tests.messages.rows import make_message
from tests.reservations.people import make_guest, make_old_request, make_request, make_waiting

pytestmark = pytest.mark.django_db(transaction=True)

PERSON = {
    "name": "Zenobia Quux",
    "email": "zenobia@quux.example",
    "phone": "+493012340001",
    "note": "Allergic to Mondays 🥂",
    "dietary_needs": "no celeriac",
    "booker_name": "Basil Booker",
    "booker_email": "basil@booker.example",
}
EARLIER = {"name": "Zeno Q.", "email": "zeno@former.example", "phone": "+493012340002"}
MORE = ("Knows the chef from Ghent", "regular-quux", "Dear Zenobia, alas", "Quux and one more", "Quux rang late")
STRINGS = (*PERSON.values(), *EARLIER.values(), *MORE)

Status = Reservation.Status


def found_in_database() -> dict[str, set[str]]:
    """Return which of the strings stand in which columns of the database, sessions unpacked."""
    found: dict[str, set[str]] = {}
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_concrete_fields:
            if not isinstance(field, models.CharField | models.TextField | models.JSONField):
                continue
            for value in model._default_manager.values_list(field.attname, flat=True):
                text = json.dumps(value, ensure_ascii=False)
                for string in STRINGS:
                    if string.casefold() in text.casefold():
                        found.setdefault(string, set()).add(f"{model.__name__}.{field.name}")
    for session in Session.objects.all():
        text = json.dumps(session.get_decoded(), ensure_ascii=False)
        for string in STRINGS:
            if string.casefold() in text.casefold():
                found.setdefault(string, set()).add("a session")
    return found


def past(restaurant: Restaurant, guest: Guest, days: int, **fields: Any) -> Reservation:
    """Write a visit of the person so many days ago."""
    wish = make_wish(restaurant, date=days_ahead(restaurant, -days), party=3)
    table = restaurant.tables.all()[0]
    return make_seated(restaurant, [table], wish, **{**PERSON, "guest": guest, "occasion": "birthday", **fields})


@pytest.fixture
def venue() -> Restaurant:
    return make_venue(tables=(4, 4, 4), retention_days=100)


@pytest.fixture
def person(venue: Restaurant) -> Guest:
    """Return a person with everything that the site can keep of one, nothing of it to come."""
    user = make_staff()
    by = trail.by_staff(user)
    told = make_details(**PERSON)
    cancelled = make_reservation(venue, details=told)
    booking.cancel(reservation=cancelled, by_guest=True)
    guest = Guest.objects.get(email=PERSON["email"])
    Guest.objects.filter(pk=guest.pk).update(
        notes=MORE[0], tags=[MORE[1]], dietary_needs=PERSON["dietary_needs"], created_at=timezone.now()
    )
    past(venue, guest, 10, status=Status.FINISHED)
    past(venue, guest, 20, status=Status.NO_SHOW, pacing_reason=MORE[3], passed_over_reason=MORE[4])
    # A night that nobody closed.
    past(venue, guest, 30, status=Status.CONFIRMED)
    former = make_guest(venue, **EARLIER)
    past(venue, former, 40, **EARLIER, status=Status.SEATED)
    make_old_request(venue, **EARLIER, note=PERSON["note"])
    make_old_request(venue, name=EARLIER["name"], email="", phone=EARLIER["phone"])
    Guest.objects.filter(pk=guest.pk).update(email="", key="k")
    guests.merge(keep=Guest.objects.get(pk=guest.pk), other=former, by=by)
    Guest.objects.filter(pk=guest.pk).update(email=PERSON["email"])
    waiting = make_waiting(venue, name=PERSON["name"], email=PERSON["email"], note=PERSON["note"], guest=guest)
    waitlist.leave(entry=waiting, by=by)
    make_waiting(
        venue,
        kind=WaitlistEntry.Kind.DOOR,
        name=PERSON["name"],
        email="",
        phone=PERSON["phone"],
        status=WaitlistEntry.Status.OVER,
    )
    contact = {"name": PERSON["name"], "email": PERSON["email"], "phone": PERSON["phone"]}
    request = make_request(venue, details=contact | {"dietary_needs": PERSON["dietary_needs"]})
    requests.decline(request=request, user=user, by=by, answer=MORE[2])
    Message.objects.filter(kind=Message.Kind.CONFIRMATION).update(status=Message.Status.SENT, error=PERSON["email"])
    Message.objects.update(data={"was": PERSON["name"]})
    for row in (cancelled, guest, waiting, request, Message.objects.get(kind=Message.Kind.DECLINED)):
        LogEntry.objects.create(
            user=user,
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            object_repr=f"{row} {PERSON['name']}",
            action_flag=CHANGE,
            change_message=f"Called {PERSON['phone']}",
        )
    session = SessionStore()
    session["reservations"] = [[venue.pk, cancelled.reference]]
    session.create()
    return Guest.objects.get(pk=guest.pk)


def kept(guest: Guest) -> tuple[Any, ...]:
    """Return what erasing must not change."""
    covers = Reservation.objects.filter(status__in=COUNTED).order_by("service_date").values("service_date")
    return (
        counts_of(guest.pk),
        list(covers.annotate(covers=Sum("party_size"))),
        list(Reservation.objects.order_by("pk").values_list("reference", "status", "starts_at", "party_size")),
        LogEntry.objects.count(),
        Session.objects.count(),
    )


def by_retention(guest: Guest) -> None:
    assert guests.forget_old(timezone.now() + dt.timedelta(days=130)) > 0


def by_rule(guest: Guest) -> None:
    assert guests.erase(guest=guest, by=COMMAND)


@pytest.mark.parametrize("erase", [by_rule, by_retention])
def test_nothing_of_the_person_is_left_and_every_count_stays(person: Guest, erase: Any) -> None:
    stranger = make_guest(person.restaurant, name="Somebody Else", email="else@example.org")
    other = {**dict.fromkeys(PERSON, ""), "name": "Somebody Else", "email": "else@example.org"}
    past(person.restaurant, stranger, 12, **other, status=Status.FINISHED)
    before = kept(person)
    counts = counts_of(person.pk)
    assert (counts.visits, counts.no_shows) == (2, 1)
    history = list(HistoryEvent.objects.order_by("pk").values())
    # The control: every one of them is there to be found.
    assert set(found_in_database()) == set(STRINGS)

    erase(person)

    assert found_in_database() == {}
    assert kept(person) == before
    assert list(HistoryEvent.objects.order_by("pk").values())[: len(history)] == history
    days = HistoryEvent.objects.exclude(chain=trail.OTHER).values_list("chain", flat=True).distinct()
    for chain in days:
        assert trail.check(HistoryEvent.objects.filter(chain=chain).order_by("position")) == []
    assert HistoryEvent.objects.filter(kind="erased", guest_number=person.pk).count() == 1
    person.refresh_from_db()
    assert person.erased_at is not None
    assert not Message.objects.filter(status=Message.Status.WAITING, recipient="").exists()
    if erase is by_rule:
        assert Reservation.objects.filter(guest=stranger, name="Somebody Else").exists()


def test_newer_things_keep_a_guest_from_being_forgotten(venue: Restaurant, person: Guest) -> None:
    soon = timezone.now() + dt.timedelta(days=110)
    make_waiting(venue, guest=person, wish=make_wish(venue, date=days_ahead(venue, 100)))
    Guest.objects.update(created_at=timezone.now() - dt.timedelta(days=50))
    guests.forget_old(soon)
    person.refresh_from_db()
    assert person.erased_at is None
    assert person.name == PERSON["name"]


def test_what_a_server_says_of_an_address_meanwhile_is_not_kept(
    venue: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = make_guest(venue, email=PERSON["email"])
    message = make_message(Message.Kind.LINK, past(venue, guest, 3, status=Status.FINISHED))

    def deliver(*_args: Any, **_more: Any) -> Delivery:
        guests.erase(guest=guest, by=COMMAND)
        return Delivery(Outcome.REFUSED, f"550 <{PERSON['email']}> is unknown")

    monkeypatch.setattr(sending, "deliver", deliver)
    assert sending.send_due() == 1
    message.refresh_from_db()
    assert (message.status, message.recipient, message.error) == (Message.Status.DROPPED, "", "")
    assert found_in_database() == {}


def test_what_was_written_down_without_a_guest_is_forgotten(venue: Restaurant) -> None:
    days = 101
    for told in (
        {"name": PERSON["name"]},
        {"note": PERSON["note"]},
        {"booker_email": PERSON["booker_email"]},
        {"pacing_reason": MORE[3]},
    ):
        blank = dict.fromkeys(PERSON, "")
        days += 1
        past(venue, make_guest(venue), days, **{**blank, **told}, status=Status.FINISHED)
    Reservation.objects.update(guest=None)
    wish = make_wish(venue, date=days_ahead(venue, -105))
    make_waiting(venue, wish=wish, name="", email="", phone=PERSON["phone"], status=WaitlistEntry.Status.OVER)
    assert found_in_database()
    # A visit as old as is kept stays, for the last day that it is.
    assert guests.forget_old(timezone.now() - dt.timedelta(days=10)) == 0
    assert guests.forget_old(timezone.now() + dt.timedelta(days=9)) == 5
    assert found_in_database() == {}
    assert guests.forget_old(timezone.now() + dt.timedelta(days=9)) == 0


def erasing() -> Iterator[tuple[str, Any]]:
    def visit(venue: Restaurant) -> None:
        make_reservation(venue, details=make_details(**PERSON))

    def booked(venue: Restaurant) -> None:
        told = {**PERSON, "name": "Her Boss", "email": "boss@example.org", "phone": ""}
        make_reservation(venue, details=make_details(**{**told, "booker_email": PERSON["email"]}))

    def entry(venue: Restaurant) -> None:
        make_waiting(venue, email=PERSON["email"])

    def request(venue: Restaurant) -> None:
        make_request(venue, details={"email": PERSON["email"]})

    yield from {"visit": visit, "booked": booked, "entry": entry, "request": request}.items()


@pytest.mark.parametrize("coming_up", [work for _name, work in erasing()], ids=[name for name, _work in erasing()])
def test_what_is_to_come_keeps_a_guest_from_being_erased(venue: Restaurant, coming_up: Any) -> None:
    guest = make_guest(venue, email=PERSON["email"], phone=PERSON["phone"], name=PERSON["name"])
    coming_up(venue)
    with pytest.raises(Refused) as refusal:
        guests.erase(guest=guest, by=COMMAND)
    assert refusal.value.reason == Reason.UPCOMING_VISIT
    assert coming(traces_of(venue.pk, [guest.pk]), timezone.now()).any
    assert Guest.objects.get(pk=guest.pk).name == PERSON["name"]


def test_erasing_again_changes_nothing(person: Guest) -> None:
    assert guests.erase(guest=person, by=COMMAND)
    rows = list(Guest.objects.values())
    assert not guests.erase(guest=person, by=By("staff", "admin", 1))
    assert list(Guest.objects.values()) == rows
    assert HistoryEvent.objects.filter(kind="erased").count() == 1


def test_somebody_who_never_became_a_guest_is_erased_by_contact(venue: Restaurant) -> None:
    row = make_old_request(venue, **EARLIER)
    other = make_old_request(venue, name="Somebody Else", email="else@example.org", phone=EARLIER["phone"])
    guests.erase_contact(traces=traces_of_contact(venue.pk, EARLIER["email"], EARLIER["phone"]), by=COMMAND)
    assert BookingRequest.objects.get(pk=row.pk).name == ""
    told = HistoryEvent.objects.filter(kind="erased").values_list("subject", "subject_number", "guest_number")
    assert list(told) == [("request", row.pk, None)]
    assert BookingRequest.objects.get(pk=other.pk).name == "Somebody Else"


def test_contacts_that_another_guest_has_too_are_left_alone(venue: Restaurant) -> None:
    mother = make_guest(venue, email="mother@example.org", phone=PERSON["phone"])
    make_guest(venue, email="son@example.org", phone=PERSON["phone"])
    shared = make_old_request(venue, name="One of them", email="", phone=PERSON["phone"])
    guests.erase(guest=mother, by=COMMAND)
    assert BookingRequest.objects.get(pk=shared.pk).name == "One of them"


def test_who_was_erased_and_comes_again_is_a_new_guest(venue: Restaurant, person: Guest) -> None:
    guests.erase(guest=person, by=COMMAND)
    again = make_reservation(venue, details=make_details(**PERSON), key=new_key())
    assert again.guest_id not in (None, person.pk)
    assert counts_of(again.guest_id).visits == 0
