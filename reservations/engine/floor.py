"""Write rules of the floor: seat, walk in, move, stay longer, finish, no-show.

Each opens the outermost transaction itself and must not be called inside one.
Each raises `Refused` with the reason, and has then changed nothing. Staff may
pass over pacing, which is recorded; over a table's claim never.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from reservations.engine.availability import Ask, DayPlan, ServiceRules, candidates
from reservations.engine.deciding import claim, insert_reservation, lock_neighbours
from reservations.engine.errors import Reason, Refused
from reservations.engine.known import Details, known_guest
from reservations.engine.locks import Again, Locked, lock_days, retried, state_of
from reservations.engine.offers import Ahead
from reservations.engine.placing import placed
from reservations.engine.settling import settle
from reservations.engine.slots import SLOT
from reservations.engine.tables import openings, slot_of
from reservations.history import trail
from reservations.history.trail import By
from reservations.models import Reservation, Restaurant, Table, TableClaim, User
from reservations.models.reservation import new_reference
from reservations.queries.day import window
from reservations.queries.early import floor_window, taken_meanwhile
from reservations.queries.floor import running

__all__ = ["finish", "mark_no_show", "move", "seat", "stay_longer", "walk_in"]

Status = Reservation.Status

_STANDING = (Status.CONFIRMED, Status.SEATED)

Then = Callable[[Reservation, Locked], None]
"""What a caller writes besides, in the same transaction."""


def seat(*, reservation: Reservation, by: By) -> bool:
    """Seat a confirmed party; return False where it sits already.

    Raises `Refused`: NOT_CONFIRMED, and NOT_STARTED before its service date: no
    step would lead back from a tap on the wrong line.
    """

    def step(row: Reservation, day: Locked) -> dict[str, Any]:
        if row.service_date > day.now.astimezone(day.restaurant.zone).date():
            raise Refused(Reason.NOT_STARTED)
        return {"status": Status.SEATED, "seated_at": day.now, "late_flagged_at": None}

    return settle(reservation, by, "seated", (Status.CONFIRMED,), step, refused=Reason.NOT_CONFIRMED)


def finish(*, reservation: Reservation, by: By) -> bool:
    """Let a party go and free what is left of its time for who waits; False where it is gone already.

    A confirmed party that nobody tapped may be finished too, once its time has
    begun. Raises `Refused` (NOT_STARTED, NOT_SEATED).
    """

    def step(row: Reservation, day: Locked) -> dict[str, Any]:
        if row.status == Status.CONFIRMED and day.now < row.starts_at:
            raise Refused(Reason.NOT_STARTED)
        # The slot in which it goes is free too: who walks in now may have the table.
        end = min(row.ends_at, max(slot_of(day.now), row.starts_at + SLOT))
        TableClaim.objects.filter(reservation_id=row.pk, slot_start__gte=end).delete()
        return {"status": Status.FINISHED, "finished_at": day.now, "ends_at": end, "late_flagged_at": None}

    return settle(reservation, by, "finished", _STANDING, step, refused=Reason.NOT_SEATED)


def mark_no_show(*, reservation: Reservation, by: By) -> bool:
    """Note that a confirmed party did not come, and free its tables for who waits; False where that is noted.

    Raises `Refused` (NOT_STARTED, NOT_CONFIRMED).
    """

    def step(row: Reservation, day: Locked) -> dict[str, Any]:
        if day.now < row.starts_at:
            raise Refused(Reason.NOT_STARTED)
        TableClaim.objects.filter(reservation_id=row.pk).delete()
        return {"status": Status.NO_SHOW, "table_ids": [], "late_flagged_at": None}

    return settle(reservation, by, "no_show", (Status.CONFIRMED,), step, refused=Reason.NOT_CONFIRMED)


def move(*, reservation: Reservation, table_ids: tuple[int, ...], by: By) -> bool:
    """Move a party to other tables for the rest of its time; False where it is there already.

    One whose time is over while it sits gets the slot in which it moves. Tables at which
    somebody sits before their time are taken, though no claim says so yet; and one that sits
    before its own needs tables that nobody has now.
    Raises `Refused`: WRONG_TABLES (not this restaurant's, out of use, or too
    few seats), TABLES_TAKEN, NOT_CONFIRMED.
    """
    wanted = tuple(sorted(set(table_ids)))

    def step(row: Reservation, day: Locked) -> dict[str, Any]:
        _refuse_tables(row.restaurant_id, wanted, row.party_size)
        if wanted == tuple(sorted(row.table_ids)):
            return {}
        # What is over needs no table, and somebody else may have had it.
        since = max(row.starts_at, slot_of(day.now))
        row.ends_at = max(row.ends_at, since + SLOT)
        view = floor_window(row.restaurant_id, row.service_date, since, row.ends_at, day.now, but=row.pk)
        if view.taken & set(wanted) or view.neighbours:
            raise Refused(Reason.TABLES_TAKEN)
        if row.status == Status.SEATED and taken_meanwhile(row, day.now) & set(wanted):
            raise Refused(Reason.TABLES_TAKEN)
        TableClaim.objects.filter(reservation_id=row.pk).delete()
        claim(row, wanted, since)
        return {"table_ids": list(wanted), "ends_at": row.ends_at}

    return settle(reservation, by, "moved", _STANDING, step, refused=Reason.NOT_CONFIRMED, takes=True, frees=True)


def stay_longer(*, reservation: Reservation, minutes: int, by: By) -> bool:
    """Let a seated or confirmed party stay so many minutes longer, in whole slots, at its tables.

    From the end of its time, or from now on where it sits beyond it. Raises
    `Refused`: TABLES_TAKEN where somebody else has them next, NOT_SEATED, and
    CHANGED_MEANWHILE where its end is another than was read: two who press the
    same button let it stay once.
    """
    more = -(-minutes // 15) * SLOT
    known = reservation.ends_at

    def step(row: Reservation, day: Locked) -> dict[str, Any]:
        if row.ends_at != known:
            raise Refused(Reason.CHANGED_MEANWHILE)
        since, now = row.ends_at, slot_of(day.now)
        row.ends_at = (max(since, now) if row.status == Status.SEATED else since) + more
        if _is_taken(row, since, day.now):
            # What is over meanwhile may have been another's; from now on it may not.
            since = max(since, now)
            if _is_taken(row, since, day.now):
                raise Refused(Reason.TABLES_TAKEN)
        claim(row, row.table_ids, since)
        return {"ends_at": row.ends_at}

    return settle(reservation, by, "extended", _STANDING, step, refused=Reason.NOT_SEATED, takes=True, frees=False)


def _is_taken(row: Reservation, since: dt.datetime, now: dt.datetime) -> bool:
    """Return whether somebody else has one of its tables from a slot to its end: by claims, a lapsed hold, or early."""
    view = floor_window(row.restaurant_id, row.service_date, since, row.ends_at, now, but=row.pk)
    return bool(view.taken & set(row.table_ids) or view.neighbours)


def walk_in(
    *,
    restaurant: Restaurant,
    party: int,
    user: User,
    by: By,
    key: str,
    details: Details | None = None,
    table_ids: tuple[int, ...] = (),
    minutes: int | None = None,
    area_id: int | None = None,
    then: Then | None = None,
) -> Reservation:
    """Seat a party that stands at the door, now, at the given tables or the best that are free long enough.

    It sits for its turn time, or for minutes where staff have agreed to fewer.
    Raises `Refused`: CLOSED, NO_TABLE, WRONG_TABLES, and TABLES_TAKEN where
    nothing is free for so long: `engine.tables.openings` says until when there
    is something. Pacing does not bind; what exceeds it is recorded. The same
    user's same key and party give the first answer again. then writes what belongs to it.
    """
    bound = hashlib.sha256(f"walk-in:{user.pk}:{key}:{party}".encode()).hexdigest()
    told = details or Details()

    def work() -> Reservation:
        first = Reservation.objects.filter(restaurant=restaurant, idempotency_key=bound).first()
        if first is not None:
            return first
        lock_days(restaurant.pk, days)
        day = state_of(restaurant.pk, max(days))
        here = running(restaurant, day.now)
        if here.date not in days:
            # Midnight passed meanwhile.
            days.update({here.date})
            raise Again
        day = state_of(restaurant.pk, here.date)
        if here.plan.closed:
            raise Refused(Reason.CLOSED)
        # A hold that lapsed may have freed what somebody waits for.
        queue.serve_others(restaurant.pk, days - {here.date}, day.now)
        head = queue.serve(restaurant.pk, here.date, day.now, day.head)
        if queue.has_offered:
            here = running(restaurant, day.now)
        start = slot_of(day.now)
        stay = minutes or _turn(here.plan, here.service, party, restaurant)
        tables = _tables_now(here.plan, restaurant, party, stay, table_ids, area_id, told, day.now)
        view = window(restaurant.pk, here.date, start, start + dt.timedelta(minutes=stay), locked=True)
        lock_neighbours(view, days)
        if (view.taken | here.early) & set(tables):
            raise Refused(Reason.TABLES_TAKEN)
        limit = here.service.max_covers if here.service else None
        exceeds = limit is not None and view.covers[0] + party > limit
        reservation = Reservation(
            restaurant=restaurant,
            reference=new_reference(),
            status=Status.SEATED,
            source=Reservation.Source.WALK_IN,
            service_id=here.service.id if here.service else None,
            service_name=here.service.name if here.service else "",
            service_date=here.date,
            starts_at=start,
            ends_at=start + dt.timedelta(minutes=stay),
            party_size=party,
            area_id=area_id,
            table_ids=list(tables),
            idempotency_key=bound,
            created_by=user,
            confirmed_at=day.now,
            seated_at=day.now,
            pacing_limit=limit,
            pacing_exceeded_by=user if exceeds else None,
            pacing_reason="walk-in" if exceeds else "",
            guest_id=known_guest(restaurant.pk, told, "", by, day.now),
            **told.by_column(),
        )
        insert_reservation(reservation)
        trail.append(restaurant.pk, here.date, [placed(reservation)], by, day.now, head)
        if then:
            then(reservation, day)
        return reservation

    # The local date, or the evening before it: whichever service runs.
    today = timezone.now().astimezone(restaurant.zone).date()
    days = {today - dt.timedelta(days=1), today}
    with Ahead() as queue:
        return retried(work, exhausted=Reason.TABLES_TAKEN)


def _turn(plan: DayPlan, service: ServiceRules | None, party: int, restaurant: Restaurant) -> int:
    rules = service or (plan.services[0] if plan.services else None)
    return rules.turn(party) if rules else restaurant.turn_minutes


def _tables_now(
    plan: DayPlan,
    restaurant: Restaurant,
    party: int,
    stay: int,
    table_ids: tuple[int, ...],
    area_id: int | None,
    told: Details,
    now: dt.datetime,
) -> tuple[int, ...]:
    if table_ids:
        wanted = tuple(sorted(set(table_ids)))
        _refuse_tables(restaurant.pk, wanted, party)
        return wanted
    ask = Ask(party=party, area_id=area_id, step_free=told.needs_step_free, online=False)
    if not candidates(plan, ask):
        raise Refused(Reason.NO_TABLE)
    end = slot_of(now) + dt.timedelta(minutes=stay)
    free = openings(plan, ask, now)
    for opening in free:
        if opening.until is None or opening.until >= end:
            return opening.table_ids
    raise Refused(Reason.TABLES_TAKEN)


def _refuse_tables(restaurant_id: int, wanted: tuple[int, ...], party: int) -> None:
    seats = list(
        Table.objects.filter(restaurant_id=restaurant_id, pk__in=wanted, is_active=True).values_list(
            "max_seats", flat=True
        )
    )
    if not wanted or len(seats) != len(wanted) or sum(seats) < party:
        raise Refused(Reason.WRONG_TABLES)
