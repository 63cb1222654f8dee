"""Hours become rows of the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from reservations.importing.bulk import create
from reservations.importing.meaning import Hours, Period, Sitting, Special
from reservations.models import OpeningPeriod, Service, SpecialDay


@dataclass(slots=True)
class Written:
    """How many rows were inserted."""

    periods: int = 0
    services: int = 0
    special_days: int = 0

    def add(self, other: Written) -> None:
        """Add another count to this one."""
        self.periods += other.periods
        self.services += other.services
        self.special_days += other.special_days


def store_hours(hours: Mapping[int, Hours], pacing: Mapping[int, int | None]) -> Written:
    """Insert the periods, services and special days of restaurants that have none, by primary key.

    pacing is the most covers that may arrive at one time.
    """
    return Written(
        periods=create(OpeningPeriod, [period_row(pk, period) for pk, of in hours.items() for period in of.periods]),
        services=create(
            Service, [service_row(pk, sitting, pacing[pk]) for pk, of in hours.items() for sitting in of.services]
        ),
        special_days=store_special_days({pk: of.special_days for pk, of in hours.items()}, pacing),
    )


def store_special_days(special_days: Mapping[int, tuple[Special, ...]], pacing: Mapping[int, int | None]) -> int:
    """Insert special days and their replacement services, on dates that have none; return how many days."""
    days = {(pk, special.date): special for pk, specials in special_days.items() for special in specials}
    made = create(
        SpecialDay,
        [
            SpecialDay(restaurant_id=pk, date=date, name=special.name, is_closed=special.is_closed, hours=special.hours)
            for (pk, date), special in days.items()
        ],
    )
    replaced = {key: special for key, special in days.items() if special.services}
    if replaced:
        owners = {pk for pk, _date in replaced}
        keys = SpecialDay.objects.filter(restaurant_id__in=owners).values_list("restaurant_id", "date", "pk")
        ids: dict[tuple[int, dt.date], int] = {(pk, date): special_id for pk, date, special_id in keys}
        create(
            Service,
            [
                service_row(pk, sitting, pacing[pk], special_day_id=ids[pk, date])
                for (pk, date), special in replaced.items()
                for sitting in special.services
            ],
        )
    return made


def period_row(restaurant_id: int, period: Period) -> OpeningPeriod:
    """Return an unsaved line of the opening hours."""
    return OpeningPeriod(restaurant_id=restaurant_id, day=period.day, opens=period.opens, closes=period.closes)


def service_row(
    restaurant_id: int, sitting: Sitting, max_covers: int | None, special_day_id: int | None = None
) -> Service:
    """Return an unsaved service."""
    return Service(
        restaurant_id=restaurant_id,
        special_day_id=special_day_id,
        name=sitting.name,
        weekdays=sitting.weekdays,
        first_seating=sitting.first_seating,
        last_seating=sitting.last_seating,
        interval_minutes=sitting.interval_minutes,
        max_covers=max_covers,
    )
