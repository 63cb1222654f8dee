"""Write rule of confirming: a hold becomes a reservation, unless something is asked of the guest first.

It opens the outermost transaction itself and must not be called inside one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import Error, models
from django.db.models.functions import Now

from reservations.engine.availability import CLOCKS_APART
from reservations.engine.deciding import claim
from reservations.engine.errors import Reason, Refused
from reservations.engine.known import Details, asked_guest, found_guest, guest_from
from reservations.engine.locks import Locked, retried, take_day_and_ask
from reservations.engine.offers import Ahead, serve_waitlist
from reservations.engine.placing import step_free_tables
from reservations.history import trail
from reservations.history.trail import GUEST, By, Event
from reservations.messages.outgoing import of_booking, send_later
from reservations.models import Message, Reservation, Table, TableClaim
from reservations.queries.prepared import Param, PreparedUpdate, last_trip, one_trip, together
from restaurant_site.caching import outbox
from restaurant_site.observing import metrics

__all__ = ["Asking", "Condition", "confirm", "take_hold"]

Status = Reservation.Status


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of a guest before the hold is confirmed, until when (UTC) it is held for that, and what is sent."""

    asked: Reservation.Asked
    until: dt.datetime
    messages: tuple[Message, ...] = ()


Asking = Callable[[Locked, int | None], Condition | None]
"""Says under the day's lock what is asked of a guest first, known by number or not yet; may refuse."""


def confirm(*, reservation: Reservation, details: Details, by: By = GUEST, asking: Asking | None = None) -> Reservation:
    """Turn a live hold into a reservation by one compare-and-set; confirming again gives the same answer.

    The claims stay. Where step-free access is needed and the held tables don't
    give it, others are claimed in the same transaction: what is free goes to
    who waits before, and what the hold had after. Where asking has something to
    ask, the hold stays one, with the details, for as long as that says. The
    language that the object has is kept: that of the page which confirms.
    Raises `Refused` (HOLD_LAPSED, NO_STEP_FREE_TABLE); the hold is then as it was.
    """
    moving = (
        details.needs_step_free
        and reservation.status == Status.HELD
        and Table.objects.filter(pk__in=reservation.table_ids, is_step_free=False).exists()
    )
    days = {reservation.service_date}

    def at_once() -> bool:
        return _confirm_at_once(reservation, details, by)

    def work() -> bool:
        restaurant_id, date = reservation.restaurant_id, reservation.service_date
        questions = asked_guest(restaurant_id, details)
        tables = None
        if not moving:
            day, rows = take_day_and_ask(restaurant_id, date, *questions)
        else:
            day, tables = step_free_tables(reservation, days, queue)
            rows = together(*questions)
        values = _told(reservation, details) | ({"table_ids": list(tables)} if tables else {})
        condition = asking(day, found_guest(rows[0], details) if questions else None) if asking else None
        if condition is None:
            with one_trip():
                guest = _guest(rows[0], reservation, details, day, by) if questions else None
                _confirm(reservation, day, by, values | {"guest_id": guest})
        else:
            _keep(reservation, day, by, condition, values)
        if tables:
            TableClaim.objects.filter(reservation_id=reservation.pk).delete()
            claim(reservation, tables)
            serve_waitlist(restaurant_id, date, day.now)
        return True

    try:
        with Ahead() as queue:
            retried(
                at_once if not moving and asking is None else work,
                exhausted=Reason.NO_STEP_FREE_TABLE if moving else Reason.HOLD_LAPSED,
            )
    except (Refused, Error) as error:
        # The object was told what the database has taken back.
        reservation.refresh_from_db()
        lapsed = isinstance(error, Refused) and error.reason == Reason.HOLD_LAPSED
        if not lapsed or reservation.status in (Status.HELD, Status.EXPIRED, Status.RELEASED):
            if isinstance(error, Refused):
                metrics.BOOKINGS.labels("refused", error.reason.value).inc()
            raise
        return reservation
    if reservation.status == Status.CONFIRMED:
        metrics.BOOKINGS.labels("confirmed", "").inc()
    return reservation


def _confirm_at_once(reservation: Reservation, details: Details, by: By) -> bool:
    """Confirm a hold of which nothing is asked, in two round trips: the lock with the compare-and-set, and the rest."""
    restaurant_id, date = reservation.restaurant_id, reservation.service_date
    questions = asked_guest(restaurant_id, details)
    values = _told(reservation, details) | {"status": Status.CONFIRMED, "held_until": None}
    # The guest's lock before the row's: a merge and an erasure take them in this order.
    taking = _taking(tuple(values)).asked(own=reservation.pk, restaurant=restaurant_id, **values)
    day, (*rows, taken) = take_day_and_ask(restaurant_id, date, *questions, taking)
    if not taken:
        raise Refused(Reason.HOLD_LAPSED)
    with last_trip():
        guest = _guest(rows[0], reservation, details, day, by) if questions else None
        values |= {"guest_id": guest, "confirmed_at": day.now}
        _TOLD.sent(own=reservation.pk, guest=guest, at=day.now)
        _taken(reservation, day.now, values)
        _tell(reservation, day, by)
    return True


def _told(reservation: Reservation, details: Details) -> dict[str, Any]:
    return details.by_column() | {"language": reservation.language}


def _tell(reservation: Reservation, day: Locked, by: By) -> None:
    event = Event("confirmed", "reservation", reservation.pk, reservation.guest_id)
    trail.append(reservation.restaurant_id, day.date, [event], by, day.now, day.head)
    send_later(of_booking(reservation, day.restaurant, day.now))


def _guest(rows: list[Any], reservation: Reservation, details: Details, day: Locked, by: By) -> int:
    return guest_from(rows, reservation.restaurant_id, details, reservation.language, by, day.now, day.guest_number)


def _confirm(reservation: Reservation, day: Locked, by: By, values: dict[str, Any]) -> None:
    if not take_hold(reservation, day.now, values, lambda: _tell(reservation, day, by)):
        raise Refused(Reason.HOLD_LAPSED)


def _keep(reservation: Reservation, day: Locked, by: By, condition: Condition, values: dict[str, Any]) -> None:
    """Keep what the guest told with the hold, which lasts for as long as the condition says."""
    values |= {"asked": condition.asked, "held_until": condition.until}
    live = Reservation.objects.filter(pk=reservation.pk, status=Status.HELD, held_until__gt=Now())
    tags = (*reservation.own_tags(), trail.tag(reservation.restaurant_id))
    if not live.renewing(*tags).update(**values):
        raise Refused(Reason.HOLD_LAPSED)
    for name, value in values.items():
        setattr(reservation, name, value)
    changes = {"asked": [None, str(condition.asked)], "held_until": [None, condition.until.isoformat()]}
    event = Event("asked", "reservation", reservation.pk, None, changes)
    trail.append(reservation.restaurant_id, day.date, [event], by, day.now, day.head)
    send_later(condition.messages)


def take_hold(
    reservation: Reservation, now: dt.datetime, values: dict[str, Any], then: Callable[[], None] | None = None
) -> bool:
    """Confirm a live hold by compare-and-set, in a transaction; return whether it was one. The row knows the values.

    now is the database's time. then writes, by INSERTs alone, what goes with it,
    in the same round trip. Where it was no hold the caller takes everything back
    by raising, and reads the row again.
    """
    values |= {"status": Status.CONFIRMED, "held_until": None, "confirmed_at": now}
    with one_trip():
        taken = _taking(tuple(values)).sent(own=reservation.pk, restaurant=reservation.restaurant_id, **values)
        _taken(reservation, now, values)
        if then:
            then()
    return bool(taken())


def _taken(hold: Reservation, now: dt.datetime, values: dict[str, Any]) -> None:
    """Renew what a confirmation ends, and let the row know the values.

    Of what is free it changes nothing before the hold, which may have been
    extended since it was read, would have ended, and what is cached is kept no
    longer; so long as that is to come by any node's clock.
    """
    lasts = hold.held_until is not None and hold.held_until > now + CLOCKS_APART
    shown = () if lasts and "table_ids" not in values else hold.own_tags()
    outbox.changed(*shown, trail.tag(hold.restaurant_id))
    for name, value in values.items():
        setattr(hold, name, value)


_TOLD = PreparedUpdate(
    lambda: (
        Reservation.objects.filter(pk=Param("own", models.BigIntegerField())),
        {
            "guest": Param("guest", models.BigIntegerField(null=True)),
            "confirmed_at": Param("at", models.DateTimeField()),
        },
    )
)


@lru_cache(maxsize=16)
def _taking(names: tuple[str, ...]) -> PreparedUpdate:
    columns = {field.attname: field for field in Reservation._meta.concrete_fields}
    return PreparedUpdate(
        lambda: (
            Reservation.objects.filter(
                pk=Param("own", models.BigIntegerField()),
                restaurant_id=Param("restaurant", models.BigIntegerField()),
                status=Status.HELD,
                held_until__gt=Now(),
            ),
            {columns[name].name: Param(name, columns[name]) for name in names},
        )
    )
