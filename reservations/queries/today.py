"""What staff look at first: each restaurant's day in numbers, in as many statements for many as for one."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Exists, OuterRef, Q

from reservations.models import Closure, HistoryEvent, Message, Reservation, Restaurant, SpecialDay, WaitlistEntry
from reservations.models.reservation import COUNTED
from reservations.queries.evening import is_late

Status = Reservation.Status

HOUR = dt.timedelta(hours=1)
CHANGES = dt.timedelta(days=1)
FAILURES = dt.timedelta(days=7)
CLOSURES = dt.timedelta(days=7)

NEW = ("confirmed", "booked", "accepted")
CHANGED = ("changed",)
GONE = ("cancelled",)


@dataclass(frozen=True, slots=True)
class Closed:
    """Dates, both included, on which nothing is served, or one service is not: a closure or a special day."""

    first: dt.date
    last: dt.date
    what: str
    """The service, or the special day's name; "" for all without a name."""
    is_special: bool = False


@dataclass(slots=True)
class Day:
    """A restaurant's running day. Covers by service, in the order in which the first of each comes."""

    restaurant: Restaurant
    date: dt.date
    services: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Covers and parties by the service's name."""
    arriving: tuple[int, int] = (0, 0)
    """Parties and covers that come within the hour."""
    late: int = 0
    seated: int = 0
    new: int = 0
    changed: int = 0
    cancelled: int = 0
    waiting: int = 0
    offered: int = 0
    closures: list[Closed] = field(default_factory=list)
    """Those of today and of the next days."""
    failed: int = 0
    """Messages of the last days that could not be sent."""


def days(restaurants: Sequence[Restaurant], now: dt.datetime) -> list[Day]:
    """Return the running day of each restaurant, in their order, in 6 statements.

    After midnight it is the evening before's for as long as somebody of it sits
    or is still to come.
    """
    local = {row.pk: now.astimezone(row.zone).date() for row in restaurants}
    parties = _parties(list(local), set(local.values()))
    found = {row.pk: Day(row, _running(local[row.pk], parties.get(row.pk, []), now)) for row in restaurants}
    for pk, day in found.items():
        _count(day, [party for party in parties.get(pk, []) if party.service_date == day.date], now)
    _count_events(found, now)
    _count_waiting(found)
    _add_closures(found)
    _count_failed(found, now)
    return list(found.values())


def _parties(restaurants: list[int], dates: set[dt.date]) -> dict[int, list[Reservation]]:
    if not dates:
        return {}
    rows = (
        Reservation.objects.select_related("restaurant")
        .filter(
            restaurant__in=restaurants,
            service_date__range=(min(dates) - dt.timedelta(days=1), max(dates)),
            status__in=COUNTED,
        )
        .exclude(status=Status.HELD)
        .order_by("starts_at", "pk")
    )
    found: dict[int, list[Reservation]] = {}
    for row in rows:
        found.setdefault(row.restaurant_id, []).append(row)
    return found


def _running(today: dt.date, parties: Iterable[Reservation], now: dt.datetime) -> dt.date:
    yesterday = today - dt.timedelta(days=1)
    live = (Status.CONFIRMED, Status.SEATED)
    if any(row.service_date == yesterday and row.status in live and row.ends_at > now for row in parties):
        return yesterday
    return today


def _count(day: Day, parties: list[Reservation], now: dt.datetime) -> None:
    coming = [row for row in parties if row.status == Status.CONFIRMED]
    for row in parties:
        covers, number = day.services.get(row.service_name, (0, 0))
        day.services[row.service_name] = (covers + row.party_size, number + 1)
    soon = [row for row in coming if now <= row.starts_at < now + HOUR]
    day.arriving = len(soon), sum(row.party_size for row in soon)
    day.late = sum(is_late(row, now) for row in coming)
    day.seated = sum(row.party_size for row in parties if row.status == Status.SEATED)


def _count_events(found: dict[int, Day], now: dt.datetime) -> None:
    """Count the bookings that are new, changed and cancelled: each once, and nothing that was taken back."""
    is_cancelled = Exists(Reservation.objects.filter(pk=OuterRef("subject_number"), status=Status.CANCELLED))
    rows = (
        HistoryEvent.objects.filter(
            restaurant__in=list(found),
            happened_at__gt=now - CHANGES,
            subject="reservation",
            kind__in=(*NEW, *CHANGED, *GONE),
        )
        # Of what took something back the kind is the status that came back: nobody has booked.
        .exclude(changes__has_key="undone")
        .filter(~Q(kind__in=GONE) | is_cancelled)
        .order_by()
        .values_list("restaurant_id", "kind")
        # What is moved to another date stands in the chains of both.
        .annotate(number=Count("subject_number", distinct=True))
    )
    for pk, kind, number in rows:
        day = found[pk]
        day.new += number if kind in NEW else 0
        day.changed += number if kind in CHANGED else 0
        day.cancelled += number if kind in GONE else 0


def _count_waiting(found: dict[int, Day]) -> None:
    waits, offered = WaitlistEntry.Status.WAITING, WaitlistEntry.Status.OFFERED
    rows = (
        WaitlistEntry.objects.filter(
            restaurant__in=list(found),
            service_date__in={day.date for day in found.values()},
            status__in=(waits, offered),
        )
        .order_by()
        .values_list("restaurant_id", "service_date", "status")
        .annotate(number=Count("pk"))
    )
    numbers = Counter({(pk, date, status): number for pk, date, status, number in rows})
    for pk, day in found.items():
        day.waiting, day.offered = numbers[pk, day.date, waits], numbers[pk, day.date, offered]


def _add_closures(found: dict[int, Day]) -> None:
    if not found:
        return
    dates = [day.date for day in found.values()]
    first, last = min(dates), max(dates) + CLOSURES
    closures = Closure.objects.filter(restaurant__in=list(found), ends_on__gte=first, starts_on__lte=last)
    rows = [
        (row.restaurant_id, Closed(row.starts_on, row.ends_on, row.service.name if row.service else ""))
        for row in closures.select_related("service").order_by("starts_on", "pk")
    ]
    special = SpecialDay.objects.filter(restaurant__in=list(found), is_closed=True, date__range=(first, last))
    rows += [
        (pk, Closed(date, date, name, is_special=True))
        for pk, date, name in special.order_by("date").values_list("restaurant_id", "date", "name")
    ]
    for pk, closed in sorted(rows, key=lambda row: row[1].first):
        day = found[pk]
        if closed.last >= day.date and closed.first <= day.date + CLOSURES:
            day.closures.append(closed)


def _count_failed(found: dict[int, Day], now: dt.datetime) -> None:
    rows = (
        Message.objects.filter(restaurant__in=list(found), status=Message.Status.FAILED, due_at__gt=now - FAILURES)
        .order_by()
        .values_list("restaurant_id")
        .annotate(number=Count("pk"))
    )
    for pk, number in rows:
        found[pk].failed = number
