"""The form with which staff book on the phone: quick dates and times, tables of their choice, who books for whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin.book_form import BookForm
from reservations.admin.quick_entry import date_of, time_of
from reservations.engine.availability import starts
from reservations.engine.booking import Wish
from reservations.engine.errors import Reason
from reservations.models import Restaurant
from reservations.numbers import is_number
from reservations.queries.day import day_plan

_LONGEST = 40


class QuickDateField(forms.DateField):
    """A local date as `quick_entry` reads it, or as a date of the calendar."""

    today: dt.date

    def to_python(self, value: Any) -> dt.date | None:
        """Return the date, the next one of its kind; raises ValidationError."""
        if isinstance(value, str) and len(value) <= _LONGEST and (found := date_of(value, self.today)):
            return found
        return super().to_python(value)


class QuickTimeField(forms.TimeField):
    """A wall time as `quick_entry` reads it."""

    def to_python(self, value: Any) -> dt.time | None:
        """Return the time; raises ValidationError."""
        if isinstance(value, str) and len(value) <= _LONGEST and (found := time_of(value)) is not None:
            return found
        return super().to_python(value)


class PhoneForm(BookForm):
    """What a caller wants. The time is typed, or one of those that are shown is chosen: ``at`` is its UTC second."""

    date = QuickDateField(
        label=gettext_lazy("Date"),
        widget=forms.DateInput(attrs={"autocomplete": "off", "placeholder": "fr, 24.12., +3"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Such as fr, 24.12., tomorrow or 2027-03-14."),
        error_messages={
            "invalid": gettext_lazy("This is not a date of the calendar. Use one such as fr, 24.12. or 2027-03-14.")
        },
    )
    time = QuickTimeField(
        label=gettext_lazy("Time"),
        required=False,
        widget=forms.TimeInput(
            attrs={"autocomplete": "off", "placeholder": "1930", "inputmode": "numeric"}, format="%H:%M"
        ),
        error_messages={"invalid": gettext_lazy("This is not a time. Use one such as 19:30.")},
    )
    at = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0, max_value=2**40)
    tables = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    pacing_reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("It is recorded with your name."),
    )

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, restaurant=restaurant, **kwargs)
        date = self.fields["date"]
        assert isinstance(date, QuickDateField)  # noqa: S101 - for the type checker
        date.today = timezone.now().astimezone(restaurant.zone).date()
        self.fields["party_size"].widget.attrs |= {"inputmode": "numeric"}
        self.fields["name"].widget.attrs |= {"autocomplete": "off", "autofocus": True}
        for name in ("email", "phone"):
            # It is the caller's, not the host's, that the browser knows.
            self.fields[name].widget.attrs |= {"autocomplete": "off"}

    def clean_tables(self) -> tuple[int, ...]:
        """Return the tables that were chosen, by number; none for the best that are free."""
        typed = str(self.cleaned_data["tables"])
        parts = typed.split("-") if typed else []
        if not all(map(is_number, parts)):
            raise ValidationError(_("These are not tables. Choose again."))
        return tuple(int(part) for part in parts)

    def wish(self) -> Wish:
        """Return what is to be booked, at the chosen tables if some were; the form must be valid."""
        return replace(super().wish(), table_ids=self.cleaned_data["tables"])

    def refuse(self, reason: Reason) -> None:
        """Say of chosen tables that they are taken; other times would be those of other tables."""
        if reason == Reason.TABLES_TAKEN and self.cleaned_data.get("tables"):
            self.add_error(None, _("These tables are taken then. Choose others, or leave the choice to us."))
            return
        super().refuse(reason)

    def clean(self) -> dict[str, Any]:
        """Find the start: that of the chosen time, else the typed one."""
        data = super().clean()
        chosen = data.get("at")
        if chosen is not None and "date" in data:
            self._take_chosen(dt.datetime.fromtimestamp(chosen, dt.UTC), data["date"], data.get("time"))
        elif "date" in data and data.get("time") is None and "time" not in self.errors:
            self.add_error("time", _("Type a time, or choose one of those that are shown."))
        return data

    def _find_start(self, wall: dt.datetime) -> None:
        """Leave it to the chosen time, where there is one: of two that the clocks show alike, it is one."""
        if self.cleaned_data.get("at") is None:
            super()._find_start(wall)

    def _take_chosen(self, start: dt.datetime, date: dt.date, typed: dt.time | None) -> None:
        local = start.astimezone(self.restaurant.zone)
        service_date = self._service_date_of(start, local.date())
        if date not in (local.date(), service_date):
            self.add_error("time", _("The chosen time is of another date. Choose one again."))
        elif typed is not None and typed != local.time():
            self.add_error("time", _("Another time is typed than the one that is chosen. Choose one again."))
        else:
            self.service_date, self.start = service_date, start
            # By which what is free nearby is named.
            self.cleaned_data["date"] = local.date()

    def _service_date_of(self, start: dt.datetime, local: dt.date) -> dt.date:
        """Return the service date that offers a start: after midnight perhaps that of the evening before."""
        for date in (local, local - dt.timedelta(days=1)):
            plan = day_plan(self.restaurant.pk, date, seatings=False)
            if any(moment == start for moment, _service in starts(plan)):
                return date
        return local
