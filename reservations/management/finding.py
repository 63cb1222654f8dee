"""The person whom an operator means: a guest of a restaurant by e-mail or phone, or whoever left that contact there."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db.models import Q

from reservations.forms import clean_phone
from reservations.models import Guest, Restaurant, normalise_email
from reservations.queries.traces import Traces, traces_of, traces_of_contact


def add_arguments(parser: CommandParser) -> None:
    """Declare the arguments that name a person."""
    parser.add_argument("restaurant", metavar="RESTAURANT", help="slug or number of the restaurant")
    parser.add_argument("contact", metavar="EMAIL_OR_PHONE", help="e-mail or phone of the guest")


def restaurant_of(text: str) -> Restaurant:
    """Return the restaurant of that slug or number; raises CommandError."""
    by_number = Q(pk=int(text)) if text.isdecimal() and len(text) < 19 else Q(pk__in=[])
    found = list(Restaurant.objects.filter(by_number | Q(slug=text.replace("\x00", "")))[:2])
    if not found:
        raise CommandError(f"There is no restaurant {text!r}. Give its slug or its number.")
    return next((row for row in found if row.slug == text), found[0])


def person_of(restaurant: Restaurant, contact: str) -> tuple[Guest | None, Traces]:
    """Return the guest whose contact it is, or None for somebody who never became one, and their traces.

    A guest that was merged is the one into which it was. Raises CommandError
    where nothing is kept of anybody, or a phone is that of several guests.
    """
    email, phone = _contact(restaurant, contact)
    same = Q(email=email) if email else Q(phone=phone)
    rows = Guest.objects.select_related("merged_into", "restaurant").filter(same, restaurant=restaurant, erased_at=None)
    guests = {guest.pk: guest for guest in (row.merged_into or row for row in rows.order_by("pk"))}
    if len(guests) > 1:
        known = ", ".join(f"#{guest.pk} {guest} {guest.email}".strip() for guest in guests.values())
        raise CommandError(f"Several guests have this contact: {known}. Name one by an e-mail of its own.")
    if guests:
        [guest] = guests.values()
        return guest, traces_of(restaurant.pk, [guest.pk])
    traces = traces_of_contact(restaurant.pk, email, phone)
    if not any(rows.exists() for rows in (traces.reservations(), traces.booked(), traces.entries(), traces.requests())):
        raise CommandError(f"Nothing is kept of {contact} at {restaurant}.")
    return None, traces


def _contact(restaurant: Restaurant, contact: str) -> tuple[str, str]:
    if "@" in contact:
        return normalise_email(contact.replace("\x00", "")), ""
    try:
        phone = clean_phone(contact, restaurant.country)
    except ValidationError as error:
        raise CommandError(f"{contact!r} is neither an e-mail nor a phone number: {error.messages[0]}") from error
    if not phone:
        raise CommandError("Give an e-mail or a phone number.")
    return "", phone
