"""Who waits: places in the queues."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from django.db.models import Q

from reservations.models import WaitlistEntry

_AT_ONCE = 300


def places(entries: Iterable[WaitlistEntry]) -> dict[int, int]:
    """Return the place in its queue, from 1, of each entry that waits, by number; a queue is of a date and a kind.

    In the order in which they are served, which is that of their numbers and not of their nodes' clocks.
    One statement for up to 300 queues.
    """
    queues = {_queue(entry) for entry in entries if entry.status == WaitlistEntry.Status.WAITING}
    found: dict[int, int] = {}
    ordered = sorted(queues)
    for first in range(0, len(ordered), _AT_ONCE):
        wanted = Q()
        for restaurant_id, date, kind in ordered[first : first + _AT_ONCE]:
            wanted |= Q(restaurant_id=restaurant_id, service_date=date, kind=kind)
        ahead: Counter[tuple[int, dt.date, str]] = Counter()
        rows = WaitlistEntry.objects.filter(wanted, status=WaitlistEntry.Status.WAITING)
        for row in rows.only("restaurant_id", "service_date", "kind").order_by("rank", "pk"):
            ahead[_queue(row)] += 1
            found[row.pk] = ahead[_queue(row)]
    return found


def _queue(entry: WaitlistEntry) -> tuple[int, dt.date, str]:
    return entry.restaurant_id, entry.service_date, str(entry.kind)
