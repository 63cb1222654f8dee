"""Forms and formsets of the venue and its hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model
from django.forms import BaseInlineFormSet, ModelForm
from django.utils.translation import gettext_lazy as _

from reservations.admin.accent import AccentField
from reservations.admin.fields import UpTo, WeekdaysField, text_language_field
from reservations.models import (
    Area,
    CombinationTable,
    Restaurant,
    RestaurantCuisine,
    Service,
    SpecialDay,
    Table,
    TableCombination,
    TurnTime,
)
from reservations.models.hours import EVERY_DAY
from reservations.models.venue import MAX_DEADLINE, MAX_DEADLINE_DAYS
from restaurant_site.photos.forms import PhotoForm

C = TypeVar("C", bound=Model)
P = TypeVar("P", bound=Model)

if TYPE_CHECKING:
    _ModelForm = ModelForm
    _InlineFormSet = BaseInlineFormSet[C, P, ModelForm[C]]
else:

    class _ModelForm(ModelForm, Generic[C]):
        """Django's class, which can't be subscripted."""

    class _InlineFormSet(BaseInlineFormSet, Generic[C, P]):
        """Django's class, which can't be subscripted."""


# A start less a larger deadline may lie before the calendar's first year.

_BOUNDS = {
    "lead_minutes": MAX_DEADLINE,
    "cutoff_minutes": MAX_DEADLINE,
    "lead_days_before": MAX_DEADLINE_DAYS,
    "cutoff_days_before": MAX_DEADLINE_DAYS,
    "interval_minutes": 24 * 60,
}


def _bind_bounds(form: ModelForm[Any]) -> None:
    for name, limit in _BOUNDS.items():
        if name in form.fields:
            UpTo(limit).bind(form.fields[name])


class RestaurantForm(PhotoForm):
    """A restaurant; its rules are kept within what a calendar and a globe hold."""

    text_language = text_language_field()

    class Meta:
        field_classes: ClassVar = {"accent": AccentField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bind_bounds(self)
        for name, limit in (("latitude", 90), ("longitude", 180)):
            if name in self.fields:
                self.fields[name].validators += [MinValueValidator(-limit), MaxValueValidator(limit)]


class CuisineForm(_ModelForm[RestaurantCuisine]):
    """A cuisine in the spelling by which the listing filters."""

    class Meta:
        model = RestaurantCuisine
        fields = ("cuisine",)

    def clean_cuisine(self) -> str:
        """Return lower-case words joined by underscores."""
        return "_".join(self.cleaned_data["cuisine"].lower().split())


class AreaFormSet(_InlineFormSet[Area, Restaurant]):
    """A restaurant's areas; one with tables stays."""

    def clean(self) -> None:
        """Refuse to delete an area with tables, which would go with it."""
        super().clean()
        doomed = [form.instance.pk for form in self.deleted_forms if form.instance.pk]
        if not doomed:
            return
        names = Table.objects.filter(area__in=doomed).order_by("area", "position").values_list("area__name", flat=True)
        for name in dict.fromkeys(names):
            raise ValidationError(
                _("“%(area)s” has tables. Move them to another area first."), params={"area": name}, code="tables"
            )


class ServiceForm(_ModelForm[Service]):
    """A service, its weekdays as checkboxes."""

    weekdays = WeekdaysField(initial=EVERY_DAY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _bind_bounds(self)


class TurnTimeFormSet(_InlineFormSet[TurnTime, Service]):
    """The turn times of one service."""

    def _construct_form(self, i: int, **kwargs: Any) -> ModelForm[TurnTime]:
        form: ModelForm[TurnTime] = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.instance.restaurant_id = self.instance.restaurant_id
        return form

    def clean(self) -> None:
        """Refuse two turn times for parties of one size: which holds would be chance."""
        super().clean()
        seen: set[int] = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            up_to = data.get("up_to")
            if up_to is None or data.get("DELETE"):
                continue
            if up_to in seen:
                raise ValidationError(_("There are two turn times for parties up to %(up_to)d."), params=data)
            seen.add(up_to)


class ReplacementFormSet(_InlineFormSet[Service, SpecialDay]):
    """The services of a special day, which take place on it alone."""

    def _construct_form(self, i: int, **kwargs: Any) -> ModelForm[Service]:
        form: ModelForm[Service] = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.instance.restaurant_id = self.instance.restaurant_id
        return form

    def clean(self) -> None:
        """Refuse services on a day that is closed, where they would never be offered."""
        super().clean()
        kept = [form for form in self.forms if form not in self.deleted_forms and form.has_changed()]
        kept += [form for form in self.initial_forms if form not in self.deleted_forms]
        if self.instance.is_closed and kept:
            raise ValidationError(_("A closed day has no services. Untick “closed”, or delete its services."))


class CombinationForm(_ModelForm[TableCombination]):
    """A combination with its tables, two at least, among the restaurant's own."""

    members = forms.ModelMultipleChoiceField(
        Table.objects.none(),
        label=_("Tables"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The tables that are pushed together."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "members" not in self.fields:
            return
        restaurant = self.instance.restaurant_id or self.fields["restaurant"].initial
        field = self.fields["members"]
        if isinstance(field, forms.ModelMultipleChoiceField):
            field.queryset = Table.objects.filter(restaurant=restaurant).order_by("position", "pk")
        if self.instance.pk:
            self.initial["members"] = list(self.instance.members.values_list("table_id", flat=True))

    def clean_members(self) -> Any:
        """Refuse a single table."""
        tables = self.cleaned_data["members"]
        if len(tables) < 2:
            raise ValidationError(_("Tick at least two tables."))
        return tables

    def clean(self) -> dict[str, Any]:
        """Refuse a party that the tables' seats don't hold."""
        data = super().clean() or {}
        tables, largest = data.get("members"), data.get("max_party")
        seats = sum(table.max_seats for table in tables) if tables is not None else None
        if seats is not None and largest is not None and largest > seats:
            self.add_error(
                "max_party",
                ValidationError(_("These tables have %(seats)d seats together."), params={"seats": seats}),
            )
        return data

    def save_members(self) -> None:
        """Write which tables belong to the saved combination, each with its restaurant."""
        wanted = {table.pk for table in self.cleaned_data["members"]}
        there = set(self.instance.members.values_list("table_id", flat=True))
        self.instance.members.filter(table__in=there - wanted).delete()
        CombinationTable.objects.bulk_create(
            CombinationTable(restaurant_id=self.instance.restaurant_id, combination=self.instance, table_id=table_id)
            for table_id in sorted(wanted - there)
        )
