"""``manage.py import_restaurants FILE``: restaurants from OpenStreetMap data. docs/import.md says what becomes of a row."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
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
from reservations.importing.tables import TableRule, parse_rule


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-12-01") from error


def _rule(text: str) -> TableRule:
    try:
        return parse_rule(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class Command(BaseCommand):
    """Import restaurants, or bring those imported earlier up to date."""

    help = (
        "Import restaurants with their opening hours from a CSV file. Running it again changes what the file changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "file", type=Path, metavar="FILE", help=f"CSV in UTF-8 with the columns {', '.join(COLUMNS)}"
        )
        parser.add_argument(
            "--tables",
            type=_rule,
            default="standard",
            metavar="RULE",
            help="tables of restaurants that have none: standard (by kind of place), none, or seats x tables "
            "such as 2x6,4x8,6x2",
        )
        parser.add_argument(
            "--bookable",
            action=argparse.BooleanOptionalAction,
            default=not settings.PRODUCTION,
            help="whether new restaurants take online bookings; in production staff enable them",
        )
        parser.add_argument(
            "--today",
            type=_date,
            metavar="DATE",
            help="the first day of the year whose special days are found; today if left out",
        )

    def handle(self, *, file: Path, tables: TableRule, bookable: bool, today: dt.date | None, **_options: Any) -> None:
        """Run the import."""
        started = time.monotonic()
        try:
            csv_file = CsvFile(file, COLUMNS)
        except CsvFileError as error:
            raise CommandError(str(error)) from error
        progress = Progress(sys.stderr, len(csv_file) - 1)
        broken = 0

        def report(line: int, name: str, reason: str) -> None:
            progress.clear()
            self.stderr.write(f"line {line}: {name.strip()[:120] or '(no name)'}: {reason}")

        def report_broken(line: int, reason: str) -> None:
            nonlocal broken
            broken += 1
            report(line, "", reason)

        try:
            counts = import_rows(
                csv_file.rows(report_broken),
                today=today or timezone.now().date(),
                bookable=bookable,
                tables=tables,
                report=report,
                progress=progress,
            )
        except Error as error:
            progress.clear()
            raise CommandError(
                f"The database refused or can't be reached: {str(error).strip()} "
                "What was imported before stays; running the command again goes on from there."
            ) from error
        progress.clear()
        counts.unusable += broken
        self.stdout.write(_summary(counts, time.monotonic() - started))


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
