"""The page of the test search: what a diner would be offered in a week, and why not more."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin.fields import date_input
from reservations.admin.formats import date_text
from reservations.engine.availability import day_reason, times
from reservations.engine.errors import Reason
from reservations.engine.plan import Ask
from reservations.models import Restaurant
from reservations.models.venue import MAX_PARTY
from reservations.queries.day import day_plan
from reservations.reasons import staff_text
from restaurant_site.guide.missing import STEP_OF, as_if_open, lacks, week_from
from restaurant_site.guide.page import onward, show
from restaurant_site.guide.steps import Step, address

_FARTHEST = dt.timedelta(days=3660)


class TestForm(forms.Form):
    """For how many, and from which day on."""

    __test__ = False

    party = forms.IntegerField(label=gettext_lazy("Party size"), min_value=1, max_value=MAX_PARTY)
    date = forms.DateField(label=gettext_lazy("Week from"), widget=date_input())

    def __init__(self, data: Mapping[str, Any], today: dt.date) -> None:
        super().__init__({"party": "2", "date": today.isoformat(), **data})
        self._today = today

    def clean_date(self) -> dt.date:
        """Refuse a date that can only be a slip."""
        date: dt.date = self.cleaned_data["date"]
        if abs(date - self._today) > _FARTHEST:
            raise forms.ValidationError(_("This date is too far away. Choose one nearer to today."))
        return date


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the test: the times that are offered, why not (more), and where that is put right."""

    date: str
    offered: str
    reasons: list[tuple[str, str]]
    explained: str


def page(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show a week for a party, and everything that is missing."""
    if request.method == "POST":
        return onward(request, Step.TEST, restaurant, saved=False)
    now = timezone.now()
    form = TestForm(request.GET.dict(), now.astimezone(restaurant.zone).date())
    days = []
    if form.is_valid():
        party = form.cleaned_data["party"]
        days = [_day(restaurant, date, party, now) for date in week_from(form.cleaned_data["date"])]
    return show(
        request,
        Step.TEST,
        restaurant,
        "test.html",
        form=form,
        days=days,
        lacks=lacks(restaurant),
        is_draft=restaurant.visibility == Restaurant.Visibility.DRAFT,
    )


def _day(restaurant: Restaurant, date: dt.date, party: int, now: dt.datetime) -> Day:
    plan = as_if_open(restaurant, day_plan(restaurant.pk, date))
    ask = Ask(party=party)
    reason = day_reason(plan, ask, now)
    found = times(plan, ask, now)
    offered = [time for time in found if time.bookable]
    refused = Counter(time.reason for time in found if time.reason is not None)
    reasons = [reason] if reason else [why for why, _count in refused.most_common()]
    text = ""
    if offered:
        text = ngettext("%(count)d time: %(times)s", "%(count)d times: %(times)s", len(offered)) % {
            "count": len(offered),
            "times": ", ".join(f"{time.start:%H:%M}" for time in offered),
        }
    query = urlencode({"date": date.isoformat(), "party": party})
    explained = f"{reverse('admin:reservations_restaurant_explain', args=(restaurant.pk,))}?{query}"
    return Day(date_text(date), text, [(staff_text(why), _link(restaurant, why)) for why in reasons], explained)


def _link(restaurant: Restaurant, reason: Reason) -> str:
    step = STEP_OF.get(reason)
    return address(step, restaurant) if step else ""
