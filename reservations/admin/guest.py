"""Guests: who they are, how often they came. They come by booking, and are merged and erased by the write rules."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.contrib import admin
from django.db import IntegrityError
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import guest_pages
from reservations.admin.acting import act_path
from reservations.admin.base import OwnedAdmin
from reservations.admin.formats import date_text, local_text
from reservations.admin.guest_form import GuestForm
from reservations.admin.pages import by, page_of
from reservations.admin.search import with_phone
from reservations.admin.state_filters import KnownFilter
from reservations.history import trail
from reservations.history.trail import Event
from reservations.messages.lines import isolated
from reservations.models import Guest, Reservation, WaitlistEntry
from reservations.queries.guests import Counts, counted, counts_of
from reservations.scoping import Link


@admin.register(Guest)
class GuestAdmin(OwnedAdmin[Guest]):
    """Guests of one restaurant. One that is merged or erased can only be looked at."""

    told_by_rules = frozenset({"added", "changed", "deleted"})

    form = GuestForm
    list_display = (
        "name_or_contact",
        "email",
        "phone",
        "tag_list",
        "visits",
        "no_shows",
        "last_visit",
        "restaurant",
    )
    list_filter = (KnownFilter, "language")
    search_fields = ("name", "email", "phone", "tags_text")
    search_help_text = gettext_lazy("By name, e-mail, phone or tag.")
    ordering = ("name", "pk")
    actions = None
    fieldsets = (
        (None, {"fields": ("restaurant", "name", "email", "phone", "language")}),
        (
            gettext_lazy("What is known"),
            {"fields": ("tags", ("dietary_needs", "needs_consent_at"), "notes", "thanks_consent_at")},
        ),
        (
            gettext_lazy("Record"),
            {
                "fields": (
                    "first_known",
                    "visits",
                    "no_shows",
                    "late_cancellations",
                    "last_visit",
                    "to_come",
                    "merged_into",
                    "erased",
                )
            },
        ),
    )
    readonly_fields = (
        "needs_consent_at",
        "thanks_consent_at",
        "first_known",
        "visits",
        "no_shows",
        "late_cancellations",
        "last_visit",
        "to_come",
        "merged_into",
        "erased",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count visits in the same statement, and let tags be searched as text."""
        return counted(super().get_queryset(request)).annotate(tags_text=Cast("tags", TextField()))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Guest], bool]:
        """Find a phone number also as people write it, and tags where the database keeps their JSON in ASCII."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        escaped = json.dumps(search_term)[1:-1]
        if escaped != search_term:
            found = found | queryset.filter(tags_text__icontains=escaped)
        return with_phone(queryset, found, search_term), duplicates

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: guests come by booking."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Guest | None = None) -> bool:
        """Refuse to change who is merged or erased."""
        return super().has_change_permission(request, obj) and (obj is None or _is_known(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Guest | None = None) -> bool:
        """Refuse: a guest is erased, and the visits stay counted."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that merge, export and erase."""
        views = {"merge": self.merge_view, "export": self.export_view, "erase": self.erase_view}
        return [*(act_path(self, name, view) for name, view in views.items()), *super().get_urls()]

    def merge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Merge, outside a transaction."""
        return guest_pages.merge(self, request, pk)

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Export."""
        return guest_pages.export(self, request, pk)

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Erase, outside a transaction."""
        return guest_pages.erase(self, request, pk)

    def save_model(self, request: HttpRequest, obj: Guest, form: Any, change: Any) -> None:
        """Write what was changed and nothing else, with an event that names the fields.

        Raises IntegrityError where the guest was merged or erased meanwhile; the
        page then shows what is now.
        """
        names = sorted(set(form.changed_data) & set(GuestForm.Meta.fields))
        if not names:
            return
        if form.freed is not None:
            Guest.objects.filter(pk=form.freed.pk).update(key=secrets.token_hex(32))
        values = {name: form.cleaned_data[name] for name in names} | ({"key": form.key} if form.key else {})
        known = Guest.objects.filter(pk=obj.pk, merged_into=None, erased_at=None)
        if not known.update(**values):
            raise IntegrityError("the guest was merged or erased")
        event = Event("changed", "guest", obj.pk, obj.pk, {"told": names})
        trail.note(obj.restaurant_id, [event], by(request), timezone.now())

    def object_links(self, request: HttpRequest, obj: Guest) -> list[Link]:
        """Link to what can be done with the guest, or to the one that it is part of."""
        links = super().object_links(request, obj)
        if obj.merged_into is not None:
            return [*links, (page_of(obj.merged_into), _("Merged into %(guest)s") % {"guest": obj.merged_into})]
        acts = {
            "merge": (_("Merge"), guest_pages.MERGE),
            "export": (_("Export"), guest_pages.EXPORT),
            "erase": (_("Erase"), guest_pages.ERASE),
        }
        return links + [
            (reverse(f"admin:reservations_guest_{name}", args=(obj.pk,)), label)
            for name, (label, permission) in acts.items()
            if request.user.has_perm(f"reservations.{permission}") and not obj.erased_at
        ]

    def related_links(self, request: HttpRequest, obj: Guest) -> list[Link]:
        """Link to the lists of the guest's reservations and entries."""
        return [
            (
                f"{reverse(f'admin:reservations_{model._meta.model_name}_changelist')}?guest__id__exact={obj.pk}",
                str(model._meta.verbose_name_plural),
            )
            for model in (Reservation, WaitlistEntry)
            if request.user.has_perm(f"reservations.view_{model._meta.model_name}")
        ]

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def name_or_contact(self, obj: Guest) -> str:
        """Return the name, or what else the guest is known by."""
        return str(obj)

    @admin.display(description=gettext_lazy("tags"))
    def tag_list(self, obj: Guest) -> str:
        """Return the tags."""
        return ", ".join(map(isolated, obj.tags))

    @admin.display(description=gettext_lazy("visits"), ordering="visits")
    def visits(self, obj: Any) -> int:
        """Return how often the guest came."""
        return int(obj.visits)

    @admin.display(description=gettext_lazy("no-shows"), ordering="no_shows")
    def no_shows(self, obj: Any) -> int:
        """Return how often the guest stayed away."""
        return int(obj.no_shows)

    @admin.display(description=gettext_lazy("last visit"), ordering="last_visit")
    def last_visit(self, obj: Any) -> str:
        """Return the service date of the last visit."""
        return date_text(obj.last_visit) if obj.last_visit else "–"

    @admin.display(description=gettext_lazy("cancelled after the cut-off"))
    def late_cancellations(self, obj: Guest) -> int:
        """Return how often the guest cancelled late."""
        counts: Counts = counts_of(obj.pk)
        return counts.late_cancellations

    @admin.display(description=gettext_lazy("to come"))
    def to_come(self, obj: Guest) -> SafeString | str:
        """Return links to what is to come: visits, places in a queue, requests."""
        rows = guest_pages.coming_texts(obj)
        return format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', rows) if rows else "–"

    @admin.display(description=gettext_lazy("first known"))
    def first_known(self, obj: Guest) -> str:
        """Return since when the guest is known."""
        return local_text(obj.created_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("erased"))
    def erased(self, obj: Guest) -> str:
        """Return when the guest was erased."""
        return local_text(obj.erased_at, obj.restaurant.zone)


def _is_known(guest: Guest) -> bool:
    return guest.merged_into_id is None and guest.erased_at is None
