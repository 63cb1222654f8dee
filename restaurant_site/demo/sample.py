"""The shipped sample of real data goes through the importers, as an operator's own file does."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from menus.importing.canteens import Canteen, read_canteen
from menus.importing.rows import COLUMNS as MENU_COLUMNS
from menus.importing.rows import DishRow, dishes_of, read_row
from menus.importing.saving import save_dishes
from reservations.importing.csvfile import CsvFile
from reservations.importing.facts import COLUMNS as PLACE_COLUMNS
from reservations.importing.facts import SOURCE as OSM_SOURCE
from reservations.importing.restaurants import Report, import_rows
from reservations.importing.tables import TableRule
from reservations.models import Restaurant
from restaurant_site.canteens import SOURCE as CANTEEN_SOURCE
from restaurant_site.canteens import Rules, import_canteen, restaurants_of

DATA = Path(__file__).parent / "data"

# The sample holds a few dozen dishes a canteen, and a demo shows them all.
_CURRENT_DAYS = 400


@dataclass(frozen=True, slots=True)
class Sampled:
    """How many restaurants, canteens and dishes were added."""

    restaurants: int = 0
    canteens: int = 0
    dishes: int = 0


def import_sample(*, today: dt.date, report: Report) -> Sampled:
    """Import the places of the sample that are not there; what is there stays as staff have made it.

    Special days are found from today for a year. report is called with line,
    name and reason of each row that can't be used. Opens transactions of its
    own (RuntimeError inside one).
    """
    restaurants = _import_restaurants(today, report)
    canteens, dishes = _import_canteens(today, report)
    return Sampled(restaurants, canteens, dishes)


def _import_restaurants(today: dt.date, report: Report) -> int:
    file = CsvFile(DATA / "restaurants.csv", PLACE_COLUMNS)
    rows = list(file.rows(lambda line, reason: report(line, "", reason)))
    there = _there([OSM_SOURCE + row["osm_ref"] for _line, row in rows])
    missing = [(line, row) for line, row in rows if OSM_SOURCE + row["osm_ref"] not in there]
    if not missing:
        return 0
    counts = import_rows(
        missing,
        today=today,
        bookable=True,
        tables=TableRule(),
        report=report,
    )
    return counts.created


def _import_canteens(today: dt.date, report: Report) -> tuple[int, int]:
    canteens = [read_canteen(entry) for entry in json.loads((DATA / "canteens.json").read_bytes())]
    there = _there([CANTEEN_SOURCE + canteen.id for canteen in canteens])
    missing = {canteen.id: canteen for canteen in canteens if CANTEEN_SOURCE + canteen.id not in there}
    if not missing:
        return 0, 0
    for canteen in missing.values():
        import_canteen(canteen, Rules(today=today, bookable=True, tables=TableRule()))
    dishes = 0
    restaurants = restaurants_of(missing)
    for canteen_id, rows in _dish_rows(missing, report).items():
        specs = dishes_of(rows, _CURRENT_DAYS)
        dishes += save_dishes(restaurant_id=restaurants[canteen_id], dishes=specs).created
    return len(missing), dishes


def _dish_rows(canteens: dict[str, Canteen], report: Report) -> dict[str, list[DishRow]]:
    file = CsvFile(DATA / "menus.csv", MENU_COLUMNS)
    found: dict[str, list[DishRow]] = {}
    for _line, cells in file.rows(lambda line, reason: report(line, "", reason)):
        row = read_row(cells)
        if row.canteen in canteens:
            found.setdefault(row.canteen, []).append(row)
    return found


def _there(refs: list[str]) -> set[str | None]:
    return set(Restaurant.objects.filter(source_ref__in=refs).values_list("source_ref", flat=True))
