"""Numbers in what a visitor sends, which may be any text: Python's `int` refuses thousands of digits."""

from __future__ import annotations

from typing import Final

MOST_DIGITS: Final = 18
"""No row has a number of more: it fits into the column, and is read in no time."""


def is_number(text: str) -> bool:
    """Return whether a text is a whole number in plain digits that a row could have."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def read_number(text: str) -> int:
    """Return a row's number, or 0, which no row has, for what is none."""
    return int(text) if is_number(text) else 0
