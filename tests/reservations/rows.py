"""What tests of the write rules look at, and the one thing that only time does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from reservations.engine.errors import Reason, Refused
from reservations.models import Reservation, TableClaim


def refused(reason: Reason) -> Any:
    """Expect a refusal for exactly this reason."""
    return pytest.raises(Refused, match=f"^{reason}$")


def lapse(reservation: Reservation) -> None:
    """Let a hold's time run out, with nobody having noticed."""
    Reservation.objects.filter(pk=reservation.pk).update(held_until=timezone.now() - dt.timedelta(seconds=1))


def fresh(reservation: Reservation) -> Reservation:
    return Reservation.objects.get(pk=reservation.pk)


def claims(reservation: Reservation) -> list[tuple[int, dt.datetime]]:
    return list(TableClaim.objects.filter(reservation=reservation).values_list("table_id", "slot_start"))
