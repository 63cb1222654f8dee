"""What falls due by itself, and time that passes for a hold."""

from __future__ import annotations

import datetime as dt
from random import Random

from django.db.models.functions import Now

from reservations.engine import due
from reservations.engine.guests import forget_old
from reservations.history.chaining import chain_others
from reservations.messages.sending import send_due
from reservations.models import Reservation
from restaurant_site.caching import outbox
from tests.concurrency.everything.house import House

Status = Reservation.Status


def lapse(house: House, draw: Random) -> object:
    """Let the time of a hold, an offer or a proposal run out, with nobody having noticed."""
    row = house.party(draw, Status.HELD)
    held = Reservation.objects.filter(pk=row.pk, status=Status.HELD)
    return held.update(held_until=Now() - dt.timedelta(seconds=1))


def expire_holds(house: House, draw: Random) -> object:
    return due.expire_holds()


def serve_waitlists(house: House, draw: Random) -> object:
    return due.serve_waitlists()


def end_waiting(house: House, draw: Random) -> object:
    return due.end_waiting()


def expire_requests(house: House, draw: Random) -> object:
    return due.expire_requests()


def flag_late(house: House, draw: Random) -> object:
    return due.flag_late()


def keep_tables(house: House, draw: Random) -> object:
    return due.keep_tables()


def chain_events(house: House, draw: Random) -> object:
    return chain_others()


def send_messages(house: House, draw: Random) -> object:
    return send_due()


def sweep_outbox(house: House, draw: Random) -> object:
    outbox.sweep()
    return True


def forget_guests(house: House, draw: Random) -> object:
    forget_old()
    return True
