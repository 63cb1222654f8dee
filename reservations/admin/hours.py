"""Opening hours, services and the days that differ. All times are local wall time of the restaurant."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from reservations.admin import closing, pages
from reservations.admin.base import M, OwnedAdmin, SiteAdmin
from reservations.admin.chooser import FILTER, asked_restaurant, choose_restaurant
from reservations.admin.filters import OwnTurnFilter, SpecialDayFilter
from reservations.admin.formats import weekdays_text
from reservations.admin.forms import ReplacementFormSet, ServiceForm, TurnTimeFormSet
from reservations.admin.previewing import PreviewedAdmin, TouchingAdmin, first_touched
from reservations.engine.closing import give_back_holds
from reservations.engine.locks import lock_for_closing
from reservations.models import Brake, Closure, OpeningPeriod, Reservation, Restaurant, Service, SpecialDay, TurnTime
from reservations.queries.hours import Touched, touched_by_dates, touched_by_service

if TYPE_CHECKING:
    _TurnTimeInlineBase = admin.TabularInline[TurnTime, Service]
    _ReplacementInlineBase = admin.StackedInline[Service, SpecialDay]
else:
    _TurnTimeInlineBase = admin.TabularInline
    _ReplacementInlineBase = admin.StackedInline


class ClosingAdmin(OwnedAdmin[M]):
    """Rows that may end what is bookable: writing one takes the locks of the days it touches, first of all.

    So a booking in flight either is there to be seen by whoever closes, or
    waits, reads the rules again and is refused.
    """

    def days_of(self, obj: M) -> tuple[dt.date, dt.date]:
        """Return the first and last local date that the row touches."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: Any) -> None:
        """Lock the days, then save."""
        self._lock(obj)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        """Lock the days, then delete."""
        self._lock(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Lock the days of each, then delete."""
        with transaction.atomic():
            for obj in queryset.select_related("restaurant").order_by("restaurant", "pk"):
                self._lock(obj)
            super().delete_queryset(request, queryset)

    def _lock(self, obj: M) -> None:
        """Lock what diners can book: from yesterday, whose service may go on, to the end of the booking window."""
        restaurant: Restaurant = obj.restaurant  # type: ignore[attr-defined]
        today = timezone.now().astimezone(restaurant.zone).date()
        first, last = self.days_of(obj)
        lock_for_closing(
            restaurant.pk,
            max(first, today - dt.timedelta(days=1)),
            min(last, today + dt.timedelta(days=restaurant.booking_window_days + 1)),
        )


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
class ServiceAdmin(PreviewedAdmin[Service], ClosingAdmin[Service]):
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
    goes_along = (Brake,)
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

    def days_of(self, obj: Service) -> tuple[dt.date, dt.date]:
        """Return every date: a weekday or a validity date may have changed."""
        return (obj.special_day.date, obj.special_day.date) if obj.special_day else (dt.date.min, dt.date.max)

    def touched(self, obj: Service) -> list[Touched]:
        """Return the reservations to come in the service; of a special day's, those of its date."""
        return touched_by_service(obj, first_touched(obj.restaurant))

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
class SpecialDayAdmin(PreviewedAdmin[SpecialDay], ClosingAdmin[SpecialDay]):
    """Special days, with their replacement services."""

    list_display = ("date", "name", "restaurant", "is_closed", "hours")
    list_filter = ("is_closed",)
    date_hierarchy = "date"
    search_fields = ("name", "restaurant__name", "restaurant__city")
    fields = ("restaurant", "date", "name", "is_closed", "hours")
    inlines = (ReplacementInline,)

    def days_of(self, obj: SpecialDay) -> tuple[dt.date, dt.date]:
        """Return the date."""
        return obj.date, obj.date

    def touched(self, obj: SpecialDay) -> list[Touched]:
        """Return the reservations of the date; of a closed one without what is held, which is given back."""
        rows = touched_by_dates(obj.restaurant, obj.date, obj.date, first_touched(obj.restaurant))
        return [one for one in rows if not obj.is_closed or one.reservation.status != Reservation.Status.HELD]

    def left(self, form: Any) -> list[Touched]:
        """Return the reservations of the date that the day had before."""
        date, restaurant = form.initial.get("date"), form.instance.restaurant
        if date is None or date == form.instance.date:
            return []
        return touched_by_dates(restaurant, date, date, first_touched(restaurant))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Save; a closed day gives back what is held on it, and it is said which guests it leaves standing."""
        super().save_related(request, form, formsets, change)
        obj = form.instance
        if obj.is_closed:
            give_back_holds(restaurant=obj.restaurant, date=obj.date, by=pages.by(request))
            warn_of_guests(request, obj.restaurant, obj.date, obj.date)


@admin.register(Closure)
class ClosureAdmin(TouchingAdmin[Closure], ClosingAdmin[Closure]):
    """Ranges of dates on which nothing is served."""

    told_by_rules = frozenset({"added"})

    list_display = ("restaurant", "starts_on", "ends_on", "service", "reason")
    list_select_related = ("restaurant", "service")
    list_display_links = ("starts_on", "ends_on")
    date_hierarchy = "starts_on"
    search_fields = ("reason", "restaurant__name", "restaurant__city")

    def get_fieldsets(self, request: HttpRequest, obj: Closure | None = None) -> Any:
        """Say how the days are changed."""
        fields = ("restaurant", ("starts_on", "ends_on"), "service", "reason")
        text = _(
            "The days and the service stay. To close others, delete this closure and close anew:"
            " then it is chosen what happens to each reservation."
        )
        return [(None, {"fields": fields, "description": text})]

    def get_readonly_fields(self, request: HttpRequest, obj: Closure | None = None) -> Any:
        """Let the reason be edited alone: other days may hit reservations about which nothing was chosen."""
        return ("starts_on", "ends_on", "service")

    def get_urls(self) -> list[URLPattern]:
        """Add the page that closes, which is also the form to add one."""
        view = self.admin_site.admin_view(self.add_view)
        return [path("close/", view, name="reservations_closure_close"), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Close days of the restaurant that the address names, outside a transaction."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        restaurant = asked_restaurant(request)
        return closing.close(self, request, restaurant) if restaurant else choose_restaurant(self, request)

    def touched(self, obj: Closure) -> list[Touched]:
        """Return the reservations that stand on the closed days."""
        since = first_touched(obj.restaurant)
        if obj.service is None:
            return touched_by_dates(obj.restaurant, obj.starts_on, obj.ends_on, since)
        rows = touched_by_service(obj.service, since)
        return [one for one in rows if obj.starts_on <= one.reservation.service_date <= obj.ends_on]

    def days_of(self, obj: Closure) -> tuple[dt.date, dt.date]:
        """Return the range."""
        return obj.starts_on, obj.ends_on


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
