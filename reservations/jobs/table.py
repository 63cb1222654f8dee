"""Which jobs there are. A job may run in several copies at once, and more often than asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reservations.engine import due, guests, sheets
from reservations.history import chaining
from reservations.importing.bookings.running import forget_rows
from reservations.messages.sending import send_due
from restaurant_site.accounts.attempts import forget_attempts
from restaurant_site.accounts.mailing import send_password_mails
from restaurant_site.caching import outbox
from restaurant_site.photos import unused


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
    Job("expire holds and offers", due.expire_holds, 2),
    Job("serve waitlists", due.serve_waitlists, 10),
    Job("end waiting", due.end_waiting, 30),
    Job("expire requests", due.expire_requests, 30),
    Job("flag late parties", due.flag_late, 15),
    Job("mail day sheets", sheets.mail_sheets, 30),
    Job("keep tables that are sat at", due.keep_tables, 30),
    Job("chain other events", chaining.chain_others, 5),
    Job("copy the history", chaining.copy_events, 5),
    Job("forget guests", guests.forget_old, 600),
    Job("forget rows of imports", forget_rows, 3600),
    Job("mail links for passwords", send_password_mails, 2),
    Job("forget sign-ins", forget_attempts, 3600),
    Job("delete unused photos", unused.sweep_some, 60),
)
