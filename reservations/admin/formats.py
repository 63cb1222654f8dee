"""How the admin writes moments and weekdays: always in the restaurant's own time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as write
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reservations.models.hours import EVERY_DAY


def local_text(moment: dt.datetime | None, zone: ZoneInfo) -> str:
    """Return a moment in the zone, such as “Sat 27 Mar 2027, 19:30 CET”, or a dash for none."""
    if moment is None:
        return "–"
    return write(moment.astimezone(zone), pgettext("date format", "D j M Y, H:i T"))


def clock_text(moment: dt.datetime, zone: ZoneInfo) -> str:
    """Return the time of a moment in the zone, such as “19:30 CET”, for where the date is plain."""
    return write(moment.astimezone(zone), pgettext("time format", "H:i T"))


def date_text(date: dt.date) -> str:
    """Return a date such as “Sat 27 Mar 2027”."""
    return write(date, pgettext("date format", "D j M Y"))


def weekdays_text(mask: int) -> str:
    """Return the days of a mask (Monday is bit 0) in words: “Mon, Tue, Sat”."""
    if mask == EVERY_DAY:
        return _("every day")
    return ", ".join(str(name) for day, name in sorted(WEEKDAYS_ABBR.items()) if mask & (1 << day))
