"""One booking of a log, made as a diner makes it: a hold, and its confirmation with invented contact data."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from functools import lru_cache

from django.db import Error

from reservations.engine import booking
from reservations.engine.availability import starts
from reservations.engine.booking import Details, Wish
from reservations.engine.errors import Refused
from reservations.queries.day import day_plan
from reservations.replaying.lines import Line, Outcome


def attempt(line: Line, shift_days: int, run: str) -> Outcome:
    """Book a line so many days later than it says, and return what became of it; only errors of the database pass.

    run is a word of this replay's own: the same log replayed again is booked again.
    """
    start = line.start(shift_days)
    wish = Wish(
        restaurant_id=line.restaurant_id,
        date=_service_date(line.restaurant_id, start),
        start=start.astimezone(dt.UTC),
        party=line.party,
    )
    browser = hashlib.sha256(f"{run}:{line.number}".encode()).hexdigest()
    began = time.perf_counter()
    reason = error = ""
    try:
        held = booking.hold(wish=wish, browser=browser, key=browser)
        booking.confirm(reservation=held, details=_guest(line.number, run))
    except Refused as refusal:
        reason = str(refusal.reason)
    except Error as problem:
        # Told with its line, and the others go on.
        error = " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
    return Outcome(line.number, time.perf_counter() - began, reason, error)


def _guest(number: int, run: str) -> Details:
    # A domain that is nobody's, and numbers that are kept for films.
    return Details(
        name=f"Guest {number}",
        email=f"replay-{run}-{number}@example.org",
        phone=f"+44207946{number % 1000:04}",
    )


def _service_date(restaurant_id: int, start: dt.datetime) -> dt.date:
    """Return the service date of a local start: after midnight it may belong to the evening before."""
    for date in (start.date(), start.date() - dt.timedelta(days=1)):
        if start.astimezone(dt.UTC) in _starts(restaurant_id, date):
            return date
    # A time that no service has: the write rule knows the first reason against it.
    return start.date()


@lru_cache(maxsize=4096)
def _starts(restaurant_id: int, date: dt.date) -> frozenset[dt.datetime]:
    return frozenset(moment for moment, _service in starts(day_plan(restaurant_id, date, seatings=False)))
