"""The form with which staff put a guest who calls on the waitlist."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin.book_form import LanguageField
from reservations.admin.fields import time_input
from reservations.admin.when_form import AreaForm, local_starts
from reservations.engine.booking import Details, Wish
from reservations.engine.errors import Reason
from reservations.forms import LinesField, clean_phone
from reservations.models import Restaurant, normalise_email
from reservations.models.venue import MAX_PARTY
from reservations.queries.day import day_plan
from reservations.reasons import staff_text

_NO_TIME = {"invalid": gettext_lazy("This is not a time. Use one such as 19:30.")}


class WaitForm(AreaForm):
    """A party, the date and the times between which it would come, and how to reach it.

    The date is that of the service; times after midnight belong to its evening.
    Once valid, `wish` and `latest` say what to ask the write rule for.
    """

    earliest = forms.TimeField(label=gettext_lazy("From"), widget=time_input(), error_messages=_NO_TIME)
    latest_time = forms.TimeField(label=gettext_lazy("Until"), widget=time_input(), error_messages=_NO_TIME)
    party_size = forms.IntegerField(
        label=gettext_lazy("Party size"),
        min_value=1,
        max_value=MAX_PARTY,
        error_messages={"invalid": gettext_lazy("Give the number of guests in digits, such as 2.")},
    )
    needs_step_free = forms.BooleanField(label=gettext_lazy("Step-free access needed"), required=False)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("The offer of a table goes here. Without it, call the guest when a table is offered."),
    )
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    note = LinesField(
        label=gettext_lazy("Note"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    language = LanguageField()
    key = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    fieldsets: ClassVar[list[tuple[Any, list[Any]]]] = [
        (None, ["date", ("earliest", "latest_time"), "party_size", "area", "needs_step_free", "key"]),
        (gettext_lazy("Guest"), ["name", "email", "phone", "note", "language"]),
    ]

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, restaurant=restaurant, **kwargs)
        self.fields["name"].error_messages["required"] = _("Say under which name the party comes.")
        self._window: tuple[dt.datetime, dt.datetime] | None = None

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_email(self) -> str:
        """Return the address in the form in which addresses are compared."""
        return normalise_email(self.cleaned_data["email"])

    def clean_phone(self) -> str:
        """Return the number in international form."""
        return clean_phone(self.cleaned_data["phone"], self.restaurant.country)

    def clean(self) -> dict[str, Any]:
        """Ask for a contact, and find the moments of the window."""
        data = super().clean() or {}
        if not self.errors and not data.get("email") and not data.get("phone"):
            self.add_error("phone", _("Give an e-mail or a phone number."))
        date, earliest, latest = data.get("date"), data.get("earliest"), data.get("latest_time")
        if date is not None and earliest is not None and latest is not None:
            self._window = self._moments(date, earliest, latest)
        return data

    def _moments(self, date: dt.date, earliest: dt.time, latest: dt.time) -> tuple[dt.datetime, dt.datetime]:
        """Return the window in UTC: of the evening or, where the service seats nobody then, past its midnight.

        A time that comes twice at night is meant in its wider sense, one that is
        skipped moves on with the clocks.
        """
        zone = self.restaurant.zone
        first = dt.datetime.combine(date, earliest, tzinfo=zone)
        last = dt.datetime.combine(date, latest, tzinfo=zone).replace(fold=1)
        if latest < earliest:
            last += dt.timedelta(days=1)
        seated = local_starts(day_plan(self.restaurant.pk, date, seatings=False), self.restaurant)
        found = (first.astimezone(dt.UTC), last.astimezone(dt.UTC))
        night = tuple((moment + dt.timedelta(days=1)).astimezone(dt.UTC) for moment in (first, last))
        if not _any_within(seated, found[0], found[1]) and _any_within(seated, night[0], night[1]):
            return night[0], night[1]
        return found

    def wish(self) -> Wish:
        """Return what is waited for, from its earliest time; the form must be valid."""
        return Wish(
            restaurant_id=self.restaurant.pk,
            date=self.cleaned_data["date"],
            start=self._span()[0],
            party=self.cleaned_data["party_size"],
            area_id=self.area_id(),
            step_free=self.cleaned_data["needs_step_free"],
        )

    def latest(self) -> dt.datetime:
        """Return the latest time that would do, in UTC; the form must be valid."""
        return self._span()[1]

    def _span(self) -> tuple[dt.datetime, dt.datetime]:
        if self._window is None:
            raise ValueError("only a valid form has a window")
        return self._window

    def details(self) -> Details:
        """Return who waits; the form must be valid."""
        told = {name: self.cleaned_data[name] for name in ("name", "email", "phone", "note", "needs_step_free")}
        return Details(**told)

    def refuse(self, reason: Reason) -> None:
        """Show why the party can't wait; the form still holds everything that was typed."""
        self.add_error(None, staff_text(reason))


def _any_within(moments: list[dt.datetime], first: dt.datetime, last: dt.datetime) -> bool:
    return any(first <= moment.astimezone(dt.UTC) <= last for moment in moments)
