"""What the database knows of the whole fleet: when jobs last ran, which messages wait, what waits in the outbox."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from django.db import Error
from django.db.models import Count, Min, Q
from django.db.models.functions import Now
from django.utils import timezone
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reservations.models import JobBeat, Message
from restaurant_site.caching.models import Invalidation

logger = logging.getLogger("restaurant_site.observing")

_FRESH: Final = 5.0
"""Seconds for which what the database said is told again."""
_FAILED_LATELY: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Known:
    """Ages in seconds by the database's clock, 0 where there is nothing that waits; jobs by their names."""

    is_up: bool
    jobs: dict[str, float] = field(default_factory=dict)
    due: int = 0
    oldest_due: float = 0.0
    failed: int = 0
    unconfirmed: int = 0
    oldest_unconfirmed: float = 0.0


def known() -> Known:
    """Ask the database, in four short statements."""
    try:
        jobs = list(JobBeat.objects.annotate(asked_at=Now()).values_list("name", "ran_at", "asked_at"))
        # By the database's clock, which wrote these; without any there is nothing whose age could be wrong.
        now = jobs[0][2] if jobs else timezone.now()
        waiting = Message.objects.filter(status=Message.Status.WAITING, due_at__lte=now)
        due = waiting.aggregate(number=Count("pk"), oldest=Min("due_at"))
        failed = Message.objects.filter(status=Message.Status.FAILED, due_at__gte=now - _FAILED_LATELY).count()
        outbox = Invalidation.objects.aggregate(
            number=Count("pk", filter=Q(confirmed_at=None)), oldest=Min("created_at", filter=Q(confirmed_at=None))
        )
    except Error as error:
        logger.warning("The metrics are without the database's: %s", error)
        return Known(is_up=False)

    def age(moment: dt.datetime | None) -> float:
        return max((now - moment).total_seconds(), 0.0) if moment else 0.0

    return Known(
        is_up=True,
        jobs={name: age(ran_at) for name, ran_at, _asked in jobs},
        due=due["number"],
        oldest_due=age(due["oldest"]),
        failed=failed,
        unconfirmed=outbox["number"],
        oldest_unconfirmed=age(outbox["oldest"]),
    )


class Fleet(Collector):
    """The same from every server that is asked: take one, not the sum. For one thread at a time."""

    def __init__(self) -> None:
        self._until = float("-inf")
        self._known = Known(is_up=False)

    def collect(self) -> Iterable[Metric]:
        """Return the metrics; without the database only that it is away."""
        if time.monotonic() > self._until:
            self._known = known()
            self._until = time.monotonic() + _FRESH
        return list(_told(self._known))


def _told(found: Known) -> Iterator[Metric]:
    yield _gauge("site_database_up", "Whether the database answered.", float(found.is_up))
    if not found.is_up:
        return
    ages = GaugeMetricFamily(
        "site_job_age_seconds", "Seconds since a job last ran to its end, in whichever job loop.", labels=["job"]
    )
    for name, age in found.jobs.items():
        ages.add_metric([name], age)
    yield ages
    yield _gauge("site_messages_due", "Messages that should have been sent.", found.due)
    yield _gauge("site_message_due_seconds", "For how long the oldest of them has been due.", found.oldest_due)
    yield _gauge("site_messages_failed", "Messages of the last seven days that were given up.", found.failed)
    yield _gauge("site_outbox_rows", "Changes of which Redis was not surely told.", found.unconfirmed)
    yield _gauge("site_outbox_seconds", "The age of the oldest of them.", found.oldest_unconfirmed)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
