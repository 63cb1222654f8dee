"""How a wish becomes a reservation: lock the day, serve its queue, read it fresh, decide, write."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from reservations.engine import selling
from reservations.engine.availability import Ask, DayPlan, candidates, pick
from reservations.engine.deciding import Decision, Wish, decide, end_of, insert_claimed, lock_also, lock_neighbours
from reservations.engine.errors import NotAnswered, Reason, Refused
from reservations.engine.inserts import insert_many
from reservations.engine.locks import Locked, forgotten, lock_days, make_day, retried, state_of
from reservations.engine.offers import Ahead
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.models import Refusal, Reservation, TableClaim
from reservations.models.venue import MAX_PARTY
from reservations.queries.day import Fresh, day_plan, fresh_from, fresh_questions, window, windowing
from reservations.queries.early import with_early
from reservations.queries.house import apart, completed
from reservations.queries.prepared import Param, Prepared, last_trip, one_trip, together
from restaurant_site.observing import metrics

Fields = Callable[[Fresh, Decision], dict[str, Any]]
"""What a rule adds to the row of a granted wish, from what was read under the lock and the decision."""

Then = Callable[[Reservation, Fresh], None]
"""What a rule writes besides, in the same transaction."""


Early = Callable[[], DayPlan | None]
"""A look without the lock, good for a no alone: raises `Refused`, or returns the plan that it went by, if any.

Of that plan nothing is taken but until when the party would stay, and it is compared under the lock.
"""


def place(
    wish: Wish,
    ask: Ask,
    fields: Fields,
    *,
    key: str,
    by: By,
    browser: str = "",
    then: Then | None = None,
    early: Early | None = None,
    most_holds: int | None = None,
    recorded: bool = True,
) -> Reservation:
    """Lock the day, read it fresh, decide and write; the first answer to the same key is given again.

    Who waits for the day comes first: what is free goes to them before the wish
    is decided. early looks first, without the lock; by default `look`.
    A browser that holds most_holds tables which it would not give back for this
    one is refused (TOO_MANY_HOLDS); two wishes at the same moment may both get the last place.
    A refusal is kept unless recorded is False: where nobody was turned away by it.
    """
    days = {wish.date}
    queue = Ahead()
    is_new = False

    def work(guess: DayPlan | None) -> Reservation:
        nonlocal is_new, queue
        queue = Ahead()
        # Until when the party would stay, by what is known without the lock.
        until = end_of(guess, wish) if guess else wish.start
        parties, claimed, by_key, holds, *rules = lock_days(
            wish.restaurant_id,
            days,
            *windowing(wish.restaurant_id, wish.date, wish.start, until, locked=True),
            _BY_KEY.asked(restaurant=wish.restaurant_id, key=key),
            _HELD_BY.asked(restaurant=wish.restaurant_id, browser=browser or _NOBODY),
            *fresh_questions(wish.restaurant_id, wish.date),
        )
        is_new = not by_key
        if by_key:
            return Reservation.objects.get(pk=by_key[0][0])
        # Two wishes of one browser for one day are served one after the other, by the lock of the day; two for
        # different days may both end up held, until one of them lapses.
        held = [_Held(*row) for row in holds]
        # What the guest has told all of is a booking to them, whatever else they try: it stays, and counts.
        tried = [row for row in held if row.restaurant_id == wish.restaurant_id and not row.asked]
        if most_holds is not None and len(held) - len(tried) >= most_holds:
            raise Refused(Reason.TOO_MANY_HOLDS)
        # What was held on another date goes to who waits there, under that day's lock.
        lock_also({row.service_date for row in tried}, days)
        given_back = [(row.pk, row.service_date) for row in tried if give_back(row.pk)]
        # Whoever held the lock may have closed the day, or taken a table out of use meanwhile.
        fresh = fresh_from(wish.date, rules)
        gone = _released(given_back)
        for date in sorted(days - {wish.date}):
            told = trail.append(wish.restaurant_id, date, gone[date], by, fresh.now) if date in gone else None
            queue.serve(wish.restaurant_id, date, fresh.now, told)
        head = fresh.head
        if fresh.is_waited_for:
            head = queue.serve(wish.restaurant_id, wish.date, fresh.now, head)
        end = end_of(fresh.plan, wish)
        # Still as it was with the lock, unless something was given back or offered since, or the stay is another.
        seen = None if given_back or queue.has_offered or len(days) > 1 or end != until else [parties, claimed]
        view = window(wish.restaurant_id, wish.date, wish.start, end, locked=True, answers=seen)
        if not ask.online:
            # Staff book for who comes at once. Diners are shown the times without it, and book by them.
            view = with_early(view, wish.restaurant_id, wish.start, end, fresh.now)
        lock_neighbours(view, days)
        decision = decide(fresh.plan, wish, ask, view, fresh.now)
        values = fields(fresh, decision)
        with one_trip() if then else last_trip():
            reservation = insert_claimed(wish, decision, values, fresh.number)
            events = [*gone.get(wish.date, ()), placed(reservation)]
            trail.append(wish.restaurant_id, wish.date, events, by, fresh.now, head)
        if then:
            then(reservation, fresh)
        return reservation

    try:
        plan = early() if early else look(wish, ask, browser)
        if plan is not None and not plan.has_row:
            make_day(wish.restaurant_id, wish.date)
        # Collided as often as is tried: somebody else is taking these tables.
        reservation = retried(partial(work, plan), exhausted=Reason.TABLES_TAKEN)
    except Refused as refusal:
        selling.refused((wish.restaurant_id, wish.date))
        if not isinstance(refusal, NotAnswered) and (first := _by_key(wish.restaurant_id, key)):
            return first
        queue.serve_again()
        # Nothing of this house turned them away.
        if recorded and refusal.reason != Reason.TOO_MANY_HOLDS:
            record(wish, ask.online, refusal.reason)
        metrics.BOOKINGS.labels("refused", refusal.reason.value).inc()
        raise
    if is_new:
        selling.sold((wish.restaurant_id, wish.date))
        metrics.BOOKINGS.labels(str(reservation.status), "").inc()
    return reservation


class _Held(NamedTuple):
    """A hold of the browser that wishes: one that it would give back here, or a live one."""

    pk: int
    service_date: dt.date
    restaurant_id: int
    asked: str


def look(wish: Wish, ask: Ask, browser: str = "", known: DayPlan | None = None) -> DayPlan:
    """Refuse without the lock: most attempts on a full evening end here without standing in its queue.

    Good for a no alone. What this browser holds counts as free, since it is
    given back for the new wish. Returns the plan that it went by: known, which is
    without seatings and brakes, or the one that it read.
    """
    plan = known or day_plan(wish.restaurant_id, wish.date, seatings=False)
    around = (wish.restaurant_id, wish.date, wish.start, end_of(plan, wish))
    more = [apart(wish.restaurant_id, wish.date)] if known else []
    parties, claimed, *rest = together(*windowing(*around, locked=False, except_browser=browser), *more)
    plan = completed(plan, rest[0]) if rest else plan
    view = window(*around, locked=False, except_browser=browser, answers=[parties, claimed])
    decide(plan, wish, ask, view, timezone.now())
    return plan


def is_new_here(wish: Wish, browser: str, key: str) -> bool:
    """Return whether a browser has nothing that it would give back for a wish, and had no answer to its button's key.

    Asked after a read of the day it is true of that state: whoever was answered before is found.
    """
    bound = bound_key(browser, key, wish)
    held, answered = together(
        _HELD_BY.asked(restaurant=wish.restaurant_id, browser=browser),
        _BY_KEY.asked(restaurant=wish.restaurant_id, key=bound),
    )
    return not answered and all(_Held(*row).restaurant_id != wish.restaurant_id for row in held)


def placed(reservation: Reservation) -> Event:
    """Return the event of a new reservation: what it is, and who took it above pacing."""
    changes = {
        "starts_at": [None, reservation.starts_at.isoformat()],
        "party_size": [None, reservation.party_size],
        "table_ids": [None, list(reservation.table_ids)],
        "source": [None, str(reservation.source)],
    }
    if reservation.pacing_exceeded_by_id:
        changes["pacing_exceeded_by"] = [None, reservation.pacing_exceeded_by_id]
    if reservation.passed_over:
        changes["passed_over"] = [None, reservation.passed_over]
    return Event(str(reservation.status), "reservation", reservation.pk, reservation.guest_id, changes)


def bound_key(browser: str, key: str, wish: Wish) -> str:
    """Return the key as stored: of this browser and this wish alone, so that nobody else's key finds the hold.

    The wish is part of it, because one page of times carries one key for all
    its buttons.
    """
    parts: tuple[object, ...] = (
        browser,
        key,
        wish.date,
        wish.start.isoformat(),
        wish.party,
        wish.area_id,
        wish.step_free,
    )
    # As it was for wishes that name no tables: keys outlive a release.
    parts += (wish.table_ids,) if wish.table_ids else ()
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def give_back(pk: int) -> bool:
    """Release a hold and free its tables, inside a transaction; return whether it still was a hold."""
    changed = Reservation.objects.filter(pk=pk, status=Reservation.Status.HELD).update(
        status=Reservation.Status.RELEASED, **forgotten()
    )
    if changed:
        TableClaim.objects.filter(reservation_id=pk).delete()
    return bool(changed)


def _released(holds: list[tuple[int, dt.date]]) -> dict[dt.date, list[Event]]:
    events: dict[dt.date, list[Event]] = {}
    for pk, date in holds:
        events.setdefault(date, []).append(Event("released", "reservation", pk))
    return events


def step_free_tables(reservation: Reservation, days: set[dt.date], queue: Ahead) -> tuple[Locked, tuple[int, ...]]:
    """Return a reservation's day, locked here, and step-free tables for its own time; raises `Refused`.

    Who waits is served before, so that they are not taken from the first in the queue.
    """
    lock_days(reservation.restaurant_id, days)
    day = state_of(reservation.restaurant_id, reservation.service_date)
    queue.serve_others(reservation.restaurant_id, days - {day.date}, day.now)
    head = queue.serve(reservation.restaurant_id, day.date, day.now, day.head)
    plan = day_plan(reservation.restaurant_id, reservation.service_date, seatings=False)
    view = window(
        reservation.restaurant_id,
        reservation.service_date,
        reservation.starts_at,
        reservation.ends_at,
        locked=True,
        except_reservation=reservation.pk,
    )
    lock_neighbours(view, days)
    ask = Ask(party=reservation.party_size, area_id=reservation.area_id, step_free=True)
    tables = pick(candidates(plan, ask), view.taken)
    if tables is None:
        raise Refused(Reason.NO_STEP_FREE_TABLE)
    return replace(day, head=head), tables


def record(wish: Wish, online: bool, reason: Reason) -> None:
    """Keep that a wish was refused, and why; nothing of who wished."""
    refusal = Refusal(
        restaurant_id=wish.restaurant_id,
        service_date=wish.date,
        starts_at=wish.start,
        # A forged form's number may be none that the column takes.
        party_size=min(max(wish.party, 0), MAX_PARTY),
        reason=reason,
        source=Reservation.Source.ONLINE if online else Reservation.Source.STAFF,
    )
    with one_trip():
        insert_many([refusal])


def _by_key(restaurant_id: int, key: str) -> Reservation | None:
    """Return the answer that was given to the key, unless it was a hold that has lapsed since."""
    found = _BY_KEY.rows(restaurant=restaurant_id, key=key)
    return Reservation.objects.get(pk=found[0][0]) if found else None


_NOBODY = "-"
"""No browser's hash."""

_RESTAURANT = Param("restaurant", models.BigIntegerField())
# What a browser would give back here, also where it has lapsed and nobody has noticed; of all else the live ones.
_HELD_BY = Prepared(
    lambda: (
        Reservation.objects.filter(
            Q(restaurant_id=_RESTAURANT, asked="") | Q(held_until__gt=Now()),
            browser=Param("browser", models.CharField()),
            status=Reservation.Status.HELD,
        )
        .order_by("pk")
        .values_list("pk", "service_date", "restaurant_id", "asked")
    )
)
_BY_KEY = Prepared(
    lambda: (
        Reservation.objects.filter(restaurant_id=_RESTAURANT, idempotency_key=Param("key", models.CharField()))
        .exclude(status=Reservation.Status.HELD, held_until__lte=Now())
        .order_by()
        .values_list("pk")
    )
)
