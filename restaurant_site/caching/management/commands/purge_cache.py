"""``manage.py purge_cache --tag TAG``: end what was cached under a tag, for a write that went past the models."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from restaurant_site.caching.keys import ALL, is_tag
from restaurant_site.caching.outbox import changed
from restaurant_site.caching.store import state


class Command(BaseCommand):
    """Renew tags by hand."""

    help = "End everything that is cached under a tag, such as menu:7 or day:7:2026-12-24. Sessions are not lost."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--tag", action="append", default=[], metavar="TAG", help="may be given several times")
        parser.add_argument("--all", action="store_true", help="everything")

    def handle(self, *, tag: list[str], **options: Any) -> None:
        """Renew them as a committed write does, by way of the outbox."""
        tags = [*tag, ALL] if options["all"] else tag
        if not tags:
            raise CommandError("Say what to end: --tag menu:7, or --all.")
        if unknown := [name for name in tags if not is_tag(name)]:
            raise CommandError(f"{', '.join(unknown)}: a tag is made of words joined by colons, such as menu:7.")
        if not settings.CACHE_ENABLED:
            raise CommandError("There is no cache here (REDIS_URL is none).")
        changed(*tags)
        self.stdout.write(f"Ended: {', '.join(tags)}")
        if state() == "away":
            # The row of the outbox is there: whoever finds Redis again tells it.
            self.stdout.write(
                "Redis does not answer. Until it does nothing cached is shown; then this is told to it first."
            )
