"""The floor plan is drawn by hand: tables are dragged or moved by keys, or their places typed, and saved together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages
from reservations.admin.plan_page import EDIT
from reservations.admin.plan_shapes import UNIT, Placed, extent, placed, shape_of, size_of
from reservations.engine.errors import Reason
from reservations.models import Area, Restaurant, Table
from reservations.models.tables import MOST_ACROSS, MOST_DOWN
from reservations.reasons import staff_text

_ROOM_FOR_MORE = 8
"""Units beyond the outermost tables, so that one can be dragged there."""


class PlaceForm(forms.Form):
    """Where one table is, and how it is drawn; without a place it stands in a tidy row below the others."""

    x = forms.IntegerField(label=gettext_lazy("From the left"), required=False, min_value=0, max_value=MOST_ACROSS)
    y = forms.IntegerField(label=gettext_lazy("From the top"), required=False, min_value=0, max_value=MOST_DOWN)
    shape = forms.ChoiceField(label=gettext_lazy("Shape"), choices=Table.Shape.choices)

    def __init__(self, *args: Any, table: Table, place: Placed, **kwargs: Any) -> None:
        initial = {"x": table.plan_x, "y": table.plan_y, "shape": shape_of(table)}
        super().__init__(*args, **{"prefix": str(table.pk), "initial": initial, **kwargs})
        self.table, self.place = table, place
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = f"{table}: {field.label}"
            field.widget.attrs["data-place"] = name

    def clean(self) -> dict[str, Any]:
        """Refuse half a place."""
        data = super().clean() or {}
        if not self.errors and (data.get("x") is None) != (data.get("y") is None):
            raise forms.ValidationError(_("Give both, or neither."), code="half")
        return data

    def values(self) -> dict[str, Any]:
        """Return the columns that the form sets; it must be valid."""
        data = self.cleaned_data
        return {"plan_x": data["x"], "plan_y": data["y"], "plan_shape": data["shape"]}

    def sizes(self) -> str:
        """Return the pixels that the table is wide and high in each shape, for the script that draws it anew."""
        found = []
        for shape in Table.Shape.values:
            width, height = size_of(shape, self.table.max_seats)
            found.append(f"{shape} {width * UNIT} {height * UNIT}")
        return "|".join(found)


@dataclass(frozen=True, slots=True)
class EditedHall:
    """A room with the forms of its tables, in pixels."""

    area: Area
    width: int
    height: int
    forms: list[PlaceForm]


def edit(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int) -> HttpResponse:
    """Show the rooms to be drawn, or save what was: the tables that the form tells of, and all of them or none."""
    pages.need(request, EDIT)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    restaurant = pages.restaurant_of(request, pk)
    tables = list(
        Table.objects.filter(restaurant=restaurant, is_active=True)
        .select_related("area")
        .order_by("area__position", "area_id", "position", "pk")
    )
    plan = reverse("admin:reservations_restaurant_plan", args=(pk,))
    halls = _halls(tables, request.POST if request.method == "POST" else None)
    told = [form for one in halls for form in one.forms if form.is_bound]
    refused = ""
    if request.method == "POST":
        valid = [form.is_valid() for form in told]
        if request.POST.get("seen") != _seen(tables):
            refused = staff_text(Reason.CHANGED_MEANWHILE)
            halls = _halls(tables, None)
        elif all(valid):
            changed = _save(restaurant, told)
            if changed:
                model_admin.log_change(request, restaurant, _("Moved tables on the floor plan."))
            messages.success(request, _("The floor plan is saved."))
            return redirect(plan)
    return pages.page(
        model_admin,
        request,
        "restaurant/plan_edit.html",
        _("Move the tables"),
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant, (plan, _("Floor plan"))),
        refused=refused or ("" if all(form.is_valid() for form in told) else _("Nothing is saved yet.")),
        halls=halls,
        seen=_seen(tables),
        unit=UNIT,
        across=MOST_ACROSS,
        down=MOST_DOWN,
        back=plan,
    )


def _halls(tables: Sequence[Table], data: Any) -> list[EditedHall]:
    rooms: dict[int, list[Table]] = {}
    for table in tables:
        rooms.setdefault(table.area_id, []).append(table)
    halls = []
    for own in rooms.values():
        places = placed(own)
        width, height = extent(places)
        found = []
        for place in places:
            told = data if data is not None and f"{place.table.pk}-shape" in data else None
            found.append(PlaceForm(told, table=place.table, place=place))
        halls.append(EditedHall(own[0].area, (width + _ROOM_FOR_MORE) * UNIT, (height + _ROOM_FOR_MORE) * UNIT, found))
    return halls


def _seen(tables: Sequence[Table]) -> str:
    """Return what the page has shown of the plan: another text once anybody has changed it."""
    parts = [(table.pk, table.plan_x, table.plan_y, table.plan_shape) for table in tables]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def _save(restaurant: Restaurant, told: Sequence[PlaceForm]) -> int:
    """Write the places that are others now, in one transaction; return how many."""
    changed = [form for form in told if form.values() != {name: getattr(form.table, name) for name in form.values()}]
    with transaction.atomic():
        for form in changed:
            rows = Table.objects.filter(pk=form.table.pk, restaurant=restaurant)
            rows.renewing(*form.table.own_tags()).update(**form.values())
    return len(changed)
