"""Which brakes are on, for staff."""

from __future__ import annotations

import datetime as dt

from reservations.models import Brake


def brakes_on(restaurant_id: int, date: dt.date, now: dt.datetime) -> list[Brake]:
    """Return the brakes that are on at a moment (aware) for a service date, the first put on first."""
    rows = Brake.objects.select_related("restaurant", "service", "area", "created_by").filter(
        restaurant_id=restaurant_id, service_date=date, lifted_at=None, ends_at__gt=now
    )
    return list(rows.order_by("pk"))
