"""``manage.py cache_stats``: hit rate, fill time and bytes by class, the outbox, and whether Redis is used."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from restaurant_site.caching import stats
from restaurant_site.caching.report import Report, report


class Command(BaseCommand):
    """Show what the cache does."""

    help = "Show what the cache of the whole fleet did in the last hours."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--hours", type=int, default=stats.KEPT_HOURS, help=f"1 to {stats.KEPT_HOURS}")
        parser.add_argument("--json", action="store_true", help="for a program to read")

    def handle(self, *, hours: int, **options: Any) -> None:
        """Print the report."""
        if not 1 <= hours <= stats.KEPT_HOURS:
            raise CommandError(f"--hours {hours}: use a number from 1 to {stats.KEPT_HOURS}.")
        found = report(hours)
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), default=str, indent=2))
        else:
            self._print(found)

    def _print(self, found: Report) -> None:
        events = ("hit", "stale", "miss", "bypass", "refused", "error")
        heads = ("class", "hit rate", *events, "fill ms", "bytes")
        self.stdout.write("".join(f"{head:>10}" for head in heads))
        for line in found.classes:
            cells = (
                line.kind,
                "–" if line.hit_rate is None else f"{line.hit_rate:.1%}",
                *(line.counts[event] for event in events),
                "–" if line.fill_ms is None else f"{line.fill_ms:.1f}",
                "–" if line.entry_bytes is None else line.entry_bytes,
            )
            self.stdout.write("".join(f"{cell!s:>10}" for cell in cells))
        self.stdout.write("")
        for server in found.servers:
            self.stdout.write(f"Redis of {server.aliases} ({server.kind}): {server.state}")
        told = ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in found.fleet.items())
        self.stdout.write(f"In the last {found.hours} h: {told}")
        oldest = f", the oldest for {found.oldest_waiting.total_seconds():.0f} s" if found.oldest_waiting else ""
        self.stdout.write(
            f"Outbox: {found.waiting} waiting for Redis{oldest}; {found.confirmed} confirmed, kept a minute"
        )
