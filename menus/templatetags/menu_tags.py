"""Filters for menus: money, price notes, and the names of labels, all in the active language."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from django import template
from django.utils import dateformat
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from menus.labels import Allergen, Diet
from menus.models import EVERY_DAY
from menus.money import format_money
from menus.queries import MenuCard
from menus.source_labels import WORDS
from reservations.languages import listed

register = template.Library()

_PER = re.compile(r"(?:\+ (?P<extra>[0-9]+\.[0-9]{2}) )?per (?P<unit>[^,]+)")


@register.filter
def money(amount: object, currency: str) -> str:
    """Return the amount with its currency (an ISO 4217 code), such as "€3.50" or "3,50 €"; "" for no amount."""
    if amount is None or amount == "":
        return ""
    try:
        number = Decimal(str(amount))
    except InvalidOperation:
        return ""
    return format_money(number, currency) if number.is_finite() else ""


@register.filter
def price_note_text(note: str, currency: str) -> str:
    """Return a price note with the phrases that the importer writes translated; other words stay as they are."""
    return ", ".join(_phrase(part, currency) for part in note.split(", "))


def _phrase(words: str, currency: str) -> str:
    found = _PER.fullmatch(words)
    if found is not None:
        per = _("per %(unit)s") % {"unit": _unit(found["unit"])}
        return f"+ {money(found['extra'], currency)} {per}" if found["extra"] else per
    return {"staff price": _("staff price"), "student price": _("student price")}.get(words, words)


def _unit(unit: str) -> str:
    return {"portion": _("portion"), "piece": _("piece"), "unit": _("unit")}.get(unit, unit)


@register.filter
def allergen_name(code: str) -> str:
    """Return the name of an allergen by its code; a code that is none, as it is."""
    return str(Allergen(code).label) if code in Allergen.values else code


@register.filter
def diet_name(code: str) -> str:
    """Return the name of a diet by its code; a code that is none, as it is."""
    return str(Diet(code).label) if code in Diet.values else code


@register.filter
def suited(diets: Iterable[str]) -> list[str]:
    """Return the codes of all diets that a dish with these marks suits: what is vegan is vegetarian too."""
    found = set(diets)
    return [code for code in Diet.values if code in found or (code == Diet.VEGETARIAN and Diet.VEGAN in found)]


@register.filter
def diets_of(menus: Iterable[MenuCard], others: Iterable[MenuCard]) -> list[str]:
    """Return the codes of the diets that some dish of the menus suits and another does not: those worth a choice."""
    dishes = [suited(dish.diets) for menu in (*menus, *others) for section in menu.sections for dish in section.dishes]
    return [code for code in Diet.values if 0 < sum(code in suits for suits in dishes) < len(dishes)]


@register.filter
def label_name(word: str) -> str:
    """Return one of a dish's other labels translated; one that nobody knows, as it was written."""
    return str(WORDS.get(word, word))


@register.filter
def allergen_names(codes: Iterable[str]) -> str:
    """Return the names of allergens as a list in one line."""
    return listed(map(allergen_name, codes))


@register.filter
def label_names(words: Iterable[str]) -> str:
    """Return other labels, translated, as a list in one line."""
    return listed(map(label_name, words))


@register.filter
def menu_when(menu: MenuCard) -> str:
    """Say when a menu applies: “Lunch · Monday–Friday · until 24 December 2026”; "" where it always does."""
    return applies_text(menu.services, menu.weekdays, menu.valid_from, menu.valid_until)


def applies_text(
    services: Iterable[str], weekdays: int, valid_from: dt.date | None, valid_until: dt.date | None
) -> str:
    """Say when something applies: at services, on the weekdays of a mask, between dates; "" for always."""
    parts = [listed(dict.fromkeys(services)), days_text(weekdays)]
    if valid_from and valid_until:
        parts.append(f"{_date(valid_from)} – {_date(valid_until)}")
    elif valid_from:
        parts.append(_("from %(date)s") % {"date": _date(valid_from)})
    elif valid_until:
        parts.append(_("until %(date)s") % {"date": _date(valid_until)})
    return capfirst(" · ".join(filter(None, parts)))


def days_text(mask: int) -> str:
    """Return the weekdays of a mask (Monday is bit 0), three or more in a row as a range; "" for every day."""
    if mask & EVERY_DAY == EVERY_DAY:
        return ""
    runs: list[list[int]] = []
    for day in range(7):
        if not mask & (1 << day):
            continue
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    shown = []
    for run in runs:
        names = [str(WEEKDAYS[day]) for day in run]
        shown += [f"{names[0]}–{names[-1]}"] if len(run) > 2 else names
    return listed(shown)


def _date(date: dt.date) -> str:
    return dateformat.format(date, pgettext("date format", "j F Y"))
