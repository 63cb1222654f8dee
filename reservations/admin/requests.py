"""Requests of large parties. The write rules answer them; the form is for reading."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import answering
from reservations.admin.acting import act_path
from reservations.admin.base import OwnedAdmin
from reservations.admin.filters import LocalDayFilter
from reservations.admin.formats import local_text
from reservations.admin.pages import page_of
from reservations.admin.search import with_phone
from reservations.admin.state_filters import AnsweredFilter
from reservations.models import BookingRequest
from reservations.scoping import Link

Status = BookingRequest.Status

_OPEN_FIRST = Case(
    When(status=Status.OPEN, then=Value(0)),
    When(status=Status.PROPOSED, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


@admin.register(BookingRequest)
class BookingRequestAdmin(OwnedAdmin[BookingRequest]):
    """Requests of large parties, and the pages that answer them."""

    told_by_rules = frozenset({"added", "changed", "deleted"})

    list_display = ("start", "party_size", "name", "status", "expires", "restaurant", "asked")
    list_display_links = ("start", "name")
    list_filter = (AnsweredFilter, LocalDayFilter)
    date_hierarchy = "service_date"
    search_fields = ("name", "email", "phone", "reference")
    search_help_text = gettext_lazy("By name, e-mail, phone or reference.")
    ordering = (_OPEN_FIRST.asc(), "expires_at", "-pk")
    actions = None
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "reference",
                    "status",
                    "expires",
                    "restaurant",
                    "start",
                    "party_size",
                    "needs_step_free",
                    "rules_say",
                )
            },
        ),
        (
            gettext_lazy("Guest"),
            {"fields": ("name", "email", "phone", "occasion", "dietary_needs", "note", "language")},
        ),
        (
            gettext_lazy("Answer"),
            {"fields": ("reservation", "reserved", "answer", "answered_by", "answered", "asked")},
        ),
    )
    readonly_fields = ("reference", "start", "expires", "rules_say", "reserved", "answered", "asked")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[BookingRequest], bool]:
        """Find a phone number also as people write it."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        return with_phone(queryset, found, search_term), duplicates

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: guests ask. Staff book at once, whatever the party's size."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: BookingRequest | None = None) -> bool:
        """Refuse to the form what the permission grants to the write rules."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BookingRequest | None = None) -> bool:
        """Refuse: a request is answered, and stays on record."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that answer."""
        views = {"accept": self.accept_view, "propose": self.propose_view, "decline": self.decline_view}
        return [*(act_path(self, name, view) for name, view in views.items()), *super().get_urls()]

    def accept_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Accept, outside a transaction."""
        return answering.accept(self, request, pk)

    def propose_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Propose another time, outside a transaction."""
        return answering.propose(self, request, pk)

    def decline_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Decline, outside a transaction."""
        return answering.decline(self, request, pk)

    def object_links(self, request: HttpRequest, obj: BookingRequest) -> list[Link]:
        """Link to the reservation or proposal, and to the answers that can still be given."""
        links = super().object_links(request, obj)
        if obj.reservation is not None and request.user.has_perm("reservations.view_reservation"):
            links.append((page_of(obj.reservation), _("Reservation %(offer)s") % {"offer": obj.reservation.reference}))
        if request.user.has_perm(f"reservations.{answering.CHANGE}"):
            acts = {
                "accept": (_("Accept"), answering.ACCEPTABLE),
                "propose": (_("Propose another time"), answering.ANSWERABLE),
                "decline": (_("Decline"), answering.ANSWERABLE),
            }
            links += [
                (reverse(f"admin:reservations_bookingrequest_{name}", args=(obj.pk,)), label)
                for name, (label, statuses) in acts.items()
                if obj.status in statuses
            ]
        return links

    @admin.display(description=gettext_lazy("start"), ordering="starts_at")
    def start(self, obj: BookingRequest) -> str:
        """Return the local start that is asked for."""
        return local_text(obj.starts_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("answered until"), ordering="expires_at")
    def expires(self, obj: BookingRequest) -> str:
        """Return until when an open request waits; a dash for one that is answered."""
        return local_text(obj.expires_at if obj.status == Status.OPEN else None, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("the rules now"))
    def rules_say(self, obj: BookingRequest) -> str:
        """Return what the rules for staff say at this moment about the time that is asked for."""
        return answering.verdict(obj).text if obj.status in answering.ANSWERABLE else "–"

    @admin.display(description=gettext_lazy("reserved"))
    def reserved(self, obj: BookingRequest) -> str:
        """Return the local time that was booked or proposed, and until when a proposal is held."""
        if obj.reservation is None:
            return "–"
        return answering.reserved_text(obj.reservation)

    @admin.display(description=gettext_lazy("answered"))
    def answered(self, obj: BookingRequest) -> str:
        """Return when staff answered."""
        return local_text(obj.answered_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("asked"), ordering="created_at")
    def asked(self, obj: BookingRequest) -> str:
        """Return when the guest asked."""
        return local_text(obj.created_at, obj.restaurant.zone)
