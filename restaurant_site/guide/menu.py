"""The fourth page: a first menu, typed as lines, or none yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from menus.models import Dish, Menu, Section
from menus.prices import price_of_words
from menus.text import one_line
from reservations.admin.chooser import FILTER
from reservations.models import Restaurant
from restaurant_site.guide.page import log, onward, show
from restaurant_site.guide.steps import Step

_MOST_LINES = 300
# The price is the last word that has a digit, with a sign of money around it or none.
_SIGN = r"[A-Z]{0,3}[^\w\s.,]?"
_PRICED = re.compile(rf"(?P<name>.+?)[\s.…·|,;–—-]+(?P<price>{_SIGN}\s?\d[\d.,]*(?:\s?{_SIGN}))")


@dataclass(frozen=True, slots=True)
class Line:
    """A section, where price is None, or a dish with its price as it was written, "" for none."""

    text: str
    price: str | None


def lines_of(text: str) -> list[Line]:
    """Return the sections and dishes of some lines: “# Starters” or “Starters:”, and “Soup 6.50” or “Soup”.

    Raises ValidationError with the number of the line that is too long, or where there are too many.
    """
    lines = [(number, one_line(line)) for number, line in enumerate(text.splitlines(), start=1)]
    lines = [(number, line) for number, line in lines if line]
    if len(lines) > _MOST_LINES:
        raise forms.ValidationError(_("Use at most %(most)d lines.") % {"most": _MOST_LINES})
    return [_line(number, line) for number, line in lines]


def _line(number: int, line: str) -> Line:
    is_section = line.startswith("#") or line.endswith(":")
    priced = None if is_section else _PRICED.fullmatch(line)
    found = Line(line.strip("#: "), None) if is_section else Line(line, "")
    if priced is not None:
        found = Line(priced["name"].strip(), priced["price"])
    model = Section if is_section else Dish
    most = model._meta.get_field("name").max_length or 0
    if len(found.text) > most:
        text = _("Line %(line)d: a name has at most %(most)d characters.")
        raise forms.ValidationError(text % {"line": number, "most": most})
    return found


class MenuForm(forms.Form):
    """A menu's name and its lines; nothing typed is no menu."""

    name = forms.CharField(label=gettext_lazy("Name of the menu"), max_length=80, required=False)
    lines = forms.CharField(
        label=gettext_lazy("Sections and dishes"),
        required=False,
        max_length=40_000,
        widget=forms.Textarea(attrs={"rows": 14, "cols": 60, "placeholder": "# Starters\nSoup 6.50\nBread 3"}),
        help_text=gettext_lazy("A line each. A section begins with #; a price stands at the end of a dish's line."),
    )

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.restaurant = restaurant

    def clean_name(self) -> str:
        """Return the name on one line; the restaurant has no menu of that name."""
        name = one_line(str(self.cleaned_data["name"]))
        if any(name.casefold() == there.casefold() for there in _names(self.restaurant)):
            raise forms.ValidationError(_("There is a menu of this name already. Choose another."))
        return name

    def clean_lines(self) -> list[Line]:
        """Return what the lines say."""
        return lines_of(str(self.cleaned_data["lines"]))

    def clean(self) -> dict[str, Any]:
        """Ask for a name of what has dishes."""
        data = super().clean() or {}
        if data.get("lines") and not data.get("name") and "name" not in self.errors:
            self.add_error("name", _("Give the menu a name, such as “Dinner”."))
        return data


def page(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show the form; by POST write the menu that was typed, if any was, and go on."""
    initial = {"name": "" if _names(restaurant) else _("Menu")}
    form = MenuForm(request.POST if request.method == "POST" else None, restaurant=restaurant, initial=initial)
    if form.is_valid():
        try:
            _write(request, restaurant, form.cleaned_data["name"], form.cleaned_data["lines"])
        except IntegrityError:
            # Somebody made a menu of that name meanwhile: asked again, the form says so.
            return page(request, restaurant)
        return onward(request, Step.MENU, restaurant)
    menus = Menu.objects.filter(restaurant=restaurant).order_by("position", "pk")
    return show(
        request,
        Step.MENU,
        restaurant,
        "menu.html",
        form=form,
        bound=form.is_bound,
        menus=[(reverse("admin:menus_menu_change", args=(menu.pk,)), menu.name) for menu in menus],
        list=f"{reverse('admin:menus_dish_changelist')}?{FILTER}={restaurant.pk}",
    )


def _names(restaurant: Restaurant) -> list[str]:
    return list(Menu.objects.filter(restaurant=restaurant).values_list("name", flat=True))


def _write(request: HttpRequest, restaurant: Restaurant, name: str, lines: list[Line]) -> None:
    if not lines:
        return
    with transaction.atomic():
        menu = Menu.objects.create(restaurant=restaurant, name=name, position=len(_names(restaurant)))
        section: Section | None = None
        dishes: list[Dish] = []
        for position, line in enumerate(lines):
            if section is None or line.price is None:
                heading = line.text if line.price is None else ""
                section = Section.objects.create(restaurant=restaurant, menu=menu, name=heading, position=position)
            if line.price is not None:
                dishes.append(_dish(restaurant, section, line, position))
        Dish.objects.bulk_create(dishes, batch_size=100)
        log(request, restaurant, _("Made in the set-up guide: menu %(name)s.") % {"name": name})


def _dish(restaurant: Restaurant, section: Section, line: Line, position: int) -> Dish:
    price = price_of_words(line.price or "", restaurant.currency)
    return Dish(
        restaurant=restaurant,
        section=section,
        name=line.text,
        price=price.amount,
        price_note=price.note,
        position=position,
    )
