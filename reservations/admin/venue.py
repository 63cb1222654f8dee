"""The admin of restaurants, and of their cuisines."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin import explain, floor, phone, timeline
from reservations.admin.base import OwnedAdmin, SiteAdmin, counted
from reservations.admin.chooser import FILTER
from reservations.admin.formats import local_text
from reservations.admin.forms import AreaFormSet, CuisineForm, RestaurantForm
from reservations.admin.history import activity_links
from reservations.admin.owners import OwnersFields
from reservations.models import (
    Area,
    BookingImport,
    Brake,
    CombinationTable,
    HistoryEvent,
    HistoryOutbox,
    ImportRow,
    OpeningPeriod,
    Refusal,
    Reservation,
    Restaurant,
    RestaurantCuisine,
    ServiceDay,
)
from reservations.scoping import Link
from restaurant_site.photos.admin import PhotoAdmin

if TYPE_CHECKING:
    _AreaInlineBase = admin.TabularInline[Area, Restaurant]
    _CuisineInlineBase = admin.TabularInline[RestaurantCuisine, Restaurant]
    _PeriodInlineBase = admin.TabularInline[OpeningPeriod, Restaurant]
else:
    _AreaInlineBase = _CuisineInlineBase = _PeriodInlineBase = admin.TabularInline


class AreaInline(_AreaInlineBase):
    """A restaurant's areas."""

    model = Area
    formset = AreaFormSet
    fields = ("name", "position")
    ordering = ("position", "pk")
    extra = 1
    show_change_link = True


class OpeningPeriodInline(_PeriodInlineBase):
    """The hours that guests are shown."""

    model = OpeningPeriod
    fields = ("day", "opens", "closes")
    ordering = ("day", "opens")
    formfield_overrides = SiteAdmin.formfield_overrides
    extra = 1


class CuisineInline(_CuisineInlineBase):
    """A restaurant's cuisines."""

    model = RestaurantCuisine
    form = CuisineForm
    extra = 1


@admin.register(Restaurant)
class RestaurantAdmin(PhotoAdmin, OwnersFields, SiteAdmin[Restaurant]):
    """Restaurants. What one has hundreds of is linked above its form, not on it."""

    form = RestaurantForm
    goes_along = (Refusal, ServiceDay, Brake, CombinationTable, HistoryEvent, HistoryOutbox, BookingImport, ImportRow)
    list_display = ("name", "city", "country", "timezone", "online_booking", "is_published")
    list_filter = ("is_published", "online_booking", "country")
    search_fields = ("name", "city", "slug", "source_ref")
    search_help_text = gettext_lazy("By name, city, slug or source reference.")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    readonly_fields = ("source_ref", "updated")
    inlines = (AreaInline, OpeningPeriodInline, CuisineInline)
    fieldsets = (
        (None, {"fields": ("name", "slug", "tagline", "description", "text_language", "is_published", "position")}),
        (gettext_lazy("Photo and colour"), {"fields": ("photo", "photo_alt", "accent")}),
        (
            gettext_lazy("Address and contact"),
            {
                "fields": (
                    "street",
                    ("postcode", "city", "country"),
                    ("latitude", "longitude"),
                    "phone",
                    "email",
                    "website",
                )
            },
        ),
        (gettext_lazy("Time and money"), {"fields": ("timezone", "currency")}),
        (
            gettext_lazy("Booking rules"),
            {
                "description": gettext_lazy("A service may have party limits and deadlines of its own."),
                "fields": (
                    "online_booking",
                    ("min_party", "max_party"),
                    "booking_window_days",
                    "hold_minutes",
                    "turn_minutes",
                    ("lead_minutes", "lead_clock", "lead_days_before"),
                    ("cutoff_minutes", "cutoff_clock", "cutoff_days_before"),
                ),
            },
        ),
        (
            gettext_lazy("Waitlist and requests"),
            {"fields": (("takes_waitlist", "offer_minutes"), ("takes_requests", "request_hours"))},
        ),
        (
            gettext_lazy("Guests"),
            {
                "fields": (
                    ("reminder_hours", "sends_thanks"),
                    ("late_minutes", "sheet_minutes"),
                    "confirms_by_mail",
                    ("no_shows_flagged", "no_shows_call"),
                    "retention_days",
                )
            },
        ),
        (gettext_lazy("Staff"), {"fields": ("hosts_use_codes",)}),
        (gettext_lazy("Source"), {"fields": ("hours_text", "source_ref", "updated")}),
    )

    @admin.display(description=gettext_lazy("updated"))
    def updated(self, obj: Restaurant) -> str:
        """Return when the row was last saved."""
        if not obj.pk:
            return "–"
        # The form that is refused has put what was typed into the row: that need be no zone.
        zone = Restaurant.objects.values_list("timezone", flat=True).get(pk=obj.pk)
        return local_text(obj.updated_at, zoneinfo.ZoneInfo(zone))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Link to the floor, for who may see it."""
        return [*super().get_list_display(request), *(["floor_link"] if floor.may_see(request) else [])]

    @admin.display(description=gettext_lazy("floor"))
    def floor_link(self, obj: Restaurant) -> str:
        """Return the link to the restaurant's floor."""
        return format_html('<a href="{}">{}</a>', floor.address(obj.pk), _("Floor"))

    def object_links(self, request: HttpRequest, obj: Restaurant) -> list[Link]:
        """Link to the floor, to closing and booking, to why times are offered or not, and to what happened lately."""
        links = floor.links(request, obj)
        if request.user.has_perm(phone.ADD):
            links.append((phone.address(obj.pk), _("New reservation")))
        if explain.may_see(request):
            address = reverse("admin:reservations_restaurant_explain", args=(obj.pk,))
            links.append((address, _("Why is this time (not) offered?")))
        if self.has_change_permission(request, obj):
            links.append((reverse("set_up_overview", args=(obj.pk,)), _("What is missing?")))
        if request.user.has_perm("reservations.add_bookingimport"):
            address = reverse("admin:reservations_bookingimport_add")
            links.append((f"{address}?restaurant={obj.pk}", _("Bring guests and reservations over")))
        return [
            *links,
            *_links_of_others(self.admin_site, "restaurant_links", request, obj),
            *activity_links(request, obj),
        ]

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of the evening, and the one that explains a day's times."""
        view = self.admin_site.admin_view(self.explain_view)
        explained = path("<int:pk>/explain/", view, name="reservations_restaurant_explain")
        return [explained, *floor.urls(self), *timeline.urls(self), *super().get_urls()]

    def explain_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Explain a day's times."""
        return explain.page(self, request, pk)

    def related_links(self, request: HttpRequest, obj: Restaurant) -> list[Link]:
        """Link to everything of the restaurant that is not on its form, whichever app it is of."""
        links = []
        on_form = {inline.model for inline in self.inlines}
        for relation in Restaurant._meta.related_objects:
            model = relation.related_model
            if model in on_form or not admin.site.is_registered(model):
                continue
            model_admin = admin.site.get_model_admin(model)
            if model_admin.has_view_or_change_permission(request):
                address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
                query = urlencode({FILTER: obj.pk})
                links.append((f"{address}?{query}", str(capfirst(model._meta.verbose_name_plural))))
        return [*links, *_links_of_others(self.admin_site, "restaurant_pages", request, obj)]

    def deletion_refusals(self, request: HttpRequest, objs: Iterable[Restaurant]) -> Iterable[str]:
        """Keep a restaurant that people booked at."""
        for restaurant, number in counted(objs, Reservation.objects.all(), "restaurant"):
            yield ngettext(
                "%(restaurant)s has %(count)d reservation. Untick “published” instead.",
                "%(restaurant)s has %(count)d reservations. Untick “published” instead.",
                number,
            ) % {"restaurant": restaurant, "count": number}


@admin.register(RestaurantCuisine)
class RestaurantCuisineAdmin(OwnedAdmin[RestaurantCuisine]):
    """Cuisines, also on the restaurant's form."""

    list_display = ("cuisine", "restaurant")
    search_fields = ("cuisine", "restaurant__name")
    fields = ("restaurant", "cuisine")


def _links_of_others(site: admin.AdminSite, name: str, request: HttpRequest, restaurant: Restaurant) -> list[Link]:
    """Return what admins of other apps, which this one does not know, have to do with a restaurant."""
    found: list[Link] = []
    for model_admin in site._registry.values():
        if links := getattr(model_admin, name, None):
            found += links(request, restaurant)
    return found
