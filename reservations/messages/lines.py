"""Texts that guests and staff typed, made fit for a header, one line of a mail, or a place beside other text."""

from __future__ import annotations

import unicodedata

_BREAKING = ("Cc", "Cs", "Zl", "Zp")
# Where the direction of writing is turned by hand, what follows can be made to read as something else.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters and repeated or outer blanks."""
    kept = (" " if char in _TURNING or unicodedata.category(char) in _BREAKING else char for char in text)
    return " ".join("".join(kept).split())


def isolated(text: str) -> str:
    """Return the text so that what stands around it keeps its order, whatever direction it is written in.

    What ``<bdi>`` does in a page: for titles, subjects and text alone. What turns
    the direction by hand is taken out: it could end the isolation.
    """
    if text.isascii():
        return text
    text = "".join(char for char in text if char not in _TURNING)
    if any(unicodedata.bidirectional(char) in ("R", "AL") for char in text):
        return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"
    return text
