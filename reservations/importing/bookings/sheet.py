"""A CSV file of whatever encoding and delimiter, as rows of text within bounds. Pure but for its errors' words."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass

from django.utils.translation import gettext as _

from restaurant_site.spreadsheets import plain_cell

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000
MOST_COLUMNS = 100
_MOST_LINES = 30
_DELIMITERS = ",;\t|"


class SheetError(ValueError):
    """The file as a whole can't be read; the text says why and what to do, to staff."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The names of the columns, and each row with the line on which it begins; blank rows are left out."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


def text_of(data: bytes) -> tuple[str, str]:
    """Return the text of a file, without NUL, and the encoding by which it was read.

    UTF-8 and UTF-16 with or without a byte order mark; what is neither is taken
    for Windows-1252. Raises `SheetError` for what is no text, or too much.
    """
    if len(data) > MOST_BYTES:
        raise SheetError(too_large())
    if data.startswith(b"PK\x03\x04"):
        raise SheetError(_("This is a workbook, not a CSV file. Save it as CSV, and bring that."))
    text, encoding = _decoded(data)
    text = text.replace("\x00", "").removeprefix("\ufeff")
    if not text.strip():
        raise SheetError(_("The file is empty. Its first line should name the columns."))
    return text, encoding


def too_large() -> str:
    """Return what is said of a file that is too large to be read."""
    return _("The file is larger than %(most)d megabytes. Split it, and bring the parts one after the other.") % {
        "most": MOST_BYTES // 1024 // 1024
    }


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace"), "UTF-16"
    # Every other byte of Western text in UTF-16 is NUL.
    if data.count(0) > len(data) // 4:
        order = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
        return data.decode(order, errors="replace"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "ISO 8859-1"


def sheet_of(text: str) -> Sheet:
    """Return the rows of a text. Raises `SheetError` where it has too many, or no order in its quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise SheetError(_("Line %(line)d can't be read: %(why)s.") % {"line": line, "why": error}) from error
        if cells is None:
            break
        if reader.line_num - line >= _MOST_LINES:
            raise SheetError(_("A quote is opened in line %(line)d and not closed.") % {"line": line})
        cells = [plain_cell(cell.strip()).strip() for cell in cells]
        if not any(cells):
            continue
        if not header:
            header = cells
            continue
        if len(rows) == MOST_ROWS:
            text = _("The file has more than %(most)d rows. Split it, and bring the parts one after the other.")
            raise SheetError(text % {"most": MOST_ROWS})
        rows.append((line, cells))
    if len(header) > MOST_COLUMNS:
        raise SheetError(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    if not rows:
        raise SheetError(_("The file has no row below the names of the columns."))
    return Sheet(header, rows)


def _delimiter(text: str) -> str:
    """Return the delimiter that the first line has most of."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    return max(_DELIMITERS, key=first.count)
