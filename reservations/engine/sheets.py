"""The day sheets that are mailed before each service, where a restaurant wants them; the job loop writes them.

Any number of copies may run at once: under the day's lock one of them finds
that the sheet has not been written, and writes it.
"""

from __future__ import annotations

import datetime as dt
import logging
from functools import partial

from django.db import Error
from django.utils import timezone

from reservations.engine.availability import ServiceRules, starts
from reservations.engine.locks import Again, retried, take_day
from reservations.messages.outgoing import Kind, of_sheet, send_later
from reservations.models import Message, Restaurant
from reservations.queries.day import rules_on

logger = logging.getLogger("reservations.jobs")


def mail_sheets() -> int:
    """Write the mails of the services that begin within the minutes that their restaurant has set; return how many.

    A service that has begun gets none any more. A day that fails keeps no other.
    """
    count = 0
    wanting = Restaurant.objects.filter(sheet_minutes__gt=0).exclude(email="").order_by("pk")
    for restaurant in wanting.iterator(chunk_size=500):
        now = timezone.now()
        today = now.astimezone(restaurant.zone).date()
        # Up to a day ahead, and after midnight the evening before's.
        for days in (-1, 0, 1):
            date = today + dt.timedelta(days=days)
            for start, service in _due(restaurant, date, now):
                try:
                    count += retried(partial(_write, restaurant, date, start, service))
                except (Again, Error):
                    logger.exception("A day sheet could not be written: restaurant %s, %s", restaurant.pk, date)
    return count


def _due(restaurant: Restaurant, date: dt.date, now: dt.datetime) -> list[tuple[dt.datetime, ServiceRules]]:
    first: dict[int, tuple[dt.datetime, ServiceRules]] = {}
    for start, service in starts(rules_on(restaurant.pk, date)):
        first.setdefault(service.id, (start, service))
    ahead = dt.timedelta(minutes=restaurant.sheet_minutes)
    return [(start, service) for start, service in first.values() if start - ahead <= now < start]


def _write(restaurant: Restaurant, date: dt.date, start: dt.datetime, service: ServiceRules) -> int:
    """Write the mail of a service under its day's lock, unless it is written; return how many were."""
    day = take_day(restaurant.pk, date)
    written = Message.objects.filter(
        restaurant=restaurant, kind=Kind.STAFF_SHEET, created_at__gt=day.now - dt.timedelta(days=2)
    )
    mine = {"date": date.isoformat(), "service": str(service.id)}
    if any(mine.items() <= data.items() for data in written.values_list("data", flat=True)):
        return 0
    data = {**mine, "name": service.name, "starts": start.isoformat()}
    send_later([of_sheet(day.restaurant, day.now, data)])
    return 1
