"""``manage.py export_guest RESTAURANT EMAIL_OR_PHONE``: everything that is kept of one person, as JSON."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reservations.management.finding import add_arguments, person_of, restaurant_of
from reservations.queries.guests import export_of, export_of_contact


class Command(BaseCommand):
    """Write what is kept of a person to the standard output."""

    help = "Write everything that a restaurant keeps of a person as JSON; docs/guests.md has the shape."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add_arguments(parser)

    def handle(self, *, restaurant: str, contact: str, **_options: Any) -> None:
        """Export."""
        place = restaurant_of(restaurant)
        guest, traces = person_of(place, contact)
        data = export_of(guest) if guest is not None else export_of_contact(place, traces)
        self.stdout.write(json.dumps(data, indent=2, ensure_ascii=False))
