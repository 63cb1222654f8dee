"""All checks, run one after the other over one state of the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from reservations.auditing import claims, covers, events, orphans, overlaps
from reservations.auditing.scope import Finding, Scope
from reservations.models import Restaurant
from restaurant_site.database import dialect

CHECKS: dict[str, tuple[str, Callable[[Scope, Finding], None]]] = {
    "claimed-twice": ("no table is claimed twice for a slot", claims.claimed_twice),
    "overlaps": ("no two live reservations or blocks have one table at one time", overlaps.overlapping),
    "claims": ("what is live claims its tables, and what is not has none", claims.matched),
    "owners": ("every claim has one owner, which is live", claims.owned),
    "pacing": ("covers are within pacing, unless it was exceeded knowingly", covers.within_pacing),
    "chains": ("the history's chains are whole", events.chained),
    "events": ("the last event of a reservation says its status", events.told),
    "offers": ("what is offered to the waitlist is held", orphans.offered),
    "proposals": ("what is proposed to a request is held", orphans.proposed),
    "messages": ("every message is about something", orphans.subjects),
    "lapsed": ("no hold lapsed more than an hour ago", orphans.lapsed),
    "guests": ("no guest is merged into themselves", orphans.merged),
    "restaurants": ("every row is of the restaurant of what it refers to", orphans.at_home),
}
"""Each check by its name, with what it proves."""


def audit(
    *,
    restaurants: tuple[int, ...] | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
    now: dt.datetime | None = None,
) -> Iterator[Finding]:
    """Yield what each check found, as soon as it is through, of one state of the database.

    now is aware, and the database's time if left out. The site may go on
    meanwhile: nothing is locked, nothing is written.
    """
    with _one_state():
        scope = Scope(now or database_now(), restaurants, first, last)
        for name, (text, check) in CHECKS.items():
            finding = Finding(name, text)
            check(scope, finding)
            yield finding


def database_now() -> dt.datetime:
    """Return the database's time, aware; this machine's where no restaurant is there to ask it by."""
    found = Restaurant.objects.order_by().annotate(asked_at=Now()).values_list("asked_at", flat=True).first()
    return found or timezone.now()


@contextmanager
def _one_state() -> Iterator[None]:
    """Let all statements see one state of the database, where that can be had.

    Elsewhere a booking between two statements may look like a violation, which is gone the next time.
    """
    if not dialect.has_one_state(connection.alias) or connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        dialect.keep_one_state(connection.alias)
        yield
