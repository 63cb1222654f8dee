"""A row of cells becomes what it tells of a reservation or a guest, or the problem that it has. Nothing is written."""

from __future__ import annotations

import datetime as dt
import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.forms import clean_phone
from reservations.importing.bookings.columns import Field, is_of_bookings
from reservations.importing.bookings.problems import Problem
from reservations.importing.bookings.sheet import Sheet
from reservations.importing.bookings.values import date_of, number_of, start_of, time_of
from reservations.models import Reservation, Restaurant, contact_key, normalise_email
from reservations.models.venue import MAX_PARTY

Cell = Callable[[Field], str]
"""Returns the cell of a field, "" where no column has it."""

TOLD = (
    "date",
    "time",
    "party",
    "name",
    "email",
    "phone",
    "note",
    "dietary",
    "occasion",
    "children",
    "tags",
    "guest_notes",
    "language",
    "id",
)
"""What is kept of a row until it is placed, in the order of columns in which it is given back."""

_NAME, _NOTE, _DIETARY, _NOTES, _TAG, _TAGS, _EMAIL, _ID = 120, 1000, 300, 2000, 60, 20, 254, 80
_NOT_COMING = [
    "cancel",
    "storn",
    "annul",
    "noshow",
    "declin",
    "delet",
    "expired",
    "waitlist",
    "notcoming",
    "abgesagt",
    "nichterschienen",
]
_OCCASIONS = {
    "birthday": Reservation.Occasion.BIRTHDAY,
    "geburtstag": Reservation.Occasion.BIRTHDAY,
    "anniversary": Reservation.Occasion.ANNIVERSARY,
    "jahrestag": Reservation.Occasion.ANNIVERSARY,
    "business": Reservation.Occasion.BUSINESS,
    "datenight": Reservation.Occasion.DATE,
}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of a file are read: the column of each field, the order of dates, and for which restaurant."""

    columns: Mapping[str, int]
    date_order: str
    restaurant: Restaurant
    width: int

    @property
    def of_bookings(self) -> bool:
        """Whether the rows are reservations."""
        return is_of_bookings(self.columns)


@dataclass(slots=True)
class Row:
    """What a row tells, in the texts of `TOLD`; what is wrong with it, and what of it could only be kept as a note."""

    line: int
    told: dict[str, str]
    problem: Problem | None = None
    remarks: list[str] = field(default_factory=list)
    key: str = ""
    contact: str = ""
    twin: int = 0


def read_rows(sheet: Sheet, layout: Layout, now: dt.datetime) -> Iterator[Row]:
    """Yield every row of a file; of those that say the same, the second and later ones have the problem TWICE."""
    seen: dict[str, int] = {}
    for line, cells in sheet.rows:
        row = _read(line, cells, layout, now)
        if row.problem is None:
            row.twin = seen.setdefault(row.key, line)
            if row.twin != line:
                row.problem = Problem.TWICE
        yield row


def wall_time(told: Mapping[str, str]) -> dt.datetime:
    """Return the local start that a row tells, naive; its ``fold`` says which one where it comes twice."""
    return dt.datetime.fromisoformat(f"{told['date']}T{told['time']}").replace(fold=int(told.get("fold") or 0))


def _read(line: int, cells: list[str], layout: Layout, now: dt.datetime) -> Row:
    def cell(name: Field) -> str:
        number = layout.columns.get(name)
        return cells[number] if number is not None and number < len(cells) else ""

    row = Row(line, {})
    for name in (Field.DATE, Field.TIME):
        row.told[name] = _line(cell(name))[:_ID]
    row.told["party"] = _line(cell(Field.PARTY))[:_ID]
    row.told["id"] = _line(cell(Field.ID))[:_ID]
    _who(row, cell, layout.restaurant)
    _wishes(row, cell)
    if len(cells) > layout.width and any(cells[layout.width :]):
        row.problem = Problem.CELLS
    elif layout.of_bookings:
        row.problem = _not_coming(cell(Field.STATUS)) or _when(row, cell, layout, now)
    elif not row.told["email"] and not row.told["phone"]:
        row.problem = Problem.CONTACT
    if row.problem is None and not row.told["name"]:
        row.problem = Problem.NAME
    row.contact = contact_key(row.told["email"], row.told["phone"])
    row.key = _key(row.told, layout)
    row.told = {name: text for name, text in row.told.items() if text}
    return row


def _who(row: Row, read: Cell, restaurant: Restaurant) -> None:
    name = _line(read(Field.NAME)) or _line(f"{read(Field.FIRST_NAME)} {read(Field.LAST_NAME)}")
    if len(name) > _NAME:
        row.remarks.append(_("The name is cut to %(most)d characters.") % {"most": _NAME})
    row.told["name"] = name[:_NAME]
    kept = []
    email = normalise_email(_line(read(Field.EMAIL)))
    try:
        if email:
            validate_email(email)
        row.told["email"] = email[:_EMAIL] if len(email) <= _EMAIL else ""
    except ValidationError:
        row.told["email"] = ""
        kept.append(_("E-mail as brought over: %(text)s") % {"text": email})
        row.remarks.append(_("The e-mail can't be one, and is kept as a note."))
    phone = _line(read(Field.PHONE))
    try:
        row.told["phone"] = clean_phone(phone, restaurant.country)
    except ValidationError:
        row.told["phone"] = ""
        kept.append(_("Phone as brought over: %(text)s") % {"text": phone})
        row.remarks.append(_("The phone can't be called as it is, and is kept as a note."))
    row.told["note"] = "\n".join([_lines(read(Field.NOTE)), *kept]).strip()[:_NOTE]
    row.told["guest_notes"] = "\n".join([_lines(read(Field.GUEST_NOTES)), _counts(read)]).strip()[:_NOTES]
    tags = (_line(tag)[:_TAG] for tag in read(Field.TAGS).replace("|", ",").replace(";", ",").split(","))
    row.told["tags"] = "; ".join(list(dict.fromkeys(tag for tag in tags if tag))[:_TAGS])
    language = read(Field.LANGUAGE).strip().casefold()[:2]
    row.told["language"] = language if language in dict(settings.LANGUAGES) else ""


def _counts(read: Cell) -> str:
    """Return visits and no-shows as a line of notes: here they are counted from reservations, and never kept."""
    visits, no_shows = number_of(read(Field.VISITS)) or 0, number_of(read(Field.NO_SHOWS)) or 0
    if not visits and not no_shows:
        return ""
    return _("Before, elsewhere: %(visits)s, %(no_shows)s.") % {
        "visits": ngettext("%(count)d visit", "%(count)d visits", visits) % {"count": visits},
        "no_shows": ngettext("%(count)d no-show", "%(count)d no-shows", no_shows) % {"count": no_shows},
    }


def _wishes(row: Row, read: Cell) -> None:
    row.told["dietary"] = _line(read(Field.DIETARY))[:_DIETARY]
    row.told["children"] = str(number_of(read(Field.CHILDREN)) or "")
    occasion = _line(read(Field.OCCASION))
    folded = "".join(letter for letter in occasion.casefold() if letter.isalnum())
    known = next((value for word, value in _OCCASIONS.items() if word in folded), None)
    row.told["occasion"] = str(known or (Reservation.Occasion.OTHER if occasion else ""))
    if occasion and known is None:
        row.told["note"] = f"{occasion}\n{row.told['note']}".strip()[:_NOTE]


def _not_coming(status: str) -> Problem | None:
    folded = "".join(letter for letter in status.casefold() if letter.isalnum())
    return Problem.NOT_COMING if any(word in folded for word in _NOT_COMING) else None


def _when(row: Row, read: Cell, layout: Layout, now: dt.datetime) -> Problem | None:
    zone = layout.restaurant.zone
    if Field.START in layout.columns and not (row.told["date"] and row.told["time"]):
        text = _line(read(Field.START))
        start = start_of(text, layout.date_order)
        if start is None:
            row.told["date"] = row.told["date"] or text[:_ID]
            return Problem.DATE
        if isinstance(start, dt.datetime):
            start = start.astimezone(zone)
            row.told["fold"] = "1" if start.fold else ""
            start = start.date(), start.time().replace(second=0, microsecond=0, fold=0)
        date, time = start
    else:
        found_date, found_time = date_of(row.told["date"], layout.date_order), time_of(row.told["time"])
        if found_date is None:
            return Problem.DATE
        if found_time is None:
            return Problem.TIME
        date, time = found_date, found_time
    row.told |= {"date": date.isoformat(), "time": f"{time:%H:%M}"}
    local = dt.datetime.combine(date, time, tzinfo=zone)
    if local.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != dt.datetime.combine(date, time):
        return Problem.CLOCKS
    party = number_of(row.told["party"])
    if party is None or not 1 <= party <= MAX_PARTY:
        return Problem.PARTY
    row.told["party"] = str(party)
    if row.told["children"] and int(row.told["children"]) > party:
        row.told["children"] = ""
    return Problem.PAST if local <= now else None


def _key(told: Mapping[str, str], layout: Layout) -> str:
    """Return what identifies a row: its number in the other system, else all that tells one from another."""
    if told["id"]:
        parts = ["id", told["id"]]
    else:
        parts = [told["email"], told["phone"], told["name"].casefold()]
        parts += [told["date"], told["time"], told["party"]] if layout.of_bookings else []
    kind = "booking" if layout.of_bookings else "guest"
    return hashlib.sha256("\0".join([kind, *parts]).encode()).hexdigest()


def _line(text: str) -> str:
    """Return a text on one line, without control characters."""
    return " ".join(_lines(text).split())


def _lines(text: str) -> str:
    """Return a text without control characters but line breaks."""
    return "".join(
        letter
        for letter in text.replace("\r\n", "\n")
        if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs")
    ).strip()
