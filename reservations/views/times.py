"""Times of a date for a party: as a page, as a fragment for htmx, and as JSON."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from reservations import cached
from reservations.engine.availability import Ask, Time, day_reason, times
from reservations.engine.booking import Details
from reservations.engine.errors import Reason
from reservations.forms import TimesForm
from reservations.links import browser_of, new_browser, new_browser_value
from reservations.queries.venue import Place
from reservations.reasons import diner_day_text, diner_text

NEARBY = 4
"""How many times are suggested around a wanted one."""

# Until this local hour yesterday's times are within reach.
_NIGHT_ENDS = 5

# Which reason speaks for a day that has no time left: the one closest to a table.
_TELLING = (
    Reason.TABLES_TAKEN,
    Reason.PACING_FULL,
    Reason.NO_TABLE,
    Reason.PARTY_TOO_LARGE,
    Reason.PARTY_TOO_SMALL,
    Reason.TOO_LATE,
    Reason.PAST,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A time as a button: its label has the zone's name where a wall time occurs twice."""

    time: Time
    label: str
    value: str
    nearby: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A service's times."""

    name: str
    choices: tuple[Choice, ...]


@require_safe
def show_times(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer which times a date has for a party: a page, the part of it that htmx asks for, or JSON."""
    found = found_place(slug)
    form = times_form(found, request.GET or first_search(found))
    response: HttpResponse
    if wants_json(request):
        response = _as_json(found, form)
    else:
        context = times_context(found, form, wanted=_wanted(request))
        partial = request.headers.get("HX-Request") == "true"
        template = "reservations/_times.html" if partial else "reservations/times.html"
        response = render(request, template, context)
        if not browser_of(request):
            # Before the first button is pressed: pressed twice, both requests then
            # come from the same browser, and get the same hold.
            new_browser(response, new_browser_value()[0])
    patch_vary_headers(response, ["Accept", "HX-Request"])
    return response


def found_place(slug: str) -> Place:
    """Return the published restaurant, or answer 404."""
    found = cached.place(slug)
    if found is None:
        raise Http404(slug)
    return found


def local_today(found: Place) -> dt.date:
    """Return the restaurant's local date."""
    return timezone.now().astimezone(ZoneInfo(found.timezone)).date()


def first_search(found: Place) -> dict[str, Any]:
    """Return what the form holds before anything was chosen: two guests today."""
    return {"date": local_today(found).isoformat(), "party": min(max(2, found.min_party), found.max_party)}


def times_form(found: Place, data: Any) -> TimesForm:
    """Return the bound search form of a restaurant."""
    return TimesForm(data, restaurant_areas=list(found.areas), today=local_today(found))


def wants_json(request: HttpRequest) -> bool:
    """Return whether the client asks for JSON rather than for a page."""
    preferred = request.get_preferred_type(["text/html", "application/json"])
    return preferred == "application/json"


def times_context(
    found: Place,
    form: TimesForm,
    *,
    wanted: dt.datetime | dt.time | None = None,
    refused: Reason | None = None,
    draft: Details | None = None,
) -> dict[str, Any]:
    """Return the context of the times' templates.

    wanted is the time that was asked for; where it can't be booked its reason is
    told and the nearest times that can are marked. draft is what a diner had
    typed for a hold that is gone; the buttons carry it along.
    """
    context: dict[str, Any] = {
        "place": found,
        "form": form,
        "key": secrets.token_urlsafe(16),
        "draft": asdict(draft) if draft else {},
    }
    if not form.is_valid():
        return context
    date, party = form.cleaned_data["date"], form.cleaned_data["party"]
    now = timezone.now()
    reason, day = _of_day(found, form, now)
    bookable = [time for time in day if time.bookable]
    goal = _goal(day, wanted)
    gone = goal if goal is not None and not goal.bookable else None
    near = _nearest(bookable, gone.start_utc if gone is not None else _moment(wanted))
    today = local_today(found)
    return context | {
        "date": date,
        "party": party,
        "area_id": form.area_id,
        "step_free": form.cleaned_data["step_free"],
        "groups": _groups(day, near if gone or refused else ()),
        "gone": gone,
        "gone_text": diner_text(refused or (gone.reason if gone and gone.reason else Reason.TABLES_TAKEN))
        if gone or refused
        else "",
        "reason_text": "" if bookable else diner_day_text(reason or _telling(day)),
        "previous_day": date - dt.timedelta(days=1) if date > today or _is_late(found, date, now) else None,
        "next_day": date + dt.timedelta(days=1) if date < today + dt.timedelta(days=found.window_days) else None,
    }


def _is_late(found: Place, date: dt.date, now: dt.datetime) -> bool:
    """Return whether it is today, so early that yesterday's service may still seat guests."""
    local = now.astimezone(ZoneInfo(found.timezone))
    return date == local.date() and local.hour < _NIGHT_ENDS


def _of_day(found: Place, form: TimesForm, now: dt.datetime) -> tuple[Reason | None, tuple[Time, ...]]:
    plan = cached.day_plan(found.id, form.cleaned_data["date"])
    ask = Ask(party=form.cleaned_data["party"], area_id=form.area_id, step_free=form.cleaned_data["step_free"])
    return day_reason(plan, ask, now), times(plan, ask, now)


def _as_json(found: Place, form: TimesForm) -> JsonResponse:
    if not form.is_valid():
        return JsonResponse({"errors": form.errors.get_json_data()}, status=400)
    reason, day = _of_day(found, form, timezone.now())
    return JsonResponse(
        {
            "restaurant": found.slug,
            "date": form.cleaned_data["date"].isoformat(),
            "party": form.cleaned_data["party"],
            "timezone": found.timezone,
            "reason": reason,
            "times": [
                {
                    "start": time.start.isoformat(),
                    "start_utc": time.start_utc.isoformat().replace("+00:00", "Z"),
                    "bookable": time.bookable,
                    "reason": time.reason,
                    "service": time.service_name,
                }
                for time in day
            ],
        }
    )


def _wanted(request: HttpRequest) -> dt.time | None:
    try:
        return dt.time.fromisoformat(request.GET.get("time", "")).replace(tzinfo=None)
    except ValueError:
        return None


def _goal(day: tuple[Time, ...], wanted: dt.datetime | dt.time | None) -> Time | None:
    if isinstance(wanted, dt.datetime):
        return next((time for time in day if time.start_utc == wanted), None)
    return next((time for time in day if time.start.time() == wanted), None)


def _moment(wanted: dt.datetime | dt.time | None) -> dt.datetime | None:
    return wanted if isinstance(wanted, dt.datetime) else None


def _nearest(bookable: list[Time], moment: dt.datetime | None) -> tuple[Time, ...]:
    if moment is None:
        return ()
    return tuple(sorted(bookable, key=lambda time: abs(time.start_utc - moment))[:NEARBY])


def _groups(day: tuple[Time, ...], near: tuple[Time, ...]) -> tuple[Group, ...]:
    """Group the times by service, without those that are over, and mark the nearest."""
    walls = [time.start.replace(tzinfo=None) for time in day]
    groups: dict[int, tuple[str, list[Choice]]] = {}
    for time, wall in zip(day, walls, strict=True):
        if time.reason in (Reason.PAST, Reason.TOO_LATE):
            continue
        label = time.start.strftime("%H:%M" if walls.count(wall) == 1 else "%H:%M %Z")
        choice = Choice(time, label, time.start_utc.isoformat(), time in near)
        groups.setdefault(time.service_id, (time.service_name, []))[1].append(choice)
    return tuple(Group(name, tuple(choices)) for name, choices in groups.values())


def _telling(day: tuple[Time, ...]) -> Reason:
    reasons = {time.reason for time in day}
    return next((reason for reason in _TELLING if reason in reasons), Reason.NO_SERVICE)
