"""Prices as people write them. Pure: the words come in, an amount and the words worth showing come out.

An amount of zero or below is how sources write that they don't know; it is never
shown as a price.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from menus.money import SYMBOLS
from menus.text import cut, one_line

NOTE_LENGTH = 80
"""Characters that a price note may have; what is longer ends in an ellipsis."""

SOURCE_LENGTH = 120
"""Characters that are kept of what the source wrote."""

# Nothing at all, in the words of spreadsheets and programs.
_NO_PRICE = {"", "-", "--", "–", "—", "?", "n/a", "na", "n.a.", "none", "null", "nan", "unknown"}
# Two decimals at most: "1.350" is 1350 to one writer and 1.35 to the next, so
# it stays words.
_AMOUNT = r"(?P<amount>[0-9]{1,7}(?:[.,][0-9]{1,2})?)"
_UNIT = r"(?:\s*(?:/|\bper\b|\bpro\b)\s*(?P<unit>[0-9]{0,5}\s*[A-Za-z]{1,20}))?"
_NEGATIVE = re.compile(r"\s*[-−]\s*[0-9]+(?:[.,][0-9]+)?\s*\Z")

# The public pays the guests' price; where it is unknown, the note says whose
# price is shown.
PAYERS = (("guest", ""), ("staff", "staff price"), ("student", "student price"))
COLUMNS = ("unit", "legacy_price", *(f"{payer}_{part}" for payer, _note in PAYERS for part in ("base", "per_unit")))
"""The columns that `price_of_row` reads."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price: an amount above zero or None, the words that belong to it, and what the source wrote."""

    amount: Decimal | None = None
    note: str = ""
    source: str = ""


def price_of_words(words: str, currency: str) -> Price:
    """Return the price that a single text states, such as "3,50 €", "0.68€ / 100g", "Self-Service" or "-1".

    An amount is recognised with the currency's own sign or code, or with none;
    a text that says something else becomes the note. Never raises.
    """
    text = one_line(words)
    source = cut(text, SOURCE_LENGTH)
    if text.casefold() in _NO_PRICE or _NEGATIVE.match(text):
        return Price(source=source)
    signs = "|".join(re.escape(sign) for sign in {currency, SYMBOLS.get(currency, currency)} if sign)
    sign = rf"(?:{signs})?" if signs else ""
    found = re.fullmatch(rf"{sign}\s*{_AMOUNT}\s*{sign}{_UNIT}", text, re.IGNORECASE)
    if found is None:
        return Price(note=cut(text, NOTE_LENGTH), source=source)
    amount = Decimal(found["amount"].replace(",", "."))
    if not amount:
        return Price(source=source)
    return Price(amount=amount, note=f"per {_unit(found['unit'])}" if found["unit"] else "", source=source)


def price_of_row(row: Mapping[str, str], currency: str) -> Price:
    """Return the price that the public pays, from a row's columns (`COLUMNS`; one that is missing is empty).

    A base price and one per unit become the base, with a note such as
    "+ 0.80 per 100 g"; one per unit alone becomes the price, with the note "per
    100 g". Where no guests' price is known, staff's or students' is taken and
    the note says so; then the single text of old rows. Never raises.
    """
    source = cut(_source(row), SOURCE_LENGTH)
    unit = _unit(row.get("unit") or "")
    words = ""
    for payer, payer_note in PAYERS:
        base = price_of_words(row.get(f"{payer}_base") or "", currency)
        per_unit = price_of_words(row.get(f"{payer}_per_unit") or "", currency)
        per = f"per {unit}" if unit else "per unit"
        if base.amount is not None:
            extra = f"+ {per_unit.amount:.2f} {per}" if per_unit.amount is not None else base.note
            return Price(base.amount, _notes(extra, payer_note), source)
        if per_unit.amount is not None:
            return Price(per_unit.amount, _notes(per_unit.note or per, payer_note), source)
        words = words or _notes(base.note, per_unit.note)
    legacy = price_of_words(row.get("legacy_price") or "", currency)
    return Price(legacy.amount, legacy.note or ("" if legacy.amount is not None else words), source)


def _source(row: Mapping[str, str]) -> str:
    """Return every price column that says something, as one line."""
    unit = one_line(row.get("unit") or "")
    parts = []
    for payer, _note in PAYERS:
        base, per_unit = one_line(row.get(f"{payer}_base") or ""), one_line(row.get(f"{payer}_per_unit") or "")
        if base or per_unit:
            parts.append(f"{payer} {base or '?'}" + (f" + {per_unit}/{unit}" if per_unit else ""))
    legacy = one_line(row.get("legacy_price") or "")
    return "; ".join([*parts, legacy] if legacy else parts)


def _unit(text: str) -> str:
    """Return "100 g" for "100g" and "portion" for "Portion"."""
    text = one_line(text)
    name = text.lstrip("0123456789")
    number, name = text[: len(text) - len(name)], name.strip()[:40]
    return f"{number} {name}".strip() if number else name.lower()


def _notes(*notes: str) -> str:
    return cut(", ".join(note for note in notes if note), NOTE_LENGTH)
