"""When each job last ran, for staff and for the other copies of the loop. The clock is the database's."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from reservations.jobs.table import SEND, Job
from reservations.models import JobBeat, Message

SILENT = dt.timedelta(minutes=2)
"""If messages have not been looked after for so long, the loop is not running."""

SHARED_SECONDS = 60
"""A job that runs this seldom or less runs once for all copies together."""

_FAILED_LATELY = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class State:
    """Whether the loop runs, and when it last sent messages."""

    is_silent: bool
    last_run: dt.datetime | None


def beat(name: str, note: str = "") -> None:
    """Write that a job has just run to its end."""
    row = JobBeat.objects.filter(name=name)
    if not row.update(ran_at=Now(), note=note):
        with contextlib.suppress(IntegrityError), transaction.atomic():
            JobBeat.objects.create(name=name, ran_at=timezone.now())
        row.update(ran_at=Now(), note=note)


def is_due(job: Job) -> bool:
    """Return whether no copy has run a seldom job within its pause; a frequent one is each copy's own matter."""
    if job.seconds < SHARED_SECONDS:
        return True
    return not JobBeat.objects.filter(name=job.name, ran_at__gt=Now() - dt.timedelta(seconds=job.seconds)).exists()


def state() -> State:
    """Return what staff should know about the loop, in two statements."""
    beats = JobBeat.objects.filter(name=SEND)
    return State(
        is_silent=not beats.filter(ran_at__gte=Now() - SILENT).exists(),
        last_run=beats.values_list("ran_at", flat=True).first(),
    )


def failed_lately() -> QuerySet[Message]:
    """Return the messages of the last seven days that were given up, of all restaurants; not read yet."""
    return Message.objects.filter(status=Message.Status.FAILED, due_at__gte=Now() - _FAILED_LATELY)
