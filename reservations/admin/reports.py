"""Reports of a restaurant for its managers: charts with their tables, by week and service, and the same as CSV."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages
from reservations.admin.charts import Chart, chart
from reservations.admin.fields import date_input
from reservations.admin.formats import date_text
from reservations.models import Restaurant
from reservations.queries.reports import Figures, Report, Week, report
from reservations.reasons import staff_text
from reservations.scoping import Link
from restaurant_site.database.patience import patient
from restaurant_site.database.replica import read, suffix
from restaurant_site.spreadsheets import csv_response

SEE = "reservations.view_report"
"""Not of a model: managers and owners have it by their role."""

_WEEKS = 12
_MOST_DAYS = 3 * 366

Cell = str | int | float | None
Table = tuple[list[str], list[list[Cell]]]


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


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its charts above it; key names its CSV."""

    key: str
    title: str
    charts: list[Chart]
    head: list[str]
    rows: list[list[str]]
    csv: str


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
        if found is None or wanted not in _TABLES:
            raise Http404
        head, rows = _TABLES[wanted](found)
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
        sections=_sections(found, asked) if found else [],
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


def _sections(found: Report, asked: dict[str, str]) -> list[Section]:
    charts: dict[str, list[Chart]] = {
        "weeks": _week_charts(found.weeks),
        "services": [
            _chart(
                "covers-by-service", _("Covers by service"), [(name, one) for name, one, _r in found.services], _covers
            )
        ],
        "reasons": [
            chart(
                "refused-by-reason",
                _("Refused bookings by reason"),
                [reason.replace("_", " ").capitalize() for reason, _row in found.reasons],
                [(_("Refused"), [row.times for _reason, row in found.reasons])],
                words=_("How often each reason refused a booking; the table below has the numbers."),
            )
        ],
    }
    titles = {"weeks": _("By week"), "services": _("By service"), "reasons": _("Refused demand by reason")}
    sections = []
    for key, table in _TABLES.items():
        head, rows = table(found)
        query = urlencode({**asked, "csv": key})
        sections.append(
            Section(key, titles[key], charts[key], head, [[_cell(value) for value in row] for row in rows], f"?{query}")
        )
    return sections


def _week_charts(weeks: Sequence[Week]) -> list[Chart]:
    pairs = [(_week(week), week) for week in weeks]
    labels = [label.partition("-")[2] for label, _week_of in pairs]
    of = [week.figures for week in weeks]

    def by_week(name: str, title: str, series: Sequence[tuple[str, Sequence[float | None]]], unit: str = "") -> Chart:
        words = _("%(title)s, by week; the table below has the numbers.") % {"title": title}
        return chart(name, title, labels, series, words=words, unit=unit)

    return [
        by_week("covers", _("Covers"), [(_("Covers"), [one.covers for one in of])]),
        by_week("no-shows", _("No-show rate"), [(_("No-show rate"), [_hundred(one.no_show_rate) for one in of])], "%"),
        by_week(
            "cancellations",
            _("Cancellations"),
            [
                (_("Cancelled"), [one.cancelled for one in of]),
                (_("of those late"), [one.cancelled_late for one in of]),
            ],
        ),
        by_week("lead", _("Lead time in days"), [(_("Lead time"), [one.lead_days for one in of])]),
        by_week(
            "turns",
            _("Turn time in minutes"),
            [
                (_("actual"), [one.turn_minutes for one in of]),
                (_("planned"), [one.planned_minutes for one in of]),
            ],
        ),
        by_week("refused", _("Refused bookings"), [(_("Refused"), [week.refused.times for week in weeks])]),
        by_week(
            "waitlist",
            _("Waitlist"),
            [
                (_("joined"), [week.waited.joined for week in weeks]),
                (_("offered"), [week.waited.offered for week in weeks]),
                (_("accepted"), [week.waited.accepted for week in weeks]),
            ],
        ),
    ]


def _chart(name: str, title: str, rows: Sequence[tuple[str, Figures]], value: Callable[[Figures], float]) -> Chart:
    return chart(
        name,
        title,
        [label for label, _one_of in rows],
        [(title, [value(one) for _label, one in rows])],
        words=_("%(title)s; the table below has the numbers.") % {"title": title},
    )


def _covers(figures: Figures) -> float:
    return figures.covers


_FIGURES: dict[str, tuple[Any, Callable[[Figures], Cell]]] = {
    "covers": (gettext_lazy("Covers"), lambda one: one.covers),
    "parties": (gettext_lazy("Parties"), lambda one: one.parties),
    "no_shows": (gettext_lazy("No-shows"), lambda one: one.no_shows),
    "no_show_rate": (gettext_lazy("No-show rate %"), lambda one: _hundred(one.no_show_rate)),
    "cancelled": (gettext_lazy("Cancelled"), lambda one: one.cancelled),
    "cancelled_late": (gettext_lazy("Cancelled late"), lambda one: one.cancelled_late),
    "lead_days": (gettext_lazy("Lead time (days)"), lambda one: _rounded(one.lead_days)),
    "turn": (gettext_lazy("Turn time (min)"), lambda one: _rounded(one.turn_minutes)),
    "planned": (gettext_lazy("Planned (min)"), lambda one: _rounded(one.planned_minutes)),
}


def _figures_head() -> list[str]:
    return [str(label) for label, _value in _FIGURES.values()]


def _figures(one: Figures) -> list[Cell]:
    return [value(one) for _label, value in _FIGURES.values()]


def _weeks_table(found: Report) -> Table:
    more = [_("Refused"), _("Waitlist joined"), _("Offered"), _("Accepted")]
    rows: list[list[Cell]] = [
        [
            _week(week),
            week.monday.isoformat(),
            *_figures(week.figures),
            week.refused.times,
            *(week.waited.joined, week.waited.offered, week.waited.accepted),
        ]
        for week in found.weeks
    ]
    return [_("Week"), _("Monday"), *_figures_head(), *more], rows


def _services_table(found: Report) -> Table:
    rows: list[list[Cell]] = [[name or "–", *_figures(one), refused.times] for name, one, refused in found.services]
    return [_("Service"), *_figures_head(), _("Refused")], rows


def _reasons_table(found: Report) -> Table:
    rows: list[list[Cell]] = [[reason, _reason_text(reason), row.times, row.covers] for reason, row in found.reasons]
    return [_("Reason"), _("In words"), _("Refused"), _("Covers asked for")], rows


_TABLES: dict[str, Callable[[Report], Table]] = {
    "weeks": _weeks_table,
    "services": _services_table,
    "reasons": _reasons_table,
}


def _reason_text(reason: str) -> str:
    try:
        return staff_text(reason)
    except ValueError:
        # Of an earlier release perhaps.
        return reason


def _week(week: Week) -> str:
    year, number, _day = week.monday.isocalendar()
    return f"{year}-W{number:02}"


def _hundred(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _cell(value: Cell) -> str:
    return "–" if value is None else str(value)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def _one(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _minutes(value: float | None) -> str:
    return "–" if value is None else _("%(minutes)d minutes") % {"minutes": round(value)}
