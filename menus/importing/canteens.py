"""The canteens of a JSON file: where they are and when they are open. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from menus.importing.rows import CANTEEN_NAME_LENGTH, ID_LENGTH, UnusableError, fold_id
from menus.text import one_line

# The file's names of the weekdays, and OpenStreetMap's.
_DAYS = {"mon": "Mo", "tue": "Tu", "wed": "We", "thu": "Th", "fri": "Fr", "sat": "Sa", "sun": "Su"}
_TIME = re.compile(r"([01]?[0-9]|2[0-4]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Canteen:
    """A canteen. hours is an OpenStreetMap `opening_hours` value, or "" where the file has none."""

    id: str
    name: str
    street: str = ""
    postcode: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    hours: str = ""


def read_canteen(entry: object) -> Canteen:
    """Return the canteen of one entry of the file. Raises UnusableError with the reason if it is none."""
    if not isinstance(entry, dict):
        raise UnusableError("it is not an object")
    canteen_id, name = fold_id(str(entry.get("canteen_id") or "")), one_line(str(entry.get("name") or ""))
    if not canteen_id or not name:
        raise UnusableError("it needs a canteen_id and a name")
    if len(canteen_id) > ID_LENGTH or len(name) > CANTEEN_NAME_LENGTH:
        raise UnusableError("its canteen_id or its name is too long")
    location = entry.get("location") or {}
    if not isinstance(location, dict):
        raise UnusableError("its location is not an object")
    street, postcode, city = split_address(str(location.get("address") or ""))
    if len(street) > 200 or len(city) > 100:
        raise UnusableError("its address is too long")
    return Canteen(
        id=canteen_id,
        name=name,
        street=street,
        postcode=postcode,
        city=city,
        latitude=_degrees(location.get("latitude"), 90),
        longitude=_degrees(location.get("longitude"), 180),
        hours=osm_hours(entry.get("open_hours")),
    )


def split_address(address: str) -> tuple[str, str, str]:
    """Return street, postcode and city of an address such as "Arcisstraße 12, 80333 München"; what is missing is ""."""
    street, comma, place = one_line(address).rpartition(",")
    if not comma:
        return one_line(address), "", ""
    postcode, _blank, city = place.strip().partition(" ")
    if re.fullmatch(r"[0-9]{4,6}", postcode):
        return street.strip(), postcode, city.strip()
    return street.strip(), "", place.strip()


def osm_hours(days: Any) -> str:
    """Return weekly hours such as {"mon": {"start": "11:00", "end": "14:00"}} as "Mo 11:00-14:00".

    Neighbouring days with equal hours are joined ("Mo-Th"); a day that is
    missing or null is closed. Raises UnusableError for anything else.
    """
    if days is None:
        return ""
    if not isinstance(days, dict) or not days.keys() <= _DAYS.keys():
        raise UnusableError("its open_hours are not an object of the days mon to sun")
    runs: list[list[str]] = []
    for day, osm_day in _DAYS.items():
        hours = _span(day, days.get(day))
        if runs and runs[-1][2] == hours:
            runs[-1][1] = osm_day
        else:
            runs.append([osm_day, osm_day, hours])
    return "; ".join(f"{first if first == last else f'{first}-{last}'} {hours}" for first, last, hours in runs if hours)


def _span(day: str, value: Any) -> str:
    if value is None:
        return ""
    times = [str(value.get(end) or "") for end in ("start", "end")] if isinstance(value, dict) else []
    if len(times) != 2 or not all(_TIME.fullmatch(time) for time in times):
        raise UnusableError(f"its open_hours on {day} are not a start and an end such as 11:00 and 14:00")
    return "-".join(time.zfill(5) for time in times)


def _degrees(value: Any, most: int) -> float | None:
    """Return a coordinate; one that is none is unknown, which spoils no menu."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= most:
        return None
    return float(value)
