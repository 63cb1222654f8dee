"""Menus with their sections, and the pages that are made for the work with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from menus.admin import choosing, pages, scope, urls
from menus.admin.base import MenusAdmin, OfRestaurantFormSet, list_link
from menus.menu_form import MenuForm
from menus.models import Menu, Section
from menus.templatetags.menu_tags import applies_text
from reservations.models import Restaurant
from reservations.scoping import Link

if TYPE_CHECKING:
    SectionTabularInline = admin.TabularInline[Section, Menu]
else:
    SectionTabularInline = admin.TabularInline


class SectionInline(SectionTabularInline):
    """The sections of a menu."""

    model = Section
    formset = OfRestaurantFormSet
    fields = ("name", "note", "position")
    extra = 1
    show_change_link = True


@admin.register(Menu)
class MenuAdmin(MenusAdmin[Menu]):
    """Menus with their sections."""

    form = MenuForm
    inlines = (SectionInline,)
    list_display = ("name", "restaurant", "when", "state", "section_count", "dish_count", "is_published")
    list_editable = ("is_published",)
    list_filter = ("is_published",)
    list_select_related = ("restaurant",)
    search_fields = ("name", "restaurant__name", "restaurant__city")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Menu]:
        """Count sections and dishes along with the menus."""
        rows = super().get_queryset(request)
        counts = {"sections_": Count("sections", distinct=True), "dishes_": Count("sections__dishes", distinct=True)}
        return rows.annotate(**counts)

    def get_fieldsets(self, request: HttpRequest, obj: Menu | None = None) -> Any:
        """Ask for the restaurant's menus once this one is among them."""
        first = ["restaurant", "name", "title", "note", "position"]
        live = ["is_published", "goes_live_at", *(["replaces"] if obj is not None else [])]
        return [
            (None, {"fields": first}),
            (_("When it goes live"), {"fields": live}),
            (_("When it applies"), {"fields": ["at_services", "weekdays", ("valid_from", "valid_until")]}),
        ]

    def get_form(self, request: HttpRequest, obj: Menu | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Leave `at_services`, which is no column, to the form itself."""
        kwargs["fields"] = [
            name for name in flatten_fieldsets(self.get_fieldsets(request, obj)) if name != "at_services"
        ]
        form = super().get_form(request, obj, change, **kwargs)
        if isinstance(widget := getattr(form.base_fields.get("replaces"), "widget", None), RelatedFieldWidgetWrapper):
            # A menu that is added here would be any restaurant's.
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return form

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask which restaurant's menu it is, unless that is known: its services are chosen along with the rest."""
        if request.method == "GET" and self.has_add_permission(request) and choosing.asked(request) is None:
            return choosing.choose(self, request)
        return super().add_view(request, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, str | list[str]]:
        """Begin with the restaurant that is known."""
        found = super().get_changeform_initial_data(request)
        asked = choosing.asked(request)
        return {**found, "restaurant": str(asked.pk)} if asked else found

    def get_urls(self) -> list[URLPattern]:
        """Add the pages made for the work."""
        return [*urls.found(self), *super().get_urls()]

    def object_links(self, request: HttpRequest, obj: Menu) -> list[Link]:
        """Link to the pages about the menu."""
        return pages.menu_links(request, obj)

    def restaurant_links(self, request: HttpRequest, restaurant: Restaurant) -> list[Link]:
        """Return the button on the restaurant's own page: what is wanted in service."""
        return pages.restaurant_links(request, restaurant)[:1] if scope.may_sell_out(request) else []

    def restaurant_pages(self, request: HttpRequest, restaurant: Restaurant) -> list[Link]:
        """Return what else the restaurant's own page links to."""
        return pages.restaurant_links(request, restaurant)[scope.may_sell_out(request) :]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Save the services with the menu, in its transaction."""
        super().save_related(request, form, formsets, change)
        form.save_services()

    def get_deleted_objects(
        self, objs: Sequence[Menu] | QuerySet[Menu], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Keep a menu that replaces another: without it, diners would see that one again."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        going = {menu.pk for menu in objs}
        return deleted, counts, lacking, [*protected, *(_kept(menu) for menu in _replacing(objs, going))]

    @admin.display(description=_("when"))
    def when(self, menu: Menu) -> str:
        """Return on which weekdays and dates it applies."""
        return applies_text((), menu.weekdays, menu.valid_from, menu.valid_until) or "–"

    @admin.display(description=_("state"))
    def state(self, menu: Menu) -> str:
        """Return whether diners see it, or when they will."""
        return pages.state_text(menu)

    @admin.display(description=_("sections"), ordering="sections_")
    def section_count(self, menu: Any) -> SafeString:
        """Return the number of sections, leading to them."""
        return list_link("section", f"menu__id__exact={menu.pk}", str(menu.sections_))

    @admin.display(description=_("dishes"), ordering="dishes_")
    def dish_count(self, menu: Any) -> SafeString:
        """Return the number of dishes, leading to them."""
        return list_link("dish", f"section__menu__id__exact={menu.pk}", str(menu.dishes_))


def _replacing(objs: Sequence[Menu] | QuerySet[Menu], going: set[int]) -> Iterator[Menu]:
    for menu in objs:
        older = menu.replaces
        if older is not None and older.is_published and older.pk not in going:
            yield menu


def _kept(menu: Menu) -> str:
    return gettext("“%(menu)s” replaces “%(older)s”, which diners would see again. Untick “published” there first.") % {
        "menu": menu,
        "older": menu.replaces,
    }
