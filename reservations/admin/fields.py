"""Form fields of the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reservations.languages import language_choices
from reservations.models import Restaurant, Table


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Seven checkboxes for a bit mask in which Monday is bit 0. At least one day must be ticked."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Weekdays"))
        kwargs.setdefault("error_messages", {"required": _("Tick at least one day.")})
        super().__init__(choices=sorted(WEEKDAYS.items()), coerce=int, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the ticked days of a mask; what was typed stays as it is."""
        if isinstance(value, int):
            return [day for day in WEEKDAYS if value & (1 << day)]
        return value

    def clean(self, value: Any) -> int:
        """Return the mask of the ticked days."""
        return sum(1 << day for day in set(super().clean(value)))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether other days are ticked than the mask has."""
        return super().has_changed(self.prepare_value(initial), data)


def text_language_field() -> forms.ChoiceField:
    """Return a choice of the language that a restaurant's own texts are in; "" where it is not told."""
    column = Restaurant._meta.get_field("text_language")
    return forms.ChoiceField(
        label=capfirst(column.verbose_name),
        required=False,
        # At each request: the names are in the reader's language.
        choices=lambda: [("", "---------"), *language_choices()],
        help_text=column.help_text,
    )


def table_field() -> forms.ModelChoiceField[Table]:
    """Return a choice of one table, of no restaurant as yet: `offer_tables` fills it."""
    return forms.ModelChoiceField(
        Table.objects.none(), label=_("Table"), required=False, empty_label=_("The best that is free")
    )


def offer_tables(field: forms.Field, restaurant: Restaurant) -> None:
    """Let a field offer a restaurant's tables that are in use."""
    if isinstance(field, forms.ModelChoiceField):
        rows = Table.objects.filter(restaurant=restaurant, is_active=True)
        field.queryset = rows.order_by("area__position", "area_id", "position", "pk")
        field.error_messages["invalid_choice"] = gettext("This table is not there, or out of use.")


class UpTo:
    """Bounds an integer field of a form from above, in the browser and on the server."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, value: int | None) -> None:
        """Raise ValidationError above the limit."""
        if value is not None and value > self.limit:
            raise ValidationError(_("Use at most %(limit)d."), params={"limit": self.limit})

    def bind(self, field: forms.Field) -> None:
        """Make the field keep to the limit."""
        field.validators.append(self)
        field.widget.attrs["max"] = self.limit


def date_input() -> forms.DateInput:
    """Return the browser's own date picker.

    Django's admin widgets speak of the server's today and warn of its zone, but
    every date and time here is the restaurant's.
    """
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def time_input() -> forms.TimeInput:
    """Return the browser's own time picker, for the reason of `date_input`."""
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
