"""The waitlist: who waits for which date, in which place. The write rules change it; the form is for reading."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import waiting
from reservations.admin.acting import act_path
from reservations.admin.base import OwnedAdmin
from reservations.admin.chooser import asked_restaurant, choose_restaurant
from reservations.admin.filters import LocalDayFilter
from reservations.admin.formats import local_text
from reservations.admin.pages import page_of
from reservations.admin.search import with_phone
from reservations.models import WaitlistEntry
from reservations.queries.waiting import places
from reservations.scoping import Link

Status = WaitlistEntry.Status


class WaitlistList(ChangeList):
    """A page of the waitlist with the places in the queues, read at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then the places."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        found = places(rows)
        for row in rows:
            row.place_in_queue = found.get(row.pk, 0)


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(OwnedAdmin[WaitlistEntry]):
    """Who waits; online, by phone and at the door."""

    told_by_rules = frozenset({"added", "changed", "deleted"})

    list_display = (
        "window",
        "place",
        "party_size",
        "name",
        "status",
        "kind",
        "phone",
        "restaurant",
        "joined",
    )
    list_display_links = ("window", "name")
    list_filter = (LocalDayFilter, "status", "kind")
    date_hierarchy = "service_date"
    search_fields = ("name", "email", "phone", "reference")
    search_help_text = gettext_lazy("By name, e-mail, phone or reference.")
    actions = None
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "reference",
                    ("status", "kind"),
                    "place",
                    "restaurant",
                    "service_date",
                    "window",
                    "party_size",
                    "area",
                    "needs_step_free",
                    "offer",
                    "offered_until",
                )
            },
        ),
        (gettext_lazy("Guest"), {"fields": ("guest", "name", "email", "phone", "note", "language")}),
        (gettext_lazy("Record"), {"fields": ("joined", "created_by", "quoted_minutes", "ended")}),
    )
    readonly_fields = ("reference", "place", "window", "offered_until", "joined", "ended")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows the places."""
        return WaitlistList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[WaitlistEntry], bool]:
        """Find a phone number also as people write it."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        return with_phone(queryset, found, search_term), duplicates

    def has_change_permission(self, request: HttpRequest, obj: WaitlistEntry | None = None) -> bool:
        """Refuse to the form what the permission grants to the write rules."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: WaitlistEntry | None = None) -> bool:
        """Refuse: an entry is taken off the list, and stays on record."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that promote, accept and take off the list."""
        views = {"promote": self.promote_view, "accept": self.accept_view, "leave": self.leave_view}
        return [*(act_path(self, name, view) for name, view in views.items()), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Put a guest on the list, at the restaurant that the address names, outside a transaction."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        restaurant = asked_restaurant(request)
        if restaurant is None:
            return choose_restaurant(self, request)
        return waiting.add(self, request, restaurant)

    def promote_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Promote, outside a transaction."""
        return waiting.promote(self, request, pk)

    def accept_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Accept an offer for the guest, outside a transaction."""
        return waiting.accept(self, request, pk)

    def leave_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take off the list, outside a transaction."""
        return waiting.leave(self, request, pk)

    def object_links(self, request: HttpRequest, obj: WaitlistEntry) -> list[Link]:
        """Link to the offer, and to what can be done while the party waits."""
        links = super().object_links(request, obj)
        if obj.offer is not None and request.user.has_perm("reservations.view_reservation"):
            links.append((page_of(obj.offer), _("Reservation %(offer)s") % {"offer": obj.offer.reference}))
        if request.user.has_perm(f"reservations.{waiting.CHANGE}"):
            acts = {
                "promote": (_("Promote"), (Status.WAITING,)),
                "accept": (_("Accept for the guest"), (Status.OFFERED,)),
                "leave": (_("Take off the list"), (Status.WAITING, Status.OFFERED)),
            }
            links += [
                (reverse(f"admin:reservations_waitlistentry_{name}", args=(obj.pk,)), label)
                for name, (label, statuses) in acts.items()
                if obj.status in statuses
            ]
        return links

    @admin.display(description=gettext_lazy("waits for"), ordering="earliest")
    def window(self, obj: WaitlistEntry) -> str:
        """Return the local times that the party waits for."""
        return waiting.window_text(obj)

    @admin.display(description=gettext_lazy("place"))
    def place(self, obj: WaitlistEntry) -> str:
        """Return the place in the queue, or a dash for who waits no more."""
        if not hasattr(obj, "place_in_queue"):
            return str(places([obj]).get(obj.pk, "–"))
        return str(getattr(obj, "place_in_queue", 0) or "–")

    @admin.display(description=gettext_lazy("offered until"))
    def offered_until(self, obj: WaitlistEntry) -> str:
        """Return until when the offered table is held."""
        return local_text(obj.offer.held_until if obj.offer else None, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("joined"), ordering="created_at")
    def joined(self, obj: WaitlistEntry) -> str:
        """Return when the party joined."""
        return local_text(obj.created_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("ended"))
    def ended(self, obj: WaitlistEntry) -> str:
        """Return when the waiting ended."""
        return local_text(obj.ended_at, obj.restaurant.zone)
