"""What a booking leaves behind besides its row: the guest, and the events of the history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from reservations.engine.inserts import insert_many
from reservations.history import trail
from reservations.history.trail import COMMAND, Event
from reservations.models import Guest, Reservation, contact_key

Status = Reservation.Status


def write_down(restaurant_id: int, rows: Sequence[Reservation]) -> None:
    """Give each reservation that is to be written its guest, found again or written down."""
    keys = {id(row): contact_key(row.email, row.phone) for row in rows if row.email or row.phone}
    known = _numbers(restaurant_id, keys.values())
    new: dict[str, Guest] = {}
    for row in rows:
        key = keys.get(id(row), "")
        if key and key not in known and key not in new:
            new[key] = Guest(
                restaurant_id=restaurant_id,
                key=key,
                name=row.name,
                email=row.email,
                phone=row.phone,
                language=row.language,
                dietary_needs=row.dietary_needs,
            )
    insert_many(list(new.values()))
    known |= _numbers(restaurant_id, new)
    for row in rows:
        row.guest_id = known.get(keys.get(id(row), ""))


def _numbers(restaurant_id: int, keys: Iterable[str]) -> dict[str, int]:
    return dict(Guest.objects.filter(restaurant_id=restaurant_id, key__in=list(keys)).values_list("key", "pk"))


def tell(restaurant_id: int, date: dt.date, rows: Sequence[Reservation], now: dt.datetime) -> None:
    """Append the events that led to reservations as they are, to a day whose lock is held."""
    events = []
    for row in rows:
        events.append(Event("confirmed", "reservation", row.pk, row.guest_id, at=row.confirmed_at))
        events += [
            Event(str(status), "reservation", row.pk, row.guest_id, at=moment_of(row, status)) for status in _since(row)
        ]
    trail.append(restaurant_id, date, events, COMMAND, now)


def _since(row: Reservation) -> tuple[Reservation.Status, ...]:
    """Return the statuses that a reservation has had since it was confirmed."""
    if row.status == Status.FINISHED:
        return Status.SEATED, Status.FINISHED
    return () if row.status == Status.CONFIRMED else (Status(row.status),)


def moment_of(row: Reservation, status: Reservation.Status) -> dt.datetime | None:
    """Return when a demo reservation came to be in a status."""
    if status == Status.CANCELLED:
        return row.cancelled_at
    return row.ends_at if status in (Status.FINISHED, Status.NO_SHOW) else row.starts_at
