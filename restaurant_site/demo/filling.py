"""A fortnight of reservations around today: the missing days are filled, and what is over is marked so.

What people booked themselves is never touched, and is in the way as it would be
for anybody: a day is filled under its lock, on what is really free.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F

from reservations.engine.inserts import insert_many
from reservations.engine.locks import lock_days, retried, take_day
from reservations.engine.plan import DayPlan
from reservations.engine.slots import claimed_slots
from reservations.history import trail
from reservations.history.trail import COMMAND, Event
from reservations.models import Reservation, Restaurant, ServiceDay, TableClaim, day_tags
from reservations.models.reservation import COUNTED
from reservations.queries.day import day_plan
from restaurant_site.database.batches import rows_a_statement
from restaurant_site.demo.evening import MOST_PARTIES, Arrival, arrivals
from restaurant_site.demo.people import pick_dietary_needs, pick_name, pick_note, pick_occasion, pick_phone
from restaurant_site.demo.record import moment_of, tell, write_down
from restaurant_site.demo.spec import Crowd, DemoPlace

DAYS_BACK = DAYS_AHEAD = 7

_IDS_BATCH = 1000
_NO_SHOW_PERCENT = 4

Status = Reservation.Status
_LIVE = (Status.CONFIRMED, Status.SEATED)


@dataclass(frozen=True, slots=True)
class Filled:
    """What was done for one restaurant: reservations added, and those marked as seated, finished or not come."""

    added: int = 0
    moved: int = 0


def key_of(slug: str, date: dt.date, number: int) -> str:
    """Return the idempotency key of a demo reservation, by which it is told from a real one."""
    return hashlib.sha256(f"demo:{slug}:{date}:{number}".encode()).hexdigest()


def fill(places: Sequence[tuple[DemoPlace, Restaurant]], now: dt.datetime) -> dict[str, Filled]:
    """Fill what is missing from a week before to a week after each restaurant's local date; return it by slug.

    A day that has any demo reservation is left as it is. now is aware. Each day
    is a transaction of its own, so this must not be called inside one.
    """
    wanted = [(place, restaurant, date) for place, restaurant in places for date in _fortnight(restaurant, now)]
    first_keys = [key_of(place.slug, date, 0) for place, _restaurant, date in wanted]
    there = set(
        Reservation.objects.filter(
            restaurant__in=[restaurant.pk for _place, restaurant in places], idempotency_key__in=first_keys
        ).values_list("idempotency_key", flat=True)
    )
    missing = [of_day for of_day, key in zip(wanted, first_keys, strict=True) if key not in there]
    _make_days([(restaurant.pk, date) for _place, restaurant, date in missing])
    added = dict.fromkeys((place.slug for place, _restaurant in places), 0)
    for place, restaurant, date in missing:
        added[place.slug] += fill_day(place, restaurant, date, now)
    return {
        place.slug: Filled(added=added[place.slug], moved=_move_on(place.slug, restaurant.pk, now))
        for place, restaurant in places
    }


def fill_day(place: DemoPlace, restaurant: Restaurant, date: dt.date, now: dt.datetime) -> int:
    """Fill one service date under its lock; return how many reservations were added, 0 if any demo one is there."""

    def work() -> int:
        lock_days(restaurant.pk, [date])
        # Asked again: another process may have filled the day meanwhile.
        if Reservation.objects.filter(restaurant=restaurant, idempotency_key=key_of(place.slug, date, 0)).exists():
            return 0
        plan = day_plan(restaurant.pk, date)
        found = arrivals(plan, place.crowd, f"{place.slug}:{date}", now)
        if found:
            _write(place, restaurant, plan, found, now)
        return len(found)

    return retried(work)


def _make_days(days: Sequence[tuple[int, dt.date]]) -> None:
    """Make the rows that are locked, all at once; one by one, as `retried` does, takes a second more."""
    there = set(
        ServiceDay.objects.filter(
            restaurant__in={pk for pk, _date in days}, date__in={date for _pk, date in days}
        ).values_list("restaurant_id", "date")
    )
    rows = [ServiceDay(restaurant_id=pk, date=date) for pk, date in days if (pk, date) not in there]
    # Somebody books a day this very moment: then `retried` makes the rows after all.
    with suppress(IntegrityError), transaction.atomic():
        ServiceDay.objects.bulk_create(rows, batch_size=rows_a_statement(ServiceDay))


def _fortnight(restaurant: Restaurant, now: dt.datetime) -> Iterable[dt.date]:
    today = now.astimezone(restaurant.zone).date()
    return (today + dt.timedelta(days=offset) for offset in range(-DAYS_BACK, DAYS_AHEAD + 1))


def _status(key: str, start: dt.datetime, end: dt.datetime, now: dt.datetime) -> Reservation.Status:
    """Return what a confirmed demo reservation is at now; few guests don't come, always the same ones."""
    if start > now:
        return Status.CONFIRMED
    if int(key[:8], 16) % 100 < _NO_SHOW_PERCENT:
        return Status.NO_SHOW
    return Status.SEATED if end > now else Status.FINISHED


def _write(place: DemoPlace, restaurant: Restaurant, plan: DayPlan, found: Sequence[Arrival], now: dt.datetime) -> None:
    date, services = plan.date, {service.id: service for service in plan.services}
    rng = random.Random(f"guests:{place.slug}:{date}")  # noqa: S311 - invented guests, not a secret
    rows = []
    tables: dict[str, tuple[int, ...]] = {}
    for number, arrival in enumerate(found):
        key = key_of(place.slug, date, number)
        start, end = arrival.time.start_utc, arrival.ends_at
        status = Status.CANCELLED if arrival.cancelled_at else _status(key, start, end, now)
        tables[key] = arrival.time.table_ids if status in COUNTED else ()
        rows.append(
            Reservation(
                restaurant=restaurant,
                status=status,
                source=Reservation.Source.ONLINE if arrival.ask.online else Reservation.Source.STAFF,
                service_id=arrival.time.service_id,
                service_name=arrival.time.service_name,
                service_date=date,
                starts_at=start,
                ends_at=end,
                party_size=arrival.ask.party,
                area_id=arrival.ask.area_id,
                table_ids=list(tables[key]),
                needs_step_free=arrival.ask.step_free,
                idempotency_key=key,
                pacing_limit=services[arrival.time.service_id].max_covers,
                online_pacing_limit=services[arrival.time.service_id].max_online_covers,
                confirmed_at=arrival.booked_at,
                cancelled_at=arrival.cancelled_at,
                seated_at=start if status in (Status.SEATED, Status.FINISHED) else None,
                finished_at=end if status == Status.FINISHED else None,
                **_guest(rng, place.crowd, arrival),
            )
        )
    write_down(restaurant.pk, rows)
    insert_many(rows)
    # The insert returns no keys, and its created_at is now.
    written = Reservation.objects.filter(restaurant=restaurant, idempotency_key__in=list(tables))
    written.renewing(*day_tags(restaurant.pk, date)).update(created_at=F("confirmed_at"))
    claims = [
        TableClaim(restaurant=restaurant, reservation_id=pk, table_id=table_id, slot_start=slot)
        for pk, key, start, end in written.values_list("pk", "idempotency_key", "starts_at", "ends_at")
        for table_id in tables[key]
        for slot in claimed_slots(start, int((end - start).total_seconds() // 60))
    ]
    # In order, as every booking writes them: two that overlap meet at the first.
    claims.sort(key=lambda claim: (claim.table_id, claim.slot_start))
    insert_many(claims)
    tell(restaurant.pk, date, list(written.order_by("confirmed_at", "pk")), now)


def _guest(rng: random.Random, crowd: Crowd, arrival: Arrival) -> Mapping[str, object]:
    """Return who comes and what they told. A guest who telephoned leaves a number, and often no address."""
    name, email = pick_name(rng, crowd.cultures)
    phone = pick_phone(rng, rng.choice(crowd.phones))
    online, party = arrival.ask.online, arrival.ask.party
    children = rng.randint(1, min(3, party - 1)) if party > 2 and rng.random() < crowd.children * 2 else 0
    occasion = pick_occasion(rng, party) if online else ""
    return {
        "name": name,
        "email": email if online or rng.random() < 0.3 else "",
        "phone": phone if not online or rng.random() < 0.9 else "",
        "occasion": occasion,
        "dietary_needs": pick_dietary_needs(rng, party) if rng.random() < 0.13 else "",
        "note": pick_note(rng, party, occasion, children) if rng.random() < (0.22 if online else 0.08) else "",
        "children": children,
        "high_chairs": rng.randint(0, min(children, 2)),
        "language": _language(rng, crowd) if online else "",
    }


def _language(rng: random.Random, crowd: Crowd) -> str:
    drawn = rng.random()
    if drawn < crowd.german:
        return "de"
    return "ja" if drawn < crowd.german + crowd.japanese else "en"


def _move_on(slug: str, restaurant_id: int, now: dt.datetime) -> int:
    """Mark demo reservations that have begun or are over; return how many. A real guest's is left to staff."""
    begun = Reservation.objects.filter(restaurant_id=restaurant_id, status__in=_LIVE, starts_at__lte=now)
    keys: dict[dt.date, set[str]] = {}
    by_status: dict[tuple[dt.date, Reservation.Status], list[int]] = {}
    for pk, date, key, status, start, end in begun.values_list(
        "pk", "service_date", "idempotency_key", "status", "starts_at", "ends_at"
    ):
        if date not in keys:
            keys[date] = {key_of(slug, date, number) for number in range(MOST_PARTIES)}
        if key in keys[date] and (becomes := _status(key, start, end, now)) != status:
            by_status.setdefault((date, becomes), []).append(pk)
    for (date, becomes), pks in sorted(by_status.items()):
        for first in range(0, len(pks), _IDS_BATCH):
            _mark(restaurant_id, date, pks[first : first + _IDS_BATCH], becomes)
    return sum(len(pks) for pks in by_status.values())


def _mark(restaurant_id: int, date: dt.date, pks: Sequence[int], becomes: Reservation.Status) -> None:
    def work() -> None:
        day = take_day(restaurant_id, date)
        rows = Reservation.objects.filter(pk__in=pks, status__in=_LIVE)
        found = list(rows.order_by("starts_at", "pk"))
        rows = rows.renewing(*day_tags(restaurant_id, date))
        events = [Event(str(becomes), "reservation", row.pk, row.guest_id, at=moment_of(row, becomes)) for row in found]
        trail.append(restaurant_id, date, events, COMMAND, day.now, day.head)
        if becomes in COUNTED:
            left = {"finished_at": F("ends_at")} if becomes == Status.FINISHED else {}
            rows.update(status=becomes, seated_at=F("starts_at"), **left)
            return
        rows.update(status=becomes, table_ids=[])
        # Through a subquery, not a join: a delete with a join names the claims
        # twice, and is slow as long as the database has no statistics of them.
        changed = Reservation.objects.filter(pk__in=pks, status=becomes)
        TableClaim.objects.filter(reservation__in=changed.order_by()).delete()

    retried(work)
