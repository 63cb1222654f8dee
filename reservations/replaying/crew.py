"""The processes that replay a log: each takes every nth line, and all start at the same moment.

Another process imports this before Django is set up, so what needs Django is imported when it is used.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from reservations.replaying.lines import Line, Outcome, Replayed

_LONGEST_WAIT = 60.0
"""Seconds of one wait for the next line: a slow pace asks for more than a system call takes."""


class CrewError(Exception):
    """A process ended before it was through; what it booked stays."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a log is replayed: moved by so many days, at so many times its own pace (None: without waiting)."""

    shift_days: int
    pace: float | None
    run: str


def replay(lines: Sequence[Line], plan: Plan, processes: int) -> Replayed:
    """Replay lines, which are in order, in so many processes, each with a database connection of its own."""
    first = lines[0].reserved_at.timestamp() if lines else 0.0
    if processes == 1:
        began = time.monotonic()
        outcomes, retries = _work(lines, plan, first, _slept)
        return Replayed(outcomes, retries, time.monotonic() - began)
    # Spawned, not forked: a connection to the database can't be shared.
    context = multiprocessing.get_context("spawn")
    crew = []
    for number in range(processes):
        ours, theirs = context.Pipe()
        process = context.Process(target=_member, args=(theirs, lines[number::processes], plan, first))
        process.start()
        theirs.close()
        crew.append((process, ours))
    try:
        for _process, ours in crew:
            _receive(ours)
        began = time.monotonic()
        for _process, ours in crew:
            ours.send("go")
        parts = [_receive(ours) for _process, ours in crew]
        seconds = time.monotonic() - began
    except BaseException:
        for process, _ours in crew:
            process.terminate()
        raise
    finally:
        for process, ours in crew:
            ours.close()
            process.join()
    outcomes = sorted((outcome for part, _retries in parts for outcome in part), key=lambda outcome: outcome.number)
    return Replayed(outcomes, sum(retries for _part, retries in parts), seconds)


def _receive(ours: Connection) -> tuple[list[Outcome], int]:
    try:
        found: tuple[list[Outcome], int] = ours.recv()
    except EOFError as error:
        raise CrewError("A process ended before it was through. What it had booked stays.") from error
    return found


def _member(theirs: Connection, lines: Sequence[Line], plan: Plan, first: float) -> None:
    """Do a process's part: get ready, wait for the others, work, and send what became of each line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "restaurant_site.settings")
    # Whoever stopped the replay has told the first process, which ends this one.
    with suppress(KeyboardInterrupt, EOFError, BrokenPipeError):
        import django

        django.setup()
        from django.db import connection

        connection.ensure_connection()
        theirs.send(([], 0))
        theirs.recv()
        # Nothing more is said until all are through: what can be read then is that the first process is gone.
        theirs.send(_work(lines, plan, first, theirs.poll))


def _slept(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _work(lines: Sequence[Line], plan: Plan, first: float, gone: Callable[[float], bool]) -> tuple[list[Outcome], int]:
    """Attempt the lines one after the other, none before its moment; return them and how many collisions there were.

    gone waits for so many seconds, or until the first process is gone, which it
    returns: whoever killed that one has stopped the replay, and no line is begun.
    """
    from reservations.engine import locks
    from reservations.replaying.attempt import attempt

    before = getattr(locks, "retries", 0)
    began = time.monotonic()
    outcomes = []
    for line in lines:
        due = began + (line.reserved_at.timestamp() - first) / plan.pace if plan.pace is not None else began
        while not (ended := gone(min(max(0.0, due - time.monotonic()), _LONGEST_WAIT))) and time.monotonic() < due:
            pass
        if ended:
            break
        outcomes.append(attempt(line, plan.shift_days, plan.run))
    return outcomes, int(getattr(locks, "retries", 0) - before)
