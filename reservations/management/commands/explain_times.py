"""``manage.py explain_times RESTAURANT DATE PARTY``: why each time of a day is offered or not. docs/operations.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reservations.engine.explain import DayExplained, TimeExplained, explain
from reservations.engine.plan import Ask
from reservations.explaining import State, choice_lines, clock, date_and_clock, date_text, rule_lines, verdict
from reservations.management import arguments
from reservations.models import Area, Restaurant
from reservations.models.venue import MAX_PARTY
from reservations.queries.day import day_plan
from reservations.reasons import staff_text

_MARKS = {State.GRANTS: "yes", State.REFUSES: "NO", State.UNBOUND: "–"}
_NEAREST = 4


class Command(BaseCommand):
    """Explain a day's times."""

    help = "Say of each time of a day why it is offered or not; with --time every rule, and table by table."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("restaurant", metavar="RESTAURANT", help="its slug, as in the address of its page")
        parser.add_argument("date", metavar="DATE", help="the local date on which the service begins")
        parser.add_argument("party", metavar="PARTY", help="how many guests")
        parser.add_argument("--time", metavar="HH:MM", default="", help="one local time, with every rule and table")
        parser.add_argument("--area", metavar="NAME", default="", help="only tables of this area")
        parser.add_argument("--step-free", action="store_true", help="only step-free tables")
        parser.add_argument("--staff", action="store_true", help="ask as staff, who may use every table")
        parser.add_argument(
            "--at",
            metavar="MOMENT",
            default="",
            help="ask as of this moment (ISO 8601, local without an offset), of the reservations that there are now",
        )

    def handle(self, *, restaurant: str, date: str, party: str, **options: Any) -> None:
        """Print the explanation."""
        place = arguments.restaurant(restaurant)
        day = arguments.date(date, "DATE")
        area = _area(place, options["area"]) if options["area"] else None
        ask = Ask(
            party=arguments.number(party, "PARTY", low=1, high=MAX_PARTY),
            area_id=area.pk if area else None,
            step_free=options["step_free"],
            online=not options["staff"],
        )
        at = arguments.moment(options["at"], "--at") if options["at"] else timezone.now()
        now = at if at.tzinfo else at.replace(tzinfo=place.zone)
        wall = arguments.clock(options["time"], "--time") if options["time"] else None

        explained = explain(day_plan(place.pk, day), ask, now)
        chosen = _chosen(explained, wall, place)
        self.stdout.write(f"{place}, {date_text(day)}: {_wanted(ask, area)}.")
        self.stdout.write(f"Asked {date_and_clock(now, place.zone)}. Times are local ({place.timezone}).\n\n")
        if not chosen:
            self.stdout.write(
                staff_text(explained.reason) if explained.reason else "No service has a time on this day."
            )
        for time in chosen:
            self.stdout.write(f"{clock(time.start, place.zone)}  {verdict(time, place.zone)}")
            if wall is not None:
                self._details(time, place)

    def _details(self, time: TimeExplained, place: Restaurant) -> None:
        for line in rule_lines(time, place.zone):
            self.stdout.write(f"  {_MARKS[line.state]:<4}{line.label}: {line.text}")
        choices = choice_lines(time, place.zone)
        width = max((len(choice.name) for choice in choices), default=0)
        for choice in choices:
            self.stdout.write(f"    {'>' if choice.chosen else ' '} {choice.name:<{width}}  {choice.text}")


def _wanted(ask: Ask, area: Area | None) -> str:
    words = [f"{ask.party} guest{'s' if ask.party > 1 else ''}", "as a diner" if ask.online else "as staff"]
    return ", ".join([*words, *([area.name] if area else []), *(["step-free"] if ask.step_free else [])])


def _area(place: Restaurant, name: str) -> Area:
    areas = list(Area.objects.filter(restaurant=place).order_by("position", "pk"))
    found = next((area for area in areas if area.name.casefold() == name.casefold()), None)
    if found is None:
        names = ", ".join(area.name for area in areas)
        raise CommandError(f"--area: {place} has no {name!r}. {f'Use one of: {names}.' if names else 'It has none.'}")
    return found


def _chosen(explained: DayExplained, wall: dt.time | None, place: Restaurant) -> Sequence[TimeExplained]:
    """Return the times to tell of: all, or those that the clocks show as this, which on one night of the year are two.

    Where the day has no time at all, none: the day's reason says why.
    """
    if wall is None or not explained.times:
        return explained.times
    found = [one for one in explained.times if one.start.time() == wall]
    if not found:
        near = sorted(explained.times, key=lambda one: abs(_minutes(one.start.time()) - _minutes(wall)))[:_NEAREST]
        words = ", ".join(clock(one.start, place.zone) for one in sorted(near, key=lambda one: one.start_utc))
        raise CommandError(f"--time {wall:%H:%M}: no service seats guests then. Nearest: {words}.")
    return found


def _minutes(wall: dt.time) -> int:
    return wall.hour * 60 + wall.minute
