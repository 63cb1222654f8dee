"""Reports of a restaurant for its managers: charts with their tables, by week and service, and the same as CSV."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages
from reservations.admin.fields import date_input
from reservations.admin.formats import date_text
from reservations.admin.report_parts import TABLES, sections
from reservations.models import Restaurant
from reservations.queries.reports import Report, report
from reservations.scoping import Link
from restaurant_site.database.patience import patient
from restaurant_site.database.replica import read, suffix
from restaurant_site.spreadsheets import csv_response

SEE = "reservations.view_report"
"""Not of a model: managers and owners have it by their role."""

_WEEKS = 12
_MOST_DAYS = 3 * 366


class RangeForm(forms.Form):
    """First and last service date."""

    first = forms.DateField(label=gettext_lazy("From"), widget=date_input())
    last = forms.DateField(label=gettext_lazy("To"), widget=date_input())

    def clean(self) -> dict[str, Any]:
        """Refuse a range that ends before it begins, and one that is too long to be read."""
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day is before the first."))
        elif first and last and (last - first).days > _MOST_DAYS:
            self.add_error("last", _("Choose three years at most."))
        elif first and not dt.date.min + dt.timedelta(days=7) < first < dt.date.max - dt.timedelta(days=_MOST_DAYS + 7):
            self.add_error("first", _("This is not a date of the calendar. Use one such as 2027-03-14."))
        return data


def urls(model_admin: admin.ModelAdmin[Restaurant]) -> list[URLPattern]:
    """Return the address of the page."""
    view = model_admin.admin_site.admin_view(partial(show, model_admin))
    return [path("<int:pk>/reports/", view, name="reservations_restaurant_reports")]


def links(request: HttpRequest, restaurant: Restaurant) -> list[Link]:
    """Return the link to the page, for who may see it."""
    if not request.user.has_perm(SEE):
        return []
    return [(reverse("admin:reservations_restaurant_reports", args=(restaurant.pk,)), _("Reports"))]


def show(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int) -> HttpResponse:
    """Show the report of a range of dates, by default the last 12 weeks, or one of its tables as CSV (?csv=weeks)."""
    pages.need(request, SEE)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    restaurant = pages.restaurant_of(request, pk)
    today = timezone.now().astimezone(restaurant.zone).date()
    asked = {"first": (today - dt.timedelta(weeks=_WEEKS)).isoformat(), "last": today.isoformat()}
    asked |= {name: request.GET[name] for name in asked if name in request.GET}
    form = RangeForm(asked)
    found, as_of = None, None
    if form.is_valid():
        reading = read(partial(_report, restaurant, form.cleaned_data["first"], form.cleaned_data["last"]))
        found, as_of = reading.value, reading.as_of
    wanted = request.GET.get("csv")
    if wanted is not None:
        if found is None or wanted not in TABLES:
            raise Http404
        head, rows = TABLES[wanted](found)
        name = f"{restaurant.slug}-{wanted}-{found.first}-{found.last}"
        return csv_response(f"{name}{suffix(as_of, restaurant.zone)}.csv", head, rows)
    return pages.page(
        model_admin,
        request,
        "restaurant/reports.html",
        _("Reports"),
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant),
        form=form,
        span=f"{date_text(found.first)} – {date_text(found.last)}" if found else "",
        as_of=date_format(timezone.localtime(as_of, restaurant.zone), "H:i:s") if as_of else "",
        facts_of=_facts(found) if found else [],
        sections=sections(found, asked) if found else [],
    )


def _report(restaurant: Restaurant, first: dt.date, last: dt.date, using: str) -> Report:
    with patient(using):
        return report(restaurant, first, last, using)


def _facts(found: Report) -> list[tuple[str, str]]:
    """Return the range in a few numbers."""
    total = found.total
    return [
        (_("Covers"), str(total.covers)),
        (_("Parties"), str(total.parties)),
        (_("No-show rate"), _percent(total.no_show_rate)),
        (_("Cancelled"), _percent(total.cancellation_rate)),
        (_("Lead time"), _("%(days)s days") % {"days": _one(total.lead_days)}),
        (_("Turn time"), _minutes(total.turn_minutes)),
        (_("Turn time planned"), _minutes(total.planned_minutes)),
        (_("Waitlist to table"), _percent(found.waited.conversion)),
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def _one(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _minutes(value: float | None) -> str:
    return "–" if value is None else _("%(minutes)d minutes") % {"minutes": round(value)}
