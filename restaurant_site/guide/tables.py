"""The second page: areas, and the tables in them by range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from reservations.admin.chooser import FILTER
from reservations.models import Area, Restaurant, Table
from restaurant_site.guide.page import log, onward, show
from restaurant_site.guide.ranges import LineError, NewTable, seats_text, tables_of, taken_names
from restaurant_site.guide.steps import Step

if TYPE_CHECKING:
    _FormSet = forms.BaseFormSet["AreaForm"]
else:
    # Django's own class takes no type at run time.
    _FormSet = forms.BaseFormSet

_AREAS = 20


class AreaForm(forms.Form):
    """An area and lines of tables that are to be made in it."""

    area = forms.CharField(label=gettext_lazy("Area"), max_length=60, required=False)
    lines = forms.CharField(
        label=gettext_lazy("New tables"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 40, "placeholder": "1–12, 2–4"}),
    )
    is_online = forms.BooleanField(label=gettext_lazy("bookable online"), required=False, initial=True)
    is_step_free = forms.BooleanField(label=gettext_lazy("step-free"), required=False)

    def clean_area(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["area"]).split())

    def clean_lines(self) -> list[NewTable]:
        """Return the tables that the lines name."""
        try:
            return tables_of(str(self.cleaned_data["lines"]))
        except LineError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """Ask for the name of an area that gets tables."""
        data = super().clean() or {}
        if data.get("lines") and not data.get("area") and "area" not in self.errors:
            self.add_error("area", _("Say where these tables are, such as “Dining room”."))
        return data


class _Areas(_FormSet):
    """All areas of a restaurant. No table is named twice, here or among those that are there."""

    existing: list[str]

    def clean(self) -> None:
        """Refuse tables that another area's lines name, or that are there already, and an area that comes twice."""
        seen: dict[str, str] = {}
        areas: set[str] = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            tables, area = data.get("lines") or [], data.get("area", "")
            if area and area.casefold() in areas:
                form.add_error("area", _("This area is there twice. Put its tables into one box."))
            areas.add(area.casefold())
            if taken := taken_names(tables, self.existing):
                text = ngettext("Table %(names)s is there already.", "Tables %(names)s are there already.", len(taken))
                form.add_error("lines", text % {"names": ", ".join(taken[:10])})
            for table in tables:
                if table.name.casefold() in seen:
                    text = _("Table %(name)s is among the new tables of “%(area)s” already.")
                    form.add_error("lines", text % {"name": table.name, "area": seen[table.name.casefold()]})
                    break
                seen[table.name.casefold()] = area


AreasFormSet = forms.formset_factory(AreaForm, formset=_Areas, extra=0, max_num=_AREAS, absolute_max=_AREAS)


@dataclass(frozen=True, slots=True)
class Group:
    """Tables of one area, as the page shows them."""

    area: str
    tables: list[tuple[str, str]]


def page(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show what is there and the boxes for more; by POST show what would be made, or make it."""
    areas = list(Area.objects.filter(restaurant=restaurant).order_by("position", "pk"))
    tables = list(Table.objects.filter(restaurant=restaurant).select_related("area").order_by("position", "pk"))
    names = [area.name for area in areas] or [pgettext("area", "Dining room")]
    initial = [{"area": name, "is_online": True} for name in [*names, "", ""][:_AREAS]]
    formset = AreasFormSet(request.POST if request.method == "POST" else None, initial=initial)
    assert isinstance(formset, _Areas)  # noqa: S101 - for the type checker
    formset.existing = [table.name for table in tables]
    context: dict[str, Any] = {"formset": formset, "bound": formset.is_bound, "groups": _groups(tables)}
    context["list"] = f"{reverse('admin:reservations_table_changelist')}?{FILTER}={restaurant.pk}"
    if formset.is_bound and formset.is_valid():
        new = [
            (form.cleaned_data, form.cleaned_data["lines"]) for form in formset.forms if form.cleaned_data.get("lines")
        ]
        if "_preview" in request.POST:
            context["new"] = [
                Group(data["area"], [(table.name, seats_text(table)) for table in lines]) for data, lines in new
            ]
            context["count"] = sum(len(lines) for _data, lines in new)
            return show(request, Step.TABLES, restaurant, "tables.html", **context)
        try:
            _make(request, restaurant, new)
        except IntegrityError:
            # Somebody made one of them meanwhile: asked again, the check names it.
            return page(request, restaurant)
        return onward(request, Step.TABLES, restaurant)
    return show(request, Step.TABLES, restaurant, "tables.html", **context)


def _groups(tables: list[Table]) -> list[Group]:
    found: dict[str, Group] = {}
    for table in tables:
        group = found.setdefault(table.area.name, Group(table.area.name, []))
        group.tables.append((table.name, seats_text(NewTable(table.name, table.min_seats, table.max_seats))))
    return list(found.values())


def _make(request: HttpRequest, restaurant: Restaurant, new: list[tuple[dict[str, Any], list[NewTable]]]) -> None:
    if not new:
        return
    with transaction.atomic():
        there = {area.name.casefold(): area for area in Area.objects.filter(restaurant=restaurant)}
        last = Table.objects.filter(restaurant=restaurant).aggregate(last=Max("position"))["last"] or 0
        rows: list[Table] = []
        for data, lines in new:
            area = there.get(data["area"].casefold()) or Area.objects.create(
                restaurant=restaurant, name=data["area"], position=len(there) + 1
            )
            there[area.name.casefold()] = area
            rows += [
                Table(
                    restaurant=restaurant,
                    area=area,
                    name=table.name,
                    min_seats=table.least,
                    max_seats=table.most,
                    is_online=data["is_online"],
                    is_step_free=data["is_step_free"],
                    position=last + len(rows) + number,
                )
                for number, table in enumerate(lines, start=1)
            ]
        Table.objects.bulk_create(rows, batch_size=100)
        made = ", ".join(table.name for table in rows)
        log(request, restaurant, _("Made in the set-up guide: tables %(names)s.") % {"names": made[:500]})
