"""Reservations, and the rows that only the write rules write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import booking, changing, floor, moving, noting, phone, touching
from reservations.admin.base import OwnedAdmin, ReadOnlyAdmin
from reservations.admin.chooser import asked_restaurant, choose_restaurant
from reservations.admin.filters import LocalDayFilter, PacingFilter, ReasonFilter
from reservations.admin.flags import EveningColumns, LateFilter, TwiceFilter, notes
from reservations.admin.formats import date_text, local_text
from reservations.admin.history import reservation_links
from reservations.messages.lines import isolated
from reservations.models import Block, Refusal, Reservation, ServiceDay, Table, TableClaim
from reservations.queries.evening import with_twice
from reservations.queries.touches import touches
from reservations.reasons import passed_text, staff_text
from reservations.scoping import Link


class ReservationList(ChangeList):
    """A page of reservations with the names of their tables, read at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then the names."""
        super().get_results(request)
        name_tables(list(self.result_list))


def name_tables(reservations: Sequence[Reservation | Block]) -> None:
    """Give each reservation or block, which knows its tables by number, their names as ``table_names``."""
    numbers = sorted({pk for reservation in reservations for pk in reservation.table_ids})
    names: dict[int, str] = {}
    for first in range(0, len(numbers), 1000):
        names.update(Table.objects.filter(pk__in=numbers[first : first + 1000]).values_list("pk", "name"))
    for reservation in reservations:
        found = [isolated(names[pk]) for pk in reservation.table_ids if pk in names]
        setattr(reservation, "table_names", " + ".join(found))  # noqa: B010 - no column of the model


@admin.register(Reservation)
class ReservationAdmin(EveningColumns, OwnedAdmin[Reservation]):
    """Reservations. They are added and cancelled by the write rules; the form is for reading.

    The form's own view is inside a transaction, where the order of locks can't hold.
    """

    told_by_rules = frozenset({"added", "changed", "deleted"})

    list_display = (
        "start",
        "party_size",
        "name",
        "tables",
        "status",
        "flags",
        "source",
        "reference_",
        "restaurant",
    )
    list_display_links = ("start", "name", "reference_")
    list_filter = (LocalDayFilter, "status", LateFilter, TwiceFilter, "source", PacingFilter)
    date_hierarchy = "service_date"
    search_fields = ("name", "email", "phone", "reference")
    search_help_text = gettext_lazy("By name, e-mail, phone or reference.")
    ordering = ("-service_date", "starts_at", "pk")
    actions = None
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "reference",
                    "status",
                    "restaurant",
                    "service_name",
                    "start",
                    "end",
                    "party_size",
                    "tables",
                    "area",
                    "needs_step_free",
                )
            },
        ),
        (
            gettext_lazy("Guest"),
            {
                "fields": (
                    "guest",
                    "name",
                    "email",
                    "phone",
                    "booker_name",
                    "booker_email",
                    "occasion",
                    "children",
                    "high_chairs",
                    "dietary_needs",
                    "note",
                    "language",
                )
            },
        ),
        (
            gettext_lazy("On the evening"),
            {"fields": ("coming", "late_minutes", "late_flagged", "arrived", "seated", "finished")},
        ),
        (
            gettext_lazy("Record"),
            {
                "fields": (
                    "source",
                    "created_by",
                    "created",
                    "confirmed",
                    "cancelled",
                    "cancelled_late",
                    "held",
                    "asked",
                    "sequence",
                    "pacing_exceeded_by",
                    "pacing_reason",
                    "passed_over_",
                    "passed_over_reason",
                )
            },
        ),
    )
    readonly_fields = (
        *("reference", "start", "end", "tables", "coming", "late_flagged", "arrived", "seated", "finished"),
        *("created", "confirmed", "cancelled", "held", "sequence", "passed_over_"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows its tables' names."""
        return ReservationList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Reservation], bool]:
        """Find a phone number also as people write it: stored is +49301234567, typed is 030 123 45 67."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        digits = "".join(char for char in search_term if char.isdecimal()).lstrip("0")
        if len(digits) >= 5 and not search_term.strip(" +-/()0123456789"):
            found = queryset.filter(Q(pk__in=found.values("pk")) | Q(phone__contains=digits))
        return found, duplicates

    def has_change_permission(self, request: HttpRequest, obj: Reservation | None = None) -> bool:
        """Refuse to the form what the permission grants to the write rules."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Reservation | None = None) -> bool:
        """Refuse: a reservation is cancelled, and stays on record."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that act."""
        cancel = path(
            "<int:pk>/cancel/", self.admin_site.admin_view(self.cancel_view), name="reservations_reservation_cancel"
        )
        return [
            *touching.urls(self),
            *noting.urls(self),
            *moving.urls(self),
            *changing.urls(self),
            cancel,
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reservation]:
        """Know of each whether the same guest has another one in its service."""
        return with_twice(super().get_queryset(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Link a list of one restaurant's to its floor."""
        extra = {"object_links": floor.list_links(request)}
        return super().changelist_view(request, extra | (extra_context or {}))

    def form_context(self, request: HttpRequest, obj: Reservation) -> dict[str, Any]:
        """Return also what wants heed, the buttons of one touch, and what takes the last one back."""
        may = request.user.has_perm(booking.CHANGE)
        last = touches(obj.restaurant_id, (obj.service_date,), timezone.now()).get(obj.pk) if may else None
        return {
            **super().form_context(request, obj),
            "notes": notes(request, obj),
            "buttons": [
                *(touching.buttons(obj) if may else []),
                # From the floor who is finished, cancelled or a no-show is gone: this page is where its message leads.
                *([noting.undo_button(obj, last.event, last.kind, "")] if last else []),
            ],
            "actions": touching.links(obj) if may else [],
        }

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Book, at the restaurant that the address names, outside a transaction."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        restaurant = asked_restaurant(request)
        if restaurant is None:
            return choose_restaurant(self, request)
        return phone.add(self, request, restaurant)

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Cancel, outside a transaction."""
        return booking.cancel(self, request, pk)

    def object_links(self, request: HttpRequest, obj: Reservation) -> list[Link]:
        """Link to what happened, and to cancelling for as long as that is possible."""
        links = [*super().object_links(request, obj), *reservation_links(request, obj.pk)]
        if obj.status == Reservation.Status.CONFIRMED and request.user.has_perm(booking.CHANGE):
            address = reverse("admin:reservations_reservation_cancel", args=(obj.pk,))
            links.append((address, _("Cancel reservation")))
        return links

    @admin.display(description=gettext_lazy("start"), ordering="starts_at")
    def start(self, obj: Reservation) -> str:
        """Return the local start, and the service date where it began the evening before."""
        text = local_text(obj.starts_at, obj.restaurant.zone)
        if obj.local_start.date() != obj.service_date:
            text += " " + _("(service of %(date)s)") % {"date": date_text(obj.service_date)}
        return text

    @admin.display(description=gettext_lazy("end"))
    def end(self, obj: Reservation) -> str:
        """Return until when the tables are held."""
        return local_text(obj.ends_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("tables"))
    def tables(self, obj: Reservation) -> str:
        """Return the names of the tables."""
        if not hasattr(obj, "table_names"):
            name_tables([obj])
        return getattr(obj, "table_names", "") or "–"

    @admin.display(description=gettext_lazy("reference"), ordering="reference")
    def reference_(self, obj: Reservation) -> str:
        """Return the reference."""
        return obj.reference

    @admin.display(description=gettext_lazy("rules passed over"))
    def passed_over_(self, obj: Reservation) -> str:
        """Return which rules of online booking whoever booked it passed over."""
        return passed_text(obj.passed_over) or "–"

    @admin.display(description=gettext_lazy("created"))
    def created(self, obj: Reservation) -> str:
        """Return when the hold or the booking was made."""
        return local_text(obj.created_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("confirmed"))
    def confirmed(self, obj: Reservation) -> str:
        """Return when it was confirmed."""
        return local_text(obj.confirmed_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("cancelled"))
    def cancelled(self, obj: Reservation) -> str:
        """Return when it was cancelled."""
        return local_text(obj.cancelled_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("held until"))
    def held(self, obj: Reservation) -> str:
        """Return until when the hold lasts."""
        return local_text(obj.held_until, obj.restaurant.zone)


@admin.register(Refusal)
class RefusalAdmin(ReadOnlyAdmin[Refusal]):
    """Bookings that were refused, and why."""

    list_display = ("start", "party_size", "reason_text", "source", "restaurant", "refused")
    list_filter = (ReasonFilter, "source")
    date_hierarchy = "service_date"
    search_fields = ("restaurant__name", "restaurant__city", "restaurant__slug")
    fields = ("restaurant", "service_date", "start", "party_size", "reason_text", "source", "refused")
    readonly_fields = ("start", "reason_text", "refused")

    @admin.display(description=gettext_lazy("start"), ordering="starts_at")
    def start(self, obj: Refusal) -> str:
        """Return the local start that was asked for."""
        return local_text(obj.starts_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("reason"), ordering="reason")
    def reason_text(self, obj: Refusal) -> str:
        """Return the reason in words."""
        return staff_text(obj.reason)

    @admin.display(description=gettext_lazy("refused"), ordering="created_at")
    def refused(self, obj: Refusal) -> str:
        """Return when it was refused."""
        return local_text(obj.created_at, obj.restaurant.zone)


@admin.register(ServiceDay)
class ServiceDayAdmin(ReadOnlyAdmin[ServiceDay]):
    """The days that bookings lock."""

    list_display = ("date", "restaurant", "locked")
    date_hierarchy = "date"
    search_fields = ("restaurant__name", "restaurant__city", "restaurant__slug")
    fields = ("restaurant", "date", "locked")
    readonly_fields = ("locked",)

    @admin.display(description=gettext_lazy("last locked"), ordering="locked_at")
    def locked(self, obj: ServiceDay) -> str:
        """Return when a booking last locked the day."""
        return local_text(obj.locked_at, obj.restaurant.zone)


@admin.register(TableClaim)
class TableClaimAdmin(ReadOnlyAdmin[TableClaim]):
    """The slots that tables are taken for."""

    list_display = ("table", "slot", "reservation", "block", "restaurant")
    list_select_related = ("restaurant", "table", "reservation", "block")
    search_fields = ("table__name", "reservation__reference", "reservation__name")
    fields = ("restaurant", "table", "slot", "reservation", "block")
    readonly_fields = ("slot",)

    @admin.display(description=gettext_lazy("slot"), ordering="slot_start")
    def slot(self, obj: TableClaim) -> str:
        """Return the local start of the slot."""
        return local_text(obj.slot_start, obj.restaurant.zone)
