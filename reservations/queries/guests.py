"""What is known of a guest: counts of visits, and everything that is kept of one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, cast
from zoneinfo import ZoneInfo

from django.db.models import Count, IntegerField, Max, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from reservations.models import Guest, HistoryEvent, Message, Reservation, Restaurant
from reservations.queries.floor import table_names
from reservations.queries.traces import Traces, traces_of

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _Numbers(TypedDict):
        visits: int
        no_shows: int
        last_visit: dt.date | None

    CountedGuest = WithAnnotations[Guest, _Numbers]

EXPORT_FORMAT = 1

RECENT = dt.timedelta(days=365)
"""For so long a no-show is held against a guest."""

_VISITED = Q(status__in=(Reservation.Status.SEATED, Reservation.Status.FINISHED))
_NO_SHOW = Q(status=Reservation.Status.NO_SHOW)
_LATE = Q(status=Reservation.Status.CANCELLED, cancelled_late=True)

# Columns that are exported as they are.
_VISIT = (
    *("reference", "status", "source", "service_name", "party_size", "children", "high_chairs", "needs_step_free"),
    *("name", "email", "phone", "booker_name", "booker_email", "occasion", "dietary_needs", "note", "language"),
    *("cancelled_late", "late_minutes"),
)
_ENTRY = (
    *("reference", "kind", "status", "party_size", "needs_step_free", "name", "email", "phone", "note", "language"),
    "quoted_minutes",
)
_REQUEST = (
    *("reference", "status", "party_size", "needs_step_free", "name", "email", "phone", "occasion", "dietary_needs"),
    *("note", "language", "answer"),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often somebody came, stayed away, or cancelled after the cut-off, and the service date of the last visit."""

    visits: int
    no_shows: int
    late_cancellations: int
    last_visit: dt.date | None

    @property
    def known(self) -> bool:
        """Whether there is anything to say of the guest."""
        return bool(self.visits or self.no_shows or self.late_cancellations)


def counts_of(guest: int | None) -> Counts:
    """Return the counts of a guest by number, in one statement; visits are parties seated or finished."""
    return Counts(
        **Reservation.objects.filter(guest=guest, guest__isnull=False).aggregate(
            visits=Count("pk", filter=_VISITED),
            no_shows=Count("pk", filter=_NO_SHOW),
            late_cancellations=Count("pk", filter=_LATE),
            last_visit=Max("service_date", filter=_VISITED),
        )
    )


def recent_no_shows(guests: Sequence[int], until: dt.date) -> dict[int, int]:
    """Return how many no-shows guests, by number (at most 1,000), had in the 12 months until a date; those with any.

    One statement; none for nobody.
    """
    if not guests:
        return {}
    rows = Reservation.objects.filter(
        _NO_SHOW, guest__in=guests, service_date__gt=until - RECENT, service_date__lte=until
    )
    return dict(rows.order_by().values_list("guest").annotate(number=Count("pk")))


def no_shows_from(least: int, guests: Sequence[int], until: dt.date) -> dict[int, int]:
    """Return `recent_no_shows` of the guests who had so many at least; of nobody, by no statement, where that is 0."""
    if not least:
        return {}
    return {guest: number for guest, number in recent_no_shows(guests, until).items() if number >= least}


def counted(guests: QuerySet[Guest]) -> QuerySet[CountedGuest]:
    """Return guests with ``visits``, ``no_shows`` and ``last_visit``, as `counts_of` counts, in the same statement."""
    of_guest = Reservation.objects.filter(guest=OuterRef("pk")).order_by().values("guest")

    def count(which: Q) -> Coalesce:
        number = of_guest.filter(which).annotate(number=Count("pk")).values("number")
        return Coalesce(Subquery(number), 0, output_field=IntegerField())

    last = of_guest.filter(_VISITED).annotate(last=Max("service_date")).values("last")
    rows = guests.annotate(visits=count(_VISITED), no_shows=count(_NO_SHOW), last_visit=Subquery(last))
    return cast("QuerySet[CountedGuest]", rows)


def export_of(guest: Guest) -> dict[str, Any]:
    """Return everything that is kept of a guest, as JSON takes it; docs/guests.md has the shape.

    Moments are ISO 8601 with the restaurant's offset, dates local service
    dates, choices their stored words. A guest that was merged is exported with
    the one into which it was.
    """
    kept = guest.merged_into or guest
    counts = counts_of(kept.pk)
    zone = kept.restaurant.zone
    return {
        **_export(kept.restaurant, traces_of(kept.restaurant_id, [kept.pk])),
        "guest": {
            "number": kept.pk,
            "name": kept.name,
            "email": kept.email,
            "phone": kept.phone,
            "language": kept.language,
            "tags": kept.tags,
            "dietary_needs": kept.dietary_needs,
            "notes": kept.notes,
            **_moments(kept, "needs_consent_at thanks_consent_at", zone),
            "first_known": _local(kept.created_at, zone),
            "visits": counts.visits,
            "no_shows": counts.no_shows,
            "late_cancellations": counts.late_cancellations,
            "merged": [
                {"number": row.pk, "email": row.email, "phone": row.phone} for row in kept.merged.order_by("pk")
            ],
        },
    }


def export_of_contact(restaurant: Restaurant, traces: Traces) -> dict[str, Any]:
    """Return what is kept of somebody who is no guest, in the shape of `export_of` with ``guest`` null."""
    return {**_export(restaurant, traces), "guest": None}


def _export(restaurant: Restaurant, traces: Traces) -> dict[str, Any]:
    zone = restaurant.zone
    tables = table_names(restaurant.pk)
    areas = dict(restaurant.areas.values_list("pk", "name"))

    def visit(row: Reservation) -> dict[str, Any]:
        return {
            **_told(row, _VISIT),
            "service_date": row.service_date.isoformat(),
            "area": areas.get(row.area_id or 0, ""),
            "tables": [tables[pk] for pk in row.table_ids if pk in tables],
            **_moments(
                row,
                "starts_at ends_at created_at confirmed_at cancelled_at coming_at arrived_at seated_at finished_at",
                zone,
            ),
        }

    return {
        "format": EXPORT_FORMAT,
        "restaurant": {"name": restaurant.name, "slug": restaurant.slug, "time_zone": restaurant.timezone},
        "guest": None,
        "reservations": [visit(row) for row in traces.reservations().order_by("starts_at", "pk")],
        "booked_for_others": [
            {"reference": row.reference, **_told(row, ("booker_name", "booker_email"))}
            for row in traces.booked().order_by("starts_at", "pk")
        ],
        "waitlist": [
            {
                **_told(row, _ENTRY),
                "service_date": row.service_date.isoformat(),
                "area": areas.get(row.area_id or 0, ""),
                **_moments(row, "earliest latest created_at ended_at", zone),
            }
            for row in traces.entries().order_by("created_at", "pk")
        ],
        "requests": [
            {
                **_told(row, _REQUEST),
                "service_date": row.service_date.isoformat(),
                **_moments(row, "starts_at created_at expires_at answered_at", zone),
            }
            for row in traces.requests().order_by("created_at", "pk")
        ],
        "imports": [{"line": row.line, **row.told} for row in traces.imported().order_by("batch", "line")],
        "messages": [_message(row, zone) for row in _messages(traces)],
        "events": [_event(row, zone) for row in traces.events().order_by("happened_at", "pk")],
    }


def _messages(traces: Traces) -> Iterable[Message]:
    return traces.messages().select_related("reservation", "entry", "request").order_by("due_at", "pk")


def _message(row: Message, zone: ZoneInfo) -> dict[str, Any]:
    about = row.reservation or row.entry or row.request
    return {
        **_told(row, ("kind", "status", "language")),
        "to": row.recipient,
        "about": about.reference if about else "",
        **_moments(row, "created_at due_at sent_at", zone),
    }


def _event(row: HistoryEvent, zone: ZoneInfo) -> dict[str, Any]:
    """Return what happened; of whom of the staff did it nothing: that is theirs."""
    return {
        "happened_at": _local(row.happened_at, zone),
        **_told(row, ("kind", "subject")),
        "number": row.subject_number,
        "by": row.actor,
        "changes": row.changes,
    }


def _told(row: Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _moments(row: Model, names: str, zone: ZoneInfo) -> dict[str, str | None]:
    return {name: _local(getattr(row, name), zone) for name in names.split()}


def _local(moment: dt.datetime | None, zone: ZoneInfo) -> str | None:
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None
