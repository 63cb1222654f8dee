"""Reading a log of bookings: every line that can be used, and what is wrong with every other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from reservations.importing.csvfile import CsvFile
from reservations.models import Restaurant
from reservations.models.venue import MAX_PARTY
from reservations.replaying.lines import Line

COLUMNS = ("restaurant", "reserved_at", "visit_at", "party")
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


def read_log(path: Path, broken: Callable[[int, str], None]) -> list[Line]:
    """Return the bookings of a file in the order in which they were made; broken is told of each that can't be used.

    Moments are of ISO 8601, and local to the restaurant where they have no
    offset. Raises `CsvFileError` where the file as a whole can't be read.
    """
    places = {slug: (pk, zone) for pk, slug, zone in Restaurant.objects.values_list("pk", "slug", "timezone")}
    lines = []
    for number, row in CsvFile(path, COLUMNS).rows(broken):
        try:
            lines.append(_line(number, row, places))
        except ValueError as error:
            broken(number, str(error))
    # Sorted again, for a file that was put together from several: equal moments stay in the file's order.
    return sorted(lines, key=lambda line: line.reserved_at)


def _line(number: int, row: dict[str, str], places: dict[str, tuple[int, str]]) -> Line:
    """Return a row as a line; raises ValueError with what is wrong."""
    slug = row["restaurant"].strip()
    if slug not in places:
        raise ValueError(f"there is no restaurant {slug[:120]!r}")
    restaurant_id, zone = places[slug]
    return Line(
        number=number,
        restaurant_id=restaurant_id,
        zone=zone,
        reserved_at=_moment(row, "reserved_at", zone),
        visit_at=_moment(row, "visit_at", zone),
        party=_party(row["party"].strip()),
    )


def _moment(row: dict[str, str], column: str, zone: str) -> dt.datetime:
    text = row[column].strip()
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(
            f"{column} {text[:40]!r} is not a moment such as 2026-12-01T18:30 or 2026-12-01T18:30+01:00"
        ) from error
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"{column} {text[:40]!r} is not of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _party(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MAX_PARTY):
        raise ValueError(f"party {text[:40]!r} is not a whole number from 1 to {MAX_PARTY}")
    return int(text)
