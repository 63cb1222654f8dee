"""The staff of a restaurant: an owner adds people by e-mail, gives them roles and takes them off.

The write rules do it, in views outside the admin's own transaction; the form is for reading.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import staffing
from reservations.admin.acting import act_path
from reservations.admin.base import OwnedAdmin, ReadOnlyAdmin
from reservations.admin.chooser import asked_restaurant, choose_restaurant
from reservations.admin.formats import local_text
from reservations.models import Membership
from reservations.scoping import Link


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin[Membership]):
    """Who belongs to which restaurant, for its owners. Of an account nothing is shown but name and address."""

    told_by_rules = frozenset({"added", "changed", "deleted"})
    list_display = ("email", "name", "role", "signed_in", "restaurant", "since")
    list_display_links = ("email",)
    list_filter = ("role",)
    list_select_related = ("restaurant", "user")
    search_fields = ("user__email", "user__name", "restaurant__name", "restaurant__city")
    search_help_text = gettext_lazy("By name or e-mail.")
    ordering = ("restaurant__name", "restaurant", "user__email")
    actions = None
    fields = ("restaurant", "email", "name", "role", "signed_in", "since")
    readonly_fields = ("email", "name", "signed_in", "since")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Ask for the permission, which the base of read-only rows refuses."""
        return OwnedAdmin.has_add_permission(self, request)

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that give a role, invite again and take off the staff."""
        views = {"role": self.role_view, "invite": self.invite_view, "remove": self.remove_view}
        return [*(act_path(self, name, view) for name, view in views.items()), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add somebody at the restaurant that the address names, outside a transaction."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        restaurant = asked_restaurant(request)
        return staffing.add(self, request, restaurant) if restaurant else choose_restaurant(self, request)

    def role_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give another role, outside a transaction."""
        return staffing.give_role(self, request, pk)

    def invite_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Invite again, outside a transaction."""
        return staffing.invite_again(self, request, pk)

    def remove_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take off the staff, outside a transaction."""
        return staffing.remove(self, request, pk)

    def object_links(self, request: HttpRequest, obj: Membership) -> list[Link]:
        """Link to what can be done with a member of staff."""
        acts = {"role": _("Give another role"), "remove": _("Take off the staff")}
        if obj.user.last_login is None:
            acts["invite"] = _("Invite again")
        return super().object_links(request, obj) + [
            (reverse(f"admin:reservations_membership_{name}", args=(obj.pk,)), label) for name, label in acts.items()
        ]

    @admin.display(description=gettext_lazy("e-mail address"), ordering="user__email")
    def email(self, obj: Membership) -> str:
        """Return the address of the account."""
        return obj.user.email

    @admin.display(description=gettext_lazy("name"), ordering="user__name")
    def name(self, obj: Membership) -> str:
        """Return the name of the account."""
        return obj.user.name or "–"

    @admin.display(description=gettext_lazy("has signed in"), boolean=True)
    def signed_in(self, obj: Membership) -> bool:
        """Return whether somebody has ever signed in to the account."""
        return obj.user.last_login is not None

    @admin.display(description=gettext_lazy("since"), ordering="created_at")
    def since(self, obj: Membership) -> str:
        """Return when the person was added."""
        return local_text(obj.created_at, obj.restaurant.zone)
