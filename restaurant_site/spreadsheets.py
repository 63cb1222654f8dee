"""CSV files that a spreadsheet opens without running anything that a guest typed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence

from django.http import HttpResponse
from django.utils.http import content_disposition_header

# The last four are the wide forms, which some spreadsheets take for the narrow ones.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that a spreadsheet would run."""


def safe_cell(value: object) -> str:
    """Return a cell's text, with an apostrophe ahead of what a spreadsheet would take for a formula.

    Blanks ahead of it do not help: some spreadsheets strip them first. A number
    stays a number, also below zero.
    """
    text = "" if value is None else str(value).replace("\x00", "")
    return f"'{text}" if not isinstance(value, int | float) and is_formula(text) else text


def plain_cell(text: str) -> str:
    """Return a cell's text without the apostrophe that `safe_cell` puts ahead of it."""
    return text[1:] if text.startswith("'") and is_formula(text[1:]) else text


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet would run a cell's text, if need be after it has stripped blanks."""
    return text.startswith(FORMULA) or text.lstrip().startswith(FORMULA)


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Return a CSV file of that name, UTF-8 with the mark by which spreadsheets know it, each cell made safe."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow([safe_cell(cell) for cell in header])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return response
