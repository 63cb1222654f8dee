"""Write rules of closing: days, a service, and the night."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from django.utils import timezone

from reservations.engine import floor
from reservations.engine.booking import cancel_locked
from reservations.engine.errors import Reason, Refused
from reservations.engine.locks import (
    Locked,
    expire_proposals,
    forget_addresses,
    lapse_offers,
    lock_for_closing,
    retried,
    state_of,
)
from reservations.engine.offers import serve_waitlist
from reservations.engine.placing import give_back
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.models import Closure, Reservation, Restaurant, Service
from reservations.queries.floor import hit_by_closing, unresolved

__all__ = ["Choice", "close", "close_night", "give_back_holds"]

Choice = Literal["keep", "cancel"]
"""What to do with a reservation that a closing hits: let it stand, or cancel it and tell the guest."""

Outcome = Literal["finished", "no_show"]

Status = Reservation.Status

_FURTHEST = dt.timedelta(days=731)
"""Staff book beyond the booking window; the days so far ahead are locked, since what is in flight there is hit too."""


def close(
    *,
    restaurant: Restaurant,
    first: dt.date,
    last: dt.date,
    choices: Mapping[int, Choice],
    by: By,
    service: Service | None = None,
    reason: str = "",
) -> Closure:
    """Close the dates from first to last, or one service on them, with something said about each reservation hit.

    All in one transaction, under the locks of all the days. Raises `Refused`
    (UNDECIDED) where a reservation is hit for which choices says nothing, by its
    number; nothing has happened then. Holds are given back, offers and
    proposals with them: whoever is typing their details is told that the day is
    closed. What a closed service frees is offered in the others.
    The same asked for once more, by a double click or by two, is one closure: whoever
    deletes it has opened the days again.
    """
    today = timezone.now().astimezone(restaurant.zone).date()
    earliest = max(first, today - dt.timedelta(days=1))
    latest = min(last, today + _FURTHEST)

    def work() -> Closure:
        lock_for_closing(restaurant.pk, earliest, latest)
        hit = list(hit_by_closing(restaurant.pk, earliest, last, service.pk if service else None))
        standing = [row for row in hit if row.status != Status.HELD]
        if any(row.pk not in choices for row in standing):
            raise Refused(Reason.UNDECIDED)
        days: dict[dt.date, Locked] = {}
        for row in hit:
            day = days.get(row.service_date) or _state(restaurant.pk, row.service_date)
            days[row.service_date] = _end(row, restaurant, day, by, choices)
        asked = {"restaurant": restaurant, "starts_on": first, "ends_on": last, "service": service, "reason": reason}
        closure = Closure.objects.filter(**asked).first()
        if closure is None:
            closure = Closure.objects.create(**asked)
            changes = {"starts_on": [None, first.isoformat()], "ends_on": [None, last.isoformat()]}
            trail.note(restaurant.pk, [Event("closed", "closure", closure.pk, None, changes)], by, timezone.now())
        for date, day in days.items():
            serve_waitlist(restaurant.pk, date, day.now, day.head)
        return closure

    return retried(work)


def _state(restaurant_id: int, date: dt.date) -> Locked:
    # Staff may have booked beyond the booking window.
    lock_for_closing(restaurant_id, date, date)
    return state_of(restaurant_id, date)


def _end(row: Reservation, restaurant: Restaurant, day: Locked, by: By, choices: Mapping[int, Choice]) -> Locked:
    """Do with one reservation what was chosen, and return its day with the chain's new head."""
    if row.status == Status.HELD:
        return _give_back(row, day, by)
    if choices[row.pk] == "cancel" and row.status == Status.CONFIRMED:
        head = cancel_locked(row, restaurant, day, by)
        return replace(day, head=head) if head else day
    return day


def give_back_holds(*, restaurant: Restaurant, date: dt.date, by: By) -> None:
    """Give back the holds of a date as `close` does, inside the transaction that has locked and closed it."""
    day = _state(restaurant.pk, date)
    for row in hit_by_closing(restaurant.pk, date, date).filter(status=Status.HELD):
        day = _give_back(row, day, by)


def _give_back(row: Reservation, day: Locked, by: By) -> Locked:
    if not give_back(row.pk):
        return day
    if row.asked:
        forget_addresses([row.pk])
    events = [Event("released", "reservation", row.pk, row.guest_id)]
    lapse_offers([row.pk], {day.date: events})
    expire_proposals([row.pk], {day.date: events}, day.now)
    return replace(day, head=trail.append(row.restaurant_id, day.date, events, by, day.now, day.head))


def close_night(
    *, restaurant: Restaurant, date: dt.date, outcomes: Mapping[int, Outcome], by: By
) -> list[tuple[Reservation, Reason]]:
    """Settle what a service date left open: each party by its number finished, or not come; return what was refused.

    A party without an outcome stays as it is. Each is a transaction of its own,
    so that one that somebody else has settled meanwhile keeps none of the others.
    """
    refused = []
    for row in unresolved(restaurant.pk, date, timezone.now()):
        outcome = outcomes.get(row.pk)
        try:
            if outcome == "finished":
                floor.finish(reservation=row, by=by)
            elif outcome == "no_show":
                floor.mark_no_show(reservation=row, by=by)
        except Refused as refusal:
            refused.append((row, refusal.reason))
    return refused
