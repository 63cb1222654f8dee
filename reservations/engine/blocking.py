"""Write rules of blocks: tables that nobody can have for a time."""

from __future__ import annotations

import datetime as dt

from reservations.engine.deciding import claim, lock_neighbours
from reservations.engine.errors import Reason, Refused
from reservations.engine.inserts import insert
from reservations.engine.locks import lock_days, retried, state_of
from reservations.engine.offers import Ahead, serve_waitlist
from reservations.engine.tables import next_slot, slot_of
from reservations.history import trail
from reservations.history.trail import By, Event
from reservations.models import Block, Restaurant, Table, TableClaim, User
from reservations.queries.early import floor_window
from restaurant_site.caching import outbox

__all__ = ["block", "lift"]


def block(
    *,
    restaurant: Restaurant,
    date: dt.date,
    start: dt.datetime,
    end: dt.datetime,
    table_ids: tuple[int, ...],
    user: User,
    by: By,
    reason: str = "",
) -> Block:
    """Block tables from start to end (aware; widened to whole slots) on a service date.

    Raises `Refused`: TABLES_TAKEN where a party or another block has one of
    them, or somebody sits there before their time; WRONG_TABLES where one is not this restaurant's or the time is none.
    """
    wanted = tuple(sorted(set(table_ids)))
    first, last = slot_of(start), next_slot(end)
    own = Table.objects.filter(restaurant=restaurant, pk__in=wanted).count()
    if not wanted or own != len(wanted) or last <= first or last - first > dt.timedelta(days=1):
        raise Refused(Reason.WRONG_TABLES)
    days = {date}

    def work() -> Block:
        lock_days(restaurant.pk, days)
        day = state_of(restaurant.pk, date)
        queue.serve_others(restaurant.pk, days - {date}, day.now)
        head = queue.serve(restaurant.pk, date, day.now, day.head)
        view = floor_window(restaurant.pk, date, first, last, day.now)
        lock_neighbours(view, days)
        if view.taken & set(wanted):
            raise Refused(Reason.TABLES_TAKEN)
        row = Block(
            restaurant=restaurant,
            service_date=date,
            starts_at=first,
            ends_at=last,
            table_ids=list(wanted),
            reason=reason,
            created_by=user,
        )
        insert(row)
        outbox.changed(*row.own_tags())
        claim(row, wanted)
        changes = {"starts_at": [None, first.isoformat()], "ends_at": [None, last.isoformat()]}
        event = Event("blocked", "block", row.pk, None, changes | {"table_ids": [None, list(wanted)]})
        trail.append(restaurant.pk, date, [event], by, day.now, head)
        return row

    with Ahead() as queue:
        return retried(work, exhausted=Reason.TABLES_TAKEN)


def lift(*, blocked: Block, by: By) -> bool:
    """Lift a block and free its tables for who waits; return False where it was lifted already."""

    def work() -> bool:
        lock_days(blocked.restaurant_id, {blocked.service_date})
        day = state_of(blocked.restaurant_id, blocked.service_date)
        standing = Block.objects.filter(pk=blocked.pk, lifted_at=None)
        if not standing.renewing(*blocked.own_tags()).update(lifted_at=day.now):
            return False
        TableClaim.objects.filter(block_id=blocked.pk).delete()
        event = Event("unblocked", "block", blocked.pk)
        head = trail.append(blocked.restaurant_id, day.date, [event], by, day.now, day.head)
        serve_waitlist(blocked.restaurant_id, day.date, day.now, head)
        return True

    lifted = retried(work)
    blocked.refresh_from_db()
    return lifted
