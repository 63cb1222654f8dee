"""Hold and confirm by the write rules, beside the very same statements sent by a bare psycopg loop.

`booking_vs_sql` is the loop's time by the rules': 1.0 would mean that the rules,
the ORM and the cache's tokens cost nothing, 0.5 that a booking takes twice as
long as the database needs for what it is sent. Each round records the
statements of 21 bookings with their parameters, and then has the rules and the
loop, by turns the one or the other first, make the same bookings in tables
that were emptied, so that the ids that come back are those that were recorded.
The loop has Django's connection settings and transactions. The first booking of
each slice is not counted.

`booking_ms` is the time of one hold and confirm by the rules, `sql_per_booking`
how many statements they send, BEGIN and COMMIT apart: the samples are of a
house with 10 tables and of one with 200, so its minimum and maximum are to be
equal. The day's first booking makes the day's row, and is not measured.

    python benchmarks/booking.py [--json]
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.ground import ground
from bench.telling import Samples, note, tell

if TYPE_CHECKING:
    from bench.recording import Bare, Statement

    from reservations.models import Restaurant

ROUNDS = 20
SECONDS = 30.0
BOOKINGS = 20
TABLES = 60
HOUSES = (10, 200)
AIMS = {"booking_vs_sql": "at least 0.5", "sql_per_booking": "the same for 10 tables and for 200"}


@dataclass(frozen=True)
class Slice:
    """What one slice took, in seconds: each booking, the first apart."""

    seconds: list[float]

    @property
    def total(self) -> float:
        """All of them together."""
        return sum(self.seconds)


def book(restaurant: Restaurant, number: int) -> None:
    """Hold and confirm a table for two, at another time than the last, each from a browser of its own."""
    from reservations.engine import booking
    from tests import factories as make

    wish = make.make_wish(restaurant, at=dt.time(18 + number % 5))
    held = booking.hold(wish=wish, browser=f"{number:064x}", key=f"key{number:08}", language="en")
    booking.confirm(reservation=held, details=make.make_details())


def timed(work: Callable[[int], object]) -> Slice:
    """Do the work for every booking of a slice, and the first one, which is not counted."""
    seconds = []
    for number in range(BOOKINGS + 1):
        begin = time.perf_counter()
        work(number)
        seconds.append(time.perf_counter() - begin)
    return Slice(seconds[1:])


def check_booked() -> None:
    """Raise where the rows are not those of a slice's bookings: all confirmed, each with a claim for every slot."""
    from reservations.models import Reservation, TableClaim

    wanted = BOOKINGS + 1
    confirmed = Reservation.objects.filter(status=Reservation.Status.CONFIRMED).count()
    claims = TableClaim.objects.count()
    if (confirmed, Reservation.objects.count(), claims) != (wanted, wanted, wanted * _slots()):
        raise RuntimeError(f"{wanted} bookings left {confirmed} reservations and {claims} claims.")


def _slots() -> int:
    from reservations.models import Reservation

    first = Reservation.objects.order_by("pk")[0]
    return int((first.ends_at - first.starts_at) / dt.timedelta(minutes=15))


def one_round(restaurant: Restaurant, bare: Bare, written: Sequence[str], number: int) -> tuple[Slice, Slice]:
    """Return a slice by the rules and the same one by the loop; written are the tables that a booking adds rows to."""
    from bench.recording import empty, recorded

    def by_rules(number: int) -> None:
        book(restaurant, number)

    statements: list[list[Statement]] = []
    empty(written)
    timed(lambda number: statements.append(recorded(lambda: book(restaurant, number))))
    check_booked()

    def by_loop(number: int) -> None:
        bare.send(statements[number])

    found: dict[Callable[[int], None], Slice] = {}
    for work in (by_rules, by_loop) if number % 2 else (by_loop, by_rules):
        empty(written)
        found[work] = timed(work)
        check_booked()
    return found[by_rules], found[by_loop]


def statements_of(tables: int) -> float:
    """Return how many statements a booking costs in a house with so many tables."""
    from bench.recording import counted, recorded

    from tests import factories as make

    restaurant = make.make_venue(tables=(2,) * tables)
    book(restaurant, 0)
    return float(counted(recorded(lambda: book(restaurant, 1))))


def measure() -> Samples:
    """Return the ratio of every round, and what a booking costs."""
    with ground():
        from bench.recording import Bare, recorded, tables_written

        from restaurant_site.caching import heartbeat
        from tests import factories as make

        # As in a web worker.
        heartbeat.start()
        counts = [statements_of(tables) for tables in HOUSES]
        restaurant = make.make_venue(tables=(2,) * TABLES)
        # The row of the day stays.
        book(restaurant, 0)
        written = tables_written(recorded(lambda: book(restaurant, 1)))
        ratios, singles = [], []
        with contextlib.closing(Bare()) as bare:
            give_up = time.monotonic() + SECONDS
            for number in range(-1, ROUNDS):
                if number > 0 and time.monotonic() > give_up:
                    break
                rules, loop = one_round(restaurant, bare, written, number)
                # The first round pays for connections and compiled queries.
                if number >= 0:
                    ratios.append(loop.total / rules.total)
                    singles += [second * 1000 for second in rules.seconds]
    note(f"{len(singles)} bookings by the rules, and as many by the loop")
    return {"booking_vs_sql": ratios, "booking_ms": singles, "sql_per_booking": counts}


if __name__ == "__main__":
    tell("Hold and confirm: the same statements by psycopg alone / by the write rules", measure, AIMS)
