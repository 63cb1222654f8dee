"""What tests of the waitlist look at."""

from __future__ import annotations

import datetime as dt

from reservations.models import Reservation, Restaurant, WaitlistEntry
from tests import factories as make


def status(entry: WaitlistEntry) -> str:
    return WaitlistEntry.objects.values_list("status", flat=True).get(pk=entry.pk)


def offer(entry: WaitlistEntry) -> Reservation:
    """Return the hold that is offered to an entry."""
    row = WaitlistEntry.objects.select_related("offer").get(pk=entry.pk)
    assert row.status == "offered"
    assert row.offer is not None
    return row.offer


def evening(restaurant: Restaurant, minute: int) -> dt.datetime:
    """Return so many minutes after 18:00 in a week."""
    return make.utc(restaurant, make.days_ahead(restaurant), dt.time(18)) + dt.timedelta(minutes=minute)


def fresh_entry(entry: WaitlistEntry) -> WaitlistEntry:
    return WaitlistEntry.objects.get(pk=entry.pk)
