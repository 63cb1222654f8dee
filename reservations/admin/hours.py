"""Opening hours, services and the days that differ. All times are local wall time of the restaurant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from reservations.admin.base import OwnedAdmin, SiteAdmin
from reservations.admin.chooser import FILTER
from reservations.admin.filters import OwnTurnFilter, SpecialDayFilter
from reservations.admin.formats import weekdays_text
from reservations.admin.forms import ReplacementFormSet, ServiceForm, TurnTimeFormSet
from reservations.models import Closure, OpeningPeriod, Reservation, Restaurant, Service, SpecialDay, TurnTime

if TYPE_CHECKING:
    _TurnTimeInlineBase = admin.TabularInline[TurnTime, Service]
    _ReplacementInlineBase = admin.StackedInline[Service, SpecialDay]
else:
    _TurnTimeInlineBase = admin.TabularInline
    _ReplacementInlineBase = admin.StackedInline


class TurnTimeInline(_TurnTimeInlineBase):
    """A service's own turn times."""

    model = TurnTime
    formset = TurnTimeFormSet
    fields = ("up_to", "minutes")
    ordering = ("up_to",)
    extra = 1


class ReplacementInline(_ReplacementInlineBase):
    """The services of a special day."""

    model = Service
    formset = ReplacementFormSet
    fields = (
        ("name", "first_seating", "last_seating", "interval_minutes"),
        ("min_party", "max_party", "max_covers", "max_online_covers"),
    )
    formfield_overrides = SiteAdmin.formfield_overrides
    extra = 1
    show_change_link = True
    verbose_name_plural = _("services on this day, instead of the usual ones")


@admin.register(Service)
class ServiceAdmin(OwnedAdmin[Service]):
    """Services, with their turn times."""

    form = ServiceForm
    list_display = (
        "name",
        "restaurant",
        "days",
        "first_seating",
        "last_seating",
        "interval_minutes",
        "max_covers",
        "max_online_covers",
        "valid_from",
        "valid_until",
    )
    list_filter = (SpecialDayFilter,)
    list_select_related = ("restaurant", "special_day")
    search_fields = ("name", "restaurant__name", "restaurant__city")
    own_choices = ("special_day",)
    inlines = (TurnTimeInline,)
    fieldsets = (
        (None, {"fields": ("restaurant", "name", "weekdays", ("valid_from", "valid_until"))}),
        (
            _("Seatings"),
            {
                "description": _("In the restaurant's own time."),
                "fields": (("first_seating", "last_seating", "interval_minutes"),),
            },
        ),
        (
            _("Parties and pacing"),
            {"fields": (("min_party", "max_party"), ("max_covers", "max_online_covers"))},
        ),
        (
            _("Deadlines of its own"),
            {
                "description": _("Empty: as the restaurant says."),
                "fields": (
                    ("lead_minutes", "lead_clock", "lead_days_before"),
                    ("cutoff_minutes", "cutoff_clock", "cutoff_days_before"),
                ),
            },
        ),
        (_("On one date only"), {"classes": ("collapse",), "fields": ("special_day",)}),
    )

    @admin.display(description=_("weekdays"), ordering="weekdays")
    def days(self, obj: Service) -> str:
        """Return the weekdays, or the special day."""
        return str(obj.special_day) if obj.special_day else weekdays_text(obj.weekdays)


@admin.register(TurnTime)
class TurnTimeAdmin(OwnedAdmin[TurnTime]):
    """Turn times, of a service or of the whole restaurant."""

    list_display = ("up_to", "minutes", "restaurant", "service")
    list_filter = (OwnTurnFilter,)
    list_select_related = ("restaurant", "service")
    search_fields = ("restaurant__name", "restaurant__city", "service__name")
    own_choices = ("service",)
    fields = ("restaurant", "service", "up_to", "minutes")


@admin.register(OpeningPeriod)
class OpeningPeriodAdmin(OwnedAdmin[OpeningPeriod]):
    """Opening hours, also on the restaurant's form."""

    list_display = ("restaurant", "day", "opens", "closes")
    list_filter = ("day",)
    search_fields = ("restaurant__name", "restaurant__city")
    fields = ("restaurant", "day", ("opens", "closes"))


@admin.register(SpecialDay)
class SpecialDayAdmin(OwnedAdmin[SpecialDay]):
    """Special days, with their replacement services."""

    list_display = ("date", "name", "restaurant", "is_closed", "hours")
    list_filter = ("is_closed",)
    date_hierarchy = "date"
    search_fields = ("name", "restaurant__name", "restaurant__city")
    fields = ("restaurant", "date", "name", "is_closed", "hours")
    inlines = (ReplacementInline,)

    def save_model(self, request: HttpRequest, obj: SpecialDay, form: Any, change: Any) -> None:
        """Save, and say which guests a closed day leaves standing."""
        super().save_model(request, obj, form, change)
        if obj.is_closed:
            warn_of_guests(request, obj.restaurant, obj.date, obj.date)


@admin.register(Closure)
class ClosureAdmin(OwnedAdmin[Closure]):
    """Ranges of dates on which nothing is served."""

    list_display = ("restaurant", "starts_on", "ends_on", "reason")
    list_display_links = ("starts_on", "ends_on")
    date_hierarchy = "starts_on"
    search_fields = ("reason", "restaurant__name", "restaurant__city")
    fields = ("restaurant", ("starts_on", "ends_on"), "reason")

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: Any) -> None:
        """Save, and say which guests the closure leaves standing."""
        super().save_model(request, obj, form, change)
        warn_of_guests(request, obj.restaurant, obj.starts_on, obj.ends_on)


def warn_of_guests(request: HttpRequest, restaurant: Restaurant, first: dt.date, last: dt.date) -> None:
    """Tell staff of the confirmed reservations from first to last, with a link to them: closing cancels none."""
    number = Reservation.objects.filter(
        restaurant=restaurant, service_date__range=(first, last), status=Reservation.Status.CONFIRMED
    ).count()
    if not number:
        return
    text = ngettext(
        "%(count)d confirmed reservation is on these days. Closing does not cancel it.",
        "%(count)d confirmed reservations are on these days. Closing does not cancel them.",
        number,
    ) % {"count": number}
    query = {
        FILTER: restaurant.pk,
        "status__exact": Reservation.Status.CONFIRMED,
        "service_date__gte": first,
        "service_date__lte": last,
    }
    address = f"{reverse('admin:reservations_reservation_changelist')}?{urlencode(query)}"
    messages.warning(request, format_html('{} <a href="{}">{}</a>', text, address, _("Show them")))
