"""Forms in which staff give a time: a wall time becomes a start, and a refusal a sentence."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.dateformat import format as write
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin.fields import date_input, time_input
from reservations.engine.availability import Ask, DayPlan, starts, times
from reservations.engine.booking import Wish
from reservations.engine.errors import Reason
from reservations.models import Area, Restaurant
from reservations.queries.day import day_plan
from reservations.reasons import staff_text

_FARTHEST_DAYS = 730
_SUGGESTIONS = 4


class PacingForm(forms.Form):
    """Whether pacing is to be exceeded, and why; asked only once it is what refuses."""

    exceed_pacing = forms.BooleanField(
        label=gettext_lazy("Exceed pacing knowingly"),
        required=False,
        help_text=gettext_lazy("It is recorded that you did, and why."),
    )
    pacing_reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=200, required=False, widget=forms.TextInput(attrs={"size": 60})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offers_exceeding = bool(self.is_bound and self.data.get("exceed_pacing"))

    def clean(self) -> dict[str, Any]:
        """Ask why pacing is to be exceeded."""
        data = super().clean() or {}
        if data.get("exceed_pacing") and not data.get("pacing_reason"):
            self.add_error("pacing_reason", _("Say why pacing is exceeded."))
        return data

    def refuse(self, reason: Reason) -> None:
        """Show why the rules refused; the form still holds everything that was typed."""
        self.add_error(None, staff_text(reason))
        if reason == Reason.PACING_FULL:
            self.offers_exceeding = True


class AreaForm(forms.Form):
    """A date not in the past, and one of a restaurant's areas, or any."""

    date = forms.DateField(
        label=gettext_lazy("Date"),
        widget=date_input(),
        error_messages={"invalid": gettext_lazy("This is not a date of the calendar. Use one such as 2027-03-14.")},
    )
    area = forms.ModelChoiceField(
        Area.objects.none(), label=gettext_lazy("Area"), required=False, empty_label=gettext_lazy("Anywhere")
    )

    def __init__(self, *args: Any, restaurant: Restaurant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.restaurant = restaurant
        area = self.fields["area"]
        if isinstance(area, forms.ModelChoiceField):
            area.queryset = Area.objects.filter(restaurant=restaurant).order_by("position", "pk")
            area.error_messages["invalid_choice"] = _("This restaurant has no such area.")
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["class"] = "vLargeTextField"
            elif field.widget.__class__ in (forms.TextInput, forms.EmailInput):
                field.widget.attrs["class"] = "vTextField"

    def clean_date(self) -> dt.date:
        """Refuse a day that has passed at the restaurant, and one that can only be a slip."""
        date: dt.date = self.cleaned_data["date"]
        today = timezone.now().astimezone(self.restaurant.zone).date()
        if date < today:
            raise ValidationError(_("This day has passed."), code="past")
        if date > today + dt.timedelta(days=_FARTHEST_DAYS):
            raise ValidationError(_("This day is more than two years away."), code="far")
        return date

    def area_id(self) -> int | None:
        """Return the chosen area's number; the form must be valid."""
        area = self.cleaned_data["area"]
        return area.pk if area else None


class WhenForm(AreaForm, PacingForm):
    """A local date and time at which a party is to come.

    Once valid, `wish` says what to ask the write rule for. `refuse` puts its
    refusal on the form, which still holds everything that was typed.
    """

    time = forms.TimeField(
        label=gettext_lazy("Time"),
        widget=time_input(),
        error_messages={"invalid": gettext_lazy("This is not a time. Use one such as 19:30.")},
    )
    fold = forms.ChoiceField(
        label=gettext_lazy("Which of the two"),
        required=False,
        choices=[
            ("", "---------"),
            ("0", gettext_lazy("before the clocks go back")),
            ("1", gettext_lazy("after the clocks went back")),
        ],
        help_text=gettext_lazy("The clocks go back on this night, and this time comes twice."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks_fold = bool(self.is_bound and self.data.get("fold"))
        self.service_date: dt.date | None = None
        self.start: dt.datetime | None = None

    def wanted_party(self) -> int:
        """Return how many come."""
        raise NotImplementedError

    def wanted_step_free(self) -> bool:
        """Return whether they need step-free access."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Find the start."""
        data = super().clean()
        if data.get("date") and data.get("time") is not None:
            self._find_start(dt.datetime.combine(data["date"], data["time"]))
        return data

    def _find_start(self, wall: dt.datetime) -> None:
        """Turn a naive wall time into a start in UTC and its service date."""
        zone = self.restaurant.zone
        local = wall.replace(tzinfo=zone)
        if local.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != wall:
            text = _("The clocks go forward on this night and skip %(time)s. Choose another time.")
            self.add_error("time", text % {"time": write(wall, "H:i")})
            return
        service_date, moments = self._offered(wall)
        if len(moments) > 1:
            self.asks_fold = True
            if not self.cleaned_data.get("fold"):
                self.add_error("fold", _("Choose which of the two is meant."))
                return
            moments = [moment for moment in moments if str(moment.fold) == self.cleaned_data["fold"]]
        # A time that no service offers goes to the write rule all the same: it
        # knows the first reason against it, and keeps it.
        self.service_date = service_date
        self.start = (moments[0] if moments else local).astimezone(dt.UTC)

    def _offered(self, wall: dt.datetime) -> tuple[dt.date, list[dt.datetime]]:
        """Return the service date whose services offer a wall time, and the one or two moments that it is.

        After midnight it may belong to the evening before.
        """
        for date in (wall.date(), wall.date() - dt.timedelta(days=1)):
            plan = day_plan(self.restaurant.pk, date, seatings=False)
            moments = [moment for moment in local_starts(plan, self.restaurant) if moment.replace(tzinfo=None) == wall]
            if moments:
                return date, moments
        return wall.date(), []

    def wish(self) -> Wish:
        """Return what is to be booked; the form must be valid."""
        if self.start is None or self.service_date is None:
            raise ValueError("only a valid form has a wish")
        return Wish(
            restaurant_id=self.restaurant.pk,
            date=self.service_date,
            start=self.start,
            party=self.wanted_party(),
            area_id=self.area_id(),
            step_free=self.wanted_step_free(),
        )

    def refuse(self, reason: Reason) -> None:
        """Show why the wish was refused, and what could be booked instead."""
        super().refuse(reason)
        wish = self.wish()
        if reason == Reason.NOT_A_TIME:
            plans = [day_plan(wish.restaurant_id, date, seatings=False) for date in _around(wish.date)]
            moments = [moment for plan in plans for moment in local_starts(plan, self.restaurant)]
            self._suggest(moments, _("Nearest times: %(times)s"))
        elif reason == Reason.TABLES_TAKEN:
            self._suggest(_free(self._taken(wish), wish), _("Nearest free times: %(times)s"))

    def _taken(self, wish: Wish) -> DayPlan:
        """Return the day with what is booked on it, by which free times are named."""
        return day_plan(wish.restaurant_id, wish.date)

    def _suggest(self, moments: list[dt.datetime], text: str) -> None:
        """Name the times next to the wanted one, of its own local date."""
        wanted = self.cleaned_data["date"], self.start
        near = sorted(
            (abs(moment - wanted[1]), moment)
            for moment in moments
            if wanted[1] is not None and moment.date() == wanted[0]
        )[:_SUGGESTIONS]
        if near:
            words = [write(moment, "H:i") for moment in sorted(moment for _distance, moment in near)]
            self.add_error("time", text % {"times": ", ".join(dict.fromkeys(words))})


def local_starts(plan: DayPlan, restaurant: Restaurant) -> list[dt.datetime]:
    """Return the times of a service date as the local clock shows them, a double one with its ``fold``."""
    return [start.astimezone(restaurant.zone) for start, _service in starts(plan)]


def _around(date: dt.date) -> tuple[dt.date, dt.date]:
    return date - dt.timedelta(days=1), date


def _free(plan: DayPlan, wish: Wish) -> list[dt.datetime]:
    ask = Ask(party=wish.party, area_id=wish.area_id, step_free=wish.step_free, online=False)
    return [time.start for time in times(plan, ask, timezone.now()) if time.bookable]
