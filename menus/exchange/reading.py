"""A file that somebody sends becomes the rows of a table, or a sentence that says why not."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from menus.exchange.cells import bare

MOST_BYTES = 512 * 1024
MOST_ROWS = 2000
REQUIRED = ("menu", "section", "name")
_DELIMITERS = (",", ";", "\t")


class UnreadableError(Exception):
    """The file is not such a table; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a file and its rows, each as long as there are columns, with every guard taken off."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def decoded(data: bytes) -> str:
    """Return the text of a file. Raises UnreadableError for one that is too long or not UTF-8."""
    if len(data) > MOST_BYTES:
        raise UnreadableError(_("The file is too long: at most %(most)d kB are read.") % {"most": MOST_BYTES // 1024})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(
            _("The file is not UTF-8. In the spreadsheet, save it as “CSV UTF-8”, or with the character set UTF-8.")
        ) from None
    if "\x00" in text:
        raise UnreadableError(_("The file is not a text. Save the table as CSV."))
    return text


def table_of(text: str, known: Collection[str]) -> Table:
    """Return the table of a text separated by commas, semicolons or tabs, whose columns are all known.

    Raises UnreadableError for anything else.
    """
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[str, ...]] = []
    try:
        columns = tuple(" ".join(cell.split()).lower() for cell in next(reader, []))
        _check(columns, known)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(columns):
                raise UnreadableError(
                    _("Line %(line)d has more cells than there are columns.") % {"line": reader.line_num}
                )
            if len(rows) == MOST_ROWS:
                raise UnreadableError(
                    _("The file has more than %(most)d rows. Import it in parts.") % {"most": MOST_ROWS}
                )
            rows.append((*map(bare, cells), *("" for _missing in range(len(columns) - len(cells)))))
    except csv.Error:
        raise UnreadableError(
            _("Line %(line)d can't be read as CSV: is a quotation mark left open?") % {"line": reader.line_num}
        ) from None
    if not rows:
        raise UnreadableError(_("The file has no rows below its first line."))
    return Table(columns, tuple(rows))


def _check(columns: tuple[str, ...], known: Collection[str]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise UnreadableError(
            _("The first line names the columns, and lacks: %(names)s.") % {"names": ", ".join(missing)}
        )
    odd = [name or "–" for name in columns if name not in known]
    if odd:
        names = ", ".join(name[:40] for name in odd[:5])
        raise UnreadableError(
            _("Nobody knows these columns: %(names)s. These can be there: %(known)s.")
            % {"names": names, "known": ", ".join(known)}
        )
    if len(set(columns)) != len(columns):
        raise UnreadableError(_("A column is there twice."))
