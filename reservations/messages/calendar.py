"""The calendar entry of a reservation, as a file that goes with a mail."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vUri

from reservations.addresses import address_line
from reservations.messages.lines import one_line
from reservations.models import Reservation, Restaurant

REQUEST = "REQUEST"
CANCEL = "CANCEL"


def calendar_entry(
    reservation: Reservation, *, attendee: str, organiser: str, link: str, summary: str, now: dt.datetime
) -> tuple[str, str]:
    """Return the method of a reservation's calendar entry, REQUEST or CANCEL, and the entry as text.

    attendee and organiser are addresses, link the absolute address of the
    reservation's page. The entry has the reservation's UID for ever and its
    version as SEQUENCE, so that a later one replaces an earlier one.
    """
    cancelled = reservation.status == Reservation.Status.CANCELLED
    # Of the three methods only an invitation is kept up to date: Gmail, Outlook
    # and Apple's Mail move or remove an entry by UID and SEQUENCE when the same
    # organiser sends the next. With PUBLISH each mail adds one more entry, and
    # nothing takes one out.
    method = CANCEL if cancelled else REQUEST
    calendar = Calendar()
    calendar.add("prodid", "-//Tafel//Reservations//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add("x-wr-timezone", reservation.restaurant.timezone)
    calendar.add_component(_event(reservation, cancelled, attendee, organiser, link, summary, now))
    return method, calendar.to_ical().decode()


def uid(reservation: Reservation) -> str:
    """Return the name of a reservation's calendar entry, the same in every mail about it."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"{reservation.restaurant_id}-{reservation.reference}@{host}"


def _event(
    reservation: Reservation,
    cancelled: bool,
    attendee: str,
    organiser: str,
    link: str,
    summary: str,
    now: dt.datetime,
) -> Event:
    restaurant = reservation.restaurant
    event = Event()
    event.add("uid", uid(reservation))
    event.add("sequence", reservation.sequence)
    event.add("dtstamp", now.astimezone(dt.UTC))
    # In UTC: a local time with TZID can't say which of a doubled hour it is
    # (RFC 5545 makes it the first), and needs no VTIMEZONE that a program may
    # read differently. Calendars show it in their owner's zone either way.
    event.add("dtstart", reservation.starts_at.astimezone(dt.UTC))
    event.add("dtend", reservation.ends_at.astimezone(dt.UTC))
    event.add("summary", one_line(summary))
    event.add("location", location(restaurant))
    event.add("description", _("Reference %(reference)s") % {"reference": reservation.reference} + f"\n{link}")
    event.add("url", vUri(link))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "OPAQUE")
    # Always the site's own sender, also where the restaurant's address changes:
    # programs take an update from the entry's organiser alone.
    event.add("organizer", _person(organiser, restaurant.name))
    guest = _person(attendee, reservation.booker_name or reservation.name)
    # Accepted already, and no answer wanted: nobody is asked whether they come to what they booked.
    guest.params["PARTSTAT"] = "ACCEPTED"
    guest.params["RSVP"] = "FALSE"
    guest.params["ROLE"] = "REQ-PARTICIPANT"
    event.add("attendee", guest)
    return event


def location(restaurant: Restaurant) -> str:
    """Return the restaurant's name and address in one line."""
    address = address_line(
        street=one_line(restaurant.street),
        postcode=one_line(restaurant.postcode),
        city=one_line(restaurant.city),
        country=restaurant.country,
    )
    return ", ".join(filter(None, (one_line(restaurant.name), address)))


def _person(address: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{address}")
    if shown := one_line(name):
        person.params["CN"] = shown
    return person
