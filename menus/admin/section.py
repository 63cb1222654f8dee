"""Sections of menus, with their dishes as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from menus.admin.base import MenusAdmin, OfRestaurantFormSet, list_link
from menus.forms import PathOptions
from menus.models import Dish, Section

if TYPE_CHECKING:
    DishTabularInline = admin.TabularInline[Dish, Section]
else:
    DishTabularInline = admin.TabularInline

INLINE_DISHES = 100
"""A section with more dishes is edited in their list: every line is seven fields of a form that bounds its fields."""


class DishInline(DishTabularInline):
    """The dishes of a section; allergens and diets are on a dish's own page."""

    model = Dish
    formset = OfRestaurantFormSet
    fields = ("name", "price", "price_note", "position", "is_available")
    extra = 1
    show_change_link = True


def _dishes(number: int) -> str:
    return ngettext("%(number)d dish", "%(number)d dishes", number) % {"number": number}


@admin.register(Section)
class SectionAdmin(MenusAdmin[Section]):
    """Sections with their dishes."""

    fields = ("menu", "name", "note", "position", "dish_count")
    readonly_fields = ("dish_count",)
    inlines = (DishInline,)
    list_display = ("__str__", "menu", "restaurant", "dish_count", "position")
    list_editable = ("position",)
    list_filter = ("menu__is_published",)
    list_select_related = ("menu", "restaurant")
    search_fields = ("name", "menu__name", "restaurant__name")

    def get_urls(self) -> list[URLPattern]:
        """Add the view that `PathSelect` asks."""
        view = self.admin_site.admin_view(PathOptions.as_view(admin_site=self.admin_site))
        return [path("options/", view, name="menus_options"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Section]:
        """Count dishes along with the sections."""
        rows = super().get_queryset(request)
        return cast("QuerySet[Section]", rows.annotate(dishes_=Count("dishes")))

    def get_inlines(self, request: HttpRequest, obj: Section | None) -> Any:
        """Leave the dishes of a long section to their own list, unless this very form already holds them."""
        if obj is not None and "dishes-TOTAL_FORMS" not in request.POST and _count(obj) > INLINE_DISHES:
            return ()
        return super().get_inlines(request, obj)

    @admin.display(description=_("dishes"), ordering="dishes_")
    def dish_count(self, section: Section) -> SafeString | str:
        """Return the number of dishes, leading to them."""
        if section.pk is None:
            return "–"
        return list_link("dish", f"section__id__exact={section.pk}", _dishes(_count(section)))

    def save_model(self, request: HttpRequest, obj: Section, form: Any, change: bool) -> None:
        """Take the restaurant from the menu."""
        obj.restaurant_id = obj.menu.restaurant_id
        super().save_model(request, obj, form, change)


def _count(section: Section) -> int:
    """Return the count that the admin's queryset brought along."""
    return int(getattr(section, "dishes_", 0))
