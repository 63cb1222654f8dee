"""Texts from elsewhere, made fit for one line of a database column."""

from __future__ import annotations

import unicodedata


def one_line(text: str) -> str:
    """Return the text without line breaks, control characters and repeated or outer blanks, in composed form."""
    # A lone surrogate can be neither stored nor printed; NUL is refused by PostgreSQL.
    kept = (" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in unicodedata.normalize("NFC", text))
    return " ".join("".join(kept).split())


def cut(text: str, length: int) -> str:
    """Return the text, or its beginning and an ellipsis where it has more characters than length."""
    return text if len(text) <= length else text[: length - 1] + "…"
