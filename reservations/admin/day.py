"""The day sheet of a restaurant: everybody of one service date, with what is done about each by one touch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from reservations.admin import pages, ways
from reservations.admin.day_chart import chart_of
from reservations.admin.day_touches import Touches, touches_of
from reservations.admin.formats import date_text, local_text
from reservations.admin.pulse import pulse_of
from reservations.models import Reservation, Restaurant
from reservations.queries.floor import running
from reservations.queries.sheet import SHOWN, Sheet, sheet
from reservations.sheet_rows import Group, Row, groups_of, keys_of, rows_of
from restaurant_site.spreadsheets import csv_response

FIRST, LAST = dt.date(2000, 1, 1), dt.date(2199, 12, 31)
MOST_TYPED = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the sheet is narrowed to; empty is everything."""

    status: str = ""
    area: str = ""
    service: str = ""
    typed: str = ""

    def takes(self, row: Row) -> bool:
        """Return whether a row is among it."""
        return (
            (not self.status or row.status == self.status)
            and (not self.area or str(row.area) == self.area)
            and (not self.service or row.service == self.service)
            and all(word in row.text for word in self.typed.lower().split())
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its touches."""

    row: Row
    touches: Touches


def address(restaurant_id: int, date: dt.date | None = None) -> str:
    """Return the address of a day's sheet; without a date, of the one that leads to the running day's."""
    if date is None:
        return reverse("admin:reservations_restaurant_day", args=(restaurant_id,))
    return reverse("admin:reservations_restaurant_sheet", args=(restaurant_id, date.isoformat()))


def today(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to the sheet of the date that is asked for, or of the service date that runs now."""
    pages.need(request, pages.VIEW, pages.CHANGE)
    restaurant = pages.restaurant_of(request, pk)
    try:
        date = _date(request.GET.get("date", ""))
    except Http404:
        date = running(restaurant, timezone.now()).date
    return redirect(address(restaurant.pk, date))


def show(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int, date: str) -> HttpResponse:
    """Show the sheet of a service date; to htmx the part that changes."""
    pages.need(request, pages.VIEW, pages.CHANGE)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    restaurant = pages.restaurant_of(request, pk)
    day = _date(date)
    pulse = pulse_of(request, restaurant.pk)
    now = timezone.now()
    found = sheet(restaurant, day, now)
    rows = rows_of(found, now)
    wanted = _wanted(request)
    shown = [row for row in rows if wanted.takes(row)]
    part = bool(request.headers.get("HX-Request"))
    # htmx gets everything, and narrows it in the browser.
    here = address(restaurant.pk, day) if part else request.get_full_path()
    may = request.user.has_perm(pages.CHANGE)
    touch = touches_of(found, now, may)
    groups = groups_of(found.plan, shown)
    context = {
        "pulse": pulse,
        "here": here,
        "part": part,
        "back": quote(here, safe=""),
        "address": address(restaurant.pk, day),
        "is_narrowed": wanted != Wanted(),
        "groups": [(group, [Line(row, touch(row)) for row in group.rows]) for group in groups],
        "totals": _totals(groups_of(found.plan, rows)),
        "closed": found.plan.closed,
        "chart": chart_of(found.bars, restaurant.zone),
        "now": local_text(now, restaurant.zone),
        "may": may,
        "restaurant": restaurant,
        "date": date_text(day),
    }
    if part:
        response: HttpResponse = TemplateResponse(request, "admin/reservations/restaurant/_sheet.html", context)
        response["X-Part"] = "sheet"
    else:
        context |= _frame(request, restaurant, day, found, rows, wanted)
        title = _("Day sheet of %(date)s") % {"date": date_text(day)}
        response = pages.page(model_admin, request, "restaurant/sheet.html", title, **context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _frame(
    request: HttpRequest, restaurant: Restaurant, day: dt.date, found: Sheet, rows: Sequence[Row], wanted: Wanted
) -> dict[str, Any]:
    """Return what stands around the part that changes."""
    statuses = {str(value): str(label) for value, label in Reservation.Status.choices}
    dated = urlencode({"date": day})
    tools = ways.evening_links(request, restaurant, day, but="day", back=address(restaurant.pk, day))
    if request.user.has_perm(pages.CHANGE):
        tools.append((reverse("admin:reservations_restaurant_walk_in", args=(restaurant.pk,)), _("Walk-in")))
    if request.user.has_perm("reservations.add_block"):
        block = reverse("admin:reservations_block_add")
        tools.append((f"{block}?{urlencode({'restaurant': restaurant.pk})}&{dated}", _("Block tables")))
    tools.append((f"{address(restaurant.pk, day)}csv/", _("CSV")))
    return {
        "subtitle": str(restaurant),
        "crumbs": pages.restaurant_crumbs(request, restaurant),
        "object_links": tools,
        "before": address(restaurant.pk, max(FIRST, day - dt.timedelta(days=1))),
        "after": address(restaurant.pk, min(LAST, day + dt.timedelta(days=1))),
        "picker": address(restaurant.pk),
        "day": day.isoformat(),
        "wanted": wanted,
        "statuses": [*((str(status), statuses[status]) for status in SHOWN), ("held", _("asked before"))],
        "areas": [(str(pk), name) for pk, name in found.areas.items()],
        "services": keys_of(found.plan, rows),
    }


def _totals(groups: Sequence[Group]) -> list[tuple[str, int, int]]:
    return [(group.name, group.parties, group.covers) for group in groups]


def _wanted(request: HttpRequest) -> Wanted:
    def typed(name: str) -> str:
        return request.GET.get(name, "")[:MOST_TYPED]

    return Wanted(status=typed("status"), area=typed("area"), service=typed("service"), typed=typed("q").strip())


def _date(text: str) -> dt.date:
    """Return a date as the address has it; raises Http404 for what is none, or far away."""
    try:
        found = dt.date.fromisoformat(text)
    except ValueError as error:
        raise Http404 from error
    if not FIRST <= found <= LAST:
        raise Http404
    return found


def export(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int, date: str) -> HttpResponse:
    """Send the sheet as a CSV file, whose cells no spreadsheet takes for a formula."""
    pages.need(request, pages.VIEW, pages.CHANGE)
    restaurant = pages.restaurant_of(request, pk)
    day = _date(date)
    now = timezone.now()
    found = sheet(restaurant, day, now)
    header = (
        *(_("Service"), _("Time"), _("Name"), _("Covers"), _("More"), _("Tables"), _("Status"), _("Dietary needs")),
        *(_("Occasion"), _("Notes"), _("Tags"), _("Known"), _("Phone"), _("Reference")),
    )
    lines = [
        (
            *(group.name, row.time, row.name, row.party_size, row.more, row.tables, row.status_text, row.needs),
            *(row.occasion, " / ".join(row.notes), row.tags, row.known, row.phone, row.reference),
        )
        for group in groups_of(found.plan, rows_of(found, now))
        for row in group.rows
    ]
    return csv_response(f"{restaurant.slug}-{day.isoformat()}.csv", header, lines)
