"""Amounts of money, as a reader of the active language expects them. Pure but for Django's number formats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils import translation
from django.utils.formats import number_format

# A currency without an entry is written with its ISO 4217 code.
SYMBOLS = {
    "AUD": "A$",
    "BRL": "R$",
    "CAD": "CA$",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "ILS": "₪",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "MXN": "MX$",
    "NZD": "NZ$",
    "PHP": "₱",
    "USD": "$",
    "VND": "₫",
}

# The currencies whose amounts are not written with two decimals.
DECIMALS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}

# Languages that put the sign before the amount; all others put it after.
_SIGN_FIRST = ("en", "ja", "ko", "zh")
# Amount and sign stay on one line.
_NO_BREAK = "\N{NO-BREAK SPACE}"


def decimals(currency: str) -> int:
    """Return how many decimals amounts of the currency (an ISO 4217 code) are written with."""
    return DECIMALS.get(currency, 2)


def format_money(amount: Decimal, currency: str) -> str:
    """Return the amount in the active language, such as "€3.50", "3,50 €", "¥1,200" or "CHF 12.00".

    The amount is rounded half up to the currency's decimals.
    """
    places = decimals(currency)
    # number_format cuts decimals off instead of rounding.
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    number = number_format(abs(rounded), decimal_pos=places, use_l10n=True, force_grouping=True)
    minus = "−" if rounded < 0 else ""
    sign = SYMBOLS.get(currency, currency)
    if (translation.get_language() or "en").split("-")[0] not in _SIGN_FIRST:
        return f"{minus}{number}{_NO_BREAK}{sign}" if sign else f"{minus}{number}"
    return f"{minus}{sign}{number}" if currency in SYMBOLS else f"{minus}{sign}{_NO_BREAK if sign else ''}{number}"
