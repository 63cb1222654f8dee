"""Fifty clients at one evening of exactly 100 places, 200 attempts in all, through gunicorn with four workers.

The evening has 50 tables for two and two seatings of two hours, 18:00 and
20:00; each seating is wanted by 100 diners, so that each sells out and half of
all attempts are refused. An attempt is a diner with a browser, a connection,
and a CSRF token of their own, which they got with the page of times before the
clock starts: they send the button of their time, and where the table is held,
the details that confirm it. A refused one is answered with the page of other
times, and leaves.

`contended_attempts_per_second` is attempts by the time until the last one is
answered, `contended_p99_ms` the 99th percentile of single requests of one run,
`contended_worker_cpu_ms` what an attempt costs the workers. `contended_vs_plain`
is the first as a share of what the same crowd reaches, in the same minute, at
forms of plain Django that ask nobody (`peers/plain.py`): where the machine's speed
changes by half, it changes by a fifth. Each run is of another evening; the first one, of cold
workers, is not counted, and where ten would take too long it is fewer. After it
the tables are analyzed, as autovacuum does within a minute: a planner without
statistics takes an index that reads all of a restaurant's reservations.
`contended_sold` must be 100 in every run and `contended_server_errors` 0. The
client, both servers and the workers share the machine. To compare: of pretix,
50 clients for 100 places, 14.5 carts or 30 orders a second are known, with a
99th percentile of 3.9 and 2.8 s.

    python benchmarks/contended.py [--json]
"""

from __future__ import annotations

import datetime as dt
import random
import re
import statistics
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from bench.client import ask_once
from bench.contenders import PLAIN, SITE
from bench.crowd import Tally, Visit, post, run
from bench.ground import ground
from bench.serving import Server, serving
from bench.telling import Samples, note, tell

if TYPE_CHECKING:
    from reservations.models import Restaurant

CLIENTS = 50
ATTEMPTS = 200
WORKERS = 4
TABLES = 50
SEATINGS = (dt.time(18), dt.time(20))
RUNS = 10
SECONDS = 40.0
AIMS = {
    "contended_attempts_per_second": "at least 150",
    "contended_p99_ms": "below 500",
    "contended_sold": "exactly 100",
    "contended_server_errors": "0",
}
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')
_FIRST_DAY = 3


class Browser:
    """What a diner's browser has from the page of times: cookies and the form's token."""

    def __init__(self, port: int, path: str) -> None:
        answer = ask_once(port, path, {"Accept-Encoding": "identity", "Accept": "text/html"})
        found = _TOKEN.search(answer.body)
        if answer.status != 200 or found is None:
            raise RuntimeError(f"{path} answered {answer.status}, or no form")
        self.token = found[1].decode()
        cookies = [value.partition(";")[0] for name, value in answer.headers if name.lower() == "set-cookie"]
        self.cookie = "; ".join(cookies)

    def book(self, restaurant: Restaurant, start: dt.datetime, number: int) -> Visit:
        """Hold a table for two, and confirm it where it is held; what is sent is made at once, ahead of the visit."""
        wanted = {
            "csrfmiddlewaretoken": self.token,
            "key": f"attempt-{number}-{start:%Y%m%d}",
            "date": start.astimezone(restaurant.zone).date().isoformat(),
            "party": 2,
            "area": "",
            "start": start.isoformat(),
        }
        told = {
            "csrfmiddlewaretoken": self.token,
            "name": f"Guest {number}",
            "email": f"guest{number}@example.org",
            "phone": "+49 30 1234567",
            "children": 0,
            "high_chairs": 0,
        }
        first = post(f"/restaurants/{restaurant.slug}/hold/", urlencode(wanted).encode(), self.cookie)
        return self._visit(first, urlencode(told).encode())

    def _visit(self, first: bytes, told: bytes) -> Visit:
        answer = yield first
        if answer.status == 302:
            yield post(urlsplit(answer.header("Location")).path, told, self.cookie)


def evening(restaurant: Restaurant, number: int) -> list[dt.datetime]:
    """Return the start that each attempt of a run wants: every seating twice as often as it has tables, mixed."""
    from tests import factories as make

    date = make.days_ahead(restaurant, _FIRST_DAY + number)
    starts = [make.utc(restaurant, date, seating) for seating in SEATINGS]
    wanted = starts * (ATTEMPTS // len(starts))
    random.Random(number).shuffle(wanted)
    return wanted


def sold(restaurant: Restaurant, starts: list[dt.datetime]) -> int:
    """Return how many tables of an evening are sold; raises where any promise is broken."""
    from reservations.models import Reservation
    from tests.concurrency.invariants import broken

    if found := broken(restaurant.pk):
        raise RuntimeError(f"Broken: {found}")
    return Reservation.objects.filter(
        restaurant=restaurant, starts_at__in=set(starts), status=Reservation.Status.CONFIRMED
    ).count()


def visits(restaurant: Restaurant, browsers: list[Browser], number: int) -> list[Visit]:
    """Return what the diners of an evening do, one a browser."""
    return [
        browser.book(restaurant, start, attempt)
        for attempt, (browser, start) in enumerate(zip(browsers, evening(restaurant, number), strict=True))
    ]


def one_run(server: Server, restaurant: Restaurant, browsers: list[Browser], number: int) -> tuple[Tally, int]:
    """Sell one evening; return what the crowd saw, and how many tables were sold."""
    tally = run(server.port, visits(restaurant, browsers, number), CLIENTS)
    odd = {status: count for status, count in tally.statuses.items() if status not in (302, 409) and status < 500}
    if odd:
        raise RuntimeError(f"Neither held nor refused: {odd}")
    return tally, sold(restaurant, evening(restaurant, number))


def plain(server: Server, restaurant: Restaurant, browsers: list[Browser], number: int) -> float:
    """Return how many attempts a second the forms of plain Django answer."""
    tally = run(server.port, visits(restaurant, browsers, number), CLIENTS)
    if tally.statuses != {302: ATTEMPTS, 409: ATTEMPTS // 2}:
        raise RuntimeError(f"Plain Django answered {tally.statuses}")
    return ATTEMPTS / tally.wall


def analyze() -> None:
    """Let the planner know what is there."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure() -> Samples:
    """Return the figures of every run but the first."""
    names = ("attempts_per_second", "vs_plain", "p99_ms", "worker_cpu_ms", "sold", "server_errors")
    samples: Samples = {f"contended_{name}": [] for name in names}
    with ground():
        from tests import factories as make

        service = {"first_seating": SEATINGS[0], "last_seating": SEATINGS[-1], "interval_minutes": 120}
        restaurant = make.make_venue(tables=(2,) * TABLES, service=service, turn_minutes=120)
        path = f"/restaurants/{restaurant.slug}/times/?date={make.days_ahead(restaurant, _FIRST_DAY)}&party=2"
        with serving(SITE, workers=WORKERS) as server, serving(PLAIN, workers=WORKERS) as other:
            browsers = [Browser(server.port, path) for _attempt in range(ATTEMPTS)]
            give_up = time.monotonic() + SECONDS
            for number in range(RUNS):
                if number > 1 and time.monotonic() > give_up:
                    break
                most = plain(other, restaurant, browsers, number)
                before = server.cpu()
                tally, count = one_run(server, restaurant, browsers, number)
                if not number:
                    analyze()
                else:
                    samples["contended_attempts_per_second"].append(ATTEMPTS / tally.wall)
                    samples["contended_vs_plain"].append(ATTEMPTS / tally.wall / most)
                    samples["contended_p99_ms"].append(statistics.quantiles(tally.seconds, n=100)[98] * 1000)
                    samples["contended_worker_cpu_ms"].append((server.cpu() - before) / ATTEMPTS / 1e6)
                    samples["contended_sold"].append(float(count))
                    samples["contended_server_errors"].append(float(tally.failed()))
                    note(f"run {number}: {len(tally.seconds)} requests in {tally.wall:.2f} s, {tally.statuses}")
    return samples


if __name__ == "__main__":
    tell(f"{CLIENTS} clients, {ATTEMPTS} attempts at 100 places", measure, AIMS)
