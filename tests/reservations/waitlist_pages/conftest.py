"""A house whose day is full."""

from __future__ import annotations

import datetime as dt

import pytest

from reservations.models import Reservation, Restaurant
from tests.factories import (
    make_reservation,
    make_venue,
)


@pytest.fixture
def place() -> Restaurant:
    """Return a house of one table that seats at 19:00 and 21:00."""
    return make_venue(
        tables=(2,), service={"first_seating": dt.time(19), "last_seating": dt.time(21), "interval_minutes": 120}
    )


@pytest.fixture
def full(place: Restaurant) -> tuple[Restaurant, list[Reservation]]:
    """Return the house with both times of the day in a week taken."""
    return place, [make_reservation(place, at=dt.time(hour)) for hour in (19, 21)]
