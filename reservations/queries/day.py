"""What the engine needs to know of one restaurant's one day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict, cast

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Now

from reservations.engine.availability import (
    CombinationSpec,
    DayPlan,
    Deadline,
    Seating,
    ServiceRules,
    TableSpec,
)
from reservations.engine.errors import Reason
from reservations.history.trail import Head
from reservations.models import (
    Block,
    Closure,
    CombinationTable,
    HistoryEvent,
    Reservation,
    Restaurant,
    Service,
    SpecialDay,
    Table,
    TableClaim,
    TurnTime,
    WaitlistEntry,
)
from reservations.models.reservation import BY_ONLINE_RULES, COUNTED

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _OnDate(TypedDict):
        closed_for: bool
        special_id: int | None
        special_closed: bool | None

    _Dated = WithAnnotations[Restaurant, _OnDate]

    class _UnderLock(Restaurant):
        closed_for: bool
        special_id: int | None
        special_closed: bool | None
        asked_at: dt.datetime
        chained: int | None
        chain_digest: str | None
        is_waited_for: bool

        class Meta:
            abstract = True


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
    """Return the plan of a local service date, in a constant number of statements (5, and 2 for the seatings).

    Raises `Restaurant.DoesNotExist`. Without seatings the plan holds the rules
    alone, as a write rule wants them, which asks for its own window under the
    lock. locked, every hold that is left counts, as in `window`.
    except_reservation leaves out the one that is about to be changed.
    """
    restaurant = _on_date(date).get(pk=restaurant_id)
    return DayPlan(
        date=date,
        zone=restaurant.timezone,
        tables=_tables(restaurant),
        combinations=_combinations(restaurant),
        seatings=_seatings(restaurant, date, locked, except_reservation) if seatings else (),
        **_rules(restaurant, date),
    )


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a write rule reads once it holds the day's lock: the rules, the database's time, the chain, the queue."""

    plan: DayPlan
    now: dt.datetime
    head: Head
    is_waited_for: bool
    restaurant: Restaurant


def refreshed(plan: DayPlan, restaurant_id: int) -> Fresh:
    """Return the plan with its rules read again, and what else the lock protects, in 3 statements.

    Tables and seatings stay. For a write rule that has waited for the day's
    lock: whoever held it may have closed the day or a service.
    """
    events = HistoryEvent.objects.filter(restaurant=OuterRef("pk"), chain=plan.date.isoformat(), position__gt=0)
    last = events.order_by("-position")
    rows = _on_date(plan.date).annotate(
        asked_at=Now(),
        chained=Subquery(last.values("position")[:1]),
        chain_digest=Subquery(last.values("digest")[:1]),
        is_waited_for=Exists(waiting(plan.date).filter(restaurant=OuterRef("pk")).order_by()),
    )
    restaurant = cast("_UnderLock", rows.get(pk=restaurant_id))
    return Fresh(
        plan=replace(plan, **_rules(restaurant, plan.date)),
        now=restaurant.asked_at,
        head=Head(restaurant.chained or 0, restaurant.chain_digest or ""),
        is_waited_for=restaurant.is_waited_for,
        restaurant=restaurant,
    )


def waiting(date: dt.date) -> QuerySet[WaitlistEntry]:
    """Return who waits for a table of a service date, the first in the queue first; not those at the door."""
    return WaitlistEntry.objects.filter(
        service_date=date, kind=WaitlistEntry.Kind.ONLINE, status=WaitlistEntry.Status.WAITING
    ).order_by("rank", "created_at", "pk")


def _on_date(date: dt.date) -> QuerySet[_Dated]:
    closures = Closure.objects.filter(restaurant=OuterRef("pk"), service=None, starts_on__lte=date, ends_on__gte=date)
    special = SpecialDay.objects.filter(restaurant=OuterRef("pk"), date=date).order_by()
    rows = Restaurant.objects.annotate(
        closed_for=Exists(closures),
        special_id=Subquery(special.values("pk")[:1]),
        special_closed=Subquery(special.values("is_closed")[:1]),
    )
    return cast("QuerySet[_Dated]", rows)


def _rules(restaurant: _Dated | _UnderLock, date: dt.date) -> dict[str, Any]:
    """Return the fields of a plan that closures, special days, services and the booking rules decide."""
    closed = restaurant.closed_for or bool(restaurant.special_closed)
    online_reason = _ONLINE_REASONS.get(restaurant.online_booking)
    return {
        "window_days": restaurant.booking_window_days,
        "hold_minutes": restaurant.hold_minutes,
        "offer_minutes": restaurant.offer_minutes,
        "online_reason": online_reason if restaurant.is_published else Reason.ONLINE_BOOKING_OFF,
        "closed": closed,
        "services": () if closed else _services(restaurant, date, restaurant.special_id),
    }


def _services(restaurant: Restaurant, date: dt.date, special: int | None) -> tuple[ServiceRules, ...]:
    closed = Closure.objects.filter(service=OuterRef("pk"), starts_on__lte=date, ends_on__gte=date)
    rows = (
        Service.objects.filter(~Exists(closed), restaurant=restaurant)
        .order_by("first_seating", "pk")
        .filter(
            Q(special_day_id=special)
            if special is not None
            else Q(special_day=None)
            & (Q(valid_from=None) | Q(valid_from__lte=date))
            & (Q(valid_until=None) | Q(valid_until__gte=date))
        )
    )
    of_day = [row for row in rows if special is not None or row.weekdays & (1 << date.weekday())]
    turns: dict[int | None, list[tuple[int, int]]] = {}
    for service_id, up_to, minutes in (
        TurnTime.objects.filter(restaurant=restaurant)
        .order_by("up_to", "-minutes")
        .values_list("service_id", "up_to", "minutes")
    ):
        turns.setdefault(service_id, []).append((up_to, minutes))
    return tuple(service_rules(restaurant, row, turns) for row in of_day)


def service_rules(
    restaurant: Restaurant, service: Service, turns: dict[int | None, list[tuple[int, int]]]
) -> ServiceRules:
    """Return the service's rules with everything that it leaves open taken from the restaurant."""
    return ServiceRules(
        id=service.pk,
        name=service.name,
        first=service.first_seating,
        last=service.last_seating,
        interval=service.interval_minutes,
        min_party=service.min_party or restaurant.min_party,
        max_party=service.max_party or restaurant.max_party,
        lead=_deadline(service, "lead") or _deadline(restaurant, "lead") or Deadline(),
        cutoff=cutoff(restaurant, service),
        turn_times=tuple(turns.get(service.pk) or turns.get(None) or ()),
        default_turn=restaurant.turn_minutes,
        max_covers=service.max_covers,
        max_online_covers=service.max_online_covers,
    )


def cutoff(restaurant: Restaurant, service: Service | None) -> Deadline:
    """Return the cancellation cut-off of a service, or the restaurant's."""
    return (_deadline(service, "cutoff") if service else None) or _deadline(restaurant, "cutoff") or Deadline()


def _deadline(row: Service | Restaurant, name: str) -> Deadline | None:
    minutes, clock = getattr(row, f"{name}_minutes"), getattr(row, f"{name}_clock")
    if minutes is None and clock is None:
        return None
    return Deadline(minutes=minutes, clock=clock, days_before=getattr(row, f"{name}_days_before"))


def _tables(restaurant: Restaurant) -> tuple[TableSpec, ...]:
    rows = Table.objects.filter(restaurant=restaurant, is_active=True).order_by("position", "pk")
    return tuple(
        TableSpec(
            id=row.pk,
            name=row.name,
            area_id=row.area_id,
            min_seats=row.min_seats,
            max_seats=row.max_seats,
            online=row.is_online,
            step_free=row.is_step_free,
        )
        for row in rows
    )


def _combinations(restaurant: Restaurant) -> tuple[CombinationSpec, ...]:
    members: dict[int, list[int]] = {}
    combinations = {}
    for member in (
        CombinationTable.objects.filter(restaurant=restaurant)
        .select_related("combination")
        .order_by("combination_id", "table_id")
    ):
        combinations[member.combination_id] = member.combination
        members.setdefault(member.combination_id, []).append(member.table_id)
    return tuple(
        CombinationSpec(
            id=pk,
            table_ids=tuple(members[pk]),
            min_party=combination.min_party,
            max_party=combination.max_party,
            online=combination.is_online,
        )
        for pk, combination in combinations.items()
    )


def _seatings(restaurant: Restaurant, date: dt.date, locked: bool, except_reservation: int) -> tuple[Seating, ...]:
    """Read reservations and blocks instead of claims: one row a party instead of one a table and slot.

    Yesterday's may run past midnight, and this date's late times into tomorrow's.
    """
    around = (date - dt.timedelta(days=1), date, date + dt.timedelta(days=1))
    rows = Reservation.objects.filter(restaurant=restaurant, service_date__in=around, status__in=COUNTED)
    if except_reservation:
        rows = rows.exclude(pk=except_reservation)
    blocks = Block.objects.filter(restaurant=restaurant, service_date__in=around, lifted_at=None)
    return tuple(
        Seating(start=start, end=end, service_date=service_date, party=0, online=False, table_ids=tuple(tables))
        for start, end, service_date, tables in blocks.values_list("starts_at", "ends_at", "service_date", "table_ids")
    ) + tuple(
        Seating(
            start=start,
            end=end,
            service_date=service_date,
            party=party,
            online=source in BY_ONLINE_RULES,
            table_ids=tuple(tables),
            held_until=held_until if status == Reservation.Status.HELD and not locked else None,
        )
        for start, end, service_date, party, source, tables, held_until, status in rows.values_list(
            "starts_at", "ends_at", "service_date", "party_size", "source", "table_ids", "held_until", "status"
        )
    )


def _held_by(browser: str, path: str = "") -> Q:
    """Return the condition that a reservation is a hold of the browser; of none, where the browser has no cookie."""
    held = {f"{path}status": Reservation.Status.HELD, f"{path}browser": browser}
    return Q(**held) if browser else Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Window:
    """What a write rule decides by: covers arriving at a start, and the tables taken from start to end.

    neighbours are the other service dates whose lapsed holds still claim a
    table here; only whoever locks such a day may expire them.
    """

    covers: tuple[int, int]
    taken: frozenset[int]
    neighbours: frozenset[dt.date]


def window(
    restaurant_id: int,
    date: dt.date,
    start: dt.datetime,
    end: dt.datetime,
    *,
    locked: bool,
    except_reservation: int = 0,
    except_browser: str = "",
) -> Window:
    """Return the covers of a start (UTC) and the tables taken until end (UTC), in two statements.

    Unlocked, holds that have lapsed by the database's clock take nothing. Under
    the day's lock, which has just expired them, every hold that is left counts:
    one that lapses this moment may be being confirmed by a transaction that
    this one can't see yet.
    """
    counted = Q() if locked else ~Q(status=Reservation.Status.HELD) | Q(held_until__gt=Now())
    sums = (
        Reservation.objects.filter(
            counted, restaurant_id=restaurant_id, service_date=date, starts_at=start, status__in=COUNTED
        )
        .exclude(pk=except_reservation)
        .exclude(_held_by(except_browser))
        .aggregate(
            total=Sum("party_size", default=0),
            online=Sum("party_size", filter=Q(source__in=BY_ONLINE_RULES), default=0),
        )
    )
    claims = (
        TableClaim.objects.filter(restaurant_id=restaurant_id, slot_start__gte=start, slot_start__lt=end)
        .exclude(reservation=except_reservation)
        .exclude(_held_by(except_browser, "reservation__"))
        .order_by()
        .annotate(
            lapsed=Case(
                When(reservation__status=Reservation.Status.HELD, reservation__held_until__lte=Now(), then=Value(1)),
                default=Value(0),
            )
        )
        .values_list("table_id", "lapsed", "reservation__service_date")
        .distinct()
    )
    taken: set[int] = set()
    neighbours: set[dt.date] = set()
    for table_id, lapsed, service_date in claims:
        if lapsed and service_date != date:
            neighbours.add(service_date)
        elif locked or not lapsed:
            taken.add(table_id)
    return Window((sums["total"], sums["online"]), frozenset(taken), frozenset(neighbours))
