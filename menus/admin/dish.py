"""Dishes, with price and availability to be changed in the list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from menus.admin.base import MenusAdmin
from menus.forms import DishForm
from menus.labels import Allergen
from menus.models import Dish
from restaurant_site.photos.admin import PhotoAdmin


@admin.register(Dish)
class DishAdmin(PhotoAdmin, MenusAdmin[Dish]):
    """Dishes, with price and availability to be changed in the list."""

    form = DishForm
    fields = (
        "section",
        "name",
        "description",
        "photo",
        "photo_alt",
        ("price", "price_note"),
        "price_source",
        "is_available",
        "allergens",
        "diets",
        "other_labels",
        "position",
    )
    readonly_fields = ("price_source",)
    list_display = (
        "name",
        "restaurant",
        "menu_name",
        "section",
        "price",
        "currency",
        "price_note",
        "is_available",
        "allergen_names",
    )
    list_editable = ("price", "is_available")
    list_filter = ("is_available", ("price", admin.EmptyFieldListFilter), "section__menu__is_published")
    list_select_related = ("restaurant", "section__menu")
    search_fields = ("name", "section__name", "restaurant__name")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow the link from a menu to its dishes."""
        return lookup == "section__menu__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_("menu"), ordering="section__menu__name")
    def menu_name(self, dish: Dish) -> Model:
        """Return the menu of the dish's section."""
        return dish.section.menu

    @admin.display(description=_("currency"), ordering="restaurant__currency")
    def currency(self, dish: Dish) -> str:
        """Return the currency of the price."""
        return dish.restaurant.currency

    @admin.display(description=_("allergens"))
    def allergen_names(self, dish: Dish) -> str:
        """Return the allergens' names in the order of the regulation."""
        return ", ".join(str(allergen.label) for allergen in Allergen if allergen in dish.allergens) or "–"

    def save_model(self, request: HttpRequest, obj: Dish, form: Any, change: bool) -> None:
        """Take the restaurant from the section."""
        obj.restaurant_id = obj.section.restaurant_id
        super().save_model(request, obj, form, change)
