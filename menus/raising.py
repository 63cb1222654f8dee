"""How prices are raised or lowered, and rounded as a menu writes them. Pure: imports the standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

MOST = Decimal("9999999.99")
"""The highest price that a dish can have."""


class Way(StrEnum):
    """Whether prices change by a part of themselves or by an amount."""

    PERCENT = "percent"
    AMOUNT = "amount"


class Rounding(StrEnum):
    """To what a new price is rounded, in hundredths of a currency with decimals, in units of one without."""

    UNIT = "1"
    FIVE = "5"
    TEN = "10"
    FIFTY = "50"
    HUNDRED = "100"
    NINETY = "90"
    """So that it ends in .90, or 90."""


@dataclass(frozen=True, slots=True)
class Raise:
    """How prices change: by so many percent or so much money, less than zero to lower them, and the rounding."""

    way: Way
    by: Decimal
    rounding: Rounding


def raised(price: Decimal, how: Raise, decimals: int) -> Decimal:
    """Return the new price, with two decimals, never below zero; decimals is how many the currency is written with.

    What is rounded is rounded half up. What is free stays free.
    """
    if not price:
        return price
    exact = price * (1 + how.by / 100) if how.way == Way.PERCENT else price + how.by
    unit = Decimal(1) if decimals == 0 else Decimal("0.01")
    if how.rounding == Rounding.NINETY:
        end, step = 90 * unit, 100 * unit
        rounded = max(_to_step(exact - end, step) + end, end)
    else:
        rounded = _to_step(exact, int(how.rounding) * unit)
    return max(rounded, Decimal(0)).quantize(Decimal("0.01"))


def _to_step(amount: Decimal, step: Decimal) -> Decimal:
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step
