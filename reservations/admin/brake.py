"""The brake: one touch stops online booking of tonight, a service, an area or a time, and one lets it go on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from reservations.admin import pages
from reservations.admin.formats import date_text
from reservations.engine import stopping
from reservations.engine.availability import DayPlan, ServiceRules, starts
from reservations.engine.errors import Reason, Refused
from reservations.explaining import clock
from reservations.models import Brake, Restaurant
from reservations.numbers import read_number
from reservations.queries.brakes import brakes_on
from reservations.queries.day import day_plan
from reservations.queries.floor import running
from reservations.queries.venue import areas
from reservations.reasons import staff_text

Scope = tuple[int | None, int | None, dt.datetime | None]
"""A service, an area and a start, each None where it does not narrow what is stopped."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A brake that is on: what it stops, since when and by whom, and the form of its one button."""

    what: str
    since: str
    until: str
    who: str
    value: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be stopped by one touch; the button sends `value`."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """A service with what can be stopped of it."""

    whole: Choice
    areas: list[Choice]
    times: list[Choice]


def address(restaurant_id: int) -> str:
    """Return the address of the page, to which every button posts."""
    return reverse("admin:reservations_restaurant_brake", args=(restaurant_id,))


def panel(restaurant: Restaurant, plan: DayPlan, now: dt.datetime) -> dict[str, Any]:
    """Return what the buttons need: the brakes that are on for the plan's date, and what can be stopped."""
    on = brakes_on(restaurant.pk, plan.date, now)
    scopes = {_scope_of(brake) for brake in on}
    coming = [(start, service) for start, service in starts(plan) if start > now] if not plan.closed else []
    services = list({service.id: service for _start, service in coming}.values())
    rooms = areas(restaurant.pk) if services else ()
    parts = [
        _part(restaurant, service, rooms, [at for at, of in coming if of.id == service.id], scopes)
        for service in services
    ]
    is_all = (None, None, None) in scopes
    return {
        "address": address(restaurant.pk),
        "date": plan.date.isoformat(),
        "stopped": [_stopped(brake) for brake in on],
        "everything": "" if is_all or not parts else "day",
        "parts": [] if is_all else parts,
    }


def show(model_admin: admin.ModelAdmin[Any], request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is stopped and what can be, by POST stop or resume; both are harmless when done once more."""
    pages.need(request, pages.CHANGE)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    restaurant = pages.restaurant_of(request, pk)
    now = timezone.now()
    date = _date(request) or running(restaurant, now).date
    here = f"{address(pk)}?date={date.isoformat()}"
    if request.method == "POST":
        try:
            _pull(request, restaurant, date)
        except Refused as refusal:
            messages.error(request, staff_text(refusal.reason))
        return redirect(pages.back_of(request, here))
    floor_page = reverse("admin:reservations_restaurant_floor", args=(pk,))
    return pages.page(
        model_admin,
        request,
        "restaurant/brake.html",
        _("Brake"),
        subtitle=str(restaurant),
        crumbs=pages.restaurant_crumbs(request, restaurant, (floor_page, _("Floor"))),
        brake=panel(restaurant, day_plan(pk, date, seatings=False), now),
        day=date_text(date),
        asked=date.isoformat(),
    )


def what_text(brake: Brake) -> str:
    """Return what a brake stops: “19:30”, “Dinner”, “Terrace (Dinner)”, or everything."""
    if brake.slot is not None:
        return clock(brake.slot, brake.restaurant.zone)
    if brake.area is not None:
        return f"{brake.area} ({brake.service.name})" if brake.service else str(brake.area)
    return brake.service.name if brake.service else _("everything")


def _pull(request: HttpRequest, restaurant: Restaurant, date: dt.date) -> None:
    value = request.POST.get("resume", "")
    if value:
        rows = Brake.objects.select_related("restaurant", "service", "area").filter(restaurant=restaurant)
        brake = rows.filter(pk=read_number(value)).first()
        if brake is None:
            raise Refused(Reason.CHANGED_MEANWHILE)
        stopping.resume(brake=brake, by=pages.by(request))
        messages.success(request, _("Online booking goes on: %(what)s.") % {"what": what_text(brake)})
        return
    service_id, area_id, slot = _scope(request.POST.get("stop", ""))
    brake = stopping.stop(
        restaurant=restaurant,
        date=date,
        user=pages.staff_of(request),
        by=pages.by(request),
        service_id=service_id,
        area_id=area_id,
        slot=slot,
    )
    text = _("Online booking is stopped: %(what)s. It ends by itself at %(end)s; staff book as before.")
    messages.warning(request, text % {"what": what_text(brake), "end": clock(brake.ends_at, restaurant.zone)})


def _part(
    restaurant: Restaurant,
    service: ServiceRules,
    rooms: Sequence[tuple[int, str]],
    times: Sequence[dt.datetime],
    scopes: set[Scope],
) -> Part:
    """Return a service's buttons, without what is stopped already."""
    if (service.id, None, None) in scopes:
        return Part(Choice(service.name, ""), [], [])
    return Part(
        whole=Choice(service.name, f"service.{service.id}"),
        areas=[
            Choice(name, f"area.{service.id}.{pk}")
            for pk, name in rooms
            if len(rooms) > 1 and not {(service.id, pk, None), (None, pk, None)} & scopes
        ],
        times=[
            Choice(clock(at, restaurant.zone), f"slot.{int(at.timestamp())}")
            for at in times
            if (None, None, at) not in scopes
        ],
    )


def _stopped(brake: Brake) -> Stopped:
    zone = brake.restaurant.zone
    return Stopped(
        what=what_text(brake),
        since=clock(brake.created_at, zone),
        until=clock(brake.ends_at, zone),
        who=str(brake.created_by or "–"),
        value=str(brake.pk),
    )


def _scope_of(brake: Brake) -> Scope:
    return brake.service_id, brake.area_id, brake.slot


def _scope(value: str) -> Scope:
    """Read what a button sends; raises `Refused` (NOT_A_TIME) where it can't be read."""
    kind, *numbers = value.split(".")
    found = [read_number(text) for text in numbers]
    match kind, found:
        case "day", []:
            return None, None, None
        case "service", [service]:
            return service, None, None
        case "area", [service, area]:
            return service, area, None
        case "slot", [seconds]:
            try:
                return None, None, dt.datetime.fromtimestamp(seconds, dt.UTC)
            except (ValueError, OverflowError, OSError) as error:
                raise Refused(Reason.NOT_A_TIME) from error
    raise Refused(Reason.NOT_A_TIME)


def _date(request: HttpRequest) -> dt.date | None:
    asked = request.POST.get("date") or request.GET.get("date") or ""
    try:
        date = dt.date.fromisoformat(asked)
    except ValueError:
        return None
    # Nobody's calendar ends there, and a day more or less has to fit in.
    return date if 2000 <= date.year <= 2200 else None
