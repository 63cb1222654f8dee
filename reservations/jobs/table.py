"""Which jobs there are. A job may run in several copies at once, and more often than asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reservations.messages.sending import send_due
from restaurant_site.caching import outbox


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again; work returns how many rows it dealt with.

    work opens its own transactions and is not called inside one. Each call
    should end within seconds, since the jobs of a copy take turns: what is left
    is done by the next. Where seconds is a minute or more, that is the pause
    between two runs of all copies together, else of each.
    """

    name: str
    work: Callable[[], int]
    seconds: float


SEND = "send messages"

JOBS: tuple[Job, ...] = (
    Job(SEND, send_due, 1),
    Job("sweep the cache's outbox", outbox.sweep, 5),
)
