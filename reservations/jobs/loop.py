"""Running the jobs in turn until told to stop. No error of a job or of the database ends it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from django.db import close_old_connections

from reservations.faults import fault
from reservations.jobs.beats import SHARED_SECONDS, beat, is_due
from reservations.jobs.table import Job
from restaurant_site.observing import metrics
from restaurant_site.observing.current import begin
from restaurant_site.observing.ids import new_id

logger = logging.getLogger("reservations.jobs")

TICK = 1.0
"""The longest sleep between two looks at what is due, in seconds."""
_STEP = 0.1
_BEAT_SECONDS = 10
_AFTER_A_FAULT = 5


@dataclass(frozen=True, slots=True)
class Ran:
    """How a job's turn went: the rows it dealt with, or what failed, or neither where another copy had just run it."""

    name: str
    done: int | None = None
    failed: str = ""


@dataclass(slots=True)
class _Clock:
    """When a job of this process runs next and when it last wrote its beat, in monotonic seconds."""

    due: float = 0
    beaten: float = field(default=-_BEAT_SECONDS)


def run_once(jobs: Sequence[Job]) -> Iterator[Ran]:
    """Run each job that is due, one after the other, and yield how it went."""
    for job in jobs:
        yield _run(job, _Clock())


def run(jobs: Sequence[Job], stopped: Callable[[], bool]) -> None:
    """Run the jobs whenever they are due until stopped says so, which is asked between two jobs."""
    clocks = {job.name: _Clock() for job in jobs}
    while not stopped():
        for job in jobs:
            clock = clocks[job.name]
            started = time.monotonic()
            if stopped() or started < clock.due:
                continue
            if clock.due:
                metrics.JOB_LAG.labels(job.name).set(started - clock.due)
            ran = _run(job, clock)
            pause = min(job.seconds, SHARED_SECONDS)
            clock.due = started + (max(pause, _AFTER_A_FAULT) if ran.failed else pause)
        _sleep(min(clock.due for clock in clocks.values()), stopped)


def _run(job: Job, clock: _Clock) -> Ran:
    """Give a job its turn, whose id all its log lines carry."""
    work = begin(new_id(), f"job {job.name}")
    began = time.monotonic()
    ran = _turn(job, clock)
    outcome = "failed" if ran.failed else "not due" if ran.done is None else "done"
    metrics.JOB_RUNS.labels(job.name, outcome).inc()
    metrics.JOB_ROWS.labels(job.name).inc(ran.done or 0)
    metrics.JOB_SECONDS.labels(job.name).inc(time.monotonic() - began)
    metrics.STATEMENTS.labels("jobs").inc(work.statements)
    metrics.STATEMENT_SECONDS.labels("jobs").inc(work.seconds)
    return ran


def _turn(job: Job, clock: _Clock) -> Ran:
    try:
        # A connection that broke, such as by a restart of the database, is replaced here.
        close_old_connections()
        if not is_due(job):
            return Ran(job.name)
        done = job.work()
        if time.monotonic() - clock.beaten >= _BEAT_SECONDS:
            beat(job.name, str(done) if done else "")
            clock.beaten = time.monotonic()
    except Exception as error:
        # Neither its text nor a traceback, which quote rows.
        logger.error("The job %r failed: %s", job.name, fault(error))
        return Ran(job.name, failed=fault(error))
    return Ran(job.name, done)


def _sleep(due: float, stopped: Callable[[], bool]) -> None:
    """Sleep until a moment, a tick at most, in steps: a signal handler can only set a flag safely."""
    until = min(due, time.monotonic() + TICK)
    while not stopped() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, _STEP))
