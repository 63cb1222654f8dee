"""Where staff edit menus. The restaurant of a section or dish follows from the menu and is asked for nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db.models import Count, ForeignKey, Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from menus.forms import DishForm, MenuForm, PathChoiceField, PathOptions, PathSelect, with_path
from menus.labels import Allergen
from menus.models import Dish, Menu, Section
from reservations.scoping import ScopedAdmin

if TYPE_CHECKING:
    from django.forms import ModelChoiceField

    MenuModelAdmin = ScopedAdmin[Menu]
    SectionModelAdmin = ScopedAdmin[Section]
    DishModelAdmin = ScopedAdmin[Dish]
    SectionTabularInline = admin.TabularInline[Section, Menu]
    DishTabularInline = admin.TabularInline[Dish, Section]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    # Django's classes take no type arguments while running.
    MenuModelAdmin = SectionModelAdmin = DishModelAdmin = ScopedAdmin
    SectionTabularInline = DishTabularInline = admin.TabularInline
    InlineFormSet = BaseInlineFormSet

INLINE_DISHES = 100
"""A section with more dishes is edited in their list: every line is seven fields of a form that bounds its fields."""


class OfRestaurantFormSet(InlineFormSet):
    """Lines that belong to their parent's restaurant."""

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Fill in the restaurant, which the form does not ask for."""
        form.instance.restaurant_id = self.instance.restaurant_id
        return super().save_new(form, commit)


class PathFieldsMixin:
    """Shows the choice of a menu or section by its path, since its name alone says little."""

    admin_site: admin.AdminSite

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Use the autocomplete that knows paths."""
        if db_field.name in ("menu", "section"):
            kwargs["widget"] = PathSelect(db_field, self.admin_site)
            kwargs["queryset"] = with_path(db_field.remote_field.model._default_manager.all())
            kwargs["form_class"] = PathChoiceField
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(  # type: ignore[misc]
            db_field, request, **kwargs
        )
        return field


class SectionInline(SectionTabularInline):
    """The sections of a menu."""

    model = Section
    formset = OfRestaurantFormSet
    fields = ("name", "note", "position")
    extra = 1
    show_change_link = True


class DishInline(DishTabularInline):
    """The dishes of a section; allergens and diets are on a dish's own page."""

    model = Dish
    formset = OfRestaurantFormSet
    fields = ("name", "price", "price_note", "position", "is_available")
    extra = 1
    show_change_link = True


def _list_link(model: str, condition: str, text: str) -> SafeString:
    return format_html('<a href="{}?{}">{}</a>', reverse(f"admin:menus_{model}_changelist"), condition, text)


def _dishes(number: int) -> str:
    return ngettext("%(number)d dish", "%(number)d dishes", number) % {"number": number}


@admin.register(Menu)
class MenuAdmin(MenuModelAdmin):
    """Menus with their sections."""

    form = MenuForm
    inlines = (SectionInline,)
    show_full_result_count = False
    list_display = ("name", "restaurant", "section_count", "dish_count", "position", "is_published")
    list_editable = ("is_published",)
    list_filter = ("is_published",)
    list_select_related = ("restaurant",)
    search_fields = ("name", "restaurant__name", "restaurant__city")
    autocomplete_fields = ("restaurant",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Menu]:
        """Count sections and dishes along with the menus."""
        rows = super().get_queryset(request)
        counts = {"sections_": Count("sections", distinct=True), "dishes_": Count("sections__dishes", distinct=True)}
        return rows.annotate(**counts)

    @admin.display(description=_("sections"), ordering="sections_")
    def section_count(self, menu: Any) -> SafeString:
        """Return the number of sections, leading to them."""
        return _list_link("section", f"menu__id__exact={menu.pk}", str(menu.sections_))

    @admin.display(description=_("dishes"), ordering="dishes_")
    def dish_count(self, menu: Any) -> SafeString:
        """Return the number of dishes, leading to them."""
        return _list_link("dish", f"section__menu__id__exact={menu.pk}", str(menu.dishes_))


@admin.register(Section)
class SectionAdmin(PathFieldsMixin, SectionModelAdmin):
    """Sections with their dishes."""

    fields = ("menu", "name", "note", "position", "dish_count")
    readonly_fields = ("dish_count",)
    inlines = (DishInline,)
    show_full_result_count = False
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
        return _list_link("dish", f"section__id__exact={section.pk}", _dishes(_count(section)))

    def save_model(self, request: HttpRequest, obj: Section, form: Any, change: bool) -> None:
        """Take the restaurant from the menu."""
        obj.restaurant_id = obj.menu.restaurant_id
        super().save_model(request, obj, form, change)


def _count(section: Section) -> int:
    """Return the count that the admin's queryset brought along."""
    return int(getattr(section, "dishes_", 0))


@admin.register(Dish)
class DishAdmin(PathFieldsMixin, DishModelAdmin):
    """Dishes, with price and availability to be changed in the list."""

    form = DishForm
    fields = (
        "section",
        "name",
        "description",
        ("price", "price_note"),
        "price_source",
        "is_available",
        "allergens",
        "diets",
        "other_labels",
        "position",
    )
    readonly_fields = ("price_source",)
    show_full_result_count = False
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
