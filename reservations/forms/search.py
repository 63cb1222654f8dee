"""Forms of what to look for, and of one time that is chosen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reservations.cuisines import cuisine_of
from reservations.forms.widgets import CheckboxInput, DateInput, NumberInput, Select
from reservations.models.venue import MAX_PARTY


class SearchForm(forms.Form):
    """The filter of the home page; a value that can't be read is shown with its error and ignored."""

    q = forms.CharField(label=pgettext_lazy("of a restaurant", "Name"), max_length=80, required=False)
    city = forms.CharField(
        label=_("City"), max_length=100, required=False, widget=forms.TextInput(attrs={"list": "cities"})
    )
    cuisine = forms.CharField(
        label=_("Cuisine"), max_length=60, required=False, widget=forms.TextInput(attrs={"list": "cuisines"})
    )
    page = forms.IntegerField(min_value=1, max_value=100_000, required=False, widget=forms.HiddenInput)

    def clean_cuisine(self) -> str:
        """Return the cuisine as the database spells it: ``ice cream`` is ``ice_cream``, and so is ``Eis`` in German."""
        return cuisine_of(str(self.cleaned_data["cuisine"])).strip().lower().replace(" ", "_")


class PartyForm(forms.Form):
    """Who would come, whatever the day: a party, an area (any by default), step-free."""

    party = forms.IntegerField(
        label=_("Guests"),
        min_value=1,
        max_value=MAX_PARTY,
        widget=NumberInput(attrs={"inputmode": "numeric"}),
        error_messages={
            "required": _("Say how many of you will come."),
            "invalid": _("Give the number of guests in digits, such as 2."),
            "min_value": _("A table is for at least one guest."),
            "max_value": _("We can't seat that many. Please call the restaurant."),
        },
    )
    area = forms.ChoiceField(label=_("Area"), required=False)
    step_free = forms.BooleanField(label=_("Step-free access"), required=False, widget=CheckboxInput)

    def __init__(self, *args: Any, restaurant_areas: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = self.fields["area"]
        assert isinstance(area, forms.ChoiceField)  # noqa: S101 - for the type checker
        area.choices = [("", _("Anywhere")), *((str(pk), name) for pk, name in restaurant_areas)]
        area.error_messages["invalid_choice"] = _("This restaurant has no such area.")

    def full_clean(self) -> None:
        """Clean, and let the first field that is wrong have the focus once the page is there, without a script too."""
        super().full_clean()
        if wrong := next((field for name, field in self.fields.items() if name in self.errors), None):
            wrong.widget.attrs["autofocus"] = True

    @property
    def area_id(self) -> int | None:
        """The chosen area, or None for any."""
        return int(self.cleaned_data["area"]) if self.cleaned_data.get("area") else None


class MonthForm(PartyForm):
    """What a calendar is asked for: a month, written 2027-03, for a party."""

    month = forms.DateField(input_formats=["%Y-%m"])


def read_clock(text: object) -> dt.time | None:
    """Return the wall time, to the minute, that somebody has written; None where it can't be read."""
    try:
        return dt.time.fromisoformat(str(text)).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


class ClockField(forms.Field):
    """A wished wall time, or None for any: what can't be read is no wish, and no error."""

    def prepare_value(self, value: Any) -> str:
        """Return the value as the options have it."""
        clock = value if isinstance(value, dt.time) else read_clock(value)
        return f"{clock:%H:%M}" if clock else ""

    def clean(self, value: Any) -> dt.time | None:
        """Return the time."""
        return read_clock(value)


class TimesForm(PartyForm):
    """What to look for: a date, a wished time (any by default), and who would come."""

    date = forms.DateField(
        label=_("Date"),
        widget=DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("Choose a date."),
            "invalid": _("This is not a date of the calendar. Choose one such as 2027-03-14."),
        },
    )
    time = ClockField(label=_("Time"), required=False, widget=Select)

    field_order = ("party", "date", "time", "area", "step_free")

    def __init__(self, *args: Any, today: dt.date, clocks: Collection[dt.time] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        # Yesterday's service may still seat guests after midnight.
        self.fields["date"].widget.attrs["min"] = (today - dt.timedelta(days=1)).isoformat()
        wished = read_clock(self["time"].value())
        times = sorted({*clocks, *([wished] if wished else [])}, key=_from_morning)
        widget = self.fields["time"].widget
        assert isinstance(widget, Select)  # noqa: S101 - for the type checker
        widget.choices = [("", _("Any time")), *((f"{time:%H:%M}", f"{time:%H:%M}") for time in times)]

    def clean_date(self) -> dt.date:
        """Refuse a date that is over everywhere in the restaurant's day, yesterday's late service apart."""
        date: dt.date = self.cleaned_data["date"]
        if date < self.today - dt.timedelta(days=1):
            raise ValidationError(_("This day has passed. Choose today or a later date."), code="past")
        if date.year > self.today.year + 10:
            raise ValidationError(_("This date is too far away. Choose an earlier one."), code="far")
        return date


# Before that hour a time belongs to the evening before.
_MORNING = 5


def _from_morning(time: dt.time) -> tuple[bool, dt.time]:
    return time.hour < _MORNING, time


_UNREADABLE_START = _("This time can't be read. Please choose it from the list again.")


def read_start(text: str) -> dt.datetime:
    """Return the aware moment that a page has written, in UTC. Raises ValueError for anything else."""
    try:
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError("without an offset")
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(text) from error


class StartForm(TimesForm):
    """One time, as the button of a time sends it: the UTC start besides what was looked for."""

    start = forms.CharField(max_length=40)

    def clean_start(self) -> dt.datetime:
        """Return the start as an aware datetime in UTC."""
        try:
            return read_start(self.cleaned_data["start"])
        except ValueError as error:
            raise ValidationError(_UNREADABLE_START) from error

    def clean(self) -> dict[str, Any]:
        """Refuse a start that can't belong to its service date, whatever the zone and however late the service."""
        data = super().clean() or {}
        date, start = data.get("date"), data.get("start")
        if date and start and abs(start.date() - date) > dt.timedelta(days=2):
            self.add_error("start", ValidationError(_UNREADABLE_START))
        return data


class HoldForm(StartForm):
    """A time to hold, with the page's idempotency key."""

    key = forms.CharField(min_length=8, max_length=64)


class ChangeForm(StartForm):
    """A time to change to, with the version of the reservation that the page has shown."""

    sequence = forms.IntegerField(min_value=0, max_value=2**31 - 1)
