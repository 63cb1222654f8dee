"""How an address is written where it is: the order of its parts is the country's, not the reader's. Pure."""

from __future__ import annotations

import unicodedata

# ISO 3166. The postcode follows the city, in its line or in one of its own.
_POSTCODE_AFTER = (
    "AU",
    "CA",
    "CO",
    "HK",
    "ID",
    "IN",
    "JP",
    "KE",
    "KR",
    "MY",
    "NG",
    "NZ",
    "PH",
    "PK",
    "SG",
    "TH",
    "TW",
    "US",
    "VE",
    "VN",
    "ZA",
)
_POSTCODE_BELOW = ("GB", "GG", "GI", "IE", "IM", "JE")
# In their own letters these begin with the largest part, without blanks.
_LARGEST_FIRST = ("CN", "JP", "TW")
_POSTCODE_MARK = {"JP": "〒"}


def address_lines(*, street: str, postcode: str, city: str, country: str) -> tuple[str, ...]:
    """Return a postal address in lines, without the country (ISO 3166; "" where it is not known).

    Parts that are empty are left out. An address in Japan or China has the
    order of the letters that it is typed in: from large to small in its own,
    from small to large in Latin ones.
    """
    if country in _LARGEST_FIRST and _is_han(city + street):
        mark = _POSTCODE_MARK.get(country, "")
        code = f"{mark}{postcode.removeprefix(mark)}" if postcode else ""
        return _filled(code, f"{city}{street}")
    if country == "HU":
        return _filled(city, street, postcode)
    if country in _POSTCODE_BELOW:
        return _filled(street, city, postcode)
    town = (city, postcode) if country in _POSTCODE_AFTER else (postcode, city)
    return _filled(street, " ".join(filter(None, town)))


def address_line(*, street: str, postcode: str, city: str, country: str) -> str:
    """Return the same in one line."""
    lines = address_lines(street=street, postcode=postcode, city=city, country=country)
    return (" " if country in _LARGEST_FIRST and _is_han("".join(lines)) else ", ").join(lines)


def _filled(*lines: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in lines if line.strip())


def _is_han(text: str) -> bool:
    letters = [char for char in text if char.isalpha()]
    names = [unicodedata.name(char, "") for char in letters]
    asian = sum(name.startswith(("CJK", "HIRAGANA", "KATAKANA")) for name in names)
    return 2 * asian > len(letters)
