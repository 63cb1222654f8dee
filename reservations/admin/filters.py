"""Filters of the lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.forms import BoundField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reservations import access
from reservations.admin.chooser import FILTER, FilterForm, find_restaurant
from reservations.admin.counted import CountedFilter
from reservations.engine.errors import Reason
from reservations.models import Restaurant
from reservations.reasons import staff_text


class RestaurantFilter(CountedFilter):
    """One restaurant, by a search: there are too many to list."""

    title = _("restaurant")
    parameter_name = FILTER
    template = "admin/reservations/restaurant_filter.html"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the chosen restaurant alone."""
        value = self.value()
        if not value:
            return []
        found = find_restaurant(value, request.user)
        if found is None:
            raise IncorrectLookupParameters
        return [(value, str(found))]

    def has_output(self) -> bool:
        """Show the search always, save to those who have nothing to choose."""
        return access.only_restaurant(self.request.user) is None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to the restaurant."""
        found = find_restaurant(self.value() or "", request.user)
        return queryset.filter(restaurant=found) if found else None

    def field(self) -> BoundField:
        """Return the search field with the chosen restaurant in it."""
        found = find_restaurant(self.value() or "", self.request.user)
        return FilterForm(initial={FILTER: found.pk if found else None}, auto_id="filter_%s")[FILTER]

    def others(self) -> list[tuple[str, str]]:
        """Return the list's other parameters, which choosing a restaurant keeps."""
        return [
            (name, value)
            for name, values in self.request.GET.lists()
            if name not in (FILTER, "p", "e")
            for value in values
        ]


class LocalDayFilter(CountedFilter):
    """Today and its neighbours, by each restaurant's own calendar: it is two dates at once on earth."""

    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        """Return the spans of days."""
        return [
            ("today", gettext("Today")),
            ("tomorrow", gettext("Tomorrow")),
            ("week", gettext("The next 7 days")),
            ("past", gettext("Past days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to the service dates that are meant in the restaurant's zone."""
        span = self.value()
        if span not in {lookup for lookup, _title in self.lookup_choices}:
            return None
        wanted = Q(pk=None)
        for today, zones in zones_by_date(timezone.now()).items():
            wanted |= Q(restaurant__timezone__in=zones) & _dates(span or "", today)
        return queryset.filter(wanted)


def _dates(span: str, today: dt.date) -> Q:
    if span == "past":
        return Q(service_date__lt=today)
    if span == "week":
        return Q(service_date__range=(today, today + dt.timedelta(days=6)))
    return Q(service_date=today + dt.timedelta(days=1 if span == "tomorrow" else 0))


def zones_by_date(now: dt.datetime) -> dict[dt.date, list[str]]:
    """Return the zones that restaurants are in, by the local date there now."""
    found: dict[dt.date, list[str]] = {}
    names: Iterable[str] = Restaurant.objects.order_by().values_list("timezone", flat=True).distinct()
    for name in names:
        found.setdefault(now.astimezone(ZoneInfo(name)).date(), []).append(name)
    return found


class FilledFilter(CountedFilter):
    """Rows in which a foreign key is set, or is not, in words of its own."""

    field: ClassVar[str]
    with_it: ClassVar[Promise]
    without: ClassVar[Promise]

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the two kinds of rows."""
        return [("yes", str(self.with_it)), ("no", str(self.without))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to one kind."""
        return queryset.filter(**{f"{self.field}__isnull": self.value() == "no"}) if self.value() else None


class PacingFilter(FilledFilter):
    """Reservations that somebody took above pacing."""

    title, parameter_name = _("pacing"), "exceeded"
    field, with_it, without = "pacing_exceeded_by", _("exceeded knowingly"), _("kept")


class SpecialDayFilter(FilledFilter):
    """Usual services, or those of special days."""

    title, parameter_name = _("kind"), "special"
    field, with_it, without = "special_day", _("on one date only"), _("usual")


class OwnTurnFilter(FilledFilter):
    """Turn times of one service, or of the whole restaurant."""

    title, parameter_name = _("scope"), "own"
    field, with_it, without = "service", _("one service"), _("the whole restaurant")


class ReasonFilter(CountedFilter):
    """Why a booking was refused, in words."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return every reason."""
        return [(reason.value, staff_text(reason)) for reason in Reason]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to the reason."""
        return queryset.filter(reason=self.value()) if self.value() else None
