"""Forms of who waits: for a table that comes free, and for the answer to a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reservations.forms.details import DetailsForm
from reservations.forms.search import read_start


@dataclass(frozen=True, slots=True)
class Option:
    """A time of the day to choose: its UTC start, and how it is called."""

    start: dt.datetime
    label: str


class DayForm(DetailsForm):
    """Who asks, and times of a day to choose from, of which the page gives the options.

    A time that was chosen for another day becomes the same wall time of this
    one, so that changing the date alone loses nothing.
    """

    moments: ClassVar[tuple[str, ...]] = ()
    unchosen: ClassVar[tuple[tuple[str, str | Promise], ...]] = ()
    """What the choices begin with, where nothing is to be chosen by chance."""

    key = forms.CharField(
        min_length=8,
        max_length=64,
        widget=forms.HiddenInput,
        error_messages={
            "required": _("Please send the form once more."),
            "min_length": _("Please send the form once more."),
            "max_length": _("Please send the form once more."),
        },
    )

    def __init__(self, data: Any = None, *, options: Sequence[Option], zone: str, **kwargs: Any) -> None:
        if data is not None:
            data = data.copy()
            for name in self.moments:
                data[name] = _of_day(str(data.get(name, "")), options, ZoneInfo(zone))
        # The party counts for children alone, whom nobody asks for here.
        super().__init__(data, party=1, **kwargs)
        for name in self.moments:
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
            offered = options or _kept(str((data or {}).get(name, "")), ZoneInfo(zone))
            field.choices = [*self.unchosen, *((option.start.isoformat(), option.label) for option in offered)]

    def clean(self) -> dict[str, Any]:
        """Return the chosen times as UTC moments."""
        data = super().clean()
        for name in self.moments:
            if data.get(name):
                data[name] = read_start(data[name])
        return data


def _of_day(value: str, options: Sequence[Option], zone: ZoneInfo) -> str:
    """Return the value, or that of the option with the same wall time where the value is another day's."""
    if any(option.start.isoformat() == value for option in options):
        return value
    try:
        clock = read_start(value).astimezone(zone).time()
    except (ValueError, OverflowError):
        return value
    same = (option.start for option in options if option.start.astimezone(zone).time() == clock)
    found = next(same, None)
    return found.isoformat() if found else value


def _kept(value: str, zone: ZoneInfo) -> list[Option]:
    """Return what was chosen, as the one option of a day that could not be read."""
    try:
        start = read_start(value)
        return [Option(start, start.astimezone(zone).strftime("%H:%M"))]
    except (ValueError, OverflowError):
        return []


_CHOOSE = {
    "required": _("Choose one of the times of this day."),
    "invalid_choice": _("Choose one of the times of this day."),
}


class WaitForm(DayForm):
    """A party that waits for a table within a window of a day, both ends included."""

    moments: ClassVar[tuple[str, ...]] = ("earliest", "latest")

    earliest = forms.ChoiceField(label=_("From"), error_messages=_CHOOSE)
    latest = forms.ChoiceField(label=_("Until"), error_messages=_CHOOSE)
    note = forms.CharField(label=_("A note for the restaurant"), max_length=300, required=False)

    class Meta(DetailsForm.Meta):
        fields: ClassVar[tuple[str, ...]] = ("name", "email", "phone", "note")

    def clean(self) -> dict[str, Any]:
        """Refuse a window that ends before it begins."""
        data = super().clean()
        earliest, latest = data.get("earliest"), data.get("latest")
        if earliest and latest and latest < earliest:
            self.add_error("latest", _("Choose a time that is not before the first."))
        return data


class RequestForm(DayForm):
    """A party above the largest online, and the time it would like."""

    moments: ClassVar[tuple[str, ...]] = ("start",)
    unchosen: ClassVar[tuple[tuple[str, str | Promise], ...]] = (("", _("Choose a time")),)

    start = forms.ChoiceField(label=_("Time"), error_messages=_CHOOSE)

    class Meta(DetailsForm.Meta):
        fields: ClassVar[tuple[str, ...]] = ("name", "email", "phone", "occasion", "dietary_needs", "note")
