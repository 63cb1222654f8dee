"""Money and labels in the reader's language."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation

from menus.queries import DishCard, MenuCard, SectionCard
from menus.templatetags.menu_tags import diets_of, suited

NB = "\N{NO-BREAK SPACE}"


def render(expression: str, **context: object) -> str:
    return Template("{% load menu_tags %}{{ " + expression + " }}").render(Context(context))


@pytest.mark.parametrize(
    ("amount", "currency", "english", "german"),
    [
        ("3.5", "EUR", "€3.50", f"3,50{NB}€"),
        ("1250", "EUR", "€1,250.00", f"1.250,00{NB}€"),
        ("1200.00", "JPY", "¥1,200", f"1.200{NB}¥"),
        ("12", "CHF", f"CHF{NB}12.00", f"12,00{NB}CHF"),
        ("9.99", "USD", "$9.99", f"9,99{NB}$"),
        ("1.25", "KWD", f"KWD{NB}1.250", f"1,250{NB}KWD"),
        ("0.005", "EUR", "€0.01", f"0,01{NB}€"),
        ("-2", "GBP", "−£2.00", f"−2,00{NB}£"),
    ],
)
def test_money(amount: str, currency: str, english: str, german: str) -> None:
    with translation.override("en"):
        assert render("price|money:currency", price=Decimal(amount), currency=currency) == english
    with translation.override("de"):
        assert render("price|money:currency", price=Decimal(amount), currency=currency) == german


@pytest.mark.parametrize("nothing", [None, "", "words", Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_amount_shows_nothing(nothing: object) -> None:
    assert render("price|money:'EUR'", price=nothing) == ""


def test_names_of_labels() -> None:
    assert render("'gluten'|allergen_name") == "gluten"
    assert render("'vegan'|diet_name") == "vegan"
    assert render("'pork'|label_name") == "pork"
    assert render("word|allergen_name", word="<b>") == "&lt;b&gt;"
    assert render("word|label_name", word="Mystery") == "Mystery"


@pytest.mark.parametrize(
    ("note", "english"),
    [
        ("per 100 g", "per 100 g"),
        ("+ 1.35 per 100 g", "+ €1.35 per 100 g"),
        ("per portion, staff price", "per portion, staff price"),
        ("Self-Service", "Self-Service"),
        ("market price, ask us", "market price, ask us"),
        ("", ""),
    ],
)
def test_price_notes(note: str, english: str) -> None:
    with translation.override("en"):
        assert render("note|price_note_text:'EUR'", note=note) == english


def test_the_extra_price_of_a_note_is_written_as_the_language_has_it() -> None:
    with translation.override("de"):
        assert f"+ 1,35{NB}€" in render("note|price_note_text:'EUR'", note="+ 1.35 per 100 g")


def test_what_is_vegan_suits_vegetarians_and_only_diets_worth_a_choice_are_offered() -> None:
    assert suited(["vegan"]) == ["vegan", "vegetarian"]
    assert suited(["halal", "vegetarian"]) == ["vegetarian", "halal"]
    assert suited([]) == []

    def menu(*dishes: list[str]) -> MenuCard:
        cards = tuple(DishCard("x", "", None, "", (), tuple(diets), (), True) for diets in dishes)
        return MenuCard(1, "", "", (SectionCard("", "", cards),), (), 127, None, None)

    assert diets_of([menu([], ["vegan"])], []) == ["vegan", "vegetarian"]
    assert diets_of([menu(["vegan"], ["vegetarian"])], []) == ["vegan"], "all are vegetarian"
    assert diets_of([menu(["vegan"])], [menu([])]) == ["vegan", "vegetarian"]
    assert diets_of([menu(["vegan"])], []) == diets_of([], []) == []
