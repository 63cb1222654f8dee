"""Tables as people count them off: “1–12, 2–4 seats”. Pure but for the words of its errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.models import Table
from reservations.models.venue import MAX_PARTY

MOST_TABLES = 200
"""So many tables are made at once."""

_DASH = r"\s*(?:-|–|—|\bto\b|\bbis\b)\s*"
_LINE = re.compile(
    rf"(?P<prefix>.*?)(?P<first>\d{{1,4}})?(?:{_DASH}(?P<again>\D*?)(?P<last>\d{{1,4}}))?"
    rf"\s*[,;:]\s*(?P<least>\d{{1,3}})(?:{_DASH}(?P<most>\d{{1,3}}))?\s*(?:[^\W\d]+\.?)?\s*",
    re.IGNORECASE,
)
_NAME_LENGTH = Table._meta.get_field("name").max_length or 0


@dataclass(frozen=True, slots=True)
class NewTable:
    """A table that is to be made: its name, and the smallest and largest party that it seats."""

    name: str
    least: int
    most: int


class LineError(ValueError):
    """A line can't be read as tables; the text says why, to staff."""


def tables_of(text: str) -> list[NewTable]:
    """Return the tables of some lines, such as “T1–T12, 2–4 seats” or “Chef's table, 8 seats”; blank lines are none.

    One number of seats takes parties of one up to it. Raises `LineError` with
    the number of the line that can't be read, or repeats a table.
    """
    found: dict[str, tuple[int, NewTable]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        for table in _line(number, line.strip()):
            at, _same = found.setdefault(table.name.casefold(), (number, table))
            if _same is not table:
                text = _("Line %(line)d: table %(name)s is in line %(other)d already.")
                raise LineError(text % {"line": number, "name": table.name, "other": at})
        if len(found) > MOST_TABLES:
            raise LineError(_too_many())
    return [table for _line_number, table in found.values()]


def taken_names(tables: Iterable[NewTable], existing: Iterable[str]) -> list[str]:
    """Return the names of tables that are there already, whatever their case: databases differ in that."""
    there = {name.casefold() for name in existing}
    return [table.name for table in tables if table.name.casefold() in there]


def seats_text(table: NewTable) -> str:
    """Return whom a table seats: “2–4 seats”."""
    if table.least == table.most:
        return ngettext("%(count)d seat", "%(count)d seats", table.most) % {"count": table.most}
    return _("%(least)d–%(most)d seats") % {"least": table.least, "most": table.most}


def _too_many() -> str:
    return _("These are more than %(most)d tables. Make the others afterwards.") % {"most": MOST_TABLES}


def _line(number: int, line: str) -> list[NewTable]:
    match = _LINE.fullmatch(line)
    if match is None or not (match["prefix"].strip() or match["first"]):
        text = _("Line %(line)d can't be read: write tables, a comma and seats, such as “1–12, 2–4 seats”.")
        raise LineError(text % {"line": number})
    least, most = _seats(number, match)
    names = _names(number, match)
    for name in names:
        if len(name) > _NAME_LENGTH:
            text = _("Line %(line)d: a table's name has at most %(most)d characters.")
            raise LineError(text % {"line": number, "most": _NAME_LENGTH})
    return [NewTable(name, least, most) for name in names]


def _names(number: int, match: re.Match[str]) -> list[str]:
    prefix, first, last = match["prefix"], match["first"], match["last"]
    if first is None:
        return [f"{prefix}{match['again'] or ''}{last or ''}".strip()]
    if last is None:
        return [f"{prefix}{first}".strip()]
    again = (match["again"] or "").strip()
    if again and again.casefold() != prefix.strip().casefold():
        text = _("Line %(line)d: “%(one)s” and “%(other)s” are two kinds of tables. Write a line for each.")
        raise LineError(text % {"line": number, "one": prefix.strip(), "other": again})
    low, high = int(first), int(last)
    if high < low:
        raise LineError(_("Line %(line)d: the last table comes before the first.") % {"line": number})
    if high - low >= MOST_TABLES:
        raise LineError(_too_many())
    # “01–12” has two digits throughout.
    width = len(first) if first.startswith("0") else 0
    return [f"{prefix}{table:0{width}d}".strip() for table in range(low, high + 1)]


def _seats(number: int, match: re.Match[str]) -> tuple[int, int]:
    given = [int(match[name]) for name in ("least", "most") if match[name]]
    least, most = (given[0], given[1]) if len(given) == 2 else (1, given[0])
    if not (1 <= least <= MAX_PARTY and 1 <= most <= MAX_PARTY):
        text = _("Line %(line)d: a table seats 1 to %(most)d.")
        raise LineError(text % {"line": number, "most": MAX_PARTY})
    if most < least:
        raise LineError(_("Line %(line)d: the first number of seats is the smaller one.") % {"line": number})
    return least, most
