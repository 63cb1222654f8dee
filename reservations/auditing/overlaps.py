"""That no two parties or blocks have one table at one time, by what their own rows say of their tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count

from reservations.auditing.scope import Finding, Scope, table_numbers, utc_text
from reservations.models import Block, HistoryEvent, Reservation
from reservations.models.reservation import COUNTED

_ROWS_AT_ONCE = 5000
_REACH = dt.timedelta(days=2)
"""No later service date than this begins before one's last party has left."""

Status = Reservation.Status


@dataclass(frozen=True, slots=True)
class _Seated:
    """A party or a block with its tables. Times in UTC."""

    name: str
    slug: str
    pk: int
    date: dt.date
    start: dt.datetime
    end: dt.datetime
    tables: tuple[int, ...]
    may_have_moved: bool

    def __str__(self) -> str:
        return f"{self.name} ({self.slug}, {utc_text(self.start)} to {utc_text(self.end)})"


def overlapping(scope: Scope, finding: Finding) -> None:
    """No two live reservations or blocks have one table at overlapping times."""
    kept: list[_Seated] = []
    for first, last in _date_ranges(scope):
        found = [*_reservations(scope, first, last), *_blocks(scope, first, last)]
        finding.rows += len(found)
        _compare(kept, found, scope.now, finding)
        kept = [one for one in (*kept, *found) if one.date > last - _REACH]


def _date_ranges(scope: Scope) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield ranges of service dates, in order, each of some thousand rows or of one date."""
    counts: dict[dt.date, int] = {}
    for model in (Reservation, Block):
        rows = model._default_manager.filter(**scope.filters()).order_by().values_list("service_date")
        for date, number in rows.annotate(Count("pk")):
            counts[date] = counts.get(date, 0) + number
    first, number = None, 0
    for date in sorted(counts):
        first = first or date
        number += counts[date]
        if number >= _ROWS_AT_ONCE:
            yield first, date
            first, number = None, 0
    if first is not None:
        yield first, max(counts)


def _reservations(scope: Scope, first: dt.date, last: dt.date) -> Iterator[_Seated]:
    rows = Reservation.objects.filter(
        **scope.filters(dated=False), service_date__gte=first, service_date__lte=last, status__in=COUNTED
    )
    for pk, reference, slug, status, date, start, end, finished, table_ids in rows.values_list(
        "pk",
        "reference",
        "restaurant__slug",
        "status",
        "service_date",
        "starts_at",
        "ends_at",
        "finished_at",
        "table_ids",
    ):
        # Whoever left early has freed the tables for the next party.
        left = min(end, finished) if status == Status.FINISHED and finished else end
        yield _Seated(
            name=f"{status} reservation {reference}",
            slug=slug,
            pk=pk,
            date=date,
            start=start,
            end=left,
            tables=tuple(table_numbers(table_ids)),
            may_have_moved=status != Status.HELD,
        )


def _blocks(scope: Scope, first: dt.date, last: dt.date) -> Iterator[_Seated]:
    rows = Block.objects.filter(
        **scope.filters(dated=False), service_date__gte=first, service_date__lte=last, lifted_at=None
    )
    for pk, slug, date, start, end, table_ids in rows.values_list(
        "pk", "restaurant__slug", "service_date", "starts_at", "ends_at", "table_ids"
    ):
        # Negative, so that none is taken for a reservation.
        yield _Seated(
            name=f"block {pk}",
            slug=slug,
            pk=-pk,
            date=date,
            start=start,
            end=end,
            tables=tuple(table_numbers(table_ids)),
            may_have_moved=False,
        )


def _compare(kept: list[_Seated], found: list[_Seated], now: dt.datetime, finding: Finding) -> None:
    """Report each pair of which one at least is new. Tables belong to one restaurant, so all are compared at once."""
    new = {one.pk for one in found}
    there: dict[int, list[_Seated]] = {}
    for one in sorted([*kept, *found], key=lambda one: (one.start, one.pk)):
        for table in one.tables:
            still = [other for other in there.get(table, ()) if other.end > one.start]
            for other in still:
                pair_is_new = (one.pk in new or other.pk in new) and one.pk != other.pk
                if pair_is_new and one.end > one.start and not _explained(other, one, now):
                    finding.violated(f"table {table}: {other} and {one}")
            there[table] = [*still, one]


def _explained(one: _Seated, other: _Seated, now: dt.datetime) -> bool:
    """Return whether two only seem to have met.

    A party that is moved after its time has begun has its new table from then on. One that
    sits beyond its time may be given more of it once another, who had the table
    meanwhile, is over too.
    """
    if min(one.end, other.end) > now:
        return False
    seated = [party.pk for party in (one, other) if party.may_have_moved]
    if not seated:
        return False
    events = HistoryEvent.objects.filter(
        subject="reservation", subject_number__in=seated, kind__in=("moved", "extended")
    )
    # A hold is extended too, by another field.
    return any(kind == "moved" or "ends_at" in changes for kind, changes in events.values_list("kind", "changes"))
