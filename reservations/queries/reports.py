"""What a range of service dates came to, for managers: covers, no-shows, lead and turn times, refusals, the waitlist.

Sums are made by the database by service date; weeks are folded here, since
each database names them its own way. Nothing here needs the newest row: these
reads may go to a replica.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Sum

from reservations.models import Refusal, Reservation, Restaurant, Service, TurnTime, WaitlistEntry
from reservations.queries.rules import service_rules

K = TypeVar("K")

Status = Reservation.Status

_BOOKED = (Status.CONFIRMED, Status.SEATED, Status.FINISHED)
_ON_RECORD = (*_BOOKED, Status.NO_SHOW, Status.CANCELLED)
_CAME = (Status.SEATED, Status.FINISHED)


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of some reservations; parties that were only held count nowhere. Times in seconds, over so many parties."""

    parties: int = 0
    covers: int = 0
    came: int = 0
    no_shows: int = 0
    cancelled: int = 0
    cancelled_late: int = 0
    lead_seconds: float = 0
    lead_parties: int = 0
    turn_seconds: float = 0
    planned_seconds: float = 0
    turn_parties: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def no_show_rate(self) -> float | None:
        """No-shows among those that came or should have, as a share of 1; None where there were none."""
        return _share(self.no_shows, self.no_shows + self.came)

    @property
    def cancellation_rate(self) -> float | None:
        """Cancellations among all that was booked, as a share of 1."""
        return _share(self.cancelled, self.cancelled + self.no_shows + self.parties)

    @property
    def lead_days(self) -> float | None:
        """Days between booking and start, on average; walk-ins apart."""
        return _share(self.lead_seconds / 86_400, self.lead_parties)

    @property
    def turn_minutes(self) -> float | None:
        """Minutes between seated and finished, on average, of parties of which both are known."""
        return _share(self.turn_seconds / 60, self.turn_parties)

    @property
    def planned_minutes(self) -> float | None:
        """Minutes that the turn times of today's rules give the same parties, on average."""
        return _share(self.planned_seconds / 60, self.turn_parties)


@dataclass(frozen=True, slots=True)
class Waited:
    """Parties that joined the waitlist online, to how many a table was offered, and how many took it."""

    joined: int = 0
    offered: int = 0
    accepted: int = 0

    def __add__(self, other: Waited) -> Waited:
        return Waited(self.joined + other.joined, self.offered + other.offered, self.accepted + other.accepted)

    @property
    def conversion(self) -> float | None:
        """Those that took a table among those that joined, as a share of 1."""
        return _share(self.accepted, self.joined)


@dataclass(frozen=True, slots=True)
class Refused:
    """How often a reason refused a booking, and the covers that were asked for; who tries again counts again."""

    times: int = 0
    covers: int = 0

    def __add__(self, other: Refused) -> Refused:
        return Refused(self.times + other.times, self.covers + other.covers)


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week, known by its Monday, as far as it lies in the range."""

    monday: dt.date
    figures: Figures
    refused: Refused
    waited: Waited


@dataclass(frozen=True, slots=True)
class Report:
    """A range of service dates, both included. Weeks without anything are there too; services and reasons by size.

    What was refused is there by reason, and by reason with each Monday and each service.
    """

    first: dt.date
    last: dt.date
    total: Figures
    waited: Waited
    weeks: tuple[Week, ...]
    services: tuple[tuple[str, Figures, Refused], ...]
    reasons: tuple[tuple[str, Refused], ...]
    reasons_by_week: Mapping[tuple[dt.date, str], Refused]
    reasons_by_service: Mapping[tuple[str, str], Refused]


def report(restaurant: Restaurant, first: dt.date, last: dt.date, using: str = DEFAULT_DB_ALIAS) -> Report:
    """Return the report of a range of service dates in 5 statements, whatever its length; using may be a replica."""
    offered = list(Service.objects.using(using).filter(restaurant=restaurant).select_related("special_day"))
    cells = _cells(restaurant, offered, first, last, using)
    refused = _refusals(restaurant, first, last, using)
    waited = _waited(restaurant, first, last, using)
    by_week = _sums(((monday_of(date), cell) for date, _name, cell in cells), Figures())
    waited_by_week = _sums(((monday_of(date), row) for date, row in waited), Waited())
    services = _sums(((name, cell) for _date, name, cell in cells), Figures())
    reasons = _sums(((reason, row) for _date, _start, reason, row in refused), Refused())
    seats = _seating(restaurant, offered)
    reasons_by_week = _sums((((monday_of(date), reason), row) for date, _start, reason, row in refused), Refused())
    reasons_at = _sums((((seats(date, start), reason), row) for date, start, reason, row in refused), Refused())
    refused_by_week = _sums(((monday, row) for (monday, _reason), row in reasons_by_week.items()), Refused())
    refused_at = _sums(((name, row) for (name, _reason), row in reasons_at.items()), Refused())
    by_service = {
        name: (services.get(name, Figures()), refused_at.get(name, Refused())) for name in {*services, *refused_at}
    }
    return Report(
        first=first,
        last=last,
        total=sum((cell for _date, _name, cell in cells), Figures()),
        waited=sum((row for _date, row in waited), Waited()),
        weeks=tuple(
            Week(
                monday,
                by_week.get(monday, Figures()),
                refused_by_week.get(monday, Refused()),
                waited_by_week.get(monday, Waited()),
            )
            for monday in _mondays(first, last)
        ),
        services=tuple(
            (name, *found) for name, found in sorted(by_service.items(), key=lambda item: (-item[1][0].covers, item[0]))
        ),
        reasons=tuple(sorted(reasons.items(), key=lambda item: (-item[1].times, item[0]))),
        reasons_by_week=reasons_by_week,
        reasons_by_service=reasons_at,
    )


def monday_of(date: dt.date) -> dt.date:
    """Return the first day of a date's ISO week."""
    return date - dt.timedelta(days=date.weekday())


def _cells(
    restaurant: Restaurant, offered: list[Service], first: dt.date, last: dt.date, using: str
) -> list[tuple[dt.date, str, Figures]]:
    """Return the sums of each service date, service and party size, by which the planned turn time goes."""
    lead = ExpressionWrapper(F("starts_at") - F("created_at"), output_field=DurationField())
    turn = ExpressionWrapper(F("finished_at") - F("seated_at"), output_field=DurationField())
    led = Q(status__in=_BOOKED) & ~Q(source=Reservation.Source.WALK_IN)
    turned = Q(status=Status.FINISHED, seated_at__isnull=False, finished_at__isnull=False)
    rows = (
        Reservation.objects.using(using)
        .filter(restaurant=restaurant, service_date__range=(first, last), status__in=_ON_RECORD)
        .order_by()
        .values_list("service_date", "service_id", "service_name", "party_size")
        .annotate(
            parties=Count("pk", filter=Q(status__in=_BOOKED)),
            came=Count("pk", filter=Q(status__in=_CAME)),
            no_shows=Count("pk", filter=Q(status=Status.NO_SHOW)),
            cancelled=Count("pk", filter=Q(status=Status.CANCELLED)),
            cancelled_late=Count("pk", filter=Q(status=Status.CANCELLED, cancelled_late=True)),
            lead=Sum(lead, filter=led),
            lead_parties=Count("pk", filter=led),
            turn=Sum(turn, filter=turned),
            turn_parties=Count("pk", filter=turned),
        )
    )
    planned = _planned(restaurant, offered, using)
    found = []
    for date, service, name, party, parties, came, no_shows, cancelled, late, led_for, leads, stayed, turns in rows:
        figures = Figures(
            parties=parties,
            covers=parties * party,
            came=came,
            no_shows=no_shows,
            cancelled=cancelled,
            cancelled_late=late,
            lead_seconds=_seconds(led_for),
            lead_parties=leads,
            turn_seconds=_seconds(stayed),
            planned_seconds=60 * turns * planned(service, party),
            turn_parties=turns,
        )
        found.append((date, name, figures))
    return found


def _planned(restaurant: Restaurant, offered: list[Service], using: str) -> Callable[[int | None, int], int]:
    """Return what tells the minutes of a service by number and a party: by the rules as they are now.

    The end of a reservation is of no use here: finishing a party moves it.
    """
    turns: dict[int | None, list[tuple[int, int]]] = {}
    rows = TurnTime.objects.using(using).filter(restaurant=restaurant).order_by("up_to", "-minutes")
    for service_id, up_to, minutes in rows.values_list("service_id", "up_to", "minutes"):
        turns.setdefault(service_id, []).append((up_to, minutes))
    rules = {service.pk: service_rules(restaurant, service, turns) for service in offered}

    def minutes_of(service_id: int | None, party: int) -> int:
        found = rules.get(service_id or 0)
        return found.turn(party) if found else restaurant.turn_minutes

    return minutes_of


def _seating(restaurant: Restaurant, offered: list[Service]) -> Callable[[dt.date, dt.datetime], str]:
    """Return what names the service that seats at a start (UTC) of a service date, or ""; as services are now."""

    def holds(service: Service, date: dt.date) -> bool:
        if service.special_day is not None:
            return service.special_day.date == date
        begun = service.valid_from is None or service.valid_from <= date
        return bool(begun and (service.valid_until is None or date <= service.valid_until)) and bool(
            service.weekdays & (1 << date.weekday())
        )

    def name_of(date: dt.date, start: dt.datetime) -> str:
        clock = start.astimezone(restaurant.zone).time()
        # A special day's come before the usual ones, which it replaces.
        for service in sorted(offered, key=lambda one: one.special_day is None):
            first, last = service.first_seating, service.last_seating
            within = first <= clock <= last if first <= last else clock >= first or clock <= last
            if within and holds(service, date):
                return service.name
        return ""

    return name_of


def _refusals(
    restaurant: Restaurant, first: dt.date, last: dt.date, using: str
) -> list[tuple[dt.date, dt.datetime, str, Refused]]:
    rows = (
        Refusal.objects.using(using)
        .filter(restaurant=restaurant, service_date__range=(first, last))
        .order_by()
        .values_list("service_date", "starts_at", "reason")
        .annotate(times=Count("pk"), covers=Sum("party_size"))
    )
    return [(date, start, reason, Refused(times, covers or 0)) for date, start, reason, times, covers in rows]


def _waited(restaurant: Restaurant, first: dt.date, last: dt.date, using: str) -> list[tuple[dt.date, Waited]]:
    rows = (
        WaitlistEntry.objects.using(using)
        .filter(restaurant=restaurant, service_date__range=(first, last), kind=WaitlistEntry.Kind.ONLINE)
        .order_by()
        .values_list("service_date")
        .annotate(
            joined=Count("pk"),
            offered=Count("pk", filter=Q(offer__isnull=False)),
            accepted=Count("pk", filter=Q(status=WaitlistEntry.Status.ACCEPTED)),
        )
    )
    return [(date, Waited(joined, offered, accepted)) for date, joined, offered, accepted in rows]


def _sums(pairs: Iterable[tuple[K, Any]], nothing: Any) -> dict[K, Any]:
    found: dict[K, Any] = {}
    for key, value in pairs:
        found[key] = found.get(key, nothing) + value
    return found


def _mondays(first: dt.date, last: dt.date) -> list[dt.date]:
    start = monday_of(first)
    return [start + dt.timedelta(weeks=number) for number in range((last - start).days // 7 + 1)]


def _seconds(duration: dt.timedelta | None) -> float:
    return duration.total_seconds() if duration else 0


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
