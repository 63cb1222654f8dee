"""What a row tells, as the write rules want it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from reservations.engine.availability import starts
from reservations.engine.bringing import Profile
from reservations.engine.deciding import Wish
from reservations.engine.known import Details
from reservations.engine.plan import DayPlan
from reservations.importing.bookings.rows import wall_time
from reservations.models import Restaurant
from reservations.queries.day import day_plan


class Plans:
    """The rules of a restaurant's days, read once each; whoever places asks them again under the lock."""

    def __init__(self, restaurant: Restaurant) -> None:
        self._restaurant = restaurant
        self._plans: dict[dt.date, DayPlan] = {}

    def __len__(self) -> int:
        """Return how many days were read."""
        return len(self._plans)

    def of(self, date: dt.date) -> DayPlan:
        """Return the rules of a service date."""
        if date not in self._plans:
            self._plans[date] = day_plan(self._restaurant.pk, date, seatings=False)
        return self._plans[date]

    def wish(self, told: Mapping[str, str]) -> Wish:
        """Return what a row asks for. A time after midnight is the evening's before, where its service has it."""
        wall = wall_time(told)
        zone = self._restaurant.zone
        for date in (wall.date(), wall.date() - dt.timedelta(days=1)):
            local = [start.astimezone(zone) for start, _service in starts(self.of(date))]
            moments = [moment for moment in local if moment.replace(tzinfo=None, fold=0) == wall.replace(fold=0)]
            if moments:
                chosen = next((moment for moment in moments if moment.fold == wall.fold), moments[0])
                return self._wish(date, chosen, told)
        return self._wish(wall.date(), wall.replace(tzinfo=zone), told)

    def _wish(self, date: dt.date, moment: dt.datetime, told: Mapping[str, str]) -> Wish:
        return Wish(self._restaurant.pk, date, moment.astimezone(dt.UTC), int(told["party"]))


def details_of(told: Mapping[str, str]) -> Details:
    """Return who comes, and what they told."""
    return Details(
        name=told.get("name", ""),
        email=told.get("email", ""),
        phone=told.get("phone", ""),
        occasion=told.get("occasion", ""),
        dietary_needs=told.get("dietary", ""),
        note=told.get("note", ""),
        children=int(told.get("children") or 0),
    )


def profile_of(told: Mapping[str, str]) -> Profile:
    """Return what else was known of the guest."""
    tags = tuple(tag.strip() for tag in told.get("tags", "").split(";") if tag.strip())
    return Profile(tags=tags, notes=told.get("guest_notes", ""))
