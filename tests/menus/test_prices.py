"""Prices as people wrote them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from menus.prices import COLUMNS, NOTE_LENGTH, SOURCE_LENGTH, price_of_row, price_of_words

# Every text of the real file's single price column, and its near relatives.
WORDS = [
    ("", None, ""),
    ("N/A", None, ""),
    ("n/a", None, ""),
    ("-", None, ""),
    ("-1", None, ""),
    ("−2,50", None, ""),
    ("-1.0", None, ""),
    ("0", None, ""),
    ("0.0", None, ""),
    ("0,00 €", None, ""),
    ("1", "1", ""),
    ("3.0", "3.0", ""),
    ("3.5", "3.50", ""),
    ("1.55", "1.55", ""),
    ("4,20", "4.20", ""),
    ("3,50 €", "3.50", ""),
    ("€3.50", "3.50", ""),
    ("EUR 12", "12", ""),
    ("12 eur", "12", ""),
    ("0.68€ / 100g", "0.68", "per 100 g"),
    ("0.33€ / 100g", "0.33", "per 100 g"),
    ("0,75 €/100 g", "0.75", "per 100 g"),
    ("2.50 pro Stück", None, "2.50 pro Stück"),
    ("2.50 per piece", "2.50", "per piece"),
    ("Self-Service", None, "Self-Service"),
    ("Self-Service Grüne Mensa", None, "Self-Service Grüne Mensa"),
    ("individual", None, "individual"),
    ("Fast Lane (> 3.50€)", None, "Fast Lane (> 3.50€)"),
    ("Fast Lane (3.50€ - 5.20€)", None, "Fast Lane (3.50€ - 5.20€)"),
    ("Baustellenteller (> 2.40€)", None, "Baustellenteller (> 2.40€)"),
    ("Baustellenteller (2.40€ - 3.45€)", None, "Baustellenteller (2.40€ - 3.45€)"),
    ("  market \n price ", None, "market price"),
    # One thousand three hundred and fifty, or one and a bit: nobody knows.
    ("1.350", None, "1.350"),
    ("1,350", None, "1,350"),
    # Another currency's sign is not this one's price.
    ("$3.50", None, "$3.50"),
    ("3.50 CHF", None, "3.50 CHF"),
    ("12345678", None, "12345678"),
    ("1e5", None, "1e5"),
    ("NaN", None, ""),
    ("inf", None, "inf"),
    ("٣", None, "٣"),
]


@pytest.mark.parametrize(("words", "amount", "note"), WORDS)
def test_words(words: str, amount: str | None, note: str) -> None:
    price = price_of_words(words, "EUR")
    assert (price.amount, price.note) == (None if amount is None else Decimal(amount), note)
    assert price.source == " ".join(words.split())


def row(**columns: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | columns


# Every combination of columns that the real file has.
ROWS = [
    # A bistro's fixed price, guests' before staff's and students'.
    (row(student_base="4.2", staff_base="5.2", guest_base="5.7"), "5.7", ""),
    # By weight alone, as self-service has it.
    (
        row(
            student_base="0",
            student_per_unit="0.8",
            unit="100g",
            staff_base="0",
            staff_per_unit="1.1",
            guest_base="0",
            guest_per_unit="1.35",
        ),
        "1.35",
        "per 100 g",
    ),
    # A base price and what it weighs.
    (row(unit="100g", guest_base="1.0", guest_per_unit="1.35"), "1.0", "+ 1.35 per 100 g"),
    (row(unit="100g", guest_base="1.5", guest_per_unit="1.6"), "1.5", "+ 1.60 per 100 g"),
    # A base price and nothing by weight.
    (row(unit="100g", guest_base="5.5", guest_per_unit="0.0", staff_base="5.0", staff_per_unit="0.0"), "5.5", ""),
    (
        row(unit="Portion", student_base="0", student_per_unit="2.9", guest_base="0", guest_per_unit="7.25"),
        "7.25",
        "per portion",
    ),
    # A portion without a price, and prices of zero.
    (row(unit="Portion", student_base="0", staff_base="0", guest_base="0"), None, ""),
    (row(student_base="0.0", staff_base="0.0", guest_base="0.0"), None, ""),
    # The single column of old rows.
    (row(legacy_price="N/A"), None, ""),
    (row(legacy_price="-1"), None, ""),
    (row(legacy_price="3.5"), "3.50", ""),
    (row(legacy_price="0.68€ / 100g"), "0.68", "per 100 g"),
    (row(legacy_price="Self-Service"), None, "Self-Service"),
    (row(), None, ""),
    # What guests pay is unknown: the next best, and whose price it is.
    (row(guest_base="-1", staff_base="5.2", student_base="4.2"), "5.2", "staff price"),
    (row(unit="100g", student_base="0", student_per_unit="0.8"), "0.8", "per 100 g, student price"),
    (row(guest_base="market price"), None, "market price"),
    (row(guest_base="market price", legacy_price="9.5"), "9.5", ""),
]


@pytest.mark.parametrize(("columns", "amount", "note"), ROWS)
def test_rows(columns: dict[str, str], amount: str | None, note: str) -> None:
    price = price_of_row(columns, "EUR")
    assert (price.amount, price.note) == (None if amount is None else Decimal(amount), note)


def test_what_the_source_wrote_is_kept() -> None:
    columns = row(unit="100g", guest_base="1.0", guest_per_unit="1.35", student_base="-1", legacy_price="N/A")
    assert price_of_row(columns, "EUR").source == "guest 1.0 + 1.35/100g; student -1; N/A"


def test_another_currency_takes_its_own_sign() -> None:
    assert price_of_words("¥1200", "JPY").amount == 1200
    assert price_of_words("1200 JPY", "JPY").amount == 1200
    assert price_of_words("12 €", "JPY").amount is None


WRITTEN = st.text(max_size=200) | st.sampled_from([words for words, _amount, _note in WORDS])
COLUMN_TEXTS = st.dictionaries(st.sampled_from(COLUMNS), WRITTEN)


# Hypothesis builds its table of all characters once, which may take seconds.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(COLUMN_TEXTS)
@example({"guest_base": "9" * 40, "guest_per_unit": "\x00", "unit": "\udc80"})
def test_any_text_becomes_a_price_that_can_be_stored(columns: dict[str, str]) -> None:
    price = price_of_row(columns, "EUR")
    assert price.amount is None or Decimal(0) < price.amount < Decimal(10) ** 7
    if price.amount is not None:
        assert price.amount == price.amount.quantize(Decimal("0.01"))
    assert len(price.note) <= NOTE_LENGTH
    assert len(price.source) <= SOURCE_LENGTH
    for text in (price.note, price.source):
        assert "\x00" not in text
        text.encode()
