"""``manage.py import_menus``, as the operator runs it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from menus.importing import saving
from menus.importing.rows import COLUMNS
from menus.models import Dish, Menu, Section
from menus.queries import has_menu, menus_of
from reservations.models import Closure, OpeningPeriod, Restaurant, Service, SpecialDay, Table
from tests.factories import make_restaurant

DATA = Path(__file__).parent.parent / "data"
SAMPLE, CANTEENS = DATA / "menus_sample.csv", DATA / "canteens_sample.json"

pytestmark = pytest.mark.django_db
# Each canteen is imported in a transaction that must be the outermost.
durable = pytest.mark.django_db(transaction=True)


class Run:
    """One run of the command: what it said."""

    def __init__(self, file: Path, *args: str, **options: Any) -> None:
        out, err = io.StringIO(), io.StringIO()
        call_command("import_menus", str(file), *args, stdout=out, stderr=OutputWrapper(err), **options)
        self.said, self.complaints = out.getvalue(), err.getvalue().splitlines()

    def count(self, label: str) -> int:
        """Return the number that stands before the label in the summary."""
        for line in self.said.splitlines():
            number, _blanks, text = line.strip().partition("  ")
            if text.strip() == label:
                return int(number.replace(",", ""))
        raise AssertionError(f"{label!r} is not in {self.said}")


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a CSV file of dishes: a dictionary of columns each."""

    def write(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
        path = tmp_path / "dishes.csv"
        standard = {"restaurant_id": "mensa", "restaurant": "Mensa", "dish": "Soup", "last_served": "2026-06-25"}
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore", restval="")
            writer.writeheader()
            writer.writerows(standard | row for row in rows)
        return path

    return write


def sample() -> list[tuple[tuple[str, str, str], dict[str, str]]]:
    """Return the sample's rows, each with what tells its dish from others."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        ((row["restaurant_id"], " ".join(row["section"].split()), " ".join(row["dish"].split())), row) for row in rows
    ]


def everything() -> list[list[tuple[Any, ...]]]:
    """Return every row that an import may touch."""
    models = (Restaurant, OpeningPeriod, Service, SpecialDay, Closure, Table, Menu, Section, Dish)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


@durable
def test_the_sample_becomes_canteens_with_menus() -> None:
    run = Run(SAMPLE, canteens=CANTEENS, today=dt.date(2026, 11, 2))
    assert run.complaints == []
    assert run.count("canteens created") == 8
    assert run.count("restaurants created of which only the name is known") == 2
    assert run.count("dishes created") == Dish.objects.count() == len({key for key, _row in sample()})
    assert run.count("rows that can't be used") == 0
    assert run.count("labels that nobody knows, kept as written") == 0
    assert run.count("diets not taken over, as the dish's other labels contradict them") > 0

    mensa = Restaurant.objects.get(source_ref="eat-api:mensa-arcisstr")
    assert (mensa.slug, mensa.name, mensa.street, mensa.city) == (
        "mensa-arcisstr",
        "Mensa Arcisstraße",
        "Arcisstraße 17",
        "München",
    )
    assert (mensa.country, mensa.timezone, mensa.currency, mensa.position) == ("DE", "Europe/Berlin", "EUR", 150)
    assert (mensa.latitude, mensa.longitude) == (Decimal("48.14742"), Decimal("11.56722"))
    assert mensa.hours_text == "Mo-Fr 11:00-14:00"
    assert mensa.online_booking == Restaurant.Booking.ON
    assert set(mensa.cuisines.values_list("cuisine", flat=True)) == {"canteen", "german"}
    lunch = mensa.services.get(special_day=None)
    assert (lunch.first_seating, lunch.weekdays) == (dt.time(11), 0b0011111)
    assert lunch.last_seating < dt.time(14)
    assert mensa.opening_periods.filter(day=0).get().closes == dt.time(14)
    assert mensa.tables.exists()

    heilbronn = Restaurant.objects.get(source_ref="eat-api:mensa-bildungscampus-heilbronn")
    assert (heilbronn.postcode, heilbronn.city) == ("74076", "Heilbronn")
    (card,) = menus_of(heilbronn.pk)
    assert (card.name, card.note) == ("Current dishes", "2026-05-15 – 2026-06-26")


@durable
def test_every_dish_of_the_file_is_there_and_only_current_ones_are_published() -> None:
    Run(SAMPLE, canteens=CANTEENS)
    assert set(Dish.objects.values_list("section__name", "name")) == {key[1:] for key, _row in sample()}
    shown = Dish.objects.filter(section__menu__is_published=True)
    assert 0 < shown.count() < Dish.objects.count()
    assert set(shown.values_list("section__menu__name", flat=True)) == {"Current dishes"}
    assert not Dish.objects.filter(price__lte=0).exists()
    assert Dish.objects.filter(price=None, price_note="Self-Service").exists()
    assert Dish.objects.filter(price=Decimal("0.68"), price_note="per 100 g", price_source="0.68€ / 100g").exists()
    assert not Dish.objects.filter(price_note__in=["N/A", "-1"]).exists()
    assert Dish.objects.filter(price=None, price_source="-1").exists()


@durable
def test_dishes_of_a_canteen_of_which_only_the_name_is_known_are_kept() -> None:
    Run(SAMPLE, canteens=CANTEENS)
    old = Restaurant.objects.get(source_ref="eat-api:stubistro-butenandstrasse")
    assert (old.slug, old.name) == ("stubistro-butenandstrasse", "StuBistro Butenandstraße (old id)")
    assert old.is_published
    assert old.online_booking == Restaurant.Booking.HOURS_UNKNOWN
    assert not old.services.exists()
    assert has_menu(old.pk)


@durable
def test_running_it_again_changes_nothing() -> None:
    first = Run(SAMPLE, canteens=CANTEENS, today=dt.date(2026, 11, 2))
    before = everything()
    again = Run(SAMPLE, canteens=CANTEENS, today=dt.date(2026, 11, 2))
    assert everything() == before
    assert again.count("canteens unchanged") == 8
    assert again.count("dishes unchanged") == first.count("dishes created")
    for label in ("canteens created", "canteens updated", "dishes created", "dishes changed"):
        assert again.count(label) == 0


def test_a_changed_row_changes_its_dish_and_nothing_that_staff_decide(write: Write) -> None:
    Run(write({"guest_base": "2.0", "labels": "MILK"}, {"dish": "Bread"}))
    Dish.objects.filter(name="Soup").update(is_available=False, position=7)
    Menu.objects.update(is_published=False, note="Ask us", position=3)
    run = Run(write({"guest_base": "2.5", "labels": "FISH", "last_served": "2026-06-26"}, {"dish": "Bread"}))
    assert (run.count("dishes changed"), run.count("dishes unchanged")) == (1, 1)
    soup = Dish.objects.get(name="Soup")
    assert (soup.price, soup.allergens) == (Decimal("2.50"), ["fish"])
    assert (soup.is_available, soup.position) == (False, 7)
    menu = Menu.objects.get()
    assert (menu.is_published, menu.note, menu.position) == (False, "Ask us", 3)


def test_what_staff_corrected_stays_until_the_row_changes(write: Write) -> None:
    rows = write({"guest_base": "2.0", "labels": "MILK"}, {"dish": "Bread", "section": "Beilagen"})
    Run(rows)
    Dish.objects.filter(name="Soup").update(name="Leek soup", price="2.20", allergens=["celery", "milk"])
    Menu.objects.update(name="Today")
    Section.objects.filter(name="Beilagen").update(name="Sides")
    before = everything()
    assert Run(rows).count("dishes unchanged") == 2
    assert everything() == before
    Run(write({"guest_base": "2.4", "labels": "MILK"}, {"dish": "Bread", "section": "Beilagen"}))
    soup = Dish.objects.get(name="Soup")
    assert (soup.price, soup.allergens) == (Decimal("2.40"), ["milk"])
    assert Dish.objects.get(name="Bread").section.name == "Sides"


def test_a_dish_not_served_for_long_moves_to_the_archive_and_back(write: Write) -> None:
    Run(write({}, {"dish": "Bread"}))
    soup = Dish.objects.get(name="Soup")
    Run(write({}, {"dish": "Bread", "last_served": "2026-09-01"}))
    moved = Dish.objects.get(name="Soup")
    assert moved.pk == soup.pk
    assert (moved.section.menu.name, moved.section.menu.is_published) == ("Archive", False)
    (card,) = menus_of(moved.restaurant_id)
    assert [dish.name for section in card.sections for dish in section.dishes] == ["Bread"]
    assert card.note == "2026-09-01 – 2026-09-01"
    Run(write({"last_served": "2026-09-02"}, {"dish": "Bread", "last_served": "2026-09-01"}))
    assert Dish.objects.get(name="Soup").section.menu.name == "Current dishes"
    assert Section.objects.count() == 2


def test_how_many_days_are_current_can_be_told(write: Write) -> None:
    rows = write({}, {"dish": "Bread", "last_served": "2026-06-01"})
    Run(rows, current_days=7)
    assert list(Dish.objects.filter(section__menu__is_published=True).values_list("name", flat=True)) == ["Soup"]
    with pytest.raises(CommandError, match="not a number of days"):
        call_command("import_menus", str(rows), "--current-days", "-1")


def test_who_stops_it_is_told_how_to_go_on(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(**_arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("restaurant_site.management.commands.import_menus.save_dishes", stopped)
    with pytest.raises(CommandError, match="What was imported before stays") as told:
        Run(write({}))
    assert told.value.returncode == 130


def test_sections_come_in_the_order_of_their_names_and_the_nameless_one_last(write: Write) -> None:
    Run(write(*({"section": name, "dish": f"Dish of {name}"} for name in ("", "Gericht 10", "Gericht 9", "Beilagen"))))
    (card,) = menus_of(Restaurant.objects.get().pk)
    assert [section.name for section in card.sections] == ["Beilagen", "Gericht 9", "Gericht 10", ""]


def test_a_dish_that_staff_added_or_that_left_the_file_stays(write: Write) -> None:
    Run(write({}, {"dish": "Bread"}))
    section = Section.objects.get()
    Dish.objects.create(restaurant=section.restaurant, section=section, name="Soup", position=40)
    Run(write({"dish": "Cake"}))
    assert sorted(section.dishes.values_list("name", flat=True)) == ["Bread", "Cake", "Soup", "Soup"]
    assert Dish.objects.get(name="Cake").position == 41


def test_an_unknown_label_is_kept_and_reported_with_its_count(write: Write) -> None:
    run = Run(write({"labels": "Gl;Zz"}, {"dish": "Bread", "labels": "Zz"}, {"dish": "Cake", "labels": "Yy;MILK"}))
    assert Dish.objects.get(name="Soup").other_labels == ["Zz"]
    assert run.count("labels that nobody knows, kept as written") == 3
    assert (run.count("Zz"), run.count("Yy")) == (2, 1)


@durable
def test_canteens_that_come_later_fill_in_what_only_a_name_was_known_of() -> None:
    Run(SAMPLE)
    assert Restaurant.objects.filter(online_booking=Restaurant.Booking.HOURS_UNKNOWN).count() == 7
    mensa = Restaurant.objects.get(source_ref="eat-api:mensa-arcisstr")
    run = Run(SAMPLE, canteens=CANTEENS)
    assert run.count("canteens updated") == 5
    assert run.count("dishes unchanged") == Dish.objects.count()
    mensa.refresh_from_db()
    assert (mensa.city, mensa.online_booking) == ("München", Restaurant.Booking.ON)
    assert mensa.services.exists()
    assert mensa.tables.exists()


@durable
def test_staff_enable_booking_where_it_is_not_to_be_on(write: Write) -> None:
    Run(write({}), "--no-bookable", "--tables", "none", canteens=CANTEENS)
    mensa = Restaurant.objects.get(source_ref="eat-api:mensa-arcisstr")
    assert mensa.online_booking == Restaurant.Booking.OFF
    assert mensa.services.exists()
    assert not Table.objects.exists()


def test_a_slug_that_is_taken_gets_a_number(write: Write) -> None:
    make_restaurant(slug="mensa")
    Run(write({}))
    assert Restaurant.objects.get(source_ref="eat-api:mensa").slug == "mensa-2"


def test_the_number_of_statements_does_not_grow_with_the_dishes(write: Write) -> None:
    def statements(number: int, canteen: str) -> int:
        rows = write(*({"restaurant_id": canteen, "dish": f"Dish {n}"} for n in range(number)))
        with CaptureQueriesContext(connection) as queries:
            Run(rows)
        return len(queries)

    assert statements(10, "few") == statements(100, "many")


# --- Bad input --------------------------------------------------------------


@durable
def test_a_byte_order_mark_and_windows_line_ends_are_fine(write: Write) -> None:
    path = write({"dish": "Größe"})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    canteens = path.with_name("canteens.json")
    canteens.write_bytes(b"\xef\xbb\xbf" + CANTEENS.read_bytes())
    assert b"\r\n" in path.read_bytes()
    assert Run(path, canteens=canteens).complaints == []
    assert Dish.objects.get().name == "Größe"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no file"),
        (b"", "empty"),
        (b"restaurant_id,dish\nmensa,Soup\n", "lacks the columns restaurant, section, currency"),
        ("restaurant_id,dish\nmensa,Größe\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "dishes.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        Run(path, canteens=CANTEENS)
    assert not Restaurant.objects.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "can't be read"),
        (b"{not json", "can't be read"),
        (b'["caf\xe9"]', "can't be read"),
        (b'{"canteens": []}', "a list of canteens"),
        (b"[" * 200_000, "can't be read"),
    ],
)
def test_canteens_that_cannot_be_read_are_refused_as_a_whole(write: Write, content: bytes | None, message: str) -> None:
    rows = write({})
    path = rows.with_name("canteens.json")
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        Run(rows, canteens=path)
    assert not Restaurant.objects.exists()


def test_rows_that_cannot_be_used_are_listed_and_the_others_imported(write: Write) -> None:
    path = write(
        {"dish": "Good"},
        {"dish": ""},
        {"dish": "Late", "last_served": "tomorrow"},
        {"dish": "Dollar", "currency": "USD"},
        {"dish": "Nul\x00"},
        {"dish": "Fine"},
    )
    with path.open("a", encoding="utf-8") as file:
        file.write('mensa,Mensa,,"Never closed,EUR,,2026-06-25\nmensa,Mensa,too,few\n')
    run = Run(path)
    assert [line.split(":")[:2] for line in run.complaints] == [
        ["line 3", " (no name)"],
        ["line 4", " Late"],
        ["line 5", " Dollar"],
        ["line 6", " Nul"],
        ["line 8", " (no name)"],
        ["line 9", " (no name)"],
    ]
    assert "tomorrow" in run.complaints[1]
    assert run.count("rows that can't be used") == 6
    assert set(Dish.objects.values_list("name", flat=True)) == {"Good", "Fine"}


@durable
def test_canteens_that_cannot_be_used_are_listed_and_their_dishes_kept(write: Write) -> None:
    rows = write({})
    path = rows.with_name("canteens.json")
    good = json.loads(CANTEENS.read_text(encoding="utf-8"))[0]
    path.write_text(json.dumps([{"canteen_id": "mensa", "name": "Mensa", "open_hours": 7}, 5, good, good]))
    run = Run(rows, canteens=path)
    assert [line.partition(":")[0] for line in run.complaints] == ["canteen 1", "canteen 2", "canteen 4"]
    assert run.count("canteens that can't be used") == 3
    assert run.count("canteens created") == 1
    assert Dish.objects.get().restaurant.online_booking == Restaurant.Booking.HOURS_UNKNOWN


def test_a_database_that_goes_away_is_said_in_one_line(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: object) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(saving, "_save", gone)
    with pytest.raises(CommandError, match=r"can't be reached: server closed the connection"):
        Run(write({}))
