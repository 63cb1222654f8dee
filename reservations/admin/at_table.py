"""One table at a moment: who has it and comes next, and what can be done there, by pointing at a gap or a table."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reservations.admin import blocking, pages, touching
from reservations.admin.flags import flags_text
from reservations.admin.formats import date_text
from reservations.admin.moments import asked_date, asked_moment
from reservations.admin.pages import Button, reservation_address
from reservations.admin.timeline_cells import Clock, clock_of, needs, state_of
from reservations.engine.tables import slot_of
from reservations.messages.lines import isolated
from reservations.models import Reservation, Restaurant, Table
from reservations.queries.floor import running
from reservations.queries.timeline import AtTable, Stay, Timeline, timeline
from reservations.scoping import Link


@dataclass(frozen=True, slots=True)
class Party:
    """Who has the table for a span of time, with what can be done about it."""

    heading: str
    who: str
    address: str
    facts: str
    buttons: list[Button]
    links: list[Link]


def show(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int, table_pk: int) -> HttpResponse:
    """Show a table at the moment that the address names, or now; ``part=choice`` is it without the page around it."""
    pages.need(request, pages.VIEW, pages.CHANGE)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    restaurant = pages.restaurant_of(request, pk)
    now = timezone.now()
    day = timeline(restaurant, asked_date(request) or running(restaurant, now).date, now)
    table, area = next(
        ((table, room.area) for room in day.rooms for table in room.tables if table.pk == table_pk), (None, None)
    )
    if table is None:
        raise Http404
    start = asked_moment(request)
    here = reverse("admin:reservations_restaurant_timeline", args=(pk,))
    back = pages.back_of(request, f"{here}?{urlencode({'date': day.date.isoformat()})}")
    context = _choice(request, day, table, start or now, back)
    title = _("Table %(table)s") % {"table": table}
    if request.GET.get("part") == "choice":
        template = "admin/reservations/restaurant/_choice.html"
        return TemplateResponse(request, template, {"title": title, "area": area, **context})
    return pages.page(
        model_admin,
        request,
        "restaurant/choice.html",
        title,
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant, (back, _("Back"))),
        area=area,
        back=back,
        **context,
    )


def _choice(request: HttpRequest, day: Timeline, table: Table, moment: dt.datetime, back: str) -> dict[str, Any]:
    clock = clock_of(day)
    at = day.at(table.pk, moment)
    is_now = slot_of(moment) == slot_of(day.now)
    return {
        "table": table,
        "when": _("%(date)s, %(time)s") % {"date": date_text(day.date), "time": clock(moment)},
        "state": _state(day, at, is_now, clock),
        "parties": [
            _party(request, day, heading, stay, back, clock)
            for heading, stay in (
                (_("Still here"), at.over),
                (_("Now") if is_now else _("Then"), at.has),
                (_("Next"), at.following),
            )
            if stay is not None
        ],
        "links": _links(request, day, table, moment, at, back) if table.is_active else [],
    }


def _state(day: Timeline, at: AtTable, is_now: bool, clock: Clock) -> str:
    if at.has is not None or (is_now and at.over is not None):
        return ""
    if at.free_until is None:
        return _("Free for the rest of the day.")
    return _("Free until %(end)s.") % {"end": clock(at.free_until)}


def _party(request: HttpRequest, day: Timeline, heading: str, stay: Stay, back: str, clock: Clock) -> Party:
    span = f"{clock(stay.first)}–{clock(stay.until)}"
    row, block = stay.reservation, stay.block
    if row is None:
        lifts = block is not None and request.user.has_perm(blocking.CHANGE)
        buttons = [blocking.lift_button(block, back)] if block and lifts else []
        reason = isolated(block.reason) if block else ""
        return Party(heading, _("Blocked"), "", " · ".join(filter(None, [span, reason])), buttons, [])
    may = request.user.has_perm(pages.CHANGE) and row.status in (
        Reservation.Status.CONFIRMED,
        Reservation.Status.SEATED,
    )
    facts = [span, pages.covers_text(row.party_size), state_of(row)[0], flags_text(row), *needs(row)]
    return Party(
        heading=heading,
        who=isolated(row.name) or state_of(row)[0],
        address=reservation_address(row),
        facts=" · ".join(filter(None, facts)),
        buttons=touching.buttons(row, back) if may else [],
        links=_ways(row, back) if may else [],
    )


def _ways(row: Reservation, back: str) -> list[Link]:
    asked = f"?{urlencode({'back': back})}"
    found = [("move", _("Move")), ("alter", _("Change"))]
    if row.status == Reservation.Status.SEATED:
        found.append(("stay", _("Stay longer")))
    return [(reservation_address(row, page) + asked, label) for page, label in found]


def _links(
    request: HttpRequest, day: Timeline, table: Table, moment: dt.datetime, at: AtTable, back: str
) -> list[Link]:
    """Return the pages that put somebody or something on the table from the moment on, for who may use them."""
    if at.has is not None or day.now >= moment + dt.timedelta(minutes=15):
        return []
    start = slot_of(moment)
    asked = {"restaurant": day.restaurant.pk, "table": table.pk, "start": int(start.timestamp()), "back": back}
    query = urlencode(asked | {"date": day.date.isoformat()})
    found = []
    if start <= day.now and request.user.has_perm(pages.CHANGE):
        walk_in = reverse("admin:reservations_restaurant_walk_in", args=(day.restaurant.pk,))
        found.append((f"{walk_in}?{query}", _("Walk-in")))
    if start > day.now and request.user.has_perm("reservations.add_reservation"):
        found.append((f"{reverse('admin:reservations_reservation_add')}?{query}", _("New reservation")))
    if request.user.has_perm(blocking.ADD):
        found.append((f"{reverse('admin:reservations_block_add')}?{query}", _("Block")))
    return found
