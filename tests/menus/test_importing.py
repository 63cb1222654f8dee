"""Rows become dishes, entries become canteens."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from menus.importing.canteens import osm_hours, read_canteen, split_address
from menus.importing.rows import COLUMNS, DishRow, DishSpec, UnusableError, dishes_of, fold_id, read_row

WEEK = ("mon", "tue", "wed", "thu", "fri")


def cells(**columns: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {
        "restaurant_id": "mensa",
        "dish": "Soup",
        "last_served": "2026-06-25",
        **columns,
    }


def dish(*rows: DishRow) -> DishSpec:
    (spec,) = dishes_of(rows, 60)
    return spec


def test_the_row_served_last_decides_price_and_labels() -> None:
    old = read_row(cells(guest_base="1.0", labels="MILK", last_served="2025-01-01"))
    new = read_row(cells(guest_base="2.0", labels="VEGAN", last_served="2026-01-01"))
    for spec in (dish(old, new), dish(new, old)):
        assert spec.price.amount == Decimal("2.0")
        assert (spec.labels.allergens, spec.labels.diets) == ((), ("vegan", "vegetarian"))


def test_a_dish_whose_last_row_has_no_labels_keeps_the_latest_it_had() -> None:
    rows = [
        read_row(cells(labels="FISH", last_served="2024-01-01")),
        read_row(cells(labels="MILK", last_served="2025-01-01")),
        read_row(cells(guest_base="2", last_served="2026-01-01")),
    ]
    spec = dish(*rows)
    assert spec.labels.allergens == ("milk",)
    assert spec.price.amount == 2


def test_of_two_rows_of_one_day_the_later_line_counts() -> None:
    assert dish(read_row(cells(guest_base="1")), read_row(cells(guest_base="2"))).price.amount == 2


def test_a_dish_is_its_canteen_section_and_name_whatever_the_blanks() -> None:
    one = read_row(cells(dish="\n   Grüne  Bohnen", section="Beilagen "))
    same = read_row(cells(dish="Gru\u0308ne Bohnen", section="Beilagen"))
    other = read_row(cells(dish="Grüne Bohnen", section="Vegan"))
    assert [(spec.section, spec.name) for spec in dishes_of([one, same, other], 60)] == [
        ("Beilagen", "Grüne Bohnen"),
        ("Vegan", "Grüne Bohnen"),
    ]
    elsewhere = read_row(cells(dish="Grüne Bohnen", section="Vegan", restaurant_id="bistro"))
    assert len({dish(row).key for row in (one, same, other, elsewhere)}) == 3


def test_a_reference_changes_when_the_file_says_something_else() -> None:
    said = [
        cells(),
        cells(guest_base="2"),
        cells(guest_base="2.0"),
        cells(legacy_price="Self-Service"),
        cells(labels="MILK"),
        cells(labels="VEGAN"),
        cells() | {"dish_en_machine": "Broth"},
    ]
    references = [dish(read_row(row)).source_ref for row in said]
    assert len(set(references)) == len(said)
    assert {len(reference) for reference in references} == {64}
    # When it was served alone is no change.
    assert dish(read_row(cells(last_served="2026-06-26"))).source_ref == references[0]


def test_current_is_what_was_served_in_the_days_up_to_the_newest_date() -> None:
    def rows() -> list[DishRow]:
        dates = ("2026-06-25", "2026-04-27", "2026-04-26")
        return [read_row(cells(dish=date, last_served=date)) for date in dates]

    assert [spec.current for spec in dishes_of(rows(), 60)] == [True, True, False]
    assert [spec.current for spec in dishes_of(rows(), 61)] == [True, True, True]
    assert [spec.current for spec in dishes_of(rows(), 1)] == [True, False, False]
    assert dishes_of([], 60) == []


def test_the_translation_becomes_the_description() -> None:
    row = cells(dish="Gurke") | {"dish_en_machine": " Cucumber\n"}
    assert read_row(row).description == "Cucumber"
    assert read_row(row | {"dish_en_machine": "Gurke"}).description == ""
    assert read_row(cells()).description == ""
    again = read_row(cells(dish="Gurke", last_served="2026-06-26"))
    assert dish(read_row(row), again).description == "Cucumber"


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"restaurant_id": " "}, "no restaurant_id"),
        ({"restaurant": "x" * 121}, "too long"),
        ({"dish": "\n\x01"}, "no name"),
        ({"labels": "Gl;\x00"}, "NUL"),
        ({"dish": "x" * 301}, "301 characters"),
        ({"section": "x" * 81}, "81 characters"),
        ({"currency": "CHF"}, "CHF"),
        ({"last_served": ""}, "not a date"),
        ({"last_served": "25.06.2026"}, "not a date"),
        ({"last_served": "2026-02-30"}, "not a date"),
    ],
)
def test_rows_that_cannot_be_used_say_why(columns: dict[str, str], reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        read_row(cells(**columns))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=100)))
def test_any_row_is_read_or_refused(columns: dict[str, str]) -> None:
    try:
        row = read_row(cells() | columns)
    except UnusableError:
        return
    assert 0 < len(row.name) <= 300
    assert len(row.section) <= 80
    assert row.last_served <= dt.date.max
    assert "\x00" not in row.name + row.section + "".join(row.labels.other)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("mensa-arcisstr", "mensa-arcisstr"),
        ("stubistro-butenandstraße", "stubistro-butenandstrasse"),
        ("  Café Größe ", "cafe-groesse"),
        ("***", ""),
    ],
)
def test_ids_are_plain_ascii(text: str, folded: str) -> None:
    assert fold_id(text) == folded


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("Arcisstraße 12, 80333 München", ("Arcisstraße 12", "80333", "München")),
        ("Arcisstraße 17, München", ("Arcisstraße 17", "", "München")),
        ("Butenandtstraße 13, Gebäude F, München", ("Butenandtstraße 13, Gebäude F", "", "München")),
        ("Großhadernerstr. 9a, 82152 Planegg-Martinsried", ("Großhadernerstr. 9a", "82152", "Planegg-Martinsried")),
        ("Somewhere", ("Somewhere", "", "")),
        ("", ("", "", "")),
    ],
)
def test_addresses(address: str, parts: tuple[str, str, str]) -> None:
    assert split_address(address) == parts


def hours(*spans: str | None) -> dict[str, Any]:
    def span(text: str) -> dict[str, str]:
        return dict(zip(("start", "end"), text.split("-"), strict=True))

    return {day: span(text) if text else None for day, text in zip(WEEK, spans, strict=False)}


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (hours(*["11:00-14:00"] * 5), "Mo-Fr 11:00-14:00"),
        (hours(*["11:00-14:30"] * 4, "11:00-14:00"), "Mo-Th 11:00-14:30; Fr 11:00-14:00"),
        (hours("9:00-15:00", None, "09:00-15:00"), "Mo 09:00-15:00; We 09:00-15:00"),
        (hours("18:00-02:00") | {"sun": {"start": "10:00", "end": "24:00"}}, "Mo 18:00-02:00; Su 10:00-24:00"),
        ({}, ""),
        (None, ""),
    ],
)
def test_weekly_hours(days: Any, text: str) -> None:
    assert osm_hours(days) == text


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"canteen_id": "a"},
        {"canteen_id": "a", "name": "x" * 121},
        {"canteen_id": "a", "name": "A", "location": "here"},
        {"canteen_id": "a", "name": "A", "location": {"address": "x" * 201}},
        {"canteen_id": "a", "name": "A", "open_hours": "always"},
        {"canteen_id": "a", "name": "A", "open_hours": {"lundi": None}},
        {"canteen_id": "a", "name": "A", "open_hours": {"mon": {"start": "11:00"}}},
        {"canteen_id": "a", "name": "A", "open_hours": {"mon": {"start": "11:00", "end": "25:99"}}},
        {"canteen_id": "a", "name": "A", "open_hours": {"mon": "11:00"}},
    ],
)
def test_entries_that_are_no_canteens_say_why(entry: Any) -> None:
    with pytest.raises(UnusableError, match=r"^(it|its) "):
        read_canteen(entry)


def test_a_coordinate_that_is_none_is_unknown() -> None:
    location = {"address": "Hauptstraße 1, Bonn", "latitude": "north", "longitude": 200}
    canteen = read_canteen({"canteen_id": "A", "name": " A ", "location": location})
    assert (canteen.id, canteen.name, canteen.city) == ("a", "A", "Bonn")
    assert canteen.latitude is None
    assert canteen.longitude is None
