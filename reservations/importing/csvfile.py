"""A CSV file that people have edited, read row by row, with the line of whatever is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

MOST_LINES = 20
"""A quoted field that runs on over more lines than this is taken for a quote that was never closed."""


class CsvFileError(Exception):
    """The file as a whole can't be read; the text says why, to the operator."""


class CsvFile:
    """A CSV file in UTF-8 (with or without a byte order mark) that has the columns asked for.

    Raises `CsvFileError` where it can't be read, before any row is.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        self._lines = io.StringIO(_text(path), newline="").readlines()
        self.header: list[str] = []
        records = self._records(0)
        self._header_line, header = next(records, (0, None))
        if header is None:
            raise CsvFileError(f"{path} is empty. Its first line should name the columns: {', '.join(columns)}.")
        if isinstance(header, str):
            raise CsvFileError(f"Line {self._header_line} of {path}, which should name the columns: {header}.")
        self.header = [name.strip().lower() for name in header]
        missing = [column for column in columns if column not in self.header]
        if missing:
            raise CsvFileError(
                f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. "
                f"Expected are, divided by commas: {', '.join(columns)}. "
                f"Its first line says: {', '.join(self.header)[:300]}."
            )
        twice = sorted({name for name in self.header if name and self.header.count(name) > 1})
        if twice:
            raise CsvFileError(f"{path} has the column {', '.join(twice)} more than once.")

    def __len__(self) -> int:
        """Return the number of lines, which rows with line breaks in them have more of than there are rows."""
        return len(self._lines)

    def rows(self, broken: Callable[[int, str], None]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row with the line it begins on; broken is called with the line and the reason of any other.

        After a broken row, reading goes on at the very next line: a quote that
        is never closed costs its own row and swallows no other.
        """
        for line, record in self._records(self._header_line):
            if isinstance(record, str):
                broken(line, f"{record}: {self._start(line)}")
            elif len(record) != len(self.header):
                broken(line, f"it has {len(record)} fields instead of {len(self.header)}: {self._start(line)}")
            else:
                yield line, dict(zip(self.header, record, strict=True))

    def _start(self, line: int) -> str:
        """Return how a line begins, since a broken row has no name to tell it by."""
        return " ".join(self._lines[line - 1][:80].split())

    def _records(self, after_line: int) -> Iterator[tuple[int, list[str] | str]]:
        """Yield (line, fields), or (line, what is wrong); blank lines are passed over."""
        at = after_line
        while at < len(self._lines):
            length, record = self._record(at)
            if record:
                yield at + 1, record
            at += length

    def _record(self, at: int) -> tuple[int, list[str] | str]:
        """Return how many lines the record at this index takes, and its fields or what is wrong with it."""
        for length in range(1, min(MOST_LINES, len(self._lines) - at) + 1):
            try:
                records = list(csv.reader(self._lines[at : at + length], strict=True))
            except csv.Error as error:
                # More lines only help a quoted field that goes on.
                if "unexpected end" in str(error):
                    continue
                return 1, f"its quotes are not in order ({error})" if "expected" in str(error) else str(error)
            fields = records[0] if records else []
            # A quote that another row's closes makes a record of the wrong
            # length, or one with a whole row inside.
            if length > 1 and (
                len(fields) != len(self.header) or any(map(self._is_row, self._lines[at + 1 : at + length]))
            ):
                break
            return length, fields
        return 1, "a quote is opened and never closed"

    def _is_row(self, line: str) -> bool:
        try:
            return [len(fields) for fields in csv.reader([line], strict=True)] == [len(self.header)]
        except csv.Error:
            return False


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise CsvFileError(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise CsvFileError(f"{path} is a folder, not a file.") from error
    except (OSError, ValueError) as error:
        raise CsvFileError(f"{path} can't be read: {error}.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CsvFileError(
            f"Line {line} of {path} holds the byte 0x{data[error.start]:02x}, which is not UTF-8. "
            "Save the file as UTF-8 and start again; nothing was imported."
        ) from error
