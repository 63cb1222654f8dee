"""Files for `manage.py import_restaurants`, and running it, as the tests of the importer do."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db.models import Model

from reservations.importing.facts import COLUMNS
from reservations.models import (
    Area,
    CombinationTable,
    OpeningPeriod,
    Restaurant,
    RestaurantCuisine,
    Service,
    SpecialDay,
    Table,
    TableCombination,
    TurnTime,
)

SAMPLE = Path(__file__).parent.parent / "data" / "restaurants_sample.csv"
TODAY = "2026-12-01"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command printed."""

    out: str
    err: str

    def count(self, label: str) -> int:
        """Return the number on the line of the summary that says this."""
        found = [line.split(maxsplit=1) for line in self.out.splitlines()]
        return next(int(number.replace(",", "")) for number, text in found if text == label)


def run(file: Path, *options: str, today: str = TODAY) -> Answer:
    """Import the file and return what was printed."""
    out, err = io.StringIO(), io.StringIO()
    call_command("import_restaurants", str(file), "--today", today, *options, stdout=out, stderr=err)
    return Answer(out.getvalue(), err.getvalue())


def row(**fields: str) -> dict[str, str]:
    """Return the columns of a place in Berlin that is open from noon to ten, every day but on holidays."""
    return dict.fromkeys(COLUMNS, "") | {
        "osm_ref": "node/1",
        "name": "Linde",
        "lat": "52.51",
        "lon": "13.4",
        "timezone": "Europe/Berlin",
        "kind": "restaurant",
        "opening_hours": "Mo-Su 12:00-22:00; PH off",
        **fields,
    }


def write(folder: Path, *rows: dict[str, str]) -> Path:
    """Write a file of the rows and return its path."""
    path = folder / "places.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def run_rows(folder: Path, *rows: dict[str, str], today: str = TODAY) -> Answer:
    """Import the rows."""
    return run(write(folder, *rows), today=today)


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every column of every row that an import can write."""
    models: tuple[type[Model], ...] = (
        Restaurant, RestaurantCuisine, OpeningPeriod, Service, SpecialDay,
        Area, Table, TableCombination, CombinationTable, TurnTime,
    )  # fmt: skip
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}
