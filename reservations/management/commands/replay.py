"""``manage.py replay FILE``: a log of bookings through the write rules, then the audit. docs/operations.md."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from reservations.auditing.audit import audit
from reservations.auditing.scope import MOST_RESTAURANTS
from reservations.importing.csvfile import CsvFileError
from reservations.management import arguments
from reservations.management.commands.audit_reservations import print_findings, refuse_violations
from reservations.replaying.crew import CrewError, Plan, replay
from reservations.replaying.lines import WEEK, Line, Replayed, days_to_shift
from reservations.replaying.log import COLUMNS, read_log

_MOST_PROCESSES = 64
_MOST_DAYS = 36500
_TOLD = 20


class Command(BaseCommand):
    """Replay a log of bookings."""

    help = "Book what a log says, in its order, as diners do; then audit the restaurants. Not for production."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", metavar="FILE", help=f"CSV in UTF-8 with the columns {', '.join(COLUMNS)}")
        parser.add_argument("--processes", metavar="N", default="1", help="book in so many processes at once")
        parser.add_argument(
            "--pace",
            metavar="FACTOR",
            default="max",
            help="so many times as fast as the log, or max: without waiting; max if left out",
        )
        parser.add_argument(
            "--shift-days",
            metavar="DAYS",
            default="",
            help="move every visit by so many days; if left out, by whole weeks, to where the first is booked today",
        )
        parser.add_argument("--yes", action="store_true", help="do it in production, where it is refused else")

    def handle(self, *, file: str, processes: str, pace: str, shift_days: str, yes: bool, **_options: Any) -> None:
        """Replay, report, audit."""
        if settings.PRODUCTION and not yes:
            raise CommandError(
                "replay books tables for invented guests, and this is production. Nothing was booked. "
                "To do it nevertheless: manage.py replay FILE --yes"
            )
        number = arguments.number(processes, "--processes", low=1, high=_MOST_PROCESSES)
        factor = _factor(pace)
        lines, unusable = self._read(Path(file))
        shift = _days(shift_days) if shift_days else days_to_shift(lines, timezone.now())
        self.stdout.write(f"{len(lines):,} bookings to make, {unusable:,} lines that can't be used.")
        self.stdout.write(_shifted(lines, shift))
        try:
            replayed = replay(lines, Plan(shift, factor, secrets.token_hex(4)), number)
        except CrewError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped. What was booked before stays.", returncode=130) from error
        self._report(replayed, number, pace)
        touched = tuple(sorted({line.restaurant_id for line in lines}))
        found = print_findings(self.stdout, audit(restaurants=touched if len(touched) <= MOST_RESTAURANTS else None))
        if replayed.failed:
            raise CommandError(f"{len(replayed.failed):,} of the bookings failed.")
        refuse_violations(found)

    def _read(self, path: Path) -> tuple[list[Line], int]:
        """Return the lines of the file, and how many can't be used, each of which is told."""
        unusable = 0

        def broken(number: int, reason: str) -> None:
            nonlocal unusable
            unusable += 1
            self.stderr.write(f"line {number}: {reason}")

        try:
            lines = read_log(path, broken)
        except CsvFileError as error:
            raise CommandError(str(error)) from error
        if not lines:
            raise CommandError(f"{path} has no line below its first that can be used.")
        return lines, unusable

    def _report(self, replayed: Replayed, processes: int, pace: str) -> None:
        for outcome in replayed.failed[:_TOLD]:
            self.stderr.write(f"line {outcome.number}: {outcome.error}")
        refused = replayed.refused
        rows = [
            (replayed.accepted, "accepted"),
            (refused.total(), "refused"),
            *((count, f"  {reason}") for reason, count in refused.most_common()),
            (len(replayed.failed), "failed"),
            (replayed.retries, "collisions tried again"),
        ]
        self.stdout.write("\n".join(f"{count:>9,}  {label}" for count, label in rows))
        how = "without waiting" if pace == "max" else f"at {pace} times the log's pace"
        each = len(replayed.outcomes) / replayed.seconds if replayed.seconds else 0.0
        self.stdout.write(
            f"{each:>9,.1f}  a second, {processes} process{'es' if processes > 1 else ''} {how} "
            f"({replayed.seconds:.1f} s)"
        )
        words = (f"p{share:.0%}".rstrip("%") + f" {replayed.percentile(share):,.1f} ms" for share in (0.5, 0.95, 0.99))
        self.stdout.write(f"{'':>9}  {', '.join(words)} for a hold and its confirmation")


def _shifted(lines: list[Line], shift: int) -> str:
    weeks = f" ({shift // WEEK:,} weeks)" if shift % WEEK == 0 else ""
    visits = [line.start(shift).date() for line in lines]
    return f"Every visit is moved by {shift:,} days{weeks}: they are from {min(visits)} to {max(visits)}."


def _days(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    return sign * arguments.number(digits, "--shift-days", low=0, high=_MOST_DAYS)


def _factor(pace: str) -> float | None:
    if pace == "max":
        return None
    try:
        factor = float(pace)
    except ValueError:
        factor = 0.0
    if not 0.001 <= factor <= 1_000_000:
        raise CommandError(f"--pace: {pace!r} is not max and not a number of times such as 60 (an hour in a minute).")
    return factor
