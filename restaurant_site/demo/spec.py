"""What an invented restaurant is made of, as its module in `places` writes it down. Pure but for the label codes.

Days are written as OpenStreetMap does ("Tu-Sa", "Mo,We"), times as "18:30" in
local wall time, prices as words in the restaurant's currency.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from menus.labels import Allergen, Diet

_DAY_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def days(text: str) -> tuple[int, ...]:
    """Return the weekdays that a text such as "Tu-Th,Su" names, Monday being 0. Raises ValueError for another."""
    found: set[int] = set()
    for part in text.split(","):
        first, _dash, last = part.partition("-")
        begin, end = _DAY_NAMES.index(first), _DAY_NAMES.index(last or first)
        found.update(day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))
    return tuple(sorted(found))


def clock(text: str) -> dt.time:
    """Return the local wall time of a text such as "18:30"."""
    return dt.time.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class DemoDish:
    """A dish or drink. Without a price the note alone is shown."""

    name: str
    text: str
    price: Decimal | None
    note: str
    allergens: tuple[str, ...]
    diets: tuple[str, ...]
    available: bool


def dish(
    name: str, text: str, price: str, allergens: str = "", diets: str = "", *, note: str = "", available: bool = True
) -> DemoDish:
    """Return a dish; allergens and diets are codes with blanks between them. Raises ValueError for an unknown one."""
    return DemoDish(
        name=name,
        text=text,
        price=Decimal(price) if price else None,
        note=note,
        allergens=tuple(Allergen(code).value for code in allergens.split()),
        diets=tuple(Diet(code).value for code in diets.split()),
        available=available,
    )


@dataclass(frozen=True, slots=True)
class DemoSection:
    """A section of a menu."""

    name: str
    dishes: tuple[DemoDish, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DemoMenu:
    """A menu."""

    name: str
    sections: tuple[DemoSection, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DemoTable:
    """A table for least to most covers."""

    name: str
    least: int
    most: int
    online: bool = True
    step_free: bool = False


@dataclass(frozen=True, slots=True)
class DemoArea:
    """An area and its tables."""

    name: str
    tables: tuple[DemoTable, ...]


@dataclass(frozen=True, slots=True)
class DemoCombination:
    """Tables ("S4 + S5") that are pushed together for least to most covers."""

    name: str
    tables: str
    least: int
    most: int
    online: bool = True


@dataclass(frozen=True, slots=True)
class DemoService:
    """A service. rules are further columns of it: pacing, party limits, deadlines.

    turns are pairs of (parties up to, minutes); none means the restaurant's.
    valid is the range of dates on which it takes place, in days from the
    date on which the demo is first loaded.
    """

    name: str
    weekdays: str
    first: str
    last: str
    interval: int = 30
    rules: Mapping[str, Any] = field(default_factory=dict)
    turns: tuple[tuple[int, int], ...] = ()
    valid: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class DemoSpecialDay:
    """A date with hours of its own: closed, or with these services instead of the usual ones.

    It is either a date of the year (month, day), or the first of a weekday
    from so many days after the demo's first load on.
    """

    name: str
    on: tuple[int, int] | None = None
    after: tuple[int, str] | None = None
    hours: str = ""
    services: tuple[DemoService, ...] = ()

    def date(self, today: dt.date) -> dt.date:
        """Return the date as seen from today: today or later, within a year."""
        if self.after is not None:
            first = today + dt.timedelta(days=self.after[0])
            return first + dt.timedelta(days=(days(self.after[1])[0] - first.weekday()) % 7)
        month, day = self.on or (1, 1)
        this_year = dt.date(today.year, month, day)
        return this_year if this_year >= today else dt.date(today.year + 1, month, day)


@dataclass(frozen=True, slots=True)
class DemoClosure:
    """A range of dates without any service: from so many days after the first load, for so many days."""

    after: int
    length: int
    reason: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who comes: what the generated reservations are drawn from.

    peaks are the local wall times that everybody wants. sizes and cultures are
    weights, of party sizes in covers and of the names in `people`; phones are
    the countries of their numbers, from the ranges in `people`. online is
    the share that books online, german and japanese the shares that read the
    site in these languages.
    """

    peaks: tuple[str, ...]
    sizes: Mapping[int, int]
    cultures: Mapping[str, int]
    phones: tuple[str, ...] = ("us", "uk", "de", "fr", "au")
    online: float = 0.8
    german: float = 0.0
    japanese: float = 0.0
    children: float = 0.1


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """An invented restaurant. fields are the columns of its own row; all of it is created once, and never reset."""

    fields: Mapping[str, Any]
    cuisines: tuple[str, ...]
    hours: tuple[tuple[str, str, str], ...]
    """Opening hours shown: (days, opens, closes); days without a line are closed."""
    areas: tuple[DemoArea, ...]
    services: tuple[DemoService, ...]
    menus: tuple[DemoMenu, ...]
    crowd: Crowd
    turns: tuple[tuple[int, int], ...]
    combinations: tuple[DemoCombination, ...] = ()
    plan: Mapping[str, tuple[int, int, str]] = field(default_factory=dict)
    """Places on the floor plan by table: units from the left and from the top of its area's room, and the shape."""
    special_days: tuple[DemoSpecialDay, ...] = ()
    closures: tuple[DemoClosure, ...] = ()

    @property
    def slug(self) -> str:
        """The restaurant's slug, by which it is known."""
        return str(self.fields["slug"])

    @property
    def zone(self) -> str:
        """The name of the restaurant's time zone."""
        return str(self.fields["timezone"])
