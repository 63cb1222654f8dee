"""An import before it runs: the file is kept, its columns chosen, its rows looked at, then written down."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from reservations.engine.availability import Ask, candidates, day_reason
from reservations.engine.deciding import Wish, service_at
from reservations.engine.errors import Reason
from reservations.engine.inserts import insert_many
from reservations.engine.plan import DayPlan
from reservations.importing.bookings.columns import Field, lacking, matched
from reservations.importing.bookings.problems import LEFT_OUT
from reservations.importing.bookings.rows import Layout, Row, read_rows
from reservations.importing.bookings.sheet import Sheet, SheetError, sheet_of, text_of
from reservations.importing.bookings.values import ORDERS, order_of
from reservations.importing.bookings.wishes import Plans
from reservations.models import BookingImport, ImportRow, Restaurant, User

Status = ImportRow.Status
_CHUNK = 500
_DATES = 400
"""A preview asks the rules of so many days; of those beyond nothing is foretold."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file says, row by row, and what would refuse a row; lacking says which column is still to be chosen."""

    header: list[str]
    rows: list[Row]
    foreseen: dict[int, Reason]
    known: set[int]
    lacking: str | None
    of_bookings: bool

    @property
    def counts(self) -> Counter[str]:
        """How many rows would be brought over, were brought before, are left out, or can't be placed."""
        return Counter(self.fate(row) for row in self.rows)

    def fate(self, row: Row) -> Status:
        """Return what would become of a row."""
        if row.problem is not None:
            return Status.SKIPPED if row.problem in LEFT_OUT else Status.REFUSED
        if row.line in self.known:
            return Status.KNOWN
        return Status.REFUSED if row.line in self.foreseen else Status.WAITING

    def code(self, row: Row) -> str:
        """Return why a row would not be brought over, as `problems.problem_text` reads it."""
        return str(row.problem or self.foreseen.get(row.line) or "")


def begin(*, restaurant: Restaurant, file_name: str, data: bytes, user: User | None) -> BookingImport:
    """Keep a file, with its columns as far as their names tell; nothing is brought over yet. Raises `SheetError`."""
    text, encoding = text_of(data)
    sheet = sheet_of(text)
    columns = matched(sheet.header)
    return BookingImport.objects.create(
        restaurant=restaurant,
        file_name="".join(letter for letter in file_name if letter.isprintable())[-200:] or "import.csv",
        encoding=encoding,
        text=text,
        header=[name[:200] for name in sheet.header],
        columns=columns,
        date_order=guessed_order(sheet, columns, restaurant),
        created_by=user,
    )


def guessed_order(sheet: Sheet, columns: Mapping[str, int], restaurant: Restaurant) -> str:
    """Return the order of the dates in a file, as most of them can be read."""
    number = columns.get(Field.DATE, columns.get(Field.START))
    if number is None:
        return order_of((), restaurant.country)
    texts = [cells[number] for _line, cells in sheet.rows if number < len(cells) and cells[number]]
    # Of date and time in one the first word is the date, where it is in numbers.
    return order_of((text.split()[0].rstrip(",") for text in texts), restaurant.country)


def choose(batch: BookingImport, columns: Mapping[str, int], date_order: str) -> bool:
    """Set how the columns of an import that has not begun are read; return False where it has."""
    width = len(batch.header)
    chosen = {str(Field(name)): number for name, number in columns.items() if 0 <= number < width}
    order = date_order if date_order in ORDERS else "dmy"
    rows = BookingImport.objects.filter(pk=batch.pk, status=BookingImport.Status.READ)
    changed = rows.update(columns=chosen, date_order=order)
    batch.columns, batch.date_order = chosen, order
    return bool(changed)


def preview(batch: BookingImport) -> Preview:
    """Return what an import that has not begun would do, as far as the rules tell without the tables taken by then."""
    sheet = sheet_of(batch.text)
    missing = lacking(batch.columns)
    layout = Layout(batch.columns, batch.date_order, batch.restaurant, len(sheet.header))
    now = timezone.now()
    rows = [] if missing else list(read_rows(sheet, layout, now))
    known = _known(batch.restaurant_id, rows)
    foreseen = _foreseen(rows, Plans(batch.restaurant), now) if layout.of_bookings else {}
    return Preview(sheet.header, rows, foreseen, known, missing, layout.of_bookings)


def start(batch: BookingImport, *, exceed_pacing: bool = False, tell: bool = False) -> bool:
    """Write the rows of an import down, each to be brought over by `running.run`; return False where they were.

    From here on the rows are what counts, and the text is gone.
    """
    found = preview(batch)
    if found.lacking:
        raise SheetError(found.lacking)
    with transaction.atomic():
        rows = BookingImport.objects.filter(pk=batch.pk, status=BookingImport.Status.READ)
        running = BookingImport.Status.RUNNING
        if not rows.update(status=running, exceeds_pacing=exceed_pacing, tells=tell, text=""):
            return False
        insert_many([_row(batch, row, found) for row in found.rows])
    batch.refresh_from_db()
    return True


def _row(batch: BookingImport, row: Row, found: Preview) -> ImportRow:
    fate = found.fate(row)
    # What the rules of a day will say is asked again when it is placed.
    status = Status.WAITING if row.problem is None and fate == Status.REFUSED else fate
    return ImportRow(
        restaurant_id=batch.restaurant_id,
        batch=batch,
        line=row.line,
        key=row.key,
        contact=row.contact,
        told=row.told if status in (Status.WAITING, Status.REFUSED) else {},
        status=status,
        reason=str(row.problem or ""),
    )


def _known(restaurant_id: int, rows: Iterable[Row]) -> set[int]:
    """Return the lines of rows that were brought over before, by this file or another."""
    lines = {row.key: row.line for row in rows if row.problem is None}
    keys = list(lines)
    found: set[int] = set()
    for first in range(0, len(keys), _CHUNK):
        brought = ImportRow.objects.filter(restaurant_id=restaurant_id, status=Status.PLACED)
        some = brought.filter(key__in=keys[first : first + _CHUNK]).order_by()
        found.update(lines[key] for key in some.values_list("key", flat=True))
    return found


def _foreseen(rows: Iterable[Row], plans: Plans, now: dt.datetime) -> dict[int, Reason]:
    found = {}
    for row in rows:
        if row.problem is None and len(plans) < _DATES:
            wish = plans.wish(row.told)
            if reason := _refusal(plans.of(wish.date), wish, now):
                found[row.line] = reason
    return found


def _refusal(plan: DayPlan, wish: Wish, now: dt.datetime) -> Reason | None:
    ask = Ask(party=wish.party, online=False)
    if reason := day_reason(plan, ask, now):
        return reason
    if service_at(plan, wish.start) is None:
        return Reason.NOT_A_TIME
    return None if candidates(plan, ask) else Reason.NO_TABLE
