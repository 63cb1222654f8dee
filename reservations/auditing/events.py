"""That the history is whole, and says of each reservation what its row says."""

from __future__ import annotations

import datetime as dt
from itertools import groupby

from django.db.models import Q

from reservations.auditing.scope import Finding, Scope, count, select, statement, utc_text
from reservations.history import trail
from reservations.models import HistoryEvent, Reservation, Restaurant

_AT_ONCE = 2000
_KINDS = ", ".join(f"'{status}'" for status in Reservation.Status)
"""An event that changes the status has the status for its kind; every other kind leaves it."""

_SHOWN = ", ".join(
    f"'{status}'"
    for status in (
        Reservation.Status.CONFIRMED,
        Reservation.Status.SEATED,
        Reservation.Status.FINISHED,
        Reservation.Status.NO_SHOW,
        Reservation.Status.CANCELLED,
    )
)


def chained(scope: Scope, finding: Finding) -> None:
    """Find chains of events of which one is missing, or is not what was written."""
    rows = HistoryEvent.objects.filter(**scope.filters(dated=False), position__gt=0)
    if scope.first is not None or scope.last is not None:
        # A chain is named by its date, and such names sort as dates do. The one that has none is always looked at.
        first, last = scope.first or dt.date.min, scope.last or dt.date.max
        dated = Q(chain__gte=first.isoformat(), chain__lte=last.isoformat())
        rows = rows.filter(dated | Q(chain=trail.OTHER))
    slugs = dict(Restaurant.objects.filter(pk__in=rows.values("restaurant").order_by()).values_list("pk", "slug"))

    def counted(event: HistoryEvent) -> HistoryEvent:
        finding.rows += 1
        return event

    events = rows.order_by("restaurant_id", "chain", "position").iterator(chunk_size=_AT_ONCE)
    for (restaurant_id, _chain), chain in groupby(
        map(counted, events), lambda event: (event.restaurant_id, event.chain)
    ):
        for text in trail.check(chain):
            finding.violated(f"{slugs.get(restaurant_id, restaurant_id)}: {text}")


def told(scope: Scope, finding: Finding) -> None:
    """Find reservations of which the history, in the last event that changes a status, does not say the status.

    Of what never was more than a hold it may say nothing; what once was more is none again.

    And those of which it tells and that are not there: no rule deletes one.
    """
    where, parameters = scope.condition("r.restaurant_id", "r.service_date")
    reservations, events = Reservation._meta.db_table, HistoryEvent._meta.db_table
    finding.rows = count(f"{reservations} r", where, parameters)
    # Numbers rise under the row's lock, so that of one subject the highest is the last.
    last = statement(
        "restaurant_id, subject_number, MAX(id) AS last_id",
        events,
        f"subject = 'reservation' AND kind IN ({_KINDS})",
        "GROUP BY restaurant_id, subject_number",
    )
    for slug, reference, status, start, kind in select(
        "p.slug, r.reference, r.status, r.starts_at, e.kind",
        f"{reservations} r JOIN {Restaurant._meta.db_table} p ON p.id = r.restaurant_id"
        f" LEFT JOIN ({last}) l ON l.restaurant_id = r.restaurant_id AND l.subject_number = r.id"
        f" LEFT JOIN {events} e ON e.id = l.last_id",
        f"{where} AND ((r.status IN ({_SHOWN}) AND (e.kind IS NULL OR e.kind <> r.status))"
        f" OR (r.status NOT IN ({_SHOWN}) AND e.kind IN ({_SHOWN})))",
        parameters,
        "ORDER BY r.id",
    ):
        says = f"the history says {kind}" if kind else "the history says nothing of it"
        finding.violated(f"reservation {reference} ({slug}, {utc_text(start)}) is {status}; {says}")
    _vanished(scope, finding)


def _vanished(scope: Scope, finding: Finding) -> None:
    where, parameters = scope.condition("e.restaurant_id")
    for limit, compared in ((scope.first, ">="), (scope.last, "<=")):
        if limit is not None:
            where, parameters = f"{where} AND e.chain {compared} %s", [*parameters, limit.isoformat()]
    for slug, number in select(
        "p.slug, e.subject_number",
        f"{HistoryEvent._meta.db_table} e JOIN {Restaurant._meta.db_table} p ON p.id = e.restaurant_id"
        f" LEFT JOIN {Reservation._meta.db_table} r ON r.id = e.subject_number AND r.restaurant_id = e.restaurant_id",
        f"{where} AND e.subject = 'reservation' AND r.id IS NULL",
        parameters,
        "GROUP BY p.slug, e.subject_number ORDER BY p.slug, e.subject_number",
    ):
        finding.violated(f"reservation number {number} ({slug}), of which the history tells, is not there")
