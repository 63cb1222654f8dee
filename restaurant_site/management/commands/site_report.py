"""Tell at a terminal how the site is: the database, Redis, the job loop, messages and the cache's outbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reservations.jobs.beats import SHARED_SECONDS, SILENT
from reservations.jobs.table import JOBS
from restaurant_site.caching.store import state
from restaurant_site.observing.fleet import Known, known

_LATE_MESSAGE = 300
_OLD_CHANGE = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: whether all is well there, what it is, and how it stands."""

    is_well: bool
    name: str
    text: str


class Command(BaseCommand):
    """Print a line for each thing, and end with 1 where one needs somebody."""

    help = "Tell whether the database, Redis, the job loop, messages and the cache's outbox are as they should be."

    def handle(self, *args: Any, **options: Any) -> None:
        """Look once."""
        findings = list(_findings(known()))
        for finding in findings:
            self.stdout.write(f"{'ok  ' if finding.is_well else 'LOOK'} {finding.name:<28} {finding.text}")
        bad = [finding.name for finding in findings if not finding.is_well]
        if bad:
            raise CommandError(f"Needs somebody: {', '.join(bad)}. docs/operations.md says what to do.")


def _findings(found: Known) -> Iterator[Finding]:
    yield Finding(found.is_up, "database", "answers" if found.is_up else "does not answer")
    if not found.is_up:
        # Nor is Redis used without it, which says nothing of Redis.
        return
    cache = state()
    yield Finding(cache != "away", "Redis", cache)
    for job in JOBS:
        age = found.jobs.get(job.name)
        # A seldom job runs once for all copies, after its pause.
        limit = SILENT.total_seconds() + (job.seconds if job.seconds >= SHARED_SECONDS else 0)
        text = "never ran" if age is None else f"ran {age:,.0f} s ago"
        yield Finding(age is not None and age <= limit, f"job: {job.name}", text)
    due = f"{found.due:,} due, the oldest for {found.oldest_due:,.0f} s"
    yield Finding(found.oldest_due < _LATE_MESSAGE, "messages", due)
    yield Finding(not found.failed, "messages given up", f"{found.failed:,} in seven days")
    outbox = f"{found.unconfirmed:,} changes wait, the oldest for {found.oldest_unconfirmed:,.0f} s"
    yield Finding(found.oldest_unconfirmed < _OLD_CHANGE, "the cache's outbox", outbox)
