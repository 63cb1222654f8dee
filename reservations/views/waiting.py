"""The waitlist: join it for a window of a day."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from reservations.engine import waitlist
from reservations.engine.availability import Time
from reservations.engine.booking import Details, Wish
from reservations.engine.errors import Reason, Refused
from reservations.forms import Option, TimesForm, WaitForm
from reservations.queries.venue import Place
from reservations.reasons import diner_text
from reservations.views.addresses import entry_address
from reservations.views.browser import for_browser
from reservations.views.choices import is_full, labelled, longest_wait, no_times
from reservations.views.guarding import Guard, guard, look
from reservations.views.month import Who
from reservations.views.shown import asked_for
from reservations.views.times import (
    day_of,
    first_search,
    found_place,
    search_for,
    times_address,
    times_context,
    times_form,
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a window of a day and who waits, and by POST join its queue; where a time is free, lead back to it.

    A POST that does not join shows the form of another day, or with what was
    typed elsewhere.
    """
    found = found_place(slug)
    if not found.takes_waitlist or not found.bookable:
        return render(request, "reservations/waitlist.html", {"place": found, "is_off": True}, status=404)
    if request.method == "POST" and "join" in request.POST:
        return for_browser(request, lambda browser: _join(request, found, browser))
    return for_browser(request, lambda _browser: _form_page(request, found, _asked(request, found)))


def _asked(request: HttpRequest, found: Place) -> TimesForm:
    given = request.POST if request.method == "POST" else request.GET
    return times_form(found, given if "date" in given or "party" in given else first_search(found))


def _join(request: HttpRequest, found: Place, browser: str) -> HttpResponse:
    search = times_form(found, request.POST)
    day, reason = day_of(found, search)
    form = _form(found, day, data=request.POST)
    # Both, so that everything that is wrong is said at once.
    valid = form.is_valid()
    if not search.is_valid() or reason is not None or not valid:
        return _form_page(request, found, search, form, status=400)
    seen = look(request, f"waitlist {found.id}")
    if seen.suspects:
        return _form_page(request, found, search, form, guarded=seen, status=400)
    data = form.cleaned_data
    wish = Wish(
        restaurant_id=found.id,
        date=search.cleaned_data["date"],
        start=data["earliest"],
        party=search.cleaned_data["party"],
        area_id=search.area_id,
        step_free=search.cleaned_data["step_free"],
    )
    details = form.details()
    try:
        entry = waitlist.join(
            wish=wish,
            latest=data["latest"],
            details=details,
            browser=browser,
            key=data["key"],
            language=get_language() or "",
        )
    except Refused as refusal:
        if refusal.reason == Reason.STILL_FREE:
            return still_free(request, found, wish, data["latest"], details)
        return _form_page(request, found, search, form, problem=diner_text(refusal.reason), status=409)
    return redirect(entry_address(entry))


def _form(found: Place, day: tuple[Time, ...], *, data: Any = None, initial: Any = None) -> WaitForm:
    return WaitForm(data, options=_options(day), zone=found.timezone, country=found.country, initial=initial)


def _options(day: tuple[Time, ...]) -> list[Option]:
    return [
        Option(time.start_utc, _("%(time)s – free") % {"time": label} if time.bookable else label)
        for time, label in labelled(day)
    ]


def _form_page(
    request: HttpRequest,
    found: Place,
    search: TimesForm,
    form: WaitForm | None = None,
    *,
    problem: str = "",
    guarded: Guard | None = None,
    status: int = 200,
) -> HttpResponse:
    day, reason = day_of(found, search)
    shown = form or _form(found, day, initial=_brought(request, found, day))
    context = {
        "place": found,
        "search": search,
        "form": shown,
        "key": getattr(shown, "cleaned_data", {}).get("key") or secrets.token_urlsafe(16),
        "guard": guarded or guard(request, f"waitlist {found.id}"),
        "problem": problem or no_times(search, reason, day),
        "has_times": bool(labelled(day)),
        "is_free": bool(day) and not any(is_full(time) for time in day),
        "times_url": times_address(found, search),
    }
    if request.method == "GET" and request.headers.get("HX-Request") == "true" and search.is_valid():
        # In the panel, in place.
        return render(
            request,
            "reservations/_join.html",
            context | {"is_part": True, "asked": asked_for(Who.of(search), search.cleaned_data["date"])},
        )
    return render(request, "reservations/waitlist.html", context, status=status)


def _brought(request: HttpRequest, found: Place, day: tuple[Time, ...]) -> dict[str, Any]:
    """Return what the form holds at first: what was typed so far, and the window in which most is full."""
    window = longest_wait(day)
    initial = {"earliest": window[0].isoformat(), "latest": window[1].isoformat()} if window else {}
    if request.method != "POST":
        return initial
    typed = _form(found, day, data=request.POST)
    return initial | {name: typed.data[name] for name in typed.fields if typed.data.get(name)}


def still_free(request: HttpRequest, found: Place, wish: Wish, latest: dt.datetime, details: Details) -> HttpResponse:
    """Show the day's times instead, those of the window marked; the buttons carry what was typed."""
    form = times_form(found, search_for(wish))
    day, _reason = day_of(found, form)
    first = next((time for time in day if time.bookable and wish.start <= time.start_utc <= latest), None)
    context = times_context(
        request, found, form, wanted=first.start_utc if first else wish.start, refused=Reason.STILL_FREE, draft=details
    )
    return render(request, "reservations/times.html", context, status=409)
