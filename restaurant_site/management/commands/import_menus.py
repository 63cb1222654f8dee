"""``manage.py import_menus FILE --canteens JSON``: dishes, and the canteens that serve them.

docs/import-menus.md says what becomes of a row.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from menus.importing.canteens import Canteen, read_canteen
from menus.importing.rows import COLUMNS, DishRow, DishSpec, UnusableError, dishes_of, read_row
from menus.importing.saving import Saved, save_dishes
from menus.text import cut, one_line
from reservations.importing.csvfile import CsvFile, CsvFileError
from reservations.importing.progress import Progress
from reservations.importing.tables import TableRule, parse_rule
from restaurant_site.canteens import Outcome, Rules, import_canteen, make_by_name, restaurants_of

CURRENT_DAYS = 60

_RESUME = "What was imported before stays; running the command again goes on from there."

Report = Callable[[str, int, str, str], None]
"""Called with "line" or "canteen", its number, its name, and why it can't be used."""


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-12-01") from error


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 36_500):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 1 to 36500")
    return int(text)


def _rule(text: str) -> TableRule:
    try:
        return parse_rule(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class Command(BaseCommand):
    """Import dishes, or bring those imported earlier up to date."""

    help = "Import the dishes of canteens from a CSV file. Running it again changes what the file changed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "file", type=Path, metavar="FILE", help=f"CSV in UTF-8 with the columns {', '.join(COLUMNS)}"
        )
        parser.add_argument(
            "--canteens", type=Path, metavar="JSON", help="where the canteens are and when they are open"
        )
        parser.add_argument(
            "--tables",
            type=_rule,
            default="standard",
            metavar="RULE",
            help="tables of canteens that have none: standard, none, or seats x tables such as 2x6,4x8,6x2",
        )
        parser.add_argument(
            "--bookable",
            action=argparse.BooleanOptionalAction,
            default=not settings.PRODUCTION,
            help="whether new canteens take online bookings; in production staff enable them",
        )
        parser.add_argument(
            "--current-days",
            type=_days,
            default=CURRENT_DAYS,
            metavar="DAYS",
            help="dishes served in so many days up to a canteen's newest are published (60), the others archived",
        )
        parser.add_argument(
            "--today",
            type=_date,
            metavar="DATE",
            help="the first day of the year whose special days are found; today if left out",
        )

    def handle(
        self,
        *,
        file: Path,
        canteens: Path | None,
        tables: TableRule,
        bookable: bool,
        current_days: int,
        today: dt.date | None,
        **_options: Any,
    ) -> None:
        """Run the import."""
        started = time.monotonic()
        try:
            csv_file = CsvFile(file, COLUMNS)
        except CsvFileError as error:
            raise CommandError(str(error)) from error
        entries = _entries(canteens) if canteens is not None else []
        progress = Progress(self._show, total=len(csv_file) - 1, live=self.stderr.isatty())
        unusable: Counter[str] = Counter()

        def report(kind: str, number: int, name: str, reason: str) -> None:
            progress.clear()
            unusable[kind] += 1
            self.stderr.write(f"{kind} {number}: {cut(one_line(name), 120) or '(no name)'}: {reason}")

        known = _canteens(entries, report)
        rows = _rows(csv_file, report)
        rules = Rules(today or timezone.now().date(), bookable, tables)
        try:
            outcomes = Counter(import_canteen(canteen, rules) for canteen in known.values())
            by_name, saved, dishes = _save(rows, current_days, progress)
        except Error as error:
            progress.clear()
            raise CommandError(f"The database refused or can't be reached: {str(error).strip()} {_RESUME}") from error
        except KeyboardInterrupt as error:
            progress.clear()
            raise CommandError(f"Stopped. {_RESUME}", returncode=130) from error
        progress.clear()
        self.stdout.write(_summary(outcomes, by_name, saved, dishes, unusable))
        self.stdout.write(f"{time.monotonic() - started:>9.1f}  seconds")

    def _show(self, text: str) -> None:
        self.stderr.write(text, style_func=str, ending="")
        self.stderr.flush()


def _entries(path: Path) -> list[Any]:
    """Return the entries of the file of canteens. Raises CommandError where it can't be read."""
    try:
        entries = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        # Of ValueError come both kinds: bytes that are not UTF-8, and text that is not JSON.
        raise CommandError(f"The canteens can't be read from {path}: {error}. Nothing was imported.") from error
    except RecursionError as error:
        raise CommandError(f"The canteens can't be read from {path}: it is nested too deep.") from error
    if not isinstance(entries, list):
        raise CommandError(f"{path} should hold a list of canteens, and holds something else. Nothing was imported.")
    return entries


def _canteens(entries: list[Any], report: Report) -> dict[str, Canteen]:
    """Return the usable canteens by id; the others are reported."""
    canteens: dict[str, Canteen] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            canteen = read_canteen(entry)
            if canteen.id in canteens:
                raise UnusableError(f"its canteen_id {canteen.id} stands in the file already")
        except UnusableError as error:
            name = str(entry.get("name") or "") if isinstance(entry, dict) else ""
            report("canteen", number, name, str(error))
            continue
        canteens[canteen.id] = canteen
    return canteens


def _rows(csv_file: CsvFile, report: Report) -> dict[str, list[DishRow]]:
    """Return the usable rows by canteen, in their order; the others are reported."""
    rows: dict[str, list[DishRow]] = {}
    for line, cells in csv_file.rows(lambda line, reason: report("line", line, "", reason)):
        try:
            row = read_row(cells)
        except UnusableError as error:
            report("line", line, cells["dish"], str(error))
            continue
        rows.setdefault(row.canteen, []).append(row)
    return rows


def _save(rows: dict[str, list[DishRow]], current_days: int, progress: Progress) -> tuple[int, Saved, list[DishSpec]]:
    """Save every canteen's dishes; return how many restaurants are new by name alone, and what was saved."""
    restaurants = restaurants_of(rows)
    by_name, saved, done = 0, Saved(), 0
    dishes: list[DishSpec] = []
    for canteen_id, of_canteen in rows.items():
        pk = restaurants.get(canteen_id)
        if pk is None:
            pk = make_by_name(canteen_id=canteen_id, name=of_canteen[-1].canteen_name)
            by_name += 1
        specs = dishes_of(of_canteen, current_days)
        saved += save_dishes(restaurant_id=pk, dishes=specs)
        dishes += specs
        done += len(of_canteen)
        progress(done)
    return by_name, saved, dishes


def _summary(
    outcomes: Counter[Outcome], by_name: int, saved: Saved, dishes: list[DishSpec], unusable: Counter[str]
) -> str:
    unknown = Counter(label for dish in dishes for label in dish.labels.unknown)
    contradicted = Counter(diet for dish in dishes for diet in dish.labels.contradicted)
    rows = [
        *((f"canteens {outcome.value}", outcomes[outcome]) for outcome in Outcome),
        ("restaurants created of which only the name is known", by_name),
        ("canteens that can't be used", unusable["canteen"]),
        ("dishes created", saved.created),
        ("dishes changed", saved.changed),
        ("dishes unchanged", saved.unchanged),
        ("of these dishes current, the others archived", sum(dish.current for dish in dishes)),
        ("of these dishes without a price in figures", sum(dish.price.amount is None for dish in dishes)),
        ("rows that can't be used", unusable["line"]),
        ("diets not taken over, as the dish's other labels contradict them", contradicted.total()),
        *((f"  {diet}", count) for diet, count in contradicted.most_common()),
        ("labels that nobody knows, kept as written", unknown.total()),
        *((f"  {label}", count) for label, count in unknown.most_common()),
    ]
    return "\n".join(f"{count:>9,}  {label}" for label, count in rows)
