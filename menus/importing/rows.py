"""The rows of a file of dishes, and the dishes they are about. Pure: nothing is read or written here.

A dish is its canteen, its section and its name. A file has a row for every
price and set of labels that a dish ever had: the row served last decides.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from menus.prices import COLUMNS as PRICE_COLUMNS
from menus.prices import Price, price_of_row
from menus.source_labels import Labels, labels_of
from menus.text import cut, one_line

COLUMNS = ("restaurant_id", "restaurant", "section", "dish", "currency", "labels", "last_served", *PRICE_COLUMNS)
"""The columns that a file must have; `dish_en_machine` is read where there is one."""

DEFAULT_CURRENCY = "EUR"
NAME_LENGTH, SECTION_LENGTH, DESCRIPTION_LENGTH, LABEL_LENGTH = 300, 80, 500, 80
# A restaurant's reference is the id with a prefix.
ID_LENGTH, CANTEEN_NAME_LENGTH = 70, 120
# Together with a hyphen as long as a source reference may be.
KEY_LENGTH, DIGEST_LENGTH = 40, 23


class UnusableError(Exception):
    """A row that can't be used; the message is the reason."""


@dataclass(frozen=True, slots=True)
class DishRow:
    """One usable row."""

    canteen: str
    canteen_name: str
    section: str
    name: str
    description: str
    price: Price
    labels: Labels
    last_served: dt.date


@dataclass(frozen=True, slots=True)
class DishSpec:
    """A dish as it is to be saved. current: served lately, as seen from the canteen's newest date.

    key tells the dish from all others, and stays when its row changes.
    """

    key: str
    section: str
    name: str
    description: str
    price: Price
    labels: Labels
    last_served: dt.date
    current: bool

    @property
    def source_ref(self) -> str:
        """What the dish is found again by: its key, and a digest that differs when the file says something else."""
        content = [
            self.description,
            [str(self.price.amount), self.price.note, self.price.source],
            [self.labels.allergens, self.labels.diets, self.labels.other],
            self.current,
        ]
        return f"{self.key}-{_digest(*map(json.dumps, content))[:DIGEST_LENGTH]}"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()


def fold_id(text: str) -> str:
    """Return a canteen's id in lower-case ASCII letters, digits and hyphens; "" if nothing of it is left.

    Azure SQL takes "ß" and "ss" for the same, and slugs allow neither umlaut.
    """
    text = one_line(text).casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    plain = (char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return "-".join("".join(char if char.isascii() and char.isalnum() else " " for char in plain).split())


def read_row(row: Mapping[str, str]) -> DishRow:
    """Return the row's dish. Raises UnusableError with the reason where there is none to be had."""
    if any("\0" in value for value in row.values()):
        raise UnusableError("it holds a NUL byte")
    canteen, canteen_name = fold_id(row["restaurant_id"]), one_line(row["restaurant"])
    name, section = one_line(row["dish"]), one_line(row["section"])
    currency = one_line(row["currency"]) or DEFAULT_CURRENCY
    if not canteen:
        raise UnusableError("it has no restaurant_id")
    if len(canteen) > ID_LENGTH or len(canteen_name) > CANTEEN_NAME_LENGTH:
        raise UnusableError("the restaurant's name or its id is too long")
    if not name:
        raise UnusableError("the dish has no name")
    if len(name) > NAME_LENGTH:
        raise UnusableError(f"the dish's name has {len(name)} characters, {NAME_LENGTH} are the most")
    if len(section) > SECTION_LENGTH:
        raise UnusableError(f"the section's name has {len(section)} characters, {SECTION_LENGTH} are the most")
    if currency != DEFAULT_CURRENCY:
        raise UnusableError(f"its prices are in {cut(currency, 20)}, the canteens' are in {DEFAULT_CURRENCY}")
    description = one_line(row.get("dish_en_machine", ""))
    return DishRow(
        canteen=canteen,
        canteen_name=canteen_name or canteen,
        section=section,
        name=name,
        description="" if description == name else cut(description, DESCRIPTION_LENGTH),
        price=price_of_row(row, currency),
        labels=labels_of(cut(one_line(label), LABEL_LENGTH) for label in row["labels"].split(";")),
        last_served=_date(one_line(row["last_served"])),
    )


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        shown = cut(text, 40)
        raise UnusableError(f"“{shown}” in last_served is not a date such as 2026-06-25") from None


def dishes_of(rows: Iterable[DishRow], current_days: int) -> list[DishSpec]:
    """Return one canteen's dishes in the order in which they first appear.

    Price and labels come from the row served last; where that one has no labels
    at all, from the latest that has some, since a dish without labels looks
    free of allergens. The same holds for the description. A dish is current if
    it was served in the current_days days up to the canteen's newest date.
    """
    groups: dict[tuple[str, str], list[DishRow]] = {}
    for row in rows:
        groups.setdefault((row.section, row.name), []).append(row)
    if not groups:
        return []
    newest = max(row.last_served for group in groups.values() for row in group)
    oldest_current = newest - dt.timedelta(days=current_days - 1)
    return [_dish(group, oldest_current) for group in groups.values()]


def _dish(group: list[DishRow], oldest_current: dt.date) -> DishSpec:
    # Of rows served last on the same day, the later line counts.
    ranked = sorted(enumerate(group), key=lambda pair: (pair[1].last_served, pair[0]), reverse=True)
    latest_first = [row for _line, row in ranked]
    latest = latest_first[0]
    return DishSpec(
        key=_digest(latest.canteen, latest.section, latest.name)[:KEY_LENGTH],
        section=latest.section,
        name=latest.name,
        description=next((row.description for row in latest_first if row.description), ""),
        price=latest.price,
        labels=next((row.labels for row in latest_first if row.labels != Labels()), Labels()),
        last_served=latest.last_served,
        current=latest.last_served >= oldest_current,
    )
