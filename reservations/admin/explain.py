"""The page that says of each time of a day why it is offered or not, rule by rule and table by table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin.fields import date_input
from reservations.admin.pages import restaurant_of
from reservations.engine.explain import explain
from reservations.engine.plan import Ask
from reservations.explaining import (
    ChoiceLine,
    RuleLine,
    choice_lines,
    clock,
    date_and_clock,
    date_text,
    rule_lines,
    verdict,
)
from reservations.models import Area, Restaurant
from reservations.models.venue import MAX_PARTY
from reservations.queries.day import day_plan
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.venue import RestaurantAdmin

    _AreaField = forms.ModelChoiceField[Area]
else:
    _AreaField = forms.ModelChoiceField

_FARTHEST_DAYS = 3660
_DINER, _STAFF = "diner", "staff"


class ExplainForm(forms.Form):
    """Which day, for which party, and as whom it is asked."""

    date = forms.DateField(
        label=gettext_lazy("Date"),
        widget=date_input(),
        error_messages={"invalid": gettext_lazy("This is not a date of the calendar. Use one such as 2027-03-14.")},
    )
    party = forms.IntegerField(
        label=gettext_lazy("Party size"),
        min_value=1,
        max_value=MAX_PARTY,
        error_messages={"invalid": gettext_lazy("Give the number of guests in digits, such as 2.")},
    )
    area = _AreaField(
        Area.objects.none(), label=gettext_lazy("Area"), required=False, empty_label=gettext_lazy("Anywhere")
    )
    step_free = forms.BooleanField(label=gettext_lazy("Step-free access"), required=False)
    asker = forms.ChoiceField(
        label=gettext_lazy("Asked as"),
        choices=[(_DINER, gettext_lazy("a diner, online")), (_STAFF, gettext_lazy("staff"))],
        required=False,
    )

    def __init__(self, data: Any, restaurant: Restaurant, today: dt.date) -> None:
        super().__init__(data or {"date": today.isoformat(), "party": "2"})
        self._today = today
        area = self.fields["area"]
        if isinstance(area, forms.ModelChoiceField):
            area.queryset = Area.objects.filter(restaurant=restaurant).order_by("position", "pk")
            area.error_messages["invalid_choice"] = _("This restaurant has no such area.")

    def clean_date(self) -> dt.date:
        """Refuse a date that can only be a slip."""
        date: dt.date = self.cleaned_data["date"]
        if abs(date - self._today) > dt.timedelta(days=_FARTHEST_DAYS):
            raise forms.ValidationError(_("This date is too far away. Choose one nearer to today."), code="far")
        return date

    def ask(self) -> Ask:
        """Return what the party wants; the form must be valid."""
        area = self.cleaned_data["area"]
        return Ask(
            party=self.cleaned_data["party"],
            area_id=area.pk if area else None,
            step_free=self.cleaned_data["step_free"],
            online=self.cleaned_data["asker"] != _STAFF,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One time of the page."""

    clock: str
    service: str
    offered: bool
    verdict: str
    rules: list[RuleLine]
    choices: list[ChoiceLine]


def page(model_admin: RestaurantAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form and what it asks for; without a question, today for two."""
    if not may_see(request):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    restaurant = restaurant_of(request, pk)
    now = timezone.now()
    form = ExplainForm(request.GET, restaurant, now.astimezone(restaurant.zone).date())
    context: dict[str, Any] = {}
    if form.is_valid():
        explained = explain(day_plan(restaurant.pk, form.cleaned_data["date"]), form.ask(), now)
        context = {
            "date": date_text(form.cleaned_data["date"]),
            "reason": staff_text(explained.reason) if explained.reason else "",
            "rows": [
                Row(
                    clock(time.start, restaurant.zone),
                    time.service.name,
                    time.refusal is None,
                    verdict(time, restaurant.zone),
                    rule_lines(time, restaurant.zone),
                    choice_lines(time, restaurant.zone),
                )
                for time in explained.times
            ],
        }
    context |= {
        **model_admin.admin_site.each_context(request),
        "title": _("Why is this time (not) offered?"),
        "opts": model_admin.opts,
        "restaurant": restaurant,
        "asked_at": date_and_clock(now, restaurant.zone),
        "form": form,
        "may_open_restaurant": model_admin.has_view_or_change_permission(request),
    }
    return TemplateResponse(request, "admin/reservations/restaurant/explain.html", context)


def may_see(request: HttpRequest) -> bool:
    """Return whether the user may see reservations or restaurants: the page names no guest."""
    return any(request.user.has_perm(f"reservations.view_{name}") for name in ("reservation", "restaurant"))
