"""One row of the file becomes checked facts, or a reason why it can't be used."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from zoneinfo import available_timezones

from django.utils.text import slugify

from reservations.importing.countries import country_codes, country_of_zone, currency_of_country
from reservations.models import Restaurant, RestaurantCuisine

COLUMNS = (
    "osm_ref",
    "name",
    "street",
    "city",
    "postcode",
    "country",
    "lat",
    "lon",
    "timezone",
    "kind",
    "cuisine",
    "opening_hours",
)
"""The columns that a file must have; any others are passed over."""

LENGTHS = {
    field.name: field.max_length or 0
    for model in (Restaurant, RestaurantCuisine)
    for field in model._meta.concrete_fields
}
"""The most characters that each column of the database takes."""

SOURCE = "osm:"
MOST_CUISINES = 8
_CUISINE_KINDS = frozenset({"cafe", "bakery", "ice_cream", "pub", "bar"})
_OSM_REF = re.compile(r"(node|way|relation)/(\d+)")
# Letters that don't come apart into a plain one and an accent.
_PLAIN = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "Æ": "ae",
        "œ": "oe",
        "Œ": "oe",
        "ø": "o",
        "Ø": "o",
        "đ": "d",
        "Đ": "d",
        "ł": "l",
        "Ł": "l",
        "ı": "i",
    }
)
_SLUG_LENGTH = 120
_PLACES = Decimal("0.00001")


class UnusableError(Exception):
    """The row can't be used; the text says why, to the operator."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row says of a place. Blank texts and None are what it does not say."""

    source_ref: str
    name: str
    street: str
    postcode: str
    city: str
    country: str
    country_given: bool
    """False where the country is the time zone's."""
    latitude: Decimal | None
    longitude: Decimal | None
    timezone: str
    currency: str
    kind: str
    cuisines: tuple[str, ...]
    hours_text: str


def read_facts(row: Mapping[str, str]) -> Facts:
    """Return the facts of a row of `COLUMNS`. Raises `UnusableError`."""
    if any("\0" in value for value in row.values()):
        raise UnusableError("it holds a NUL byte, which the database can't store")
    values = {column: " ".join(row.get(column, "").split()) for column in COLUMNS}
    if not values["osm_ref"]:
        raise UnusableError("osm_ref is missing")
    if not values["name"]:
        raise UnusableError("name is missing")
    source_ref = _bounded("source_ref", SOURCE + values["osm_ref"].lower(), "osm_ref")
    latitude, longitude = _coordinate(values, "lat", 90), _coordinate(values, "lon", 180)
    if (latitude is None) != (longitude is None):
        raise UnusableError("one of lat and lon is missing")
    zone = values["timezone"]
    if zone not in _zones():
        raise UnusableError(f"{zone!r} is not a time zone" if zone else "timezone is missing")
    return Facts(
        source_ref=source_ref,
        name=_bounded("name", values["name"]),
        street=_bounded("street", values["street"]),
        postcode=_bounded("postcode", values["postcode"]),
        city=_bounded("city", values["city"]),
        country=_country(values["country"], zone),
        country_given=bool(values["country"]),
        latitude=latitude,
        longitude=longitude,
        timezone=zone,
        currency=_currency(values["country"], zone),
        kind=values["kind"].lower(),
        cuisines=cuisines(values["cuisine"], values["kind"].lower()),
        hours_text=_bounded("hours_text", values["opening_hours"], "opening_hours"),
    )


@cache
def _zones() -> frozenset[str]:
    # It walks the whole folder of zones each time it is asked.
    return frozenset(available_timezones())


def _bounded(field: str, value: str, column: str = "") -> str:
    most = LENGTHS[field]
    if len(value) > most:
        raise UnusableError(f"{column or field} has {len(value)} characters, and at most {most} can be stored")
    return value


def _coordinate(values: Mapping[str, str], column: str, most: int) -> Decimal | None:
    text = values[column]
    if not text:
        return None
    try:
        number = Decimal(text)
        if number.is_finite() and abs(number) <= most:
            return number.quantize(_PLACES)
    except InvalidOperation:
        pass
    raise UnusableError(f"{column} is {text!r}, and should be degrees from -{most} to {most}")


def _country(given: str, zone: str) -> str:
    country = given.upper()
    if country and country not in country_codes():
        raise UnusableError(f"country {given!r} is not a code of two letters of ISO 3166")
    return country or country_of_zone(zone)


def _currency(country: str, zone: str) -> str:
    """Return the currency that is used in the zone, or in the country where no country has the zone to itself."""
    currency = currency_of_country(country_of_zone(zone)) or currency_of_country(country.upper())
    if not currency:
        raise UnusableError(f"no currency is known for the time zone {zone}")
    return currency


def cuisines(text: str, kind: str) -> tuple[str, ...]:
    """Return at most eight cuisines, each a lower-case word such as ``ice_cream``, or the kind where none is given."""
    words = (re.sub(r"[\s_-]+", "_", part.strip().lower()).strip("_") for part in re.split("[;,]", text))
    found = dict.fromkeys(word for word in words if word and len(word) <= LENGTHS["cuisine"])
    if not found and kind in _CUISINE_KINDS:
        return (kind,)
    return tuple(found)[:MOST_CUISINES]


def slug_for(name: str, source_ref: str) -> str:
    """Return the slug of a new restaurant: its name in plain letters, and its reference, such as ``tomo-n5734434230``.

    A name in another script leaves ``place``. A reference that is no number of
    OpenStreetMap's is told from others by a hash.
    """
    ref = source_ref.removeprefix(SOURCE)
    match = _OSM_REF.fullmatch(ref)
    suffix = match[1][0] + match[2] if match else hashlib.sha256(ref.encode()).hexdigest()[:12]
    words = slugify(name.translate(_PLAIN)).replace("_", "-")[: _SLUG_LENGTH - 1 - len(suffix)].strip("-")
    return f"{words or 'place'}-{suffix}"
