"""``manage.py erase_guest RESTAURANT EMAIL_OR_PHONE [--yes]``: one person is erased, the counts stay."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reservations.engine import guests
from reservations.engine.errors import Refused
from reservations.history.trail import COMMAND
from reservations.management.finding import add_arguments, person_of, restaurant_of
from reservations.queries.traces import Coming, coming
from reservations.reasons import staff_text


class Command(BaseCommand):
    """Erase a person, after saying what will be gone."""

    help = "Erase a person's name, contacts, notes and needs at a restaurant. The visits stay as numbers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_arguments(parser)
        parser.add_argument("--yes", action="store_true", help="do it without asking")

    def handle(self, *, restaurant: str, contact: str, yes: bool, **_options: Any) -> None:
        """Say what will be gone, ask, and erase."""
        place = restaurant_of(restaurant)
        guest, traces = person_of(place, contact)
        who = f"guest #{guest.pk} {guest}" if guest is not None else "no guest"
        self.stdout.write(
            f"{place}: {who}, {traces.reservations().count()} reservations, {traces.entries().count()} waitlist "
            f"entries, {traces.requests().count()} requests, {traces.messages().count()} messages."
        )
        if not yes and not self._agreed():
            raise CommandError("Nothing was erased.")
        try:
            if guest is not None:
                guests.erase(guest=guest, by=COMMAND)
            else:
                guests.erase_contact(traces=traces, by=COMMAND)
        except Refused as refusal:
            self.stderr.write("\n".join(_lines(coming(traces, timezone.now()))))
            raise CommandError(f"{staff_text(refusal.reason)} Nothing was erased.") from refusal
        self.stdout.write("Erased.")

    def _agreed(self) -> bool:
        if not sys.stdin.isatty():
            raise CommandError("Nobody can be asked here. Give --yes to erase.")
        try:
            return input("This can't be undone. Erase? [yes/no] ").strip().lower() == "yes"
        except EOFError:
            return False


def _lines(found: Coming) -> list[str]:
    return [
        *(f"{row.local_start:%Y-%m-%d %H:%M} reservation {row.reference} ({row.status})" for row in found.reservations),
        *(f"{row.service_date} waitlist {row.reference} ({row.status})" for row in found.entries),
        *(f"{row.service_date} request {row.reference} ({row.status})" for row in found.requests),
    ]
