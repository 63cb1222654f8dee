"""Cells of a CSV that a spreadsheet must not run as formulas.

`guarded` and `bare` are each other's opposite, whatever the text.
"""

from __future__ import annotations

from restaurant_site.spreadsheets import is_formula


def guarded(text: str) -> str:
    """Return the text with an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if is_formula(text.lstrip("'")) else text


def bare(text: str) -> str:
    """Return the text without the apostrophe that `guarded` puts before it; any other stays."""
    return text[1:] if text.startswith("'") and is_formula(text.lstrip("'")) else text
