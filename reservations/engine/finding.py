"""Write rule of who has lost a link: it is sent again, to the address of the reservation alone."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from reservations.engine.locks import retried, take_day
from reservations.messages.outgoing import Kind, message, send_later
from reservations.models import Message, Reservation

__all__ = ["send_link"]

_LIVE = (Reservation.Status.CONFIRMED, Reservation.Status.SEATED)
_HOLDS = (Reservation.Status.HELD, Reservation.Status.EXPIRED, Reservation.Status.RELEASED)
_KEPT = dt.timedelta(days=60)
_PAUSE = dt.timedelta(minutes=5)
_MOST = 20


def send_link(*, reference: str, email: str) -> int:
    """Write a message with the link of each reservation of that reference and address; return how many.

    email is normalised, the guest's or the booker's; mails go to the booker. Of reservations to come or
    of the last 60 days, and at most one message in 5 minutes for each.
    """
    rows = (
        Reservation.objects.filter(Q(email=email) | Q(booker_email=email), reference=reference)
        .filter(Q(status__in=_LIVE) | Q(starts_at__gt=timezone.now() - _KEPT))
        .exclude(status__in=_HOLDS)
        .order_by("pk")
    )
    return sum(_send(row) for row in list(rows[:_MOST]))


def _send(reservation: Reservation) -> int:
    def work() -> int:
        # The day's lock: two presses at once are one message.
        day = take_day(reservation.restaurant_id, reservation.service_date)
        before = Message.objects.filter(reservation=reservation, kind=Kind.LINK, created_at__gt=day.now - _PAUSE)
        if before.exists():
            return 0
        found = message(Kind.LINK, reservation, day.now)
        send_later(found)
        return len(found)

    return retried(work)
