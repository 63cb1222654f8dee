"""The engine of this process a little slower where it races, and, for the controls, without what guards it."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable

from reservations.engine import blocking, booking, changing, closing, deciding, floor, locks, offers, placing
from reservations.history import trail
from reservations.models import Block, Reservation
from reservations.models.reservation import BY_ONLINE_RULES, COUNTED
from reservations.queries import early
from reservations.queries.day import Window, window
from tests.concurrency.crew import Untaken

_READING = (booking, early, floor, offers, placing)


def slow_down() -> None:
    """Let others come between what is read and what is written, wherever nothing keeps them from it."""
    _let_read(window)


def switch_off() -> None:
    """Let whatever decides go by the rows that it sees, which is right as long as nobody else writes meanwhile.

    The history's chain goes with the lock: two that meet can't both be its next link.
    """
    for module, name in (
        (closing, "lock_for_closing"),
        (blocking, "claim"),
        (booking, "claim"),
        (changing, "claim"),
        (deciding, "claim"),
        (floor, "claim"),
    ):
        setattr(module, name, lambda *_args, **_others: None)
    setattr(locks, "_TAKE", Untaken())  # noqa: B010 - as below
    setattr(trail, "append", lambda *_args, **_others: trail.Head())  # noqa: B010 - as below
    _let_read(_window)


def _let_read(read: Callable[..., Window]) -> None:
    def slowly(*arguments: object, **others: object) -> Window:
        found = read(*arguments, **others)
        time.sleep(random.uniform(0, 0.02))
        return found

    for module in _READING:
        setattr(module, "window", slowly)  # noqa: B010 - mypy knows of no such function there


def _window(
    restaurant_id: int,
    date: dt.date,
    start: dt.datetime,
    end: dt.datetime,
    *,
    locked: bool,
    except_reservation: int = 0,
    except_browser: str = "",
    answers: object = None,
) -> Window:
    rows = Reservation.objects.filter(restaurant_id=restaurant_id, status__in=COUNTED).exclude(pk=except_reservation)
    if except_browser:
        rows = rows.exclude(status=Reservation.Status.HELD, browser=except_browser)
    arriving = rows.filter(service_date=date, starts_at=start).values_list("party_size", "source")
    met = {"starts_at__lt": end, "ends_at__gt": start}
    blocks = Block.objects.filter(restaurant_id=restaurant_id, lifted_at=None, **met)
    lists = [*rows.filter(**met).values_list("table_ids", flat=True), *blocks.values_list("table_ids", flat=True)]
    total = sum(party for party, _source in arriving)
    online = sum(party for party, source in arriving if source in BY_ONLINE_RULES)
    return Window((total, online), frozenset(table for tables in lists for table in tables), frozenset())
