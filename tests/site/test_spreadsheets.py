"""Every CSV file that the site writes, and no cell of it that a spreadsheet would run."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from menus.exchange.cells import bare, guarded
from menus.models import Dish
from reservations.importing.bookings.rows import TOLD
from reservations.models import BookingImport, ImportRow, Reservation, Restaurant, Table
from restaurant_site.spreadsheets import is_formula
from tests.factories import make_menu, make_seated, make_staff, make_venue, make_wish

ROOT = Path(__file__).resolve().parents[2]
EVIL = ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", " =1", "\n=1", "＝1", " ＠x", "=cmd|' /C calc'!A0"]

WRITERS = {
    "restaurant_site/spreadsheets.py": "safe_cell",
    "menus/exchange/exporting.py": "guarded",
}
"""Where CSV is written cell by cell, and what makes each cell safe there; all others call `csv_response`."""

CALLERS = {
    "reservations/admin/day.py": "the day sheet",
    "reservations/admin/reports.py": "reports",
    "reservations/admin/bringing_rows.py": "rows that could not be placed",
}


def sources() -> dict[str, str]:
    folders = ("restaurant_site", "reservations", "menus")
    return {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    }


def names(source: str) -> set[str]:
    """Return what a file calls, by its last name, and its texts."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            found.add(ast.unparse(node.func).rpartition(".")[2])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_nothing_writes_csv_but_what_makes_its_cells_safe() -> None:
    calls = {path: names(source) for path, source in sources().items()}
    writing = {path for path, found in calls.items() if found & {"writer", "DictWriter"}}
    assert writing == set(WRITERS)
    for path, safe in WRITERS.items():
        assert safe in calls[path]
    assert {path for path, found in calls.items() if "csv_response" in found} == set(CALLERS)
    # A spreadsheet goes out under this type alone, by the writers above.
    typed = {path for path, found in calls.items() if any(text.startswith("text/csv;") for text in found)}
    assert typed == {"restaurant_site/spreadsheets.py", "menus/admin/exchanging.py"}
    kinds = ("application/vnd.", "text/tab-separated", "application/csv")
    assert not [path for path, found in calls.items() if any(text.startswith(kinds) for text in found)]


@pytest.mark.parametrize("text", EVIL)
def test_a_dish_goes_out_as_text_and_comes_back_as_it_was(text: str) -> None:
    assert is_formula(text)
    assert guarded(text) == f"'{text}"
    for given in (text, f"'{text}", f"''{text}", f" '{text}"):
        assert bare(guarded(given)) == given


@pytest.mark.django_db
def test_no_file_has_a_cell_that_would_be_run(client: Client) -> None:
    place = make_venue(slug="here")
    client.force_login(make_staff())
    for file, addresses in files(place).items():
        seen = 0
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, address
            assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")):
                for cell in row:
                    assert not is_formula(cell), f"{file}: {cell!r}"
                    seen += is_formula(cell.removeprefix("'"))
        # So that the cells are known to have been tried.
        assert seen, file


def files(place: Restaurant) -> dict[str, list[str]]:
    """Fill every text that a file tells with what would be run, and return the addresses of the files."""
    wish = make_wish(place, party=2)
    for number, table in enumerate(Table.objects.filter(restaurant=place)):
        Table.objects.filter(pk=table.pk).update(name=f"=T{number}")
    texts: dict[str, Any] = {
        "name": EVIL[9],
        "note": EVIL[5],
        "email": "-a@example.org",
        "phone": "+49 30 1",
        "service_name": EVIL[0],
    }
    reservation = make_seated(place, list(Table.objects.filter(restaurant=place)[:1]), wish, **texts)
    assert Reservation.objects.get().name == EVIL[9]
    day = reservation.service_date.isoformat()

    make_menu(place, name="=Menu", dishes=EVIL)
    Dish.objects.update(description=" =1", price_note="@x", other_labels=["=1", "+1"])

    batch = BookingImport.objects.create(restaurant=place, file_name="=x.csv", status=BookingImport.Status.DONE)
    for line, text in enumerate(EVIL, 1):
        ImportRow.objects.create(
            restaurant=place,
            batch=batch,
            line=line,
            told=dict.fromkeys(TOLD, text),
            status=ImportRow.Status.REFUSED,
            reason=text,
        )
    reports = reverse("admin:reservations_restaurant_reports", args=(place.pk,))
    return {
        "the day sheet": [reverse("admin:reservations_restaurant_sheet_csv", args=(place.pk, day))],
        "reports": [f"{reports}?first={day}&last={day}&csv={table}" for table in ("services", "weeks", "reasons")],
        "rows that could not be placed": [reverse("admin:reservations_bookingimport_unplaced", args=(batch.pk,))],
        "dishes": [reverse("admin:menus_export", args=(place.pk,))],
    }
