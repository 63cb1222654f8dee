"""The timeline: a service date's tables by time, with who has them, what is free, and where the clock stands."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reservations.admin import at_table, dropping, pages, plan_editing, plan_page, pulse, ways
from reservations.admin.boards import board_page
from reservations.admin.formats import local_text
from reservations.admin.moments import asked_date
from reservations.admin.timeline_cells import clock_of, hours, line, paces
from reservations.engine.slots import SLOT
from reservations.models import Restaurant
from reservations.queries.floor import running
from reservations.queries.timeline import Timeline, timeline
from reservations.scoping import Link


def urls(model_admin: admin.ModelAdmin[Restaurant]) -> list[URLPattern]:
    """Return the addresses of the timeline, the floor plan and what can be done at a table."""
    wrap = model_admin.admin_site.admin_view
    views: list[tuple[str, str, Any]] = [
        ("timeline/", "timeline", show),
        ("timeline/drop/", "drop", dropping.drop),
        ("tables/<int:table_pk>/", "table", at_table.show),
        ("plan/", "plan", plan_page.show),
        ("plan/edit/", "plan_edit", plan_editing.edit),
    ]
    return [
        path(f"<int:pk>/{where}", wrap(partial(view, model_admin)), name=f"reservations_restaurant_{name}")
        for where, name, view in views
    ]


def show(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int) -> HttpResponse:
    """Show a service date, the running one where the address names none; ``part=board`` is what is fetched again."""
    pages.need(request, pages.VIEW, pages.CHANGE)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    restaurant = pages.restaurant_of(request, pk)
    beat = pulse.pulse_of(request, pk)
    now = timezone.now()
    date = asked_date(request) or running(restaurant, now).date
    day = timeline(restaurant, date, now)
    may = request.user.has_perm(pages.CHANGE)
    here = reverse("admin:reservations_restaurant_timeline", args=(pk,))
    board = _board(day, may)
    if request.GET.get("part") == "board":
        return TemplateResponse(request, "admin/reservations/restaurant/_board.html", board)
    return board_page(
        model_admin,
        request,
        "timeline.html",
        _("Timeline"),
        restaurant=restaurant,
        date=date,
        here=here,
        asked={"date": date.isoformat()},
        object_links=_tools(request, restaurant, date),
        pulse=beat,
        may=may,
        drop=reverse("admin:reservations_restaurant_drop", args=(pk,)),
        **board,
    )


def _board(day: Timeline, may: bool) -> dict[str, Any]:
    clock = clock_of(day)
    present = day.slot(day.now)
    return {
        "day": day,
        "now": local_text(day.now, day.restaurant.zone),
        "closed": day.plan.closed,
        "services": [service.name for service in day.plan.services],
        "present": present if 0 <= present < day.slots else None,
        "before_now": max(0, min(present, day.slots)),
        "after_now": max(0, day.slots - max(0, present + 1)),
        "hours": hours(day),
        "paces": paces(day),
        "rooms": [(room.area, [line(day, table, may) for table in room.tables]) for room in day.rooms],
        "wide": day.slots + 1,
        "first": int(day.first.timestamp()),
        "clocks": "|".join(clock(day.first + slot * SLOT) for slot in range(day.slots)),
        "starts": " ".join(map(str, day.starts())),
    }


def _tools(request: HttpRequest, restaurant: Restaurant, date: dt.date) -> list[Link]:
    here = reverse("admin:reservations_restaurant_timeline", args=(restaurant.pk,))
    back = f"{here}?{urlencode({'date': date.isoformat()})}"
    tools = ways.evening_links(request, restaurant, date, but="timeline", back=back)
    if request.user.has_perm(pages.CHANGE):
        tools.append((reverse("admin:reservations_restaurant_walk_in", args=(restaurant.pk,)), _("Walk-in")))
    return tools
