"""``manage.py import_bookings FILE``: guests and reservations of another system; docs/import-bookings.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from reservations.history.trail import COMMAND
from reservations.importing.bookings import batches, running
from reservations.importing.bookings.batches import Preview
from reservations.importing.bookings.problems import problem_text
from reservations.importing.bookings.sheet import MOST_BYTES, SheetError, too_large
from reservations.importing.bookings.values import ORDERS
from reservations.management import arguments
from reservations.models import BookingImport, ImportRow, User, normalise_email

_RESUME = "What was brought over stays; the same command goes on from there."


class Command(BaseCommand):
    """Bring a CSV file over through the write rules, or say what it would do."""

    help = "Bring guests or future reservations of another system over. Running it again brings nothing twice."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", metavar="FILE", help="CSV whose first line names the columns")
        parser.add_argument("--restaurant", required=True, metavar="SLUG", help="slug of the restaurant")
        parser.add_argument("--dry-run", action="store_true", help="say what would become of each row, and do nothing")
        parser.add_argument("--mail", action="store_true", help="send the guests a confirmation and a reminder")
        parser.add_argument("--dates", default="", choices=["", *ORDERS], help="order of dates; found out if left out")
        parser.add_argument(
            "--exceed-pacing", default="", metavar="EMAIL", help="exceed pacing in the name of this user, on record"
        )

    def handle(
        self, *, file: str, restaurant: str, dry_run: bool, mail: bool, dates: str, exceed_pacing: str, **_options: Any
    ) -> None:
        """Run the import."""
        place = arguments.restaurant(restaurant)
        user = _user(exceed_pacing)
        path = Path(file)
        try:
            batch = batches.begin(restaurant=place, file_name=path.name, data=_data(path), user=user)
        except SheetError as error:
            raise CommandError(f"{file}: {error}") from error
        if dates:
            batches.choose(batch, batch.columns, dates)
        if dry_run:
            try:
                self._foretell(batches.preview(batch))
            finally:
                batch.delete()
            return
        try:
            batches.start(batch, exceed_pacing=user is not None, tell=mail)
            while not running.run(batch, by=COMMAND, user=user, seconds=60, report=self._report):
                pass
        except SheetError as error:
            batch.delete()
            raise CommandError(f"{file}: {error}") from error
        except Error as error:
            raise CommandError(f"The database refused: {str(error).strip()}\n{_RESUME}") from error
        except KeyboardInterrupt as error:
            raise CommandError(f"Stopped. {_RESUME}", returncode=130) from error
        self._finish(batch)

    def _foretell(self, would: Preview) -> None:
        if would.lacking:
            raise CommandError(would.lacking)
        for row in would.rows:
            if text := problem_text(would.code(row)):
                self.stderr.write(f"line {row.line}: {_name(row.told)}: {text}")
        for status, count in sorted(would.counts.items()):
            # What waits to be brought over, in a file that is looked at alone.
            becomes = ImportRow.Status.PLACED if status == ImportRow.Status.WAITING else ImportRow.Status(status)
            self.stdout.write(f"{count:>9,}  would be {becomes.label}")

    def _report(self, row: ImportRow) -> None:
        if row.status == ImportRow.Status.REFUSED:
            self.stderr.write(f"line {row.line}: {_name(row.told)}: {problem_text(row.reason)}")

    def _finish(self, batch: BookingImport) -> None:
        # What was wrong with a row from the beginning was not reported while it ran.
        for status, count in sorted(running.progress(batch).counts.items()):
            self.stdout.write(f"{count:>9,}  {ImportRow.Status(status).label}")
        self.stdout.write(f"Rows that could not be placed are listed in the admin: import {batch.pk}.")


def _data(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CommandError(f"{path}: {too_large()}")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} can't be read: {error}.") from error


def _user(email: str) -> User | None:
    if not email:
        return None
    user = User.objects.filter(email=normalise_email(email.replace("\x00", "")), is_active=True).first()
    if user is None:
        raise CommandError(f"--exceed-pacing: there is no user {email!r}.")
    return user


def _name(told: dict[str, str]) -> str:
    return " ".join(told.get("name", "").split())[:120] or "(no name)"
