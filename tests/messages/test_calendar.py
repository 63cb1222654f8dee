"""The calendar entry: the right moment on both sides of every clock change, one UID, and nothing smuggled in."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from icalendar import Calendar, Event

from reservations.messages.calendar import calendar_entry
from reservations.models import Reservation, Restaurant
from restaurant_site.demo.places import PLACES

DEMO_ZONES = sorted({place.zone for place in PLACES})
# Wall times, and whether the later of two is meant, of nights on which the clocks change.
NIGHTS = [
    ("Europe/Berlin", "2027-03-28T01:45", 0, "2027-03-28T00:45Z"),
    ("Europe/Berlin", "2027-03-28T03:00", 0, "2027-03-28T01:00Z"),
    ("Europe/Berlin", "2026-10-25T02:30", 0, "2026-10-25T00:30Z"),
    ("Europe/Berlin", "2026-10-25T02:30", 1, "2026-10-25T01:30Z"),
    ("Europe/Berlin", "2026-10-25T03:00", 0, "2026-10-25T02:00Z"),
    ("America/New_York", "2027-03-14T01:30", 0, "2027-03-14T06:30Z"),
    ("America/New_York", "2027-03-14T03:00", 0, "2027-03-14T07:00Z"),
    ("America/New_York", "2026-11-01T01:30", 0, "2026-11-01T05:30Z"),
    ("America/New_York", "2026-11-01T01:30", 1, "2026-11-01T06:30Z"),
    ("Australia/Adelaide", "2026-10-04T01:30", 0, "2026-10-03T16:00Z"),
    ("Australia/Adelaide", "2026-10-04T03:00", 0, "2026-10-03T16:30Z"),
    ("Australia/Adelaide", "2027-04-04T02:30", 0, "2027-04-03T16:00Z"),
    ("Australia/Adelaide", "2027-04-04T02:30", 1, "2027-04-03T17:00Z"),
]


def reservation(zone: str, start: dt.datetime, **fields: Any) -> Reservation:
    """Return a reservation of two hours that is in no database."""
    restaurant = Restaurant(pk=7, name="Zur Linde", street="Hauptstraße 1", city="Berlin", timezone=zone)
    return Reservation(
        **{
            "restaurant": restaurant,
            "reference": "ABC123XYZ",
            "status": Reservation.Status.CONFIRMED,
            "starts_at": start.astimezone(dt.UTC),
            "ends_at": start.astimezone(dt.UTC) + dt.timedelta(hours=2),
            "name": "Ada Guest",
            **fields,
        }
    )


def entry_of(row: Reservation, summary: str = "Zur Linde") -> tuple[str, Calendar, Event]:
    """Return the method, the calendar and its event, as a program reads them from the file."""
    method, text = calendar_entry(
        row,
        attendee="ada@example.org",
        organiser="book@example.org",
        link="https://book.example.org/r/1",
        summary=summary,
        now=timezone.now(),
    )
    assert "\r\n" in text
    assert all(char.isprintable() or char in "\r\n" for char in text)
    calendar = Calendar.from_ical(text)
    assert isinstance(calendar, Calendar)
    (event,) = calendar.events
    return method, calendar, event


@pytest.mark.parametrize(("zone", "wall", "fold", "moment"), NIGHTS)
def test_the_entry_is_at_the_moment_that_was_booked(zone: str, wall: str, fold: int, moment: str) -> None:
    local = dt.datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone), fold=fold)
    _method, _calendar, event = entry_of(reservation(zone, local))
    assert event.start == dt.datetime.fromisoformat(moment)
    assert event.end == dt.datetime.fromisoformat(moment) + dt.timedelta(hours=2)
    assert event["dtstart"].to_ical() == dt.datetime.fromisoformat(moment).strftime("%Y%m%dT%H%M%SZ").encode()


def test_a_local_time_with_a_zone_would_lose_the_second_of_a_doubled_hour() -> None:
    """The control of the choice of UTC: what the usual form would have said."""
    local = dt.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)
    usual = Event()
    usual.add("dtstart", local)
    read = Event.from_ical(usual.to_ical())
    assert isinstance(read, Event)
    assert isinstance(read.start, dt.datetime)
    assert read.start.astimezone(dt.UTC) == local.astimezone(dt.UTC) - dt.timedelta(hours=1)


@pytest.mark.parametrize("zone", DEMO_ZONES)
def test_hours_all_over_a_year_in_the_zones_of_the_demo(zone: str) -> None:
    assert len(DEMO_ZONES) >= 6
    first = dt.datetime(2026, 1, 1, 0, 15, tzinfo=dt.UTC)
    for hour in range(0, 24 * 365, 11):
        start = first + dt.timedelta(hours=hour)
        _method, calendar, event = entry_of(reservation(zone, start.astimezone(ZoneInfo(zone))))
        assert (event.start, event.end) == (start, start + dt.timedelta(hours=2))
        assert calendar["x-wr-timezone"] == zone


def test_a_reservation_is_an_invitation_that_is_accepted_already() -> None:
    row = reservation("Europe/Berlin", dt.datetime(2027, 1, 1, 19, tzinfo=dt.UTC), sequence=3)
    method, calendar, event = entry_of(row)
    assert (method, calendar["method"]) == ("REQUEST", "REQUEST")
    assert event["uid"] == "7-ABC123XYZ@127.0.0.1"
    assert (event["sequence"], event["status"]) == (3, "CONFIRMED")
    assert event["location"] == "Zur Linde, Hauptstraße 1, Berlin"
    assert event["url"] == "https://book.example.org/r/1"
    assert event["organizer"] == "mailto:book@example.org"
    assert event["organizer"].params["CN"] == "Zur Linde"
    assert event["attendee"] == "mailto:ada@example.org"
    assert event["attendee"].params["PARTSTAT"] == "ACCEPTED"
    assert event["attendee"].params["RSVP"] == "FALSE"


def test_a_cancellation_takes_the_same_entry_out() -> None:
    start = dt.datetime(2027, 1, 1, 19, tzinfo=dt.UTC)
    _method, _calendar, before = entry_of(reservation("Europe/Berlin", start, sequence=3))
    method, calendar, event = entry_of(
        reservation("Europe/Berlin", start, sequence=4, status=Reservation.Status.CANCELLED)
    )
    assert (method, calendar["method"]) == ("CANCEL", "CANCEL")
    assert (event["uid"], event["organizer"]) == (before["uid"], before["organizer"])
    assert (event["sequence"], event["status"]) == (4, "CANCELLED")


@pytest.mark.parametrize(
    "name", ['Ada\r\nATTENDEE:mailto:x@example.org"', "Ada;,\\:\x00\x07\x7f", "A\u2028B\u202eC", "Ä" * 120, "a\ud800b"]
)
def test_what_was_typed_stays_where_it_belongs(name: str) -> None:
    row = reservation("Europe/Berlin", dt.datetime(2027, 1, 1, 19, tzinfo=dt.UTC), name=name)
    row.restaurant.name = name[:120]
    row.restaurant.street = name
    _method, calendar, event = entry_of(row, summary=name)
    assert len(calendar.subcomponents) == 1
    assert event["attendee"] == "mailto:ada@example.org"
    assert event["organizer"] == "mailto:book@example.org"
    assert not any(char in f"{event['summary']} {event['location']}" for char in "\r\n\x00\u2028\u202e")
