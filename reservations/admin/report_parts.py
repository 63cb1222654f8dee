"""The tables of a report with the charts above them: by week, by service, and what was refused by reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin.charts import MOST_SERIES, Chart, chart
from reservations.queries.reports import Figures, Refused, Report, Week
from reservations.reasons import staff_text

Cell = str | int | float | None
Table = tuple[list[str], list[list[Cell]]]


@dataclass(frozen=True, slots=True)
class Section:
    """A table with its charts above it; key names its CSV."""

    key: str
    title: str
    charts: list[Chart]
    head: list[str]
    rows: list[list[str]]
    csv: str


def sections(found: Report, asked: dict[str, str]) -> list[Section]:
    """Return the tables of a report with their charts; asked is the range, for the addresses of the CSVs."""
    charts: dict[str, list[Chart]] = {
        "weeks": _week_charts(found.weeks),
        "services": _service_charts(found),
        "reasons": [
            chart(
                "refused-by-reason",
                _("Refused bookings by reason"),
                [_reason_label(reason) for reason, _row in found.reasons],
                [(_("Refused"), [row.times for _reason, row in found.reasons])],
                words=_("How often each reason refused a booking; the table below has the numbers."),
            )
        ],
        "reasons-weeks": [_stacked("reasons-weeks", found, [(_short(week), week.monday) for week in found.weeks])],
        "reasons-services": [_stacked("reasons-services", found, [(name or "–", name) for name in _refusing(found)])],
    }
    shown = []
    for key, table in TABLES.items():
        head, rows = table(found)
        query = urlencode({**asked, "csv": key})
        cells = [[_cell(value) for value in row] for row in rows]
        shown.append(Section(key, str(_TITLES[key]), charts[key], head, cells, f"?{query}"))
    return shown


def _week_charts(weeks: Sequence[Week]) -> list[Chart]:
    labels = [_short(week) for week in weeks]
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


def _service_charts(found: Report) -> list[Chart]:
    labels = [name or "–" for name, _one, _refused in found.services]
    of = [one for _name, one, _refused in found.services]

    def by_service(
        name: str, title: str, series: Sequence[tuple[str, Sequence[float | None]]], unit: str = ""
    ) -> Chart:
        words = _("%(title)s; the table below has the numbers.") % {"title": title}
        return chart(f"{name}-by-service", title, labels, series, words=words, unit=unit)

    def titled(title: str) -> str:
        return _("%(title)s, by service") % {"title": title}

    return [
        by_service("covers", _("Covers by service"), [(_("Covers"), [one.covers for one in of])]),
        by_service(
            "no-shows",
            titled(_("No-show rate")),
            [(_("No-show rate"), [_hundred(one.no_show_rate) for one in of])],
            "%",
        ),
        by_service("lead", titled(_("Lead time in days")), [(_("Lead time"), [one.lead_days for one in of])]),
        by_service(
            "turns",
            titled(_("Turn time in minutes")),
            [
                (_("actual"), [one.turn_minutes for one in of]),
                (_("planned"), [one.planned_minutes for one in of]),
            ],
        ),
    ]


def _stacked(key: str, found: Report, places: Sequence[tuple[str, dt.date | str]]) -> Chart:
    """Return what was refused at weeks or services, given with their labels: a bar each, of the reasons in it.

    The most frequent reasons have a colour each; the others share one.
    """
    reasons = [reason for reason, _row in found.reasons]
    own = len(reasons) if len(reasons) <= MOST_SERIES else MOST_SERIES - 1
    groups = [(_reason_label(reason), [reason]) for reason in reasons[:own]]
    if reasons[own:]:
        groups.append((_("others"), reasons[own:]))
    title = str(_TITLES[key])
    return chart(
        f"refused-by-{key}",
        title,
        [label for label, _place in places],
        [
            (label, [sum(_refused(found, place, one) for one in some) for _label, place in places])
            for label, some in groups
        ],
        words=_("%(title)s; the table below has the numbers.") % {"title": title},
        stacked=True,
    )


def _refused(found: Report, place: dt.date | str, reason: str) -> int:
    """Return how often a reason refused in the week of a Monday, or at a service of a name."""
    if isinstance(place, dt.date):
        return found.reasons_by_week.get((place, reason), Refused()).times
    return found.reasons_by_service.get((place, reason), Refused()).times


def _refusing(found: Report) -> list[str]:
    """Return the services at which something was refused."""
    return [name for name, _one, refused in found.services if refused.times]


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


def _reasons_weeks_table(found: Report) -> Table:
    rows: list[list[Cell]] = [
        [_week(week), week.monday.isoformat(), *_reason_cells(found, week.monday, week.refused)]
        for week in found.weeks
        if found.reasons
    ]
    return [_("Week"), _("Monday"), *_reason_head(found)], rows


def _reasons_services_table(found: Report) -> Table:
    refused_at = {name: refused for name, _one, refused in found.services}
    rows: list[list[Cell]] = [[name or "–", *_reason_cells(found, name, refused_at[name])] for name in _refusing(found)]
    return [_("Service"), *_reason_head(found)], rows


def _reason_head(found: Report) -> list[str]:
    return [*(_reason_label(reason) for reason, _row in found.reasons), _("Refused"), _("Covers asked for")]


def _reason_cells(found: Report, place: dt.date | str, total: Refused) -> list[Cell]:
    return [*(_refused(found, place, reason) for reason, _row in found.reasons), total.times, total.covers]


TABLES: dict[str, Callable[[Report], Table]] = {
    "weeks": _weeks_table,
    "services": _services_table,
    "reasons": _reasons_table,
    "reasons-weeks": _reasons_weeks_table,
    "reasons-services": _reasons_services_table,
}
"""Every table of a report, by the key that its CSV is asked by."""

_TITLES: dict[str, Promise] = {
    "weeks": gettext_lazy("By week"),
    "services": gettext_lazy("By service"),
    "reasons": gettext_lazy("Refused demand by reason"),
    "reasons-weeks": gettext_lazy("Refused demand by reason and week"),
    "reasons-services": gettext_lazy("Refused demand by reason and service"),
}


def _reason_label(reason: str) -> str:
    return reason.replace("_", " ").capitalize()


def _reason_text(reason: str) -> str:
    try:
        return staff_text(reason)
    except ValueError:
        # Of an earlier release perhaps.
        return reason


def _week(week: Week) -> str:
    year, number, _day = week.monday.isocalendar()
    return f"{year}-W{number:02}"


def _short(week: Week) -> str:
    """Return a week's name as a chart has room for it."""
    return _week(week).partition("-")[2]


def _hundred(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _cell(value: Cell) -> str:
    return "–" if value is None else str(value)
