"""Dishes as CSV, as a spreadsheet opens it and the import takes it back."""

from __future__ import annotations

import csv
import io

from django.db.models import QuerySet

from menus.exchange.cells import guarded
from menus.exchange.resource import COLUMNS, DishResource
from menus.models import Dish
from reservations.models import Restaurant


def exported(restaurant: Restaurant, rows: QuerySet[Dish]) -> bytes:
    """Return the dishes, which are the restaurant's, in their order; UTF-8 with its mark, safe against formulas."""
    resource = DishResource(restaurant)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    order = ("section__menu__position", "section__menu", "section__position", "section", "position", "pk")
    for dish in rows.select_related("section__menu", "restaurant").order_by(*order):
        cells = resource.values(dish)
        writer.writerow([guarded(cells[name]) for name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")
