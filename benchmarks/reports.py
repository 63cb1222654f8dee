"""The reports of a restaurant with 100,000 reservations in one year: the last twelve weeks, and the whole of it.

python benchmarks/reports.py [--json]
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from typing import TYPE_CHECKING

from bench.ground import ground
from bench.telling import Samples, tell

if TYPE_CHECKING:
    from reservations.models import Restaurant

RESERVATIONS = 100_000
FIRST = dt.date(2025, 1, 1)
SPANS = {"report_12_weeks_ms": (281, 364), "report_year_ms": (0, 364)}
ROUNDS = 7


def fill() -> Restaurant:
    """Return a restaurant with a year of reservations, past the write rules."""
    from django.db import connection

    from reservations.models import Reservation
    from tests import factories as make

    restaurant = make.make_venue(tables=(4,))
    service = restaurant.services.get()
    states = ("finished", "finished", "no_show", "cancelled", "confirmed")
    rows = []
    for number in range(RESERVATIONS):
        date = FIRST + dt.timedelta(days=number % 365)
        start = make.utc(restaurant, date, dt.time(18 + number % 4))
        rows.append(
            Reservation(
                restaurant=restaurant,
                reference=f"R{number}",
                idempotency_key=f"k{number}",
                status=states[number % 5],
                service=service,
                service_name=service.name,
                service_date=date,
                starts_at=start,
                ends_at=start + dt.timedelta(hours=2),
                party_size=1 + number % 8,
                seated_at=start,
                finished_at=start + dt.timedelta(minutes=95),
            )
        )
    Reservation.objects.bulk_create(rows, batch_size=5000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reservations_reservation")
    return restaurant


def measure() -> Samples:
    """Return the milliseconds of each round."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(ground())
        from reservations.queries.reports import report

        restaurant = fill()
        samples: Samples = {name: [] for name in SPANS}
        for _round in range(ROUNDS):
            for name, (first, last) in SPANS.items():
                began = time.perf_counter()
                report(restaurant, FIRST + dt.timedelta(days=first), FIRST + dt.timedelta(days=last))
                samples[name].append((time.perf_counter() - began) * 1000)
        return samples


if __name__ == "__main__":
    tell(f"Reports of {RESERVATIONS:,} reservations", measure, dict.fromkeys(SPANS, "below 2,000"))
