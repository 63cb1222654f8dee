"""``manage.py check_history``: whether the history is as it was written, in itself and beside its copy."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reservations.history.checking import faults
from reservations.history.happened import Unavailable
from reservations.models import HistoryEvent, Restaurant


class Command(BaseCommand):
    """Verify every chain, and compare the table with its copy."""

    help = "Verify the history's chains, and compare them with the copy where there is one. Exits with 1 on a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--restaurant", metavar="SLUG", help="only this one")

    def handle(self, *, restaurant: str | None, **options: Any) -> None:
        """Tell every fault."""
        places = Restaurant.objects.order_by("pk")
        if restaurant is not None and not (places := places.filter(slug=restaurant)):
            raise CommandError(f"There is no restaurant {restaurant!r}.")
        count = 0
        for pk, slug in places.values_list("pk", "slug"):
            try:
                found = faults(pk)
            except Unavailable as error:
                raise CommandError(f"The copy can't be asked: {error}") from error
            count += len(found)
            for fault in found:
                self.stderr.write(f"{slug}: {fault}")
        if count:
            raise CommandError(f"{count} fault{'s' if count > 1 else ''}: the history is not what was written.")
        events = HistoryEvent.objects.filter(restaurant__in=places.order_by(), position__gt=0).count()
        self.stdout.write(f"The history is whole: {events} events.")
