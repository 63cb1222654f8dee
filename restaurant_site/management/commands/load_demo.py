"""``manage.py load_demo``: invented restaurants with reservations, and a sample of real ones. See docs/demo.md."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from reservations.models import Restaurant
from restaurant_site.demo.building import build
from restaurant_site.demo.filling import DAYS_AHEAD, DAYS_BACK, Filled, fill
from restaurant_site.demo.places import PLACES
from restaurant_site.demo.sample import Sampled, import_sample
from restaurant_site.demo.spec import DemoPlace
from restaurant_site.demo.staff import ensure_members

# Noon in UTC is one and the same date in all six zones.
_NOON = dt.time(12, tzinfo=dt.UTC)


def _date(text: str) -> dt.date:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-12-01") from error
    # Special days are found for a year from then on.
    if not 2000 <= found.year <= 2100:
        raise argparse.ArgumentTypeError(f"{text!r} is too far away: use a year from 2000 to 2100")
    return found


class Command(BaseCommand):
    """Load the demo, or add the days that are missing since it was loaded."""

    help = (
        "Load six invented restaurants with a fortnight of reservations, and a sample of real restaurants. "
        "Running it again adds the days that have come since; it never resets what was edited."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--today",
            type=_date,
            metavar="DATE",
            help="load as if it were noon (UTC) of this date; now if left out",
        )
        parser.add_argument("--force", action="store_true", help="load it in production, where it is refused else")

    def handle(self, *, today: dt.date | None, force: bool, **_options: Any) -> None:
        """Load the demo."""
        if settings.PRODUCTION and not force:
            raise CommandError(
                "load_demo puts invented restaurants, guests and reservations into the database, and this is "
                "production. Nothing was loaded. To do it nevertheless: manage.py load_demo --force"
            )
        started = time.monotonic()

        def report(line: int, name: str, reason: str) -> None:
            self.stderr.write(f"sample, line {line}: {name}: {reason}")

        now = dt.datetime.combine(today, _NOON) if today else timezone.now()
        try:
            places = [(place, _restaurant(place, position, now)) for position, place in enumerate(PLACES, start=1)]
            sampled = import_sample(today=now.date(), report=report)
            filled = fill(places, now)
            staff = ensure_members([restaurant for _place, restaurant in places])
        except Error as error:
            raise CommandError(
                f"The database refused or can't be reached: {str(error).strip()} "
                "What was loaded before stays; running the command again goes on from there."
            ) from error
        self.stdout.write(_summary(places, filled, sampled, time.monotonic() - started))
        if staff:
            self.stdout.write(f"Staff, with the passwords of docs/demo.md: {', '.join(staff)}.")


def _restaurant(place: DemoPlace, position: int, now: dt.datetime) -> Restaurant:
    """Return the restaurant of that slug, whatever staff have made of it, or create it."""
    found = Restaurant.objects.filter(slug=place.slug).first()
    return found or build(place, position=position, today=now.astimezone(ZoneInfo(place.zone)).date())


def _summary(
    places: list[tuple[DemoPlace, Restaurant]], filled: dict[str, Filled], sampled: Sampled, seconds: float
) -> str:
    lines = [f"Demo: reservations from {DAYS_BACK} days back to {DAYS_AHEAD} days ahead of each local date."]
    for place, restaurant in places:
        done = filled[place.slug]
        lines.append(f"{done.added:>7,} added {done.moved:>6,} moved on   {restaurant.name}, {restaurant.city}")
    lines.append(
        f"Sample of real data: {sampled.restaurants} restaurants, {sampled.canteens} canteens, "
        f"{sampled.dishes} dishes added ({seconds:.1f} s)."
    )
    return "\n".join(lines)
