"""What people type, in the one spelling in which it is compared; the limits count by the same."""

from __future__ import annotations

import unicodedata

# What a reference never has, and what it is taken for, read aloud or copied by hand.
_LOOKS_LIKE = str.maketrans("OIL", "011")


def plain_reference(text: str) -> str:
    """Return a reference as it is written in the database, however it was copied or wide it was typed."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(plain.split()).replace("-", "").upper().translate(_LOOKS_LIKE)
