"""``manage.py import_restaurants FILE``: restaurants from OpenStreetMap data, as docs/import.md describes."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from reservations.importing.csvfile import CsvFile, CsvFileError
from reservations.importing.facts import COLUMNS
from reservations.importing.progress import Progress
from reservations.importing.restaurants import Counts, import_rows
from reservations.importing.tables import parse_rule

_RESUME = "What was imported before this stays; the same command goes on from there."


class Command(BaseCommand):
    """Import restaurants, or bring those imported earlier up to date."""

    help = "Import restaurants from a CSV file. Running it again writes what the file changed, and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", metavar="FILE", help=f"CSV in UTF-8 with the columns {', '.join(COLUMNS)}")
        parser.add_argument(
            "--tables",
            default="standard",
            metavar="RULE",
            help="tables of restaurants that have none: standard (by kind of place), none, or seats x tables "
            "such as 2x6,4x8,6x2",
        )
        parser.add_argument(
            "--bookable",
            action="store_true",
            default=not settings.PRODUCTION,
            help="new restaurants take online bookings; the default, except in production, where staff enable them",
        )
        parser.add_argument("--not-bookable", dest="bookable", action="store_false", help="they don't")
        parser.add_argument(
            "--today",
            default="",
            metavar="DATE",
            help="the first day of the year whose special days are found; today if left out",
        )

    def handle(self, *, file: str, tables: str, bookable: bool, today: str, **_options: Any) -> None:
        """Run the import."""
        started = time.monotonic()
        try:
            rule = parse_rule(tables)
        except ValueError as error:
            raise CommandError(f"--tables: {error}") from error
        try:
            first_day = dt.date.fromisoformat(today) if today else timezone.now().date()
        except ValueError as error:
            raise CommandError(f"--today: {today!r} is not a date such as 2026-12-01.") from error
        try:
            csv_file = CsvFile(Path(file), COLUMNS)
        except CsvFileError as error:
            raise CommandError(str(error)) from error
        progress = Progress(self._show, total=len(csv_file) - 1, live=self.stderr.isatty())
        broken = 0

        def report(line: int, name: str, reason: str) -> None:
            progress.clear()
            self.stderr.write(f"line {line}: {' '.join(name.split())[:120] or '(no name)'}: {reason}")

        def report_broken(line: int, reason: str) -> None:
            nonlocal broken
            broken += 1
            report(line, "", reason)

        try:
            counts = import_rows(
                csv_file.rows(report_broken),
                today=first_day,
                bookable=bookable,
                tables=rule,
                report=report,
                progress=progress,
            )
        except Error as error:
            progress.clear()
            raise CommandError(f"The database refused: {str(error).strip()}\n{_RESUME}") from error
        except KeyboardInterrupt as error:
            progress.clear()
            raise CommandError(f"Stopped. {_RESUME}", returncode=130) from error
        progress.clear()
        counts.unusable += broken
        self.stdout.write(_summary(counts, time.monotonic() - started))

    def _show(self, text: str) -> None:
        self.stderr.write(text, style_func=str, ending="")
        self.stderr.flush()


def _summary(counts: Counts, seconds: float) -> str:
    rows = [
        ("restaurants created", counts.created),
        ("restaurants updated", counts.updated),
        ("restaurants unchanged", counts.unchanged),
        ("rows that can't be used", counts.unusable),
        ("bookable online", counts.bookable),
        ("hours understood", counts.understood),
        ("hours not understood", counts.problems.total()),
        *((f"  {problem.value}", count) for problem, count in counts.problems.most_common()),
        ("opening periods written", counts.written.periods),
        ("services written", counts.written.services),
        ("special days written", counts.written.special_days),
        ("tables written", counts.tables),
    ]
    return "\n".join([*(f"{count:>9,}  {label}" for label, count in rows), f"{seconds:>9.1f}  seconds"])
