"""The history: events that nobody may add, change or delete, and what is still to be copied."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from reservations.admin import event_pages
from reservations.admin.base import ReadOnlyAdmin
from reservations.admin.counted import CountedFilter
from reservations.admin.event_lines import chain_text
from reservations.admin.event_words import KINDS, actor_text, kind_text, source_text, subject_text
from reservations.admin.filters import zones_by_date
from reservations.admin.formats import local_text
from reservations.models import HistoryEvent, HistoryOutbox, Restaurant
from reservations.scoping import Link

VIEW = "reservations.view_historyevent"


def activity_links(request: HttpRequest, restaurant: Restaurant) -> list[Link]:
    """Return the link to a restaurant's recent activity, for who may see it."""
    return _links(request, "restaurant", restaurant.pk, gettext("Recent activity"))


def reservation_links(request: HttpRequest, pk: int) -> list[Link]:
    """Return the link to what happened to a reservation, for who may see it."""
    return _links(request, "reservation", pk, gettext("What happened"))


def _links(request: HttpRequest, page: str, pk: int, label: str) -> list[Link]:
    if not request.user.has_perm(VIEW):
        return []
    return [(reverse(f"admin:reservations_historyevent_{page}", args=(pk,)), label)]


class KindFilter(CountedFilter):
    """One kind of event, in words."""

    title = gettext_lazy("event")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return every kind that has words."""
        return [(kind, str(words)) for kind, words in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to the kind."""
        return queryset.filter(kind=self.value()) if self.value() else None


class HappenedFilter(CountedFilter):
    """When it happened, by each restaurant's own calendar."""

    title = gettext_lazy("when")
    parameter_name = "when"
    _days: ClassVar = {"today": (0, 1), "yesterday": (-1, 0), "week": (-6, 1), "month": (-29, 1)}

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the spans of days."""
        return [
            ("today", gettext("Today")),
            ("yesterday", gettext("Yesterday")),
            ("week", gettext("The last 7 days")),
            ("month", gettext("The last 30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to events between two local midnights."""
        span = self._days.get(self.value() or "")
        if span is None:
            return None
        # Many zones share their midnights.
        zones_of: dict[tuple[dt.datetime, ...], list[str]] = {}
        for today, zones in zones_by_date(timezone.now()).items():
            for zone in zones:
                limits = tuple(_midnight(today + dt.timedelta(days=days), zone) for days in span)
                zones_of.setdefault(limits, []).append(zone)
        wanted = Q(pk=None)
        for (first, end), zones in zones_of.items():
            wanted |= Q(restaurant__timezone__in=zones, happened_at__gte=first, happened_at__lt=end)
        return queryset.filter(wanted)


def _midnight(date: dt.date, zone: str) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


@admin.register(HistoryEvent)
class HistoryEventAdmin(ReadOnlyAdmin[HistoryEvent]):
    """All events of all restaurants, and the two pages that tell them in full."""

    list_display = ("when", "what", "subject_", "who", "from_", "restaurant", "chain_", "position")
    list_filter = (KindFilter, HappenedFilter)
    search_fields = ("chain", "restaurant__name", "restaurant__city", "restaurant__slug")
    search_help_text = gettext_lazy("By restaurant, or by service date such as 2027-03-27.")
    ordering = ("-happened_at", "-pk")
    fields = (
        "restaurant",
        "when",
        "what",
        "subject_",
        "guest_number",
        "who",
        "user_number",
        "from_",
        "changes",
        "chain",
        "position",
        "digest",
    )
    readonly_fields = ("when", "what", "subject_", "who", "from_")

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of a restaurant and of a reservation."""
        view = self.admin_site.admin_view
        return [
            path("restaurant/<int:pk>/", view(self.restaurant_view), name="reservations_historyevent_restaurant"),
            path("reservation/<int:pk>/", view(self.reservation_view), name="reservations_historyevent_reservation"),
            *super().get_urls(),
        ]

    def restaurant_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a restaurant's recent activity."""
        return event_pages.of_restaurant(self, request, pk)

    def reservation_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what happened to a reservation."""
        return event_pages.of_reservation(self, request, pk)

    def object_links(self, request: HttpRequest, obj: HistoryEvent) -> list[Link]:
        """Link to what else happened."""
        links = [*super().object_links(request, obj), *activity_links(request, obj.restaurant)]
        if obj.subject == "reservation":
            links += reservation_links(request, obj.subject_number)
        return links

    @admin.display(description=gettext_lazy("when"), ordering="happened_at")
    def when(self, obj: HistoryEvent) -> str:
        """Return the local time."""
        return local_text(obj.happened_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("event"), ordering="kind")
    def what(self, obj: HistoryEvent) -> str:
        """Return what happened in words."""
        return kind_text(obj.kind)

    @admin.display(description=gettext_lazy("subject"))
    def subject_(self, obj: HistoryEvent) -> str:
        """Return to what it happened."""
        return f"{subject_text(obj.subject)} #{obj.subject_number}"

    @admin.display(description=gettext_lazy("by"), ordering="actor")
    def who(self, obj: HistoryEvent) -> str:
        """Return who did it."""
        return actor_text(obj.actor)

    @admin.display(description=gettext_lazy("from"), ordering="source")
    def from_(self, obj: HistoryEvent) -> str:
        """Return from where it was done."""
        return source_text(obj.source)

    @admin.display(description=gettext_lazy("chain"), ordering="chain")
    def chain_(self, obj: HistoryEvent) -> str:
        """Return the chain in words."""
        return chain_text(obj.chain)


@admin.register(HistoryOutbox)
class HistoryOutboxAdmin(ReadOnlyAdmin[HistoryOutbox]):
    """Events that the store outside the database does not have yet."""

    list_display = ("event", "restaurant", "attempts")
    list_select_related = ("restaurant", "event")
    search_fields = ("restaurant__name", "restaurant__city", "restaurant__slug")
    fields = ("restaurant", "event", "attempts")
