"""Dishes out as CSV and in again: what was previewed is what is written, whatever the file is."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from menus.exchange import reading
from menus.exchange.cells import bare, guarded
from menus.exchange.resource import COLUMNS
from menus.models import Dish, Menu, Section
from reservations.models import Restaurant
from tests.factories import make_dish, make_menu, make_restaurant
from tests.menus.staff import staff_with, url
from tests.pages import Page, read

ALL = [f"{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in ("menu", "section", "dish")]


@pytest.fixture
def manager(client: Client, db: None) -> Client:
    client.force_login(staff_with(*ALL))
    return client


@pytest.fixture
def place(db: None) -> Restaurant:
    place = make_restaurant(slug="here")
    section = make_menu(place, name="Dinner", dishes=["Soup", "Bread"]).sections.get()
    make_dish(
        section,
        name="Eel",
        price=None,
        price_note="market price",
        allergens=["fish", "celery"],
        diets=["halal"],
        other_labels=["phosphate", "a, b"],
        is_available=False,
        position=7,
    )
    return place


def rows_of(manager: Client, place: Restaurant, **query: Any) -> list[dict[str, str]]:
    answer = manager.get(url("export", place.pk), query)
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def text_of(rows: list[dict[str, str]], *, delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def send(manager: Client, place: Restaurant, content: str | bytes, **data: Any) -> Page:
    """Send a file, and return the page that answers."""
    data["file"] = SimpleUploadedFile("dishes.csv", content if isinstance(content, bytes) else content.encode())
    answer = manager.post(url("import", place.pk), data)
    assert answer.status_code == 200
    return read(answer)


def apply(manager: Client, place: Restaurant, page: Page, **forged: str) -> Page:
    """Press the button of a preview."""
    values = page.forms[-1].values | forged
    assert "preview" in values
    return read(manager.post(url("import", place.pk), values, follow=True))


def everything() -> list[Any]:
    fields = ("name", "description", "price", "price_note", "allergens", "diets", "other_labels", "is_available")
    where = ("section__menu__name", "section__name")
    return list(Dish.objects.order_by("pk").values_list("pk", *where, *fields, "position"))


def test_what_was_exported_changes_nothing(manager: Client, place: Restaurant) -> None:
    make_dish(Section.objects.get(), name="  Two  blanks\t", description="=1+1", price="0.90", other_labels=["x;y"])
    before = everything()
    rows = rows_of(manager, place)
    assert list(rows[0]) == list(COLUMNS)
    assert "'=1+1" in [row["description"] for row in rows]
    page = send(manager, place, text_of(rows))
    assert "Unchanged: 4" in page.text
    assert "The file changes nothing." in page.text
    assert everything() == before


def test_the_preview_shows_each_change_and_then_that_is_written(manager: Client, place: Restaurant) -> None:
    rows = rows_of(manager, place)
    soup, eel = (next(row for row in rows if row["name"] == name) for name in ("Soup", "Eel"))
    soup |= {"price": "8,20", "allergens": "Milk; gluten", "section": "Mains"}
    eel |= {"available": "YES", "other_labels": "", "position": "2"}
    new = dict.fromkeys(COLUMNS, "") | {"menu": "Lunch", "section": "Noon", "name": "'=Cake", "price": "4"}
    before = everything()
    page = send(manager, place, text_of([soup, eel, new], delimiter=";"), remove="on")
    for line in (
        "New: 1",
        "Changed: 2",
        "Removed: 1",
        "Unchanged: 0",
        "New menu, as a draft: Lunch",
        "New section: Dinner › Mains",
        "price 7.50 8.20",
        "allergens – gluten, milk",
        "section Starters Mains",
        "available no yes",
    ):
        assert line in page.text, line
    assert everything() == before
    assert not Menu.objects.filter(name="Lunch").exists()
    answer = apply(manager, place, page)
    assert "Imported. 1 new dish. 2 changed. 1 removed." in answer.text
    found = {dish.name: dish for dish in Dish.objects.select_related("section__menu")}
    assert set(found) == {"Soup", "Eel", "=Cake"}
    assert (found["Soup"].price, found["Soup"].allergens) == (Decimal("8.20"), ["gluten", "milk"])
    assert (found["Soup"].pk, found["Soup"].section.name) == (int(soup["number"]), "Mains")
    assert (found["Eel"].is_available, found["Eel"].other_labels, found["Eel"].position) == (True, [], 2)
    assert (found["=Cake"].section.menu.name, found["=Cake"].section.menu.is_published) == ("Lunch", False)
    assert set(LogEntry.objects.values_list("object_repr", "action_flag")) == {
        ("Soup", CHANGE),
        ("Eel", CHANGE),
        ("Bread", DELETION),
        ("Lunch", CHANGE),
    }
    assert "price: 7.50 → 8.20." in LogEntry.objects.get(object_repr="Soup").change_message


def test_without_numbers_a_dish_is_found_by_its_place_and_name(manager: Client, place: Restaurant) -> None:
    make_dish(Section.objects.get(), name="Soup", price="1")
    text = "Menu,Section,Name,Price\nDinner,Starters,Soup,9\nDinner,Starters,Soup,2\nDinner,Starters,Soup,3\n"
    page = send(manager, place, text)
    assert "New: 1" in page.text
    assert "Changed: 2" in page.text
    apply(manager, place, page)
    assert set(Dish.objects.filter(name="Soup").values_list("price", flat=True)) == {2, 3, 9}
    # What stands in no column of the file stays.
    assert Dish.objects.get(name="Eel").allergens == ["fish", "celery"]
    assert "The file changes nothing." in send(manager, place, text).text


def change_price(place: Restaurant) -> None:
    Dish.objects.filter(name="Soup").update(price="9.99")


def delete(place: Restaurant) -> None:
    Dish.objects.filter(name="Soup").delete()


def add_to_menu(place: Restaurant) -> None:
    make_dish(Section.objects.get(), name="More")


@pytest.mark.parametrize("change", [change_price, delete, add_to_menu])
def test_a_preview_that_is_no_longer_true_writes_nothing(manager: Client, place: Restaurant, change: Any) -> None:
    rows = rows_of(manager, place)
    rows[0]["price"] = "8.00"
    page = send(manager, place, text_of(rows), remove="on")
    change(place)
    before = everything()
    answer = apply(manager, place, page)
    assert "The menus were changed meanwhile. Nothing was imported" in answer.text
    assert everything() == before
    assert not LogEntry.objects.exists()


def test_a_preview_is_of_one_person_one_restaurant_and_an_hour(manager: Client, place: Restaurant) -> None:
    rows = rows_of(manager, place)
    rows[0]["price"] = "8.00"
    page = send(manager, place, text_of(rows))
    before = everything()
    refused = "This preview is too old, or not yours."
    signed = page.forms[-1].values["preview"]
    forged = signing.dumps([place.pk, 1, False, "x", "y"], salt="other")
    for value in (signed[:-3] + "xyz", "", "x" * 5000, "\x00", forged):
        assert refused in apply(manager, place, page, preview=value).text
    other = make_restaurant()
    assert refused in read(manager.post(url("import", other.pk), {"preview": signed})).text
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)):
        assert refused in apply(manager, place, page).text
    manager.force_login(staff_with(*ALL))
    assert refused in apply(manager, place, page).text
    assert everything() == before


def test_a_row_of_another_restaurant_is_refused(manager: Client, place: Restaurant) -> None:
    other = make_restaurant(slug="there")
    theirs = make_dish(make_menu(other, name="Dinner").sections.get(), name="Theirs")
    head = "number,restaurant,menu,section,name\n"
    for row, sentence in (
        (f"{theirs.pk},,Dinner,Starters,Mine now", f"This restaurant has no dish of the number {theirs.pk}."),
        (",there,Dinner,Starters,Mine now", "This row is of another restaurant: “there”."),
        (f"{theirs.pk},there,Dinner,Starters,Mine now", "This row is of another restaurant: “there”."),
    ):
        page = send(manager, place, f"{head}{row}\n")
        assert f"Row 1: {sentence}" in page.text
        assert "preview" not in page.forms[-1].values
    theirs.refresh_from_db()
    assert (theirs.name, theirs.restaurant) == ("Theirs", other)


HEAD = "menu,section,name,price,allergens,position,number,available"
BAD_ROWS = [
    (",Starters,Soup,1", "menu: Name the menu."),
    ("Dinner,Starters,,1", "name: This field cannot be blank."),
    ("Dinner,Starters,Soup,€5", "price: “€5” is no price"),
    ("Dinner,Starters,Soup,-5", "price: “-5” is no price"),
    ("Dinner,Starters,Soup,NaN", "price: “NaN” is no price"),
    ("Dinner,Starters,Soup,1e5", "price: “1e5” is no price"),
    ("Dinner,Starters,Soup,99999999", "is no price"),
    ("Dinner,Starters,Soup,1,plutonium", "allergens: Nobody knows “plutonium”."),
    ("Dinner,Starters,Soup,1,,-1", "position: Write a whole number"),
    ("Dinner,Starters,Soup,1,,99999", "position: Write a whole number"),
    ("Dinner,Starters,Soup,1,,1,x", "no dish of the number x"),
    (f"Dinner,Starters,Soup,1,,1,{'9' * 50}", "no dish of the number 999"),
    ("Dinner,Starters,Soup,1,,1,,perhaps", "available: Write yes or no."),
    (f"Dinner,Starters,{'x' * 301},1", "name: Ensure this value has at most 300 characters"),
    (f"{'x' * 81},Starters,Soup,1", "name: Ensure this value has at most 80 characters"),
    (f"Dinner,{'x' * 81},Soup,1", "name: Ensure this value has at most 80 characters"),
]


@pytest.mark.parametrize(("row", "sentence"), BAD_ROWS)
def test_a_row_that_can_not_be_taken_takes_the_file_with_it(
    manager: Client, place: Restaurant, row: str, sentence: str
) -> None:
    before = everything()
    page = send(manager, place, f"{HEAD}\nDinner,Starters,Good,1\n{row}\n")
    assert "Row 2:" in page.text
    assert sentence in page.text
    assert "preview" not in page.forms[-1].values
    assert everything() == before


BAD_FILES: list[tuple[str | bytes, str]] = [
    ("", "The submitted file is empty."),
    ("\n", "lacks: menu, section, name"),
    ("menu,section,name\n", "The file has no rows"),
    ("menu,section,name\n,,\n\n", "The file has no rows"),
    ("name,price\nSoup,1\n", "lacks: menu, section"),
    ("menu,section,name,colour\na,b,c,d\n", "Nobody knows these columns: colour."),
    ("menu,section,name,name\na,b,c,d\n", "A column is there twice."),
    ("menu,section,name\na,b,c,d\n", "Line 2 has more cells than there are columns."),
    ('menu,section,name\na,b,"c\n', "can't be read as CSV"),
    ("menu,section,name\nDinner,Menü,Käse\n".encode("latin-1"), "The file is not UTF-8."),
    ("menu,section,name\na,b,c\n".encode("utf-16"), "The file is not UTF-8."),
    (b"menu,section,name\na,b,c\x00\n", "The file is not a text."),
    (b"PK\x03\x04\x14\x00", "The file is not a text."),
    ("menu,section,name\n" + "a,b,c\n" * (reading.MOST_ROWS + 1), "The file has more than 2000 rows."),
    ("menu,section,name\n" + "x" * (reading.MOST_BYTES + 1), "The file is too long: at most 512 kB are read."),
    ("menu,section,name\na,b," + "x" * 200_000 + "\n", "can't be read as CSV"),
]


@pytest.mark.parametrize(("content", "sentence"), BAD_FILES)
def test_a_file_that_is_no_such_table_is_told_why(
    manager: Client, place: Restaurant, content: str | bytes, sentence: str
) -> None:
    assert sentence in send(manager, place, content).text


def test_a_million_rows_are_refused_before_they_are_read(manager: Client, place: Restaurant) -> None:
    content = b"menu,section,name\n" + b"Dinner,Starters,Soup\n" * 1_000_000
    answer = manager.post(url("import", place.pk), {"file": SimpleUploadedFile("dishes.csv", content)})
    assert answer.status_code == 413
    assert Dish.objects.count() == 3


def test_odd_names_are_names(manager: Client, place: Restaurant) -> None:
    names = ["<script>alert(1)</script>", "\u202eevil", "سمك", "x" * 300, "🍜", "O'Brien", "'Tis"]
    text = text_of([{"menu": "Dinner", "section": "", "name": name} for name in names])
    page = send(manager, place, text)
    assert f"New: {len(names)}" in page.text
    apply(manager, place, page)
    assert set(names) <= set(Dish.objects.values_list("name", flat=True))


@pytest.mark.parametrize("text", ["=1+1", "+49", "-5", "@x", "＝1", "'=1", "''=1", "'Tis", "", "'", "a=1", "\t=1"])
def test_a_formula_goes_out_as_text_and_comes_back_as_it_was(text: str) -> None:
    assert bare(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r", "＝"))


def test_guarding_is_undone_whatever_the_text() -> None:
    chance = random.Random(7)
    for _ in range(5000):
        text = "".join(chance.choices("'=+-@a\t＝", k=chance.randint(0, 6)))
        assert bare(guarded(text)) == text


def test_an_export_is_of_one_menu_where_asked(manager: Client, place: Restaurant) -> None:
    lunch = make_menu(place, name="Lunch", dishes=["Salad"])
    make_menu(make_restaurant(), dishes=["Elsewhere"])
    assert [row["name"] for row in rows_of(manager, place, menu=lunch.pk)] == ["Salad"]
    assert len(rows_of(manager, place)) == 4
    for odd in ("x", "-1", "9" * 40, "１"):
        assert rows_of(manager, place, menu=odd) == []


def test_a_preview_takes_no_more_statements_for_more_rows(manager: Client, place: Restaurant) -> None:
    def statements(count: int) -> int:
        text = "menu,section,name\n" + "".join(f"Dinner,Starters,Dish {number}\n" for number in range(count))
        with CaptureQueriesContext(connection) as queries:
            send(manager, place, text)
        return len(queries)

    statements(2)
    assert statements(60) == statements(3)


@pytest.mark.parametrize(
    ("names", "status"), [(["view_dish"], 403), (["change_dish"], 403), (["add_dish", "change_dish"], 200)]
)
def test_who_may_import(client: Client, place: Restaurant, names: list[str], status: int) -> None:
    client.force_login(staff_with(*names))
    assert client.get(url("import", place.pk)).status_code == status
    if status != 200:
        assert client.post(url("import", place.pk), {"preview": "x"}).status_code == status
        return
    # Neither new menus and sections, nor removing, are theirs.
    page = send(client, place, "menu,section,name\nDinner,Starters,Soup\n", remove="on")
    assert "The file changes nothing." in page.text
    page = send(client, place, "menu,section,name\nLunch,,Soup\n")
    assert "You may not add menus" in page.text
    page = send(client, place, "menu,section,name\nDinner,Mains,Soup\n")
    assert "You may not add sections" in page.text
    assert "preview" not in page.forms[-1].values
