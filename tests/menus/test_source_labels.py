"""Which labels are allergens of EU law, which are diets, and what becomes of the others."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from menus.labels import Allergen, Diet
from menus.source_labels import WORDS, is_known, labels_of

DATA = Path(__file__).parent.parent / "data"


def test_every_label_and_abbreviation_of_the_source_is_known() -> None:
    entries = json.loads((DATA / "allergen_labels.json").read_text(encoding="utf-8"))
    names = {entry["enum_name"] for entry in entries} | {entry["abbreviation"] for entry in entries}
    assert len(entries) > 50
    assert {name for name in names if not is_known(name)} == set()


def test_every_label_of_the_sample_is_known() -> None:
    with (DATA / "menus_sample.csv").open(encoding="utf-8", newline="") as file:
        labels = {label for row in csv.DictReader(file) for label in row["labels"].split(";") if label}
    assert {"GLUTEN", "Gl", "99", "PHOSPATES"} <= labels
    assert {label for label in labels if not is_known(label)} == set()


@pytest.mark.parametrize(
    ("label", "allergen"),
    [
        ("GLUTEN", Allergen.GLUTEN),
        ("Gl", Allergen.GLUTEN),
        ("WHEAT", Allergen.GLUTEN),
        ("GlW", Allergen.GLUTEN),
        ("OAT", Allergen.GLUTEN),
        ("HYBRIDS", Allergen.GLUTEN),
        ("CEREAL", Allergen.GLUTEN),
        ("SHELLFISH", Allergen.CRUSTACEANS),
        ("Kr", Allergen.CRUSTACEANS),
        ("CHICKEN_EGGS", Allergen.EGGS),
        ("Ei", Allergen.EGGS),
        ("FISH", Allergen.FISH),
        ("PEANUTS", Allergen.PEANUTS),
        ("En", Allergen.PEANUTS),
        ("SOY", Allergen.SOY),
        ("MILK", Allergen.MILK),
        ("LACTOSE", Allergen.MILK),
        ("Mi", Allergen.MILK),
        ("SHELL_FRUITS", Allergen.NUTS),
        ("PISTACHIOES", Allergen.NUTS),
        ("ScP", Allergen.NUTS),
        ("CELERY", Allergen.CELERY),
        ("Sl", Allergen.CELERY),
        ("MUSTARD", Allergen.MUSTARD),
        ("Sf", Allergen.MUSTARD),
        ("SESAME", Allergen.SESAME),
        ("Se", Allergen.SESAME),
        ("SULFITES", Allergen.SULPHITES),
        ("SULPHURS", Allergen.SULPHITES),
        ("Sw", Allergen.SULPHITES),
        ("5", Allergen.SULPHITES),
        ("LUPIN", Allergen.LUPIN),
        ("MOLLUSCS", Allergen.MOLLUSCS),
        ("Wt", Allergen.MOLLUSCS),
    ],
)
def test_allergens(label: str, allergen: Allergen) -> None:
    assert labels_of([label]).allergens == (allergen.value,)


def test_all_fourteen_allergens_can_be_declared() -> None:
    declared = "GLUTEN SHELLFISH CHICKEN_EGGS FISH PEANUTS SOY MILK SHELL_FRUITS CELERY MUSTARD SESAME Sw LUPIN Wt"
    assert labels_of(reversed(declared.split())).allergens == tuple(Allergen.values)


@pytest.mark.parametrize(
    ("label", "word"),
    [
        ("GARLIC", "garlic"),
        ("Kn", "garlic"),
        ("GELATIN", "gelatine"),
        ("ALCOHOL", "alcohol"),
        ("99", "alcohol"),
        ("PORK", "pork"),
        ("S", "pork"),
        ("BEEF", "beef"),
        ("MEAT", "meat"),
        ("PHOSPATES", "phosphate"),
        ("2", "preservatives"),
        ("PHENYLALANINE", "source of phenylalanine"),
        ("COCOA_CONTAINING_GREASE", "cocoa-based glaze"),
    ],
)
def test_what_annex_ii_does_not_name_is_a_word(label: str, word: str) -> None:
    labels = labels_of([label])
    assert labels.allergens == labels.diets == labels.unknown == ()
    assert labels.other == (word,)


def test_the_kind_of_cereal_and_of_nut_stays_readable() -> None:
    labels = labels_of(["CEREAL", "GLUTEN", "SPELT", "SHELL_FRUITS", "WALNUTS"])
    assert labels.allergens == ("gluten", "nuts")
    assert labels.other == ("spelt", "walnuts")


def test_vegan_is_vegetarian_too() -> None:
    assert labels_of(["VEGAN"]).diets == (Diet.VEGAN, Diet.VEGETARIAN)
    assert labels_of(["f"]).diets == (Diet.VEGETARIAN,)


def test_a_diet_that_another_label_contradicts_is_not_claimed() -> None:
    labels = labels_of(["VEGAN", "VEGETARIAN", "MILK"])
    assert labels.allergens == ("milk",)
    assert labels.diets == ("vegetarian",)
    assert labels.other == ("vegan (contradicted)",)
    assert labels.contradicted == ("vegan",)
    assert labels_of(["VEGETARIAN", "GELATIN"]).diets == ()
    assert labels_of(["VEGETARIAN", "FISH"]).diets == ()
    assert labels_of(["HALAL", "PORK"]).diets == ()


def test_nuts_that_the_source_calls_shellfish_keep_the_allergen_and_the_diet() -> None:
    labels = labels_of(["HAZELNUTS", "SHELLFISH", "SHELL_FRUITS", "VEGAN"])
    assert labels.allergens == ("crustaceans", "nuts")
    assert labels.diets == ("vegan", "vegetarian")
    assert labels_of(["SHELLFISH", "VEGAN"]).diets == ()


def test_an_unknown_label_is_kept_as_written() -> None:
    labels = labels_of(["Gl", "Mystery", "Mystery", ""])
    assert labels.allergens == ("gluten",)
    assert labels.other == labels.unknown == ("Mystery",)


def test_abbreviations_go_by_their_exact_letters_and_names_by_any() -> None:
    assert labels_of(["gluten"]).allergens == ("gluten",)
    assert labels_of(["soy"]).allergens == ("soy",)
    assert labels_of(["s"]).unknown == ("s",)
    assert labels_of(["S"]).other == ("pork",)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.text(max_size=20) | st.sampled_from(["VEGAN", "MILK", "Gl", "PORK", "Sc", "Kr"])))
def test_no_label_is_lost_and_none_removes_an_allergen(written: list[str]) -> None:
    labels = labels_of(written)
    for label in written:
        alone = labels_of([label])
        assert set(alone.allergens) <= set(labels.allergens)
        assert set(alone.other) <= set(labels.other)
        assert set(alone.diets) <= set(labels.diets) | set(labels.contradicted)
        assert not label or alone.allergens or alone.diets or alone.other
    assert all(word in WORDS or word in labels.unknown for word in labels.other)
