"""What the mailed day sheet of a service says, read when it is sent."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from reservations.messages.lines import isolated, one_line
from reservations.models import Message
from reservations.models.reservation import COUNTED
from reservations.queries.sheet import sheet
from reservations.sheet_rows import Row, groups_of, rows_of

KEPT = dt.timedelta(hours=2)
"""So long after a service began its sheet is still worth a mail."""


def sheet_over(message: Message, now: dt.datetime) -> str:
    """Return why a sheet is not worth sending any more, or ""; now is the database's time."""
    starts = dt.datetime.fromisoformat(message.data["starts"])
    return _("The service has begun long ago.") if now > starts + KEPT else ""


def sheet_context(message: Message, now: dt.datetime) -> dict[str, Any]:
    """Return what the templates show, in the active language: the parties of the service that are expected or sit."""
    restaurant = message.restaurant
    date = dt.date.fromisoformat(message.data["date"])
    found = sheet(restaurant, date, now)
    rows = [row for row in rows_of(found, now) if row.status in COUNTED]
    groups = [group for group in groups_of(found.plan, rows) if group.key == message.data["service"]]
    lines = [_line(row) for group in groups for row in group.rows]
    return {
        "place": isolated(one_line(restaurant.name)),
        "restaurant": restaurant,
        "date": date,
        "service": one_line(message.data["name"]),
        "lines": lines,
        "covers": sum(group.covers for group in groups),
        "parties": len(lines),
        "needs": [line for line in lines if line["needs"]],
        "link": settings.SITE_URL
        + reverse("admin:reservations_restaurant_sheet", args=(restaurant.pk, date.isoformat())),
    }


def _line(row: Row) -> dict[str, Any]:
    """Return a party in texts of one line each."""
    said = (row.more, row.occasion, *row.notes, row.tags, row.known, row.flags)
    return {
        "time": row.time,
        "covers": row.party_size,
        "name": isolated(one_line(row.name)),
        "tables": one_line(row.tables),
        "needs": one_line(row.needs),
        "said": "; ".join(one_line(text) for text in said if text),
    }
