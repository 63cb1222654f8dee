"""The admin of areas, tables and what tables make together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin import misfits
from reservations.admin.base import OwnedAdmin, ReadOnlyAdmin, counted, keys
from reservations.admin.formats import local_text
from reservations.admin.forms import CombinationForm
from reservations.models import Area, Brake, CombinationTable, Table, TableClaim, TableCombination


@admin.register(Area)
class AreaAdmin(OwnedAdmin[Area]):
    """Areas; one with tables stays."""

    goes_along = (Brake,)

    list_display = ("name", "restaurant", "position")
    search_fields = ("name", "restaurant__name", "restaurant__city")
    fields = ("restaurant", "name", "position")

    def deletion_refusals(self, request: HttpRequest, objs: Iterable[Area]) -> Iterable[str]:
        """Keep an area with tables, which would go with it."""
        for area, number in counted(objs, Table.objects.all(), "area"):
            yield ngettext(
                "“%(area)s” has %(count)d table. Move it to another area first.",
                "“%(area)s” has %(count)d tables. Move them to another area first.",
                number,
            ) % {"area": area, "count": number}


@admin.register(Table)
class TableAdmin(OwnedAdmin[Table]):
    """Tables; one that was booked stays, out of use."""

    list_display = (
        "name",
        "restaurant",
        "area",
        "min_seats",
        "max_seats",
        "is_online",
        "is_step_free",
        "is_active",
        "position",
    )
    list_filter = ("is_active", "is_online", "is_step_free")
    list_select_related = ("restaurant", "area")
    search_fields = ("name", "area__name", "restaurant__name", "restaurant__city")
    own_choices = ("area",)
    fields = (
        "restaurant",
        "area",
        "name",
        ("min_seats", "max_seats"),
        "is_online",
        "is_step_free",
        "is_active",
        "position",
        ("plan_x", "plan_y", "plan_shape"),
    )

    def save_model(self, request: HttpRequest, obj: Table, form: Any, change: bool) -> None:
        """Tell who is to come to a table that suits them no more."""
        super().save_model(request, obj, form, change)
        if change and {"max_seats", "is_active"} & set(form.changed_data):
            misfits.warn(request, obj)

    def deletion_refusals(self, request: HttpRequest, objs: Iterable[Table]) -> Iterable[str]:
        """Keep a table that reservations are or were at, which the database would not part with, or of a combination.

        A combination without it would still take parties that only both seat.
        """
        claims = (
            TableClaim.objects.filter(table__in=keys(objs))
            .order_by()
            .values("table")
            .annotate(parties=Count("reservation", distinct=True), last=Max("slot_start"))
        )
        found = {claim["table"]: claim for claim in claims}
        members = CombinationTable.objects.filter(table__in=keys(objs)).select_related("combination")
        combined = {member.table_id: member.combination for member in members}
        for table in objs:
            if combination := combined.get(table.pk):
                yield _("Table %(table)s belongs to the combination “%(combination)s”. Change that first.") % {
                    "table": table,
                    "combination": combination,
                }
            if claim := found.get(table.pk):
                yield ngettext(
                    "Table %(table)s: %(count)d reservation, the last one on %(last)s. Untick “in use” instead.",
                    "Table %(table)s: %(count)d reservations, the last one on %(last)s. Untick “in use” instead.",
                    claim["parties"],
                ) % {
                    "table": table,
                    "count": claim["parties"],
                    "last": local_text(claim["last"], table.restaurant.zone),
                }


@admin.register(TableCombination)
class TableCombinationAdmin(OwnedAdmin[TableCombination]):
    """Combinations, with their tables ticked on the form."""

    form = CombinationForm
    goes_along = (CombinationTable,)
    list_display = ("name", "restaurant", "min_party", "max_party", "is_online", "table_names")
    list_filter = ("is_online",)
    search_fields = ("name", "restaurant__name", "restaurant__city")
    fields = ("restaurant", "name", ("min_party", "max_party"), "is_online", "members")

    def get_fields(self, request: HttpRequest, obj: TableCombination | None = None) -> Any:
        """Name the tables for those who may only look, and who get no form to tick them on."""
        fields = super().get_fields(request, obj)
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return fields if may else ["table_names" if name == "members" else name for name in fields]

    def get_readonly_fields(self, request: HttpRequest, obj: TableCombination | None = None) -> Any:
        """Let the names of the tables be shown."""
        return ("table_names",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TableCombination]:
        """Read the tables of all rows at once."""
        return super().get_queryset(request).prefetch_related("tables")

    @admin.display(description=gettext_lazy("tables"))
    def table_names(self, obj: TableCombination) -> str:
        """Return the names of the tables."""
        return " + ".join(table.name for table in obj.tables.all())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Save the tables with the combination, in its transaction."""
        super().save_related(request, form, formsets, change)
        form.save_members()


@admin.register(CombinationTable)
class CombinationTableAdmin(ReadOnlyAdmin[CombinationTable]):
    """Which table is in which combination; changed on the combination's form."""

    list_display = ("combination", "table", "restaurant")
    list_display_links = None
    list_select_related = ("restaurant", "combination", "table")
    search_fields = ("combination__name", "table__name", "restaurant__name")
