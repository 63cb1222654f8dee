"""The service day's lock, the expiry of lapsed holds under it, and the retry of what collided.

Order of locks: service days by date; then the reservation by compare-and-set;
then claims by (table, slot).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import Error, IntegrityError, connection, models, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from reservations.engine.errors import Reason, Refused
from reservations.engine.stuck import waiting_for
from reservations.history import trail
from reservations.history.trail import JOB, Event, Head
from reservations.messages.outgoing import Kind, message, send_later
from reservations.models import (
    BookingRequest,
    Guest,
    HistoryEvent,
    Message,
    Reservation,
    Restaurant,
    ServiceDay,
    TableClaim,
    WaitlistEntry,
    day_tags,
)
from reservations.queries.prepared import NextKey, Param, Prepared, PreparedUpdate, Question, together
from restaurant_site.database.failures import is_collision, is_outdated
from restaurant_site.observing import metrics

T = TypeVar("T")

ATTEMPTS = 5

retries = 0
"""How often this process has done a transaction again since it began; the replay tells it."""


class DayMissing(Exception):  # noqa: N818 - a signal to `retried`, not an error
    """The row to lock is not there yet: it is made in a transaction of its own, and the work done again."""

    def __init__(self, restaurant_id: int, dates: list[dt.date]) -> None:
        super().__init__(restaurant_id, dates)
        self.restaurant_id = restaurant_id
        self.dates = dates


class Again(Exception):  # noqa: N818 - a signal to `retried`, not an error
    """The work found that it needs more than it locked, and has noted what: it is done again from the start."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A locked service day: the database's time once the lock was there, and the last link of the day's chain."""

    date: dt.date
    now: dt.datetime
    head: Head
    restaurant: Restaurant
    guest_number: int | None = None
    """For one guest who is written down now."""


def lock_days(restaurant_id: int, dates: Iterable[dt.date], *questions: Question) -> list[Any]:
    """Lock a restaurant's service days in order of date, expire their lapsed holds, and answer the questions then.

    Must run first in a transaction, inside `retried`. Each lock is an UPDATE,
    which serialises on every database. Raises `DayMissing` for `retried` to handle.
    """
    ordered = sorted(set(dates))
    takes = [_TAKE.asked(restaurant=restaurant_id, date=date) for date in ordered]
    lapsed = [_LAPSED.asked(restaurant=restaurant_id, date=date) for date in ordered]
    with waiting_for(restaurant_id, *ordered):
        answers = together(*takes, *lapsed, *questions)
    _refuse_missing(restaurant_id, ordered, answers)
    found = [row for rows in answers[len(takes) : len(takes) + len(lapsed)] for row in rows]
    if found:
        _expire(restaurant_id, ordered, found)
        return together(*questions) if questions else []
    return answers[len(takes) + len(lapsed) :]


def _refuse_missing(restaurant_id: int, dates: list[dt.date], taken: list[Any]) -> None:
    if missing := [date for date, count in zip(dates, taken, strict=False) if not count]:
        raise DayMissing(restaurant_id, missing)


def take_days(restaurant_id: int, ordered: list[dt.date]) -> None:
    """Lock service days, given in order, without expiring anything: for what takes no capacity."""
    with waiting_for(restaurant_id, *ordered):
        taken = together(*(_TAKE.asked(restaurant=restaurant_id, date=date) for date in ordered))
    _refuse_missing(restaurant_id, ordered, taken)


def take_day(restaurant_id: int, date: dt.date) -> Locked:
    """Lock one service day as `take_days` does, and return its state, in two statements."""
    return take_day_and_ask(restaurant_id, date)[0]


def take_day_and_ask(restaurant_id: int, date: dt.date, *questions: Question) -> tuple[Locked, list[Any]]:
    """Lock one service day, and return its state and the answers to the questions, as they are under the lock."""
    with waiting_for(restaurant_id, date):
        taken, state, *answers = together(
            _TAKE.asked(restaurant=restaurant_id, date=date), _state_asked(restaurant_id, date), *questions
        )
    _refuse_missing(restaurant_id, [date], [taken])
    return _locked(date, state), answers


def state_of(restaurant_id: int, date: dt.date) -> Locked:
    """Return the state of a service day that the transaction has locked."""
    (state,) = together(_state_asked(restaurant_id, date))
    return _locked(date, state)


def _state_asked(restaurant_id: int, date: dt.date) -> Question:
    return _STATE.asked(restaurant=restaurant_id, chain=date.isoformat())


def _locked(date: dt.date, rows: list[Any]) -> Locked:
    (row,) = rows
    now, position, digest, number, *columns = row
    restaurant = Restaurant.from_db(connection.alias, _RESTAURANT_COLUMNS, columns)
    return Locked(date, now, Head(position or 0, digest or ""), restaurant, number)


_RESTAURANT = Param("restaurant", models.BigIntegerField())
_RESTAURANT_COLUMNS = tuple(field.attname for field in Restaurant._meta.concrete_fields)


def _state() -> QuerySet[Restaurant, Any]:
    last = HistoryEvent.objects.filter(
        restaurant_id=OuterRef("pk"), chain=Param("chain", models.CharField()), position__gt=0
    ).order_by("-position")
    return (
        Restaurant.objects.filter(pk=_RESTAURANT)
        .order_by()
        .annotate(
            asked_at=Now(),
            position_=Subquery(last.values("position")[:1]),
            digest=Subquery(last.values("digest")[:1]),
            number=NextKey(Guest),
        )
        .values_list("asked_at", "position_", "digest", "number", *_RESTAURANT_COLUMNS)
    )


_STATE = Prepared(_state)
_TAKE = PreparedUpdate(
    lambda: (
        ServiceDay.objects.filter(restaurant_id=_RESTAURANT, date=Param("date", models.DateField())),
        {"locked_at": Now()},
    )
)


def lock_for_closing(restaurant_id: int, first: dt.date, last: dt.date) -> None:
    """Lock the service days from first to last, in order, for whoever is about to close them or a service.

    Must be called inside the transaction that then writes the closing. Missing
    rows are made, so that the first booking of a day waits as well: it inserts
    the row before it locks it. A booking that waited reads the rules again.
    Raises IntegrityError where another makes a row at the same moment.
    """
    rows = ServiceDay.objects.filter(restaurant_id=restaurant_id, date__gte=first, date__lte=last)
    there = set(rows.values_list("date", flat=True))
    dates = [first + dt.timedelta(days=day) for day in range((last - first).days + 1)]
    ServiceDay.objects.bulk_create(
        [ServiceDay(restaurant_id=restaurant_id, date=date) for date in dates if date not in there], batch_size=500
    )
    list(rows.order_by("date").select_for_update().values_list("pk", flat=True))


def expire_lapsed(restaurant_id: int, dates: list[dt.date]) -> int:
    """Expire the lapsed holds of locked days and free their tables; return how many. Database time decides.

    Compare-and-set: an owner who confirms at the same moment either sees the
    hold expired or keeps it, never both. An offer that lapses ends its entry,
    a proposal its request.
    """
    found = [row for date in dates for row in _LAPSED.rows(restaurant=restaurant_id, date=date)]
    return _expire(restaurant_id, dates, found) if found else 0


def _expire(restaurant_id: int, dates: list[dt.date], found: list[Any]) -> int:
    lapsed = Reservation.objects.filter(
        restaurant_id=restaurant_id,
        service_date__in=dates,
        status=Reservation.Status.HELD,
        held_until__lte=Now(),
    )
    ids = [pk for pk, *_rest in found]
    tags = (tag for date in dates for tag in day_tags(restaurant_id, date))
    expired = lapsed.filter(pk__in=ids).renewing(*tags).update(status=Reservation.Status.EXPIRED, **forgotten())
    # Through a subquery, not a join: a delete with a join names the claims twice.
    gone = Reservation.objects.filter(pk__in=ids, status=Reservation.Status.EXPIRED).order_by()
    TableClaim.objects.filter(reservation__in=gone).delete()
    now = found[0][3]
    ended = {date: [Event("expired", "reservation", pk) for pk, of, *_rest in found if of == date] for date in dates}
    if any(source == Reservation.Source.WAITLIST for _pk, _date, source, *_rest in found):
        lapse_offers(ids, ended)
    if asked := [pk for pk, *_rest, asked in found if asked]:
        forget_addresses(asked)
    if any(source == Reservation.Source.REQUEST for _pk, _date, source, *_rest in found):
        expire_proposals(ids, ended, now)
    for date, events in ended.items():
        trail.append(restaurant_id, date, events, JOB, now)
    return expired


_LAPSED = Prepared(
    lambda: (
        Reservation.objects.filter(
            restaurant_id=_RESTAURANT,
            service_date=Param("date", models.DateField()),
            status=Reservation.Status.HELD,
            held_until__lte=Now(),
        )
        .order_by("pk")
        .annotate(asked_at=Now())
        .values_list("pk", "service_date", "source", "asked_at", "asked")
    )
)


def lapse_offers(ids: list[int], ended: dict[dt.date, list[Event]]) -> None:
    """End the entries to whom these holds were offered, inside a transaction; ended gets their events, by date."""
    entries = WaitlistEntry.objects.filter(offer_id__in=ids, status=WaitlistEntry.Status.OFFERED)
    for pk, date, guest in list(entries.order_by("pk").values_list("pk", "service_date", "guest_id")):
        ended[date].append(Event("lapsed", "entry", pk, guest))
    entries.update(status=WaitlistEntry.Status.LAPSED, ended_at=Now())


def expire_proposals(ids: list[int], ended: dict[dt.date, list[Event]], now: dt.datetime) -> None:
    """End the requests for which these holds were proposed, as `lapse_offers` does, and tell the guests."""
    requests = BookingRequest.objects.filter(reservation_id__in=ids, status=BookingRequest.Status.PROPOSED)
    for row in list(requests.select_related("reservation").order_by("pk")):
        if row.reservation is not None:
            ended[row.reservation.service_date].append(Event("expired", "request", row.pk))
        send_later(message(Kind.EXPIRED, row, now))
    requests.update(status=BookingRequest.Status.EXPIRED)


def forget_addresses(holds: Sequence[int]) -> None:
    """Take out of the mails that asked for a button whom they went to: for holds that ended, inside a transaction."""
    Message.objects.filter(reservation__in=holds, kind=Kind.ASKED).update(recipient="")


def forgotten() -> dict[str, object]:
    """Return what a hold that ended unconfirmed is set to: no personal data, no tables, and its key free again."""
    return {
        "held_until": None,
        "table_ids": [],
        "idempotency_key": F("reference"),
        "name": "",
        "email": "",
        "phone": "",
        "booker_name": "",
        "booker_email": "",
        "occasion": "",
        "children": 0,
        "high_chairs": 0,
        "dietary_needs": "",
        "note": "",
    }


def retried(work: Callable[[], T], *, exhausted: Reason | None = None) -> T:
    """Run work in the outermost transaction and return its answer; a collision runs it again, up to 5 times.

    Retried are claims that collide, deadlocks, serialisation failures and what
    a migration made useless of prepared statements, after a pause with jitter.
    work must begin by reading, so that it can decide anew.
    Where it found no end it raises `Refused` with exhausted, if that is given, else `Again` or the last error;
    and RuntimeError inside a transaction, where a retry could not see what others committed.
    """
    try:
        return _repeated(work)
    except (Again, Error) as error:
        if exhausted is None or (isinstance(error, Error) and not is_collision(error)):
            raise
        raise Refused(exhausted) from error


def _repeated(work: Callable[[], T]) -> T:
    global retries
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic(durable=True):
                return work()
        except DayMissing as missing:
            for date in missing.dates:
                make_day(missing.restaurant_id, date)
        except Again:
            if attempt == ATTEMPTS:
                raise
        except Error as error:
            if attempt == ATTEMPTS or not (is_collision(error) or is_outdated(error)):
                raise
            time.sleep(random.uniform(0.005, 0.03) * attempt)  # noqa: S311 - jitter, not a secret
        retries += 1
        metrics.RETRIES.inc()
    raise Again


def make_day(restaurant_id: int, date: dt.date) -> None:
    """Insert the row of a service day in a transaction of its own; another's insert at the same moment will do."""
    with contextlib.suppress(IntegrityError), waiting_for(restaurant_id, date), transaction.atomic():
        ServiceDay.objects.create(restaurant_id=restaurant_id, date=date)
