"""Write rules of who waits: join, leave, accept an offer, promote; and the list at the door.

Each opens the outermost transaction itself and must not be called inside one.
Each raises `Refused` with the reason, and has then changed nothing. Whoever
changes the queue of a date holds the date's lock.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from django.db.models import Min
from django.utils import timezone

from reservations.engine import floor
from reservations.engine.availability import Ask, day_reason, times
from reservations.engine.confirming import take_hold
from reservations.engine.correcting import kept_of, put_right
from reservations.engine.deciding import Wish
from reservations.engine.errors import Reason, Refused
from reservations.engine.inserts import insert
from reservations.engine.known import Details, is_to_call, kept_guest, known_guest
from reservations.engine.locks import Locked, lock_days, retried, take_day
from reservations.engine.offers import Ahead, serve_waitlist
from reservations.engine.placing import bound_key, give_back
from reservations.engine.tables import quoted_wait
from reservations.history import trail
from reservations.history.trail import GUEST, By, Event
from reservations.messages.outgoing import Kind, message, of_booking, send_later
from reservations.models import Reservation, Restaurant, User, WaitlistEntry
from reservations.models.reservation import new_reference
from reservations.queries.day import Fresh, day_plan, fresh_day, waiting
from reservations.queries.floor import running

__all__ = ["accept", "at_door", "join", "join_at_door", "leave", "place_in_line", "promote", "seat_from_door"]

Status = WaitlistEntry.Status
LIVE = (Status.WAITING, Status.OFFERED)

# The reasons for which it helps to wait.
_FULL = (Reason.PACING_FULL, Reason.TABLES_TAKEN)


def join(
    *,
    wish: Wish,
    latest: dt.datetime,
    details: Details,
    browser: str,
    key: str,
    language: str = "",
    by: By = GUEST,
) -> WaitlistEntry:
    """Join the waitlist of a date, for any time from the wish's start to latest (UTC, both included).

    Raises `Refused`: WAITLIST_OFF, STILL_FREE where a time of the window can be
    booked, or the rules' own reason where waiting can't help. The same browser
    with the same key, wish and latest gets the first answer again, for which what
    was put right since is kept while it waits.
    """
    bound = bound_key(browser, f"{key} {latest.isoformat()}", wish)
    ask = Ask(party=wish.party, area_id=wish.area_id, step_free=wish.step_free)

    def work() -> WaitlistEntry:
        lock_days(wish.restaurant_id, {wish.date})
        first = WaitlistEntry.objects.filter(restaurant_id=wish.restaurant_id, idempotency_key=bound).first()
        if first is not None:
            if first.status == Status.WAITING:
                put_right(first, "entry", details, language, Kind.JOINED, by)
            return first
        fresh = fresh_day(wish.restaurant_id, wish.date)
        if not fresh.restaurant.takes_waitlist:
            raise Refused(Reason.WAITLIST_OFF)
        head = queue.serve(wish.restaurant_id, wish.date, fresh.now, fresh.head)
        _refuse_waiting(wish, latest, ask, fresh)
        entry = WaitlistEntry(
            restaurant_id=wish.restaurant_id,
            reference=new_reference(),
            service_date=wish.date,
            earliest=wish.start,
            latest=latest,
            party_size=wish.party,
            area_id=wish.area_id,
            needs_step_free=wish.step_free,
            guest_id=known_guest(wish.restaurant_id, details, language, by, fresh.now),
            **kept_of(WaitlistEntry, details),
            language=language,
            browser=browser,
            idempotency_key=bound,
            created_by_id=by.user_id,
        )
        insert(entry)
        changes: dict[str, Any] = {
            "earliest": [None, wish.start.isoformat()],
            "latest": [None, latest.isoformat()],
            "party_size": [None, wish.party],
        }
        event = Event("joined", "entry", entry.pk, entry.guest_id, changes)
        trail.append(wish.restaurant_id, wish.date, [event], by, fresh.now, head)
        send_later(message(Kind.JOINED, entry, fresh.now))
        return entry

    with Ahead() as queue:
        return retried(work)


def _refuse_waiting(wish: Wish, latest: dt.datetime, ask: Ask, fresh: Fresh) -> None:
    """Raise `Refused` where no time of the window is full: free, impossible, or none there at all."""
    if reason := day_reason(fresh.plan, ask, fresh.now):
        raise Refused(reason)
    plan = day_plan(wish.restaurant_id, wish.date, locked=True)
    window = [time for time in times(plan, ask, fresh.now) if wish.start <= time.start_utc <= latest]
    if not window:
        raise Refused(Reason.NOT_A_TIME)
    if any(time.bookable for time in window):
        raise Refused(Reason.STILL_FREE)
    if not any(time.reason in _FULL for time in window):
        raise Refused(window[-1].reason or Reason.NOT_A_TIME)


def accept(*, entry: WaitlistEntry, by: By = GUEST) -> Reservation:
    """Turn the offered table into a reservation; accepting again gives the same answer.

    Raises `Refused`: HOLD_LAPSED where there is no offer any more, BY_PHONE of a
    guest with many no-shows where the restaurant wants to be called then: staff accept for who has called.
    """
    details = Details(
        name=entry.name,
        email=entry.email,
        phone=entry.phone,
        note=entry.note,
        needs_step_free=entry.needs_step_free,
    )

    def work() -> Reservation:
        day = take_day(entry.restaurant_id, entry.service_date)
        row = WaitlistEntry.objects.select_related("offer", "restaurant").get(pk=entry.pk)
        offer = row.offer
        if row.status == Status.ACCEPTED and offer is not None:
            return offer
        if row.status != Status.OFFERED or offer is None:
            raise Refused(Reason.HOLD_LAPSED)
        guest = (
            kept_guest(row.guest_id)
            if row.guest_id
            else known_guest(row.restaurant_id, details, row.language, by, day.now)
        )
        if by == GUEST and is_to_call(day.restaurant, guest, day.now):
            raise Refused(Reason.BY_PHONE)
        if not take_hold(offer, day.now, {"guest_id": guest}):
            raise Refused(Reason.HOLD_LAPSED)
        WaitlistEntry.objects.filter(pk=row.pk).update(status=Status.ACCEPTED, ended_at=day.now)
        events = [
            Event("accepted", "entry", row.pk, guest, {"reservation": offer.pk}),
            Event("confirmed", "reservation", offer.pk, guest),
        ]
        trail.append(row.restaurant_id, day.date, events, by, day.now, day.head)
        send_later(of_booking(offer, row.restaurant, day.now))
        return offer

    accepted = retried(work)
    entry.refresh_from_db()
    return Reservation.objects.select_related("restaurant").get(pk=accepted.pk)


def leave(*, entry: WaitlistEntry, by: By = GUEST) -> bool:
    """Leave the list, and give an offered table to the next; return False where it was left or over already."""

    def work() -> bool:
        day = take_day(entry.restaurant_id, entry.service_date)
        row = WaitlistEntry.objects.get(pk=entry.pk)
        if row.status not in LIVE:
            return False
        declines = row.status == Status.OFFERED
        end = Status.DECLINED if declines else Status.LEFT
        WaitlistEntry.objects.filter(pk=row.pk).update(status=end, ended_at=day.now)
        events = [Event(str(end), "entry", row.pk, row.guest_id)]
        if row.offer_id and give_back(row.offer_id):
            events.append(Event("released", "reservation", row.offer_id, row.guest_id))
        head = trail.append(row.restaurant_id, day.date, events, by, day.now, day.head)
        serve_waitlist(row.restaurant_id, day.date, day.now, head)
        return True

    left = retried(work)
    entry.refresh_from_db()
    return left


def promote(*, entry: WaitlistEntry, by: By) -> None:
    """Put a waiting party at the head of its queue; the history says who did. Raises `Refused` (NOT_WAITING)."""

    def work() -> None:
        day = take_day(entry.restaurant_id, entry.service_date)
        row = WaitlistEntry.objects.get(pk=entry.pk)
        if row.status != Status.WAITING:
            raise Refused(Reason.NOT_WAITING)
        # Its own: those at the door stand in another than those of the waitlist.
        queue = WaitlistEntry.objects.filter(
            restaurant_id=row.restaurant_id, service_date=row.service_date, kind=row.kind, status=Status.WAITING
        ).order_by()
        lowest: int = queue.aggregate(lowest=Min("rank"))["lowest"] or 0
        WaitlistEntry.objects.filter(pk=row.pk).update(rank=min(lowest, 0) - 1)
        _chain(row, day, by, "promoted")

    retried(work)
    entry.refresh_from_db()


def join_at_door(
    *, restaurant: Restaurant, party: int, name: str, user: User, by: By, key: str, note: str = "", phone: str = ""
) -> WaitlistEntry:
    """Write a party that stands at the door on the list, with the wait to quote it, in minutes.

    A party for which there is no table is quoted none: staff may push tables together for it. Raises `Refused`
    (CLOSED). The same user's same key, party and name give the first answer again.
    """
    bound = hashlib.sha256(f"door:{user.pk}:{key}:{party}:{name}".encode()).hexdigest()

    def work() -> WaitlistEntry:
        first = WaitlistEntry.objects.filter(restaurant=restaurant, idempotency_key=bound).first()
        if first is not None:
            return first
        here = running(restaurant, timezone.now())
        day = take_day(restaurant.pk, here.date)
        if here.plan.closed:
            raise Refused(Reason.CLOSED)
        ask = Ask(party=party, online=False)

        def stay(size: int) -> int:
            return here.service.turn(size) if here.service else restaurant.turn_minutes

        ahead = [(row.party_size, stay(row.party_size)) for row in at_door(restaurant.pk, here.date)]
        entry = WaitlistEntry(
            restaurant=restaurant,
            reference=new_reference(),
            kind=WaitlistEntry.Kind.DOOR,
            service_date=here.date,
            earliest=day.now,
            latest=day.now + dt.timedelta(hours=4),
            party_size=party,
            name=name,
            phone=phone,
            note=note[:300],
            quoted_minutes=quoted_wait(here.plan, ask, ahead, stay(party), day.now),
            idempotency_key=bound,
            created_by=user,
        )
        insert(entry)
        quoted = {"quoted_minutes": [None, entry.quoted_minutes], "party_size": [None, party]}
        _chain(entry, day, by, "joined", quoted)
        return entry

    return retried(work)


def at_door(restaurant_id: int, date: dt.date) -> list[WaitlistEntry]:
    """Return who waits at the door, who came first first."""
    rows = WaitlistEntry.objects.filter(
        restaurant_id=restaurant_id, service_date=date, kind=WaitlistEntry.Kind.DOOR, status=Status.WAITING
    )
    # By number, as `waiting` does.
    return list(rows.order_by("rank", "pk"))


def seat_from_door(
    *, entry: WaitlistEntry, user: User, by: By, table_ids: tuple[int, ...] = (), minutes: int | None = None
) -> Reservation:
    """Seat a party from the door list as `floor.walk_in` does, and take it off the list, in one transaction.

    Raises `Refused` as that does, and NOT_WAITING where the party has left. Whoever seats it once more gets the first
    answer again: two hosts seat it at one table.
    """
    entry.refresh_from_db()

    def then(seated: Reservation, day: Locked) -> None:
        rows = WaitlistEntry.objects.filter(pk=entry.pk, status=Status.WAITING)
        if not rows.update(status=Status.SEATED, offer=seated, ended_at=day.now):
            raise Refused(Reason.NOT_WAITING)
        event = Event("seated", "entry", entry.pk, seated.guest_id, {"reservation": seated.pk})
        trail.append(entry.restaurant_id, seated.service_date, [event], by, day.now)

    if entry.status == Status.WAITING:
        details = Details(name=entry.name, phone=entry.phone, note=entry.note)
        try:
            floor.walk_in(
                restaurant=entry.restaurant,
                party=entry.party_size,
                user=user,
                by=by,
                key=f"entry {entry.pk}",
                details=details,
                table_ids=table_ids,
                minutes=minutes,
                then=then,
            )
        except Refused:
            entry.refresh_from_db()
            if entry.status != Status.SEATED:
                raise
        entry.refresh_from_db()
    if entry.status != Status.SEATED or entry.offer is None:
        raise Refused(Reason.NOT_WAITING)
    return entry.offer


def place_in_line(entry: WaitlistEntry) -> int:
    """Return a waiting party's place in the queue of its date, counted from 1; 0 where it waits no more."""
    if entry.status != Status.WAITING:
        return 0
    queue = waiting(entry.service_date).filter(restaurant_id=entry.restaurant_id)
    return [*queue.values_list("pk", flat=True), entry.pk].index(entry.pk) + 1


def _chain(entry: WaitlistEntry, day: Locked, by: By, kind: str, changes: dict[str, Any] | None = None) -> None:
    event = Event(kind, "entry", entry.pk, entry.guest_id, changes or {})
    trail.append(entry.restaurant_id, day.date, [event], by, day.now, day.head)
