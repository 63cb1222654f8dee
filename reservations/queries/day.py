"""What the engine needs to know of one restaurant's one day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Now

from reservations.engine.availability import (
    BrakeSpec,
    DayPlan,
    Seating,
)
from reservations.engine.errors import Reason
from reservations.history.trail import Head
from reservations.models import (
    Block,
    Closure,
    HistoryEvent,
    Reservation,
    Restaurant,
    ServiceDay,
    SpecialDay,
    WaitlistEntry,
)
from reservations.models.reservation import BY_ONLINE_RULES, COUNTED
from reservations.queries.layout import layout_fields, of_layout
from reservations.queries.prepared import NextKey, Param, Prepared, Question, together
from reservations.queries.rules import of_services, services_of
from reservations.queries.window import Window, window, windowing

__all__ = [
    "BLOCK_COLUMNS",
    "SEATED_COLUMNS",
    "Fresh",
    "Window",
    "blocked",
    "day_plan",
    "fresh_day",
    "fresh_from",
    "fresh_questions",
    "rules_fields",
    "rules_on",
    "seated",
    "waiting",
    "window",
    "windowing",
]

_ONLINE_REASONS = {
    Restaurant.Booking.OFF.value: Reason.ONLINE_BOOKING_OFF,
    Restaurant.Booking.HOURS_UNKNOWN.value: Reason.HOURS_UNKNOWN,
}


def day_plan(
    restaurant_id: int,
    date: dt.date,
    *,
    seatings: bool = True,
    locked: bool = False,
    except_reservation: int = 0,
) -> DayPlan:
    """Return the plan of a local service date, in a constant number of statements (4, and 2 for the seatings).

    Raises `Restaurant.DoesNotExist`. Without seatings the plan holds the rules
    alone, as a write rule wants them, which asks for its own window under the
    lock. locked, every hold that is left counts, as in `window`.
    except_reservation leaves out the one that is about to be changed.
    """
    rows, usual, turns, layout = together(
        _ON_DATE.asked(restaurant=restaurant_id, date=date),
        *of_services(restaurant_id, date),
        of_layout(restaurant_id),
    )
    restaurant, known = _one(rows)
    return DayPlan(
        date=date,
        **layout_fields(layout),
        seatings=_seatings(restaurant, date, locked, except_reservation) if seatings else (),
        brakes=_brakes(rows),
        **_rules(restaurant, date, known, usual, turns),
    )


def rules_on(restaurant_id: int, date: dt.date, *, turns: bool = False) -> DayPlan:
    """Return the plan's services with their hours and pacing, without tables and seatings, in 2 statements.

    For what shows a day, never for deciding. turns reads the turn times too, in a third.
    Raises `Restaurant.DoesNotExist`.
    """
    on_date = _ON_DATE.asked(restaurant=restaurant_id, date=date)
    usual, turn_times = of_services(restaurant_id, date)
    rows, *rest = together(on_date, usual, *([turn_times] if turns else []))
    restaurant, known = _one(rows)
    return DayPlan(date=date, tables=(), **_rules(restaurant, date, known, rest[0], rest[1] if turns else []))


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a write rule reads once it holds the day's lock: the rules, the database's time, the chain, the queue."""

    plan: DayPlan
    now: dt.datetime
    head: Head
    is_waited_for: bool
    restaurant: Restaurant
    number: int | None = None
    """For one reservation that is made now."""


def fresh_questions(restaurant_id: int, date: dt.date) -> tuple[Question, ...]:
    """Return the 4 questions of `fresh_day`, to be asked together with the lock; the answers go to `fresh_from`."""
    under_lock = _UNDER_LOCK.asked(restaurant=restaurant_id, date=date, chain=date.isoformat())
    return under_lock, *of_services(restaurant_id, date), of_layout(restaurant_id)


def fresh_day(restaurant_id: int, date: dt.date) -> Fresh:
    """Return the plan of a locked date without its seatings, and what else the lock protects, in 4 statements.

    For a write rule that has waited for the day's lock: whoever held it may have
    closed the day or a service. Raises `Restaurant.DoesNotExist`.
    """
    return fresh_from(date, together(*fresh_questions(restaurant_id, date)))


def fresh_from(date: dt.date, answers: list[Any]) -> Fresh:
    """Return what `fresh_day` does, from the answers to `fresh_questions`."""
    rows, usual, turns, layout = answers
    restaurant, (*seen, now, position, digest, is_waited_for, number) = _one(rows)
    return Fresh(
        plan=DayPlan(
            date=date,
            brakes=_brakes(rows),
            **layout_fields(layout),
            **_rules(restaurant, date, tuple(seen), usual, turns),
        ),
        now=now,
        head=Head(position or 0, digest or ""),
        is_waited_for=is_waited_for,
        restaurant=restaurant,
        number=number,
    )


def waiting(date: dt.date | Param) -> QuerySet[WaitlistEntry]:
    """Return who waits for a table of a service date, the first in the queue first; not those at the door.

    In the order of their numbers, which are given under the day's lock: the clocks of two nodes may differ.
    """
    return WaitlistEntry.objects.filter(
        service_date=date, kind=WaitlistEntry.Kind.ONLINE, status=WaitlistEntry.Status.WAITING
    ).order_by("rank", "pk")


_DATE = Param("date", models.DateField())
_RESTAURANT = Param("restaurant", models.BigIntegerField())
_RESTAURANT_COLUMNS = tuple(field.attname for field in Restaurant._meta.concrete_fields)
_KNOWN = ("closed_for", "special_id", "special_closed", "has_row")
_LOCKED = ("asked_at", "chained", "chain_digest", "is_waited_for", "number")
_BRAKE = ("brake__ends_at", "brake__service_id", "brake__area_id", "brake__slot")


def _on_date() -> QuerySet[Restaurant]:
    """Ask for a restaurant and what holds on the date: one row, or one for each brake that is on."""
    closures = Closure.objects.filter(restaurant=OuterRef("pk"), service=None, starts_on__lte=_DATE, ends_on__gte=_DATE)
    special = SpecialDay.objects.filter(restaurant=OuterRef("pk"), date=_DATE).order_by()
    return (
        Restaurant.objects.filter(pk=_RESTAURANT)
        .order_by()
        .annotate(
            closed_for=Exists(closures),
            has_row=Exists(ServiceDay.objects.filter(restaurant=OuterRef("pk"), date=_DATE)),
            special_id=Subquery(special.values("pk")[:1]),
            special_closed=Subquery(special.values("is_closed")[:1]),
            # A join, since it may be several; together with what is asked anyway, it costs no statement more.
            brake=FilteredRelation("brakes", condition=Q(brakes__service_date=_DATE, brakes__lifted_at=None)),
        )
    )


def _under_lock() -> QuerySet[Restaurant, Any]:
    events = HistoryEvent.objects.filter(
        restaurant=OuterRef("pk"), chain=Param("chain", models.CharField()), position__gt=0
    ).order_by("-position")
    return (
        _on_date()
        .annotate(
            asked_at=Now(),
            chained=Subquery(events.values("position")[:1]),
            chain_digest=Subquery(events.values("digest")[:1]),
            is_waited_for=Exists(waiting(_DATE).filter(restaurant=OuterRef("pk")).order_by()),
            number=NextKey(Reservation),
        )
        .values_list(
            *_RESTAURANT_COLUMNS, *_KNOWN, "asked_at", "chained", "chain_digest", "is_waited_for", "number", *_BRAKE
        )
    )


_ON_DATE = Prepared(lambda: _on_date().values_list(*_RESTAURANT_COLUMNS, *_KNOWN, *_BRAKE))
_UNDER_LOCK = Prepared(_under_lock)


def _one(rows: list[Any]) -> tuple[Restaurant, tuple[Any, ...]]:
    """Return the restaurant, and what was asked besides its columns and the brakes."""
    if not rows:
        raise Restaurant.DoesNotExist
    count = len(_RESTAURANT_COLUMNS)
    return Restaurant.from_db(connection.alias, _RESTAURANT_COLUMNS, rows[0][:count]), tuple(
        rows[0][count : -len(_BRAKE)]
    )


def _brakes(rows: list[Any]) -> tuple[BrakeSpec, ...]:
    return tuple(BrakeSpec(*row[-len(_BRAKE) :]) for row in rows if row[-len(_BRAKE)] is not None)


def _rules(
    restaurant: Restaurant, date: dt.date, known: tuple[Any, ...], usual: list[Any], turns: list[Any]
) -> dict[str, Any]:
    """Return the fields of a plan that closures, special days, services and the booking rules decide.

    From the answers to `_of_services`; known is what `_on_date` adds to the restaurant.
    """
    closed_for, special_id, special_closed, has_row = known
    closed = bool(closed_for or special_closed)
    return rules_fields(restaurant) | {
        "closed": closed,
        "has_row": bool(has_row),
        "services": () if closed else services_of(restaurant, date, special_id, usual, turns),
    }


def rules_fields(restaurant: Restaurant) -> dict[str, Any]:
    """Return the fields of a plan that are the same on every date."""
    online_reason = _ONLINE_REASONS.get(restaurant.online_booking)
    is_draft = restaurant.visibility == Restaurant.Visibility.DRAFT
    return {
        "zone": restaurant.timezone,
        "window_days": restaurant.booking_window_days,
        "hold_minutes": restaurant.hold_minutes,
        "offer_minutes": restaurant.offer_minutes,
        "online_reason": Reason.ONLINE_BOOKING_OFF if is_draft else online_reason,
    }


def _seatings(restaurant: Restaurant, date: dt.date, locked: bool, except_reservation: int) -> tuple[Seating, ...]:
    """Read reservations and blocks instead of claims: one row a party instead of one a table and slot.

    Yesterday's may run past midnight, and this date's late times into tomorrow's.
    """
    around = (date - dt.timedelta(days=1), date, date + dt.timedelta(days=1))
    rows = Reservation.objects.filter(restaurant=restaurant, service_date__in=around, status__in=COUNTED)
    if except_reservation:
        rows = rows.exclude(pk=except_reservation)
    blocks = Block.objects.filter(restaurant=restaurant, service_date__in=around, lifted_at=None)
    return tuple(blocked(*row) for row in blocks.values_list(*BLOCK_COLUMNS)) + tuple(
        seated(*row, counts_lapsed=locked) for row in rows.values_list(*SEATED_COLUMNS)
    )


BLOCK_COLUMNS = ("starts_at", "ends_at", "service_date", "table_ids")
SEATED_COLUMNS = (*BLOCK_COLUMNS, "party_size", "source", "held_until", "status")


def blocked(start: dt.datetime, end: dt.datetime, service_date: dt.date, table_ids: list[int]) -> Seating:
    """Return a block's seating from its `BLOCK_COLUMNS`."""
    return Seating(start, end, service_date, party=0, online=False, table_ids=tuple(table_ids))


def seated(
    start: dt.datetime,
    end: dt.datetime,
    service_date: dt.date,
    table_ids: list[int],
    party: int,
    source: str,
    held_until: dt.datetime | None,
    status: str,
    *,
    counts_lapsed: bool = False,
) -> Seating:
    """Return a reservation's seating from its `SEATED_COLUMNS`; counts_lapsed takes a hold for as good as confirmed."""
    return Seating(
        start,
        end,
        service_date,
        party=party,
        online=source in BY_ONLINE_RULES,
        table_ids=tuple(table_ids),
        held_until=held_until if status == Reservation.Status.HELD and not counts_lapsed else None,
    )
