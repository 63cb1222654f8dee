"""Blocks: tables that nobody can have for a time; and the brakes on online booking."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import blocking, brake
from reservations.admin.base import OwnedAdmin, ReadOnlyAdmin
from reservations.admin.chooser import asked_restaurant, choose_restaurant
from reservations.admin.counted import CountedFilter
from reservations.admin.formats import local_text
from reservations.admin.reservation import ReservationList, name_tables
from reservations.models import Block, Brake


@admin.register(Brake)
class BrakeAdmin(ReadOnlyAdmin[Brake]):
    """Brakes that were put on. That is done and undone on the floor and on the page of the brake."""

    list_display = ("service_date", "what", "stopped", "ends", "resumed", "created_by", "restaurant")
    list_select_related = ("restaurant", "service", "area", "created_by")
    date_hierarchy = "service_date"
    search_fields = ("restaurant__name", "restaurant__city", "service__name", "area__name")
    fields = ("restaurant", "service_date", "what", "stopped", "ends", "resumed", "created_by")
    readonly_fields = ("what", "stopped", "ends", "resumed")

    @admin.display(description=gettext_lazy("what"))
    def what(self, obj: Brake) -> str:
        """Return what was stopped."""
        return brake.what_text(obj)

    @admin.display(description=gettext_lazy("stopped"), ordering="created_at")
    def stopped(self, obj: Brake) -> str:
        """Return since when."""
        return local_text(obj.created_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("end"), ordering="ends_at")
    def ends(self, obj: Brake) -> str:
        """Return when it ends by itself."""
        return local_text(obj.ends_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("resumed"), ordering="lifted_at")
    def resumed(self, obj: Brake) -> str:
        """Return when somebody let booking go on."""
        return local_text(obj.lifted_at, obj.restaurant.zone)


class StandingFilter(CountedFilter):
    """Blocks that stand, or those that were lifted."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return both kinds."""
        return [("standing", _("in force")), ("lifted", _("lifted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        """Limit the list to one kind."""
        return queryset.filter(lifted_at__isnull=self.value() == "standing") if self.value() else None


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin[Block]):
    """Blocks. They are made and lifted by the write rules, outside a transaction; the form is for reading."""

    told_by_rules = frozenset({"added", "changed", "deleted"})

    list_display = ("start", "end", "tables", "reason", "restaurant", "created_by", "lifted")
    list_display_links = ("start", "tables")
    list_filter = (StandingFilter,)
    list_select_related = ("restaurant", "created_by")
    date_hierarchy = "service_date"
    search_fields = ("reason", "restaurant__name", "restaurant__city")
    actions = None
    fields = ("restaurant", "service_date", "start", "end", "tables", "reason", "created_by", "created", "lifted")
    readonly_fields = ("start", "end", "tables", "created", "lifted")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows its tables' names."""
        return ReservationList

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Ask for the permission, which the base of read-only rows refuses."""
        return OwnedAdmin.has_add_permission(self, request)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that lifts."""
        view = self.admin_site.admin_view(partial(blocking.lift, self))
        return [path("<int:pk>/lift/", view, name="reservations_block_lift"), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Block tables of the restaurant that the address names, outside a transaction."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        restaurant = asked_restaurant(request)
        return blocking.add(self, request, restaurant) if restaurant else choose_restaurant(self, request)

    def form_context(self, request: HttpRequest, obj: Block) -> dict[str, Any]:
        """Return also the button that lifts."""
        may = obj.lifted_at is None and request.user.has_perm(blocking.CHANGE)
        return super().form_context(request, obj) | ({"buttons": [blocking.lift_button(obj)]} if may else {})

    @admin.display(description=gettext_lazy("start"), ordering="starts_at")
    def start(self, obj: Block) -> str:
        """Return the local start."""
        return local_text(obj.starts_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("end"))
    def end(self, obj: Block) -> str:
        """Return the local end."""
        return local_text(obj.ends_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("tables"))
    def tables(self, obj: Block) -> str:
        """Return the names of the tables."""
        if not hasattr(obj, "table_names"):
            name_tables([obj])
        return getattr(obj, "table_names", "") or "–"

    @admin.display(description=gettext_lazy("created"))
    def created(self, obj: Block) -> str:
        """Return when the tables were blocked."""
        return local_text(obj.created_at, obj.restaurant.zone)

    @admin.display(description=gettext_lazy("lifted"), ordering="lifted_at")
    def lifted(self, obj: Block) -> str:
        """Return when the block was lifted."""
        return local_text(obj.lifted_at, obj.restaurant.zone)
