"""The floor plan: each area a room, each table with its state now, or at a moment of another day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from reservations.admin import pages, pulse, ways
from reservations.admin.boards import board_page
from reservations.admin.formats import local_text
from reservations.admin.moments import asked_date, asked_moment
from reservations.admin.plan_shapes import PER_LETTER, UNIT, Placed, extent, placed
from reservations.admin.timeline_cells import Clock, clock_of, is_late_now, needs, state_of, table_address
from reservations.engine.slots import SLOT
from reservations.engine.tables import slot_of
from reservations.messages.lines import isolated
from reservations.models import Area, Reservation, Restaurant, Table
from reservations.queries.floor import running
from reservations.queries.timeline import AtTable, Stay, Timeline, timeline
from reservations.scoping import Link

EDIT = "reservations.change_table"

_BEFORE, _AFTER = dt.timedelta(hours=6), dt.timedelta(hours=3)
"""So long around its hours a date is shown as it is now; another one as it is planned."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A table as it is drawn, in pixels: a link with what it says, in short and in full."""

    table: Table
    shape: str
    css: str
    address: str
    short: str
    who: str
    label: str
    x: int
    y: int
    width: int
    height: int

    @property
    def name(self) -> str:
        """As much of its name as it has room for; the whole one is in the label."""
        return isolated(Truncator(self.table.name).chars(self.width // PER_LETTER))

    @property
    def middle(self) -> int:
        """Half of its width: the centre, and the radius of a round one."""
        return self.width // 2

    @property
    def line(self) -> int:
        """Where its name stands, from above."""
        return self.height // 2 - (4 if self.short else -5)


@dataclass(frozen=True, slots=True)
class Hall:
    """An area's room as it is drawn, in pixels."""

    area: Area
    width: int
    height: int
    spots: list[Spot]


def show(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int) -> HttpResponse:
    """Show the rooms at the present moment, or at the time that the address names; ``part=board`` is fetched again."""
    pages.need(request, pages.VIEW, pages.CHANGE)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    restaurant = pages.restaurant_of(request, pk)
    beat = pulse.pulse_of(request, pk)
    now = timezone.now()
    day = timeline(restaurant, asked_date(request) or running(restaurant, now).date, now)
    date = day.date
    runs = day.first - _BEFORE <= now < day.last + _AFTER
    moment = asked_moment(request, "at") or (now if runs or not request.GET.get("date") else _first(day))
    clock = clock_of(day)
    here = reverse("admin:reservations_restaurant_plan", args=(pk,))
    is_now = slot_of(moment) == slot_of(now)
    asked = {"date": date.isoformat()} | ({} if is_now else {"at": str(int(moment.timestamp()))})
    board = {
        "halls": [hall(day, room.area, placed(room.tables), moment) for room in day.rooms],
        "when": local_text(now, restaurant.zone) if is_now else local_text(moment, restaurant.zone),
        "is_now": is_now,
    }
    if request.GET.get("part") == "board":
        return TemplateResponse(request, "admin/reservations/restaurant/_plan.html", board)
    return board_page(
        model_admin,
        request,
        "plan.html",
        _("Floor plan"),
        restaurant=restaurant,
        date=date,
        here=here,
        asked=asked,
        object_links=_tools(request, restaurant, date),
        pulse=beat,
        is_today=runs,
        moments=_moments(day, moment, clock),
        **board,
    )


def _first(day: Timeline) -> dt.datetime:
    """Return when the day's first service seats."""
    starts = day.starts()
    return day.first + starts[0] * SLOT if starts else day.first


def _moments(day: Timeline, moment: dt.datetime, clock: Clock) -> list[tuple[int, str, bool]]:
    """Return the half hours of the day that can be looked at, each with whether it is the one that is shown."""
    found = []
    for slot in range(0, day.slots, 2):
        start = day.first + slot * SLOT
        found.append((int(start.timestamp()), clock(start), start <= moment < start + 2 * SLOT))
    return found


def _tools(request: HttpRequest, restaurant: Restaurant, date: dt.date) -> list[Link]:
    def address(name: str) -> str:
        return reverse(f"admin:reservations_restaurant_{name}", args=(restaurant.pk,))

    back = f"{address('plan')}?{urlencode({'date': date.isoformat()})}"
    tools = ways.evening_links(request, restaurant, date, but="plan", back=back)
    if request.user.has_perm(pages.CHANGE):
        tools.append((address("walk_in"), _("Walk-in")))
    if request.user.has_perm(EDIT):
        tools.append((address("plan_edit"), _("Move the tables")))
    return tools


def hall(day: Timeline, area: Area, tables: list[Placed], moment: dt.datetime) -> Hall:
    """Return a room with the state of its tables at a moment."""
    width, height = extent(tables)
    return Hall(area, width * UNIT, height * UNIT, [_spot(day, one, moment) for one in tables])


def _spot(day: Timeline, one: Placed, moment: dt.datetime) -> Spot:
    clock = clock_of(day)
    at = day.at(one.table.pk, moment)
    is_now = slot_of(moment) == slot_of(day.now)
    css, short, stay = _state(day, at, moment, is_now, clock)
    row = stay.reservation if stay else None
    who = isolated(row.name) if row else ""
    facts = [str(one.table), _("for %(seats)d") % {"seats": one.table.max_seats}, _words(css, row), short, who]
    if row:
        facts += [pages.covers_text(row.party_size), *needs(row)]
    if at.following:
        facts.append(_("next at %(time)s") % {"time": clock(at.following.first)})
    return Spot(
        table=one.table,
        shape=one.shape,
        css=css,
        address=table_address(day, one.table.pk, None if is_now else moment),
        short=short,
        who=who,
        label=", ".join(filter(None, facts)),
        x=one.x * UNIT,
        y=one.y * UNIT,
        width=one.width * UNIT,
        height=one.height * UNIT,
    )


def _words(css: str, row: Reservation | None) -> str:
    if css == "free":
        return _("free")
    if css == "blocked":
        return _("blocked")
    return {"late": _("late"), "overstays": _("over its time")}.get(css) or (state_of(row)[0] if row else "")


def _sits(stay: Stay) -> bool:
    return stay.reservation is not None and stay.reservation.status == Reservation.Status.SEATED


def _minutes_left(stay: Stay, moment: dt.datetime) -> str:
    minutes = max(0, -(-int((stay.until - moment).total_seconds()) // 60))
    return _("%(minutes)d min") % {"minutes": minutes}


def _waits(stay: Stay | None) -> bool:
    row = stay.reservation if stay else None
    return row is not None and pages.standing(row) == pages.ARRIVED


def _state(day: Timeline, at: AtTable, moment: dt.datetime, is_now: bool, clock: Clock) -> tuple[str, str, Stay | None]:
    """Return a table's class, what it says in short, and who that is about."""
    if is_now and at.over is not None:
        minutes = int((moment - at.over.until).total_seconds() // 60)
        return "overstays", _("+%(minutes)d min") % {"minutes": minutes}, at.over
    # Who is there and does not sit yet; at their table, or before it is theirs.
    if is_now and (waits := next(filter(_waits, (at.has, at.following)), None)):
        return "arrived", _("arrived"), waits
    if at.has is None:
        return "free", _("till %(time)s") % {"time": clock(at.free_until)} if at.free_until else "", None
    row = at.has.reservation
    if row is None:
        return "blocked", _("till %(time)s") % {"time": clock(at.has.until)}, at.has
    if _sits(at.has) and is_now:
        return "seated", _minutes_left(at.has, moment), at.has
    late = is_now and row.status == Reservation.Status.CONFIRMED and is_late_now(row, day.now)
    return "late" if late else state_of(row)[1], clock(at.has.first), at.has
