"""The site's own metrics, kept by prometheus-client. docs/observing.md lists them; a test compares.

Under gunicorn each worker writes its own file in the folder that
gunicorn.conf.py makes, and whichever worker is asked sums them up. No label has
a value that anybody sent: routes are the site's, methods and outcomes are ours.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})

BOUNDS: Final = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Of the histogram of requests, in seconds."""

REQUESTS: Final = Histogram(
    "site_request_seconds",
    "Requests answered, those from the page cache included, by what the address leads to. Seconds in the worker.",
    ["method", "route", "status", "cache"],
    buckets=BOUNDS,
)
STATEMENTS: Final = Counter("site_statements", "Statements sent to the database by requests and jobs.", ["of"])
STATEMENT_SECONDS: Final = Counter("site_statement_seconds", "Seconds that they took.", ["of"])
SLOW_STATEMENTS: Final = Counter("site_slow_statements", "Statements that took longer than SLOW_QUERY_MS.")
DATABASE_FAILURES: Final = Counter(
    "site_database_failures",
    "Requests answered 503: a lock did not come (busy), a statement took too long (slow), no answer (away).",
    ["failure"],
)
DATABASE_SILENT: Final = Gauge(
    "site_database_silent", "1 where a worker finds that the database does not answer.", multiprocess_mode="livemax"
)
CACHE_EVENTS: Final = Counter(
    "site_cache_events", "What the cache did: hit, miss, stale, bypass, error, refused.", ["kind", "event"]
)
CACHE_FILLS: Final = Counter("site_cache_fills", "Entries that were made and stored.", ["kind"])
CACHE_FILL_SECONDS: Final = Counter("site_cache_fill_seconds", "Seconds that they took to make.", ["kind"])
CACHE_FILL_BYTES: Final = Counter("site_cache_fill_bytes", "Their size.", ["kind"])
REDIS_USABLE: Final = Gauge(
    "site_redis_usable",
    "0 where a worker does not use a Redis, since it failed.",
    ["alias"],
    multiprocess_mode="livemin",
)
LIMITED: Final = Counter("site_limited_requests", "Requests answered 429, by class of limits.", ["kind"])
BOOKINGS: Final = Counter(
    "site_bookings",
    "Wishes by how they ended: held, confirmed, or refused with the reason.",
    ["outcome", "reason"],
)
RETRIES: Final = Counter("site_transaction_retries", "Transactions done again after a collision or a deadlock.")
JOB_RUNS: Final = Counter(
    "site_job_runs", "Turns of jobs in this job loop: done, failed or not due.", ["job", "outcome"]
)
JOB_ROWS: Final = Counter("site_job_rows", "Rows that they dealt with.", ["job"])
JOB_SECONDS: Final = Counter("site_job_seconds", "Seconds that they took.", ["job"])
JOB_LAG: Final = Gauge(
    "site_job_lag_seconds", "How late a job's last turn began in this job loop.", ["job"], multiprocess_mode="livemax"
)
MESSAGES: Final = Counter("site_messages_sent", "Messages given to the mail server, or not.", ["outcome"])
WORKER_MEMORY: Final = Gauge(
    "site_worker_memory_bytes", "Memory of each worker that it shares with none.", multiprocess_mode="liveall"
)


class Cell:
    """Requests that went alike, counted where that costs next to nothing: in this process, for `settle` to write."""

    __slots__ = ("counts", "histogram", "line", "seconds")

    def __init__(self, histogram: Histogram, line: str) -> None:
        self.histogram = histogram
        self.line = line
        self.seconds = 0.0
        self.counts = [0] * (len(BOUNDS) + 1)


_cells: dict[tuple[str, str, int, str], Cell] = {}
_counting = threading.Lock()


def cell_of(method: str, route: str, status: int, cache: str) -> Cell:
    """Return where such requests are counted. None of the texts may be what somebody sent."""
    key = method, route, status, cache
    found = _cells.get(key)
    if found is None:
        told = {"method": method, "route": route, "status": status, "cache": cache}
        made = Cell(REQUESTS.labels(method, route, f"{status // 100}xx", cache), json.dumps(told, ensure_ascii=False))
        found = _cells.setdefault(key, made)
    return found


def answered(cell: Cell, seconds: float) -> None:
    """Count a request and how long it took."""
    place = bisect_left(BOUNDS, seconds)
    with _counting:
        cell.counts[place] += 1
        cell.seconds += seconds


def settle() -> None:
    """Write what was counted since the last time to where the server's other workers see it."""
    for cell in list(_cells.values()):
        with _counting:
            counts, seconds = cell.counts, cell.seconds
            cell.counts, cell.seconds = [0] * len(counts), 0.0
        if not any(counts):
            continue
        # As the library's `observe` does, which takes as long for one as this for all of them.
        cell.histogram._sum.inc(seconds)
        for bucket, number in zip(cell.histogram._buckets, counts, strict=True):
            if number:
                bucket.inc(number)
