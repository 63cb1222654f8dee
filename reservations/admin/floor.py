"""The floor of one restaurant: what concerns the host now, each with what is done about it by one touch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reservations.admin import (
    blocking,
    brake,
    day,
    door,
    moving,
    night,
    noting,
    pages,
    phone,
    pulse,
    reports,
    touching,
    walk_in,
    ways,
)
from reservations.admin.chooser import FILTER, find_restaurant
from reservations.admin.flags import flags_text
from reservations.admin.formats import clock_text, date_text, local_text
from reservations.admin.pages import Button, names_text, reservation_address
from reservations.models import Reservation, Restaurant
from reservations.queries.evening import Evening, evening, unsettled
from reservations.queries.floor import Overstay
from reservations.scoping import Link

LATENESS = (10, 15, 20, 30, 45)


@dataclass(frozen=True, slots=True)
class Row:
    """A party on the page, with what can be done about it."""

    reservation: Reservation
    time: str
    covers: str
    tables: str
    flags: str
    buttons: list[Button]
    late: Button | None
    links: list[Link]


@dataclass(frozen=True, slots=True)
class Meeting:
    """A party that overstays, the one that comes next at its tables, and the button that seats that one elsewhere."""

    sitting: Reservation
    coming: Reservation
    tables: str
    until: str
    time: str
    button: Button | None


def urls(model_admin: admin.ModelAdmin[Restaurant]) -> list[URLPattern]:
    """Return the addresses of the pages of one restaurant's evening."""
    wrap = model_admin.admin_site.admin_view
    views: list[tuple[str, str, Any]] = [
        ("floor/", "floor", show),
        ("walk-in/", "walk_in", walk_in.show),
        ("door/", "door", door.show),
        ("night/", "night", night.show),
        ("day/", "day", day.today),
        ("day/<str:date>/", "sheet", day.show),
        ("day/<str:date>/csv/", "sheet_csv", day.export),
        ("brake/", "brake", brake.show),
    ]
    found = [
        path(f"<int:pk>/{where}", wrap(partial(view, model_admin)), name=f"reservations_restaurant_{name}")
        for where, name, view in views
    ]
    # Without the admin's check, which reads session and user: its key stands for them.
    found.append(path("<int:pk>/pulse/", partial(pulse.answer, model_admin), name="reservations_restaurant_pulse"))
    for name, view in (("seat", door.seat), ("leave", door.leave)):
        found.append(
            path(
                f"<int:pk>/door/<int:entry_pk>/{name}/",
                wrap(partial(view, model_admin)),
                name=f"reservations_restaurant_door_{name}",
            )
        )
    return [*found, *phone.urls(model_admin), *reports.urls(model_admin)]


def address(restaurant_id: int, page: str = "floor") -> str:
    """Return the address of one of the pages."""
    return reverse(f"admin:reservations_restaurant_{page}", args=(restaurant_id,))


def may_see(request: HttpRequest) -> bool:
    """Return whether the floor is for the user."""
    return request.user.has_perm(pages.VIEW) or request.user.has_perm(pages.CHANGE)


def links(request: HttpRequest, restaurant: Restaurant) -> list[Link]:
    """Return what the restaurant's own page links to."""
    found = []
    if may_see(request):
        found = ways.boards(restaurant.pk)
    if request.user.has_perm("reservations.add_closure"):
        close = reverse("admin:reservations_closure_close")
        found.append((f"{close}?{urlencode({'restaurant': restaurant.pk})}", _("Close days or a service")))
    return [*found, *reports.links(request, restaurant)]


def list_links(request: HttpRequest) -> list[Link]:
    """Return the link from a list that is limited to one restaurant."""
    found = find_restaurant(request.GET.get(FILTER, ""), request.user) if may_see(request) else None
    return [(address(found.pk), _("Floor"))] if found else []


def show(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int) -> HttpResponse:
    """Show the running service date: who is late, comes, sits and waits."""
    pages.need(request, pages.VIEW, pages.CHANGE)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    restaurant = pages.restaurant_of(request, pk)
    beat = pulse.pulse_of(request, restaurant.pk)
    found = evening(restaurant, timezone.now())
    may = request.user.has_perm(pages.CHANGE)
    zone = restaurant.zone
    here = address(pk)
    return pages.page(
        model_admin,
        request,
        "restaurant/floor.html",
        _("Floor"),
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant),
        object_links=_tools(request, restaurant, found),
        pulse=beat,
        here=here,
        now=local_text(found.now, zone),
        date=date_text(found.date),
        service=found.service,
        closed=found.closed,
        late=[_row(row, found, here, may) for row in found.late],
        arriving=[_row(row, found, here, may) for row in found.arriving],
        later=found.later,
        seated=[_row(row, found, here, may) for row in found.seated],
        overstays=[_meeting(row, found, here, may) for row in found.overstays],
        door=door.rows(restaurant, found.door, found.now, here) if may else [],
        waits_at_door=len(found.door),
        waitlist=[door.waiting_row(restaurant, place, entry, found.tables) for place, entry in found.waitlist],
        blocks=[blocking.row(request, row, found.tables, here) for row in found.blocks],
        lateness=LATENESS,
        brake=brake.panel(restaurant, found.plan, found.now) if may else None,
        unsettled=[
            (f"{address(pk, 'night')}?{urlencode({'date': date})}", date_text(date), count)
            for date, count in unsettled(pk, found.now).items()
            if date < found.date
        ],
    )


def _tools(request: HttpRequest, restaurant: Restaurant, found: Evening) -> list[Link]:
    """Return the pages that lead on from the floor, for who may use them."""
    of_restaurant = urlencode({"restaurant": restaurant.pk})
    listed = urlencode({FILTER: restaurant.pk, "service_date": found.date})
    tools = [
        *ways.evening_links(request, restaurant, found.date, but="floor", back=address(restaurant.pk)),
        (f"{reverse('admin:reservations_reservation_changelist')}?{listed}", _("All of the day")),
    ]
    if request.user.has_perm(pages.CHANGE):
        tools += [
            (address(restaurant.pk, "walk_in"), _("Walk-in")),
            (address(restaurant.pk, "door"), _("Door list")),
            (address(restaurant.pk, "night"), _("Close the night")),
            (address(restaurant.pk, "brake"), _("Brake")),
        ]
    if request.user.has_perm(blocking.ADD):
        tools.append((f"{reverse('admin:reservations_block_add')}?{of_restaurant}", _("Block tables")))
    return tools


def _row(row: Reservation, found: Evening, here: str, may: bool) -> Row:
    zone = row.restaurant.zone
    is_seated = row.status == Reservation.Status.SEATED
    time = clock_text(row.starts_at, zone)
    if is_seated:
        time = _("%(start)s until %(end)s") % {"start": time, "end": clock_text(row.ends_at, zone)}
    flags = [flags_text(row), _("over its time") if is_seated and row.ends_at <= found.now else ""]
    carried = touching.carried(row, here)
    back = urlencode({"back": here})
    links = [(f"{reservation_address(row, 'move')}?{back}", _("Move"))]
    if is_seated:
        links.append((f"{reservation_address(row, 'stay')}?{back}", _("Stay longer")))
    return Row(
        reservation=row,
        time=time,
        covers=pages.covers_text(row.party_size),
        tables=names_text(row.table_ids, found.tables),
        flags=", ".join(filter(None, flags)),
        buttons=_buttons(row, found, here) if may else [],
        late=Button(reservation_address(row, "late"), _("Late"), carried) if may and not is_seated else None,
        links=links if may else [],
    )


def _buttons(row: Reservation, found: Evening, here: str) -> list[Button]:
    buttons = touching.buttons(row, here)
    if last := found.touches.get(row.pk):
        buttons.append(noting.undo_button(row, last.event, last.kind, here))
    return buttons


def _meeting(row: Overstay, found: Evening, here: str, may: bool) -> Meeting:
    label = _("Seat them at %(tables)s instead") % {"tables": names_text(row.instead, found.tables)}
    zone = row.sitting.restaurant.zone
    return Meeting(
        sitting=row.sitting,
        coming=row.coming,
        tables=names_text(row.sitting.table_ids, found.tables),
        until=clock_text(row.sitting.ends_at, zone),
        time=clock_text(row.coming.starts_at, zone),
        button=moving.move_button(row.coming, row.instead, label, here) if may and row.instead else None,
    )
