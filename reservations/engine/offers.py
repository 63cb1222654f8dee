"""The queue of a day is served: the first party that fits what is free gets an offer, which is a held table.

Whoever takes capacity serves the queue first, whoever frees some serves it
last, both under the day's lock: so nobody jumps it. The job loop does it once
more, for what no booking has freed.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Self, TypeVar

from django.db import Error

from reservations.engine.availability import Ask, DayPlan, Seating, times
from reservations.engine.deciding import Decision, Wish, decide, insert_claimed
from reservations.engine.errors import Refused
from reservations.engine.locks import Again, lock_days, retried, state_of
from reservations.history import trail
from reservations.history.trail import JOB, Event, Head
from reservations.messages.outgoing import Kind, message, send_later
from reservations.models import Message, Reservation, WaitlistEntry
from reservations.queries.day import day_plan, waiting, window

logger = logging.getLogger("reservations.waitlist")

H = TypeVar("H", bound=Head | None)


class Ahead:
    """The queue of a day, served ahead of a rule that takes capacity; around the rule's transaction.

    A refusal takes the offers back, and who was refused for their sake would
    find the table free and be refused again: so the queue is served once more.
    """

    def __init__(self) -> None:
        self._days: set[tuple[int, dt.date]] = set()

    def __enter__(self) -> Self:
        """Begin with nothing served."""
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Serve once more what the rule has served and lost."""
        if isinstance(error, Refused):
            self.serve_again()

    @property
    def has_offered(self) -> bool:
        """Whether somebody got an offer."""
        return bool(self._days)

    def serve(self, restaurant_id: int, date: dt.date, now: dt.datetime, head: H) -> Head | H:
        """Serve the queue of a locked day as `serve_waitlist` does; return the chain's head, new or not."""
        served = serve_waitlist(restaurant_id, date, now, head)
        # By the last attempt.
        note = self._days.discard if served is None else self._days.add
        note((restaurant_id, date))
        return served or head

    def serve_again(self) -> None:
        """Serve what was served, each day in a transaction of its own: a refusal has taken it back."""
        for day in sorted(self._days):
            serve_day(*day)

    def serve_others(self, restaurant_id: int, dates: Iterable[dt.date], now: dt.datetime) -> None:
        """Serve the queues of other locked days, too: what their lapsed holds had may be what the rule takes."""
        for date in sorted(dates):
            self.serve(restaurant_id, date, now, None)


def serve_day(restaurant_id: int, date: dt.date) -> None:
    """Serve the queue of a day in a transaction of its own. What fails here is the job loop's."""

    def work() -> None:
        lock_days(restaurant_id, {date})
        day = state_of(restaurant_id, date)
        serve_waitlist(restaurant_id, date, day.now, day.head)

    try:
        retried(work)
    except (Again, Error):
        logger.exception("A queue could not be served and is by the job loop: restaurant %s, %s", restaurant_id, date)


def serve_waitlist(restaurant_id: int, date: dt.date, now: dt.datetime, head: Head | None = None) -> Head | None:
    """Offer what is free on a locked service day to those who wait for it, in their order; return the chain's new head.

    An offer keeps to the rules of online booking, pacing and lead time with
    them: what comes free inside the lead time is the host's. None where nothing
    was offered. now is the database's.
    """
    entries = list(waiting(date).filter(restaurant_id=restaurant_id))
    if not entries:
        return None
    plan = day_plan(restaurant_id, date, locked=True)
    events: list[Event] = []
    messages: list[Message] = []
    for entry in entries:
        offer = _offer(plan, entry, now)
        if offer is None:
            continue
        changed = WaitlistEntry.objects.filter(pk=entry.pk, status=WaitlistEntry.Status.WAITING).update(
            status=WaitlistEntry.Status.OFFERED, offer=offer
        )
        if not changed:
            # Somebody took the entry away past the day's lock: what was held for it goes back.
            raise Again
        plan = replace(plan, seatings=(*plan.seatings, _seating(offer)))
        events += [
            Event("held", "reservation", offer.pk, entry.guest_id),
            Event("offered", "entry", entry.pk, entry.guest_id, {"reservation": offer.pk}),
        ]
        messages += message(Kind.OFFER, entry, now)
    if not events:
        return None
    send_later(messages)
    return trail.append(restaurant_id, date, events, JOB, now, head)


def _offer(plan: DayPlan, entry: WaitlistEntry, now: dt.datetime) -> Reservation | None:
    """Hold the first time of the entry's window that the rules grant, or return None."""
    ask = Ask(party=entry.party_size, area_id=entry.area_id, step_free=entry.needs_step_free)
    for time in times(plan, ask, now):
        if not time.bookable or not entry.earliest <= time.start_utc <= entry.latest:
            continue
        wish = Wish(
            restaurant_id=entry.restaurant_id,
            date=plan.date,
            start=time.start_utc,
            party=entry.party_size,
            area_id=entry.area_id,
            step_free=entry.needs_step_free,
        )
        end = wish.start + dt.timedelta(minutes=time.minutes)
        # The claims have the last word; the plan goes by reservations.
        view = window(entry.restaurant_id, plan.date, wish.start, end, locked=True)
        if view.neighbours:
            continue
        try:
            decision = decide(plan, wish, ask, view, now)
        except Refused:
            continue
        return _hold(plan, entry, wish, decision, now)
    return None


def _hold(plan: DayPlan, entry: WaitlistEntry, wish: Wish, decision: Decision, now: dt.datetime) -> Reservation:
    fields = {
        "status": Reservation.Status.HELD,
        "source": Reservation.Source.WAITLIST,
        "held_until": min(now + dt.timedelta(minutes=plan.offer_minutes), wish.start),
        "idempotency_key": secrets.token_hex(32),
        "needs_step_free": entry.needs_step_free,
        "language": entry.language,
        "guest_id": entry.guest_id,
        "name": entry.name,
        "email": entry.email,
        "phone": entry.phone,
        "note": entry.note,
    }
    return insert_claimed(wish, decision, fields)


def _seating(held: Reservation) -> Seating:
    return Seating(
        start=held.starts_at,
        end=held.ends_at,
        service_date=held.service_date,
        party=held.party_size,
        online=True,
        table_ids=tuple(held.table_ids),
    )
