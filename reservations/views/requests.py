"""Requests of parties above the largest online: asking, and a request's own page with what is proposed."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reservations import cached
from reservations.engine import requests
from reservations.engine.availability import DayPlan, Time
from reservations.engine.booking import Wish
from reservations.engine.deciding import service_at
from reservations.engine.errors import Reason, Refused
from reservations.forms import Option, RequestForm, TimesForm
from reservations.links import has_ended, request_reference_of
from reservations.models import BookingRequest, Reservation
from reservations.queries.private import request_by_reference, restaurant_of
from reservations.queries.venue import Place
from reservations.reasons import diner_text
from reservations.views.addresses import own_address, request_address
from reservations.views.browser import for_browser, to_own_page
from reservations.views.choices import labelled, no_times
from reservations.views.guarding import Guard, guard, look
from reservations.views.methods import post_only
from reservations.views.reservation import unknown
from reservations.views.times import day_of, found_place, local_today, times_address, times_form

Status = BookingRequest.Status


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask who would like to come, when and with how many, and by POST send the request.

    A POST that does not ask shows the form of another day, or with what was
    typed elsewhere.
    """
    found = found_place(slug)
    if not found.takes_requests or not found.bookable:
        return render(request, "reservations/ask.html", {"place": found, "is_off": True}, status=404)
    if request.method == "POST" and "ask" in request.POST:
        return for_browser(request, lambda browser: _send(request, found, browser))
    return for_browser(request, lambda _browser: _form_page(request, found, _asked(request, found)))


def _asked(request: HttpRequest, found: Place) -> TimesForm:
    given = request.POST if request.method == "POST" else request.GET
    first = {"date": local_today(found).isoformat(), "party": found.max_party + 1}
    return times_form(found, given if "date" in given or "party" in given else first)


def _send(request: HttpRequest, found: Place, browser: str) -> HttpResponse:
    search = times_form(found, request.POST)
    day, _reason = day_of(found, search)
    form = _form(found, day, data=request.POST)
    # Both, so that everything that is wrong is said at once.
    valid = form.is_valid()
    if valid and search.is_valid() and day:
        _refuse_small(search, cached.day_plan(found.id, search.cleaned_data["date"]), form.cleaned_data["start"])
    restaurant = restaurant_of(found.slug)
    if not valid or not search.is_valid() or not day or restaurant is None:
        return _form_page(request, found, search, form, status=400)
    seen = look(request, f"request {found.id}")
    if seen.suspects:
        return _form_page(request, found, search, form, guarded=seen, status=400)
    wish = Wish(
        restaurant_id=found.id,
        date=search.cleaned_data["date"],
        start=form.cleaned_data["start"],
        party=search.cleaned_data["party"],
        step_free=search.cleaned_data["step_free"],
    )
    try:
        asked = requests.ask(
            restaurant=restaurant,
            wish=wish,
            details=form.details(),
            browser=browser,
            key=form.cleaned_data["key"],
            language=get_language() or "",
        )
    except Refused as refusal:
        return _form_page(request, found, search, form, problem=diner_text(refusal.reason), status=409)
    return redirect(request_address(asked))


def _refuse_small(search: TimesForm, plan: DayPlan, start: dt.datetime) -> None:
    """Put an error on the form of a party that can book its time by itself."""
    service = service_at(plan, start)
    if service is not None and search.cleaned_data["party"] <= service.max_party:
        text = _("Up to %(most)d guests can book this time themselves: please go back to the times.")
        search.add_error("party", text % {"most": service.max_party})


def _form(found: Place, day: tuple[Time, ...], *, data: Any = None, initial: Any = None) -> RequestForm:
    options = [Option(time.start_utc, label) for time, label in labelled(day)]
    return RequestForm(data, options=options, zone=found.timezone, country=found.country, initial=initial)


def _form_page(
    request: HttpRequest,
    found: Place,
    search: TimesForm,
    form: RequestForm | None = None,
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
        "guard": guarded or guard(request, f"request {found.id}"),
        "problem": problem or no_times(search, reason, day),
        "has_times": bool(labelled(day)),
        "times_url": times_address(found, search),
    }
    return render(request, "reservations/ask.html", context, status=status)


def _brought(request: HttpRequest, found: Place, day: tuple[Time, ...]) -> dict[str, Any]:
    """Return what the form holds at first: what was typed so far."""
    if request.method != "POST":
        return {}
    typed = _form(found, day, data=request.POST)
    return {name: typed.data[name] for name in typed.fields if typed.data.get(name)}


# --- A request --------------------------------------------------------------


def state_of_request(row: BookingRequest, now: dt.datetime) -> BookingRequest.Status:
    """Return where a request is, with what time has ended already and no job has noticed yet."""
    held = row.reservation
    if row.status == Status.OPEN and row.expires_at <= now:
        return Status.EXPIRED
    if row.status == Status.PROPOSED:
        live = held is not None and held.status == Reservation.Status.HELD
        return Status.PROPOSED if live and held and held.held_until and held.held_until > now else Status.EXPIRED
    return Status(row.status)


@never_cache
@require_safe
def show_request(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show a request to whoever has its link: how it stands, the answer, and what is proposed."""
    row = _by_token(slug, token)
    return unknown(request, slug) if row is None else _request_page(request, row, token)


@never_cache
@post_only
def accept_proposal(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Turn the proposal that the page has shown into a reservation and go to its page; twice gives the same one."""
    row = _by_token(slug, token)
    if row is None:
        return unknown(request, slug)
    if row.reservation is not None and request.POST.get("proposal") != row.reservation.reference:
        # The restaurant has proposed another time since: nobody accepts what they have not seen.
        problem = diner_text(Reason.CHANGED_MEANWHILE)
        return _request_page(request, row, token, problem=problem, status=409)
    try:
        reservation = requests.accept_proposal(request=row)
    except Refused as refusal:
        row = _by_token(slug, token) or row
        return _request_page(request, row, token, problem=diner_text(refusal.reason), status=409)
    return to_own_page(request, reservation)


@never_cache
@post_only
def withdraw(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Take the request back, or decline what is proposed; doing it again changes nothing more."""
    row = _by_token(slug, token)
    if row is None:
        return unknown(request, slug)
    try:
        requests.withdraw(request=row)
    except Refused as refusal:
        row = _by_token(slug, token) or row
        if row.status != Status.WITHDRAWN:
            return _request_page(request, row, token, problem=diner_text(refusal.reason), status=409)
    return redirect("request", slug=slug, token=token)


def _by_token(slug: str, token: str) -> BookingRequest | None:
    restaurant = restaurant_of(slug)
    reference = request_reference_of(restaurant.pk, token) if restaurant else None
    found = request_by_reference(slug, reference) if reference else None
    if found is None:
        return None
    # What is proposed or booked for it may be later.
    times = [found.starts_at, *([found.reservation.ends_at] if found.reservation else [])]
    return None if has_ended(max(times)) else found


def _request_page(
    request: HttpRequest, row: BookingRequest, token: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    state = state_of_request(row, now)
    held = row.reservation
    context = {
        "asked": row,
        "restaurant": row.restaurant,
        "token": token,
        "state": state,
        "is_over": state not in (Status.OPEN, Status.PROPOSED, Status.ACCEPTED),
        "expires_at": row.expires_at.astimezone(row.restaurant.zone),
        "proposal": held if state == Status.PROPOSED else None,
        "held_until": held.held_until.astimezone(row.restaurant.zone) if held and held.held_until else None,
        "reservation_url": own_address(held) if held and state == Status.ACCEPTED else "",
        "problem": problem,
    }
    return render(request, "reservations/request.html", context, status=status)
