"""Change a reservation that stands: another date, time or party, or what the guest has told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from reservations.engine import changing
from reservations.engine.availability import Ask, Time, day_reason, times
from reservations.engine.booking import Wish
from reservations.engine.errors import Reason, Refused
from reservations.forms import ChangeForm, TimesForm, ToldForm
from reservations.models import Reservation
from reservations.queries.day import day_plan
from reservations.queries.venue import areas
from reservations.reasons import diner_day_text, diner_text
from reservations.views.addresses import own_address
from reservations.views.choices import grouped, nearest, telling
from reservations.views.month import Who
from reservations.views.reservation import by_token, unknown
from reservations.views.shown import other_ways
from reservations.views.times import local_today


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the times of a date with the reservation's own table as free; by POST of a time change to it.

    Where the time is refused the reservation stands as it was, and the page
    says so and marks the nearest times.
    """
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    if request.method == "POST":
        return _move(request, found, token)
    form = TimesForm(request.GET if "date" in request.GET else _present(found), **_offered(found))
    return _page(request, found, token, form)


def _move(request: HttpRequest, found: Reservation, token: str) -> HttpResponse:
    form = ChangeForm(request.POST, **_offered(found))
    if not form.is_valid():
        problem = _("Please choose the time from the list again.") if {"start", "sequence"} & set(form.errors) else ""
        return _page(request, found, token, TimesForm(request.POST, **_offered(found)), problem=problem, status=400)
    data = form.cleaned_data
    wish = Wish(
        restaurant_id=found.restaurant_id,
        date=data["date"],
        start=data["start"],
        party=data["party"],
        area_id=form.area_id,
        step_free=data["step_free"],
    )
    told = changing.details_of(found)
    children = min(told.children, wish.party)
    details = replace(
        told,
        children=children,
        high_chairs=min(told.high_chairs, children),
        needs_step_free=wish.step_free,
    )
    # The version that the page has shown: what somebody else has changed since is not written over.
    found.sequence = data["sequence"]
    try:
        changed = changing.change(reservation=found, wish=wish, details=details)
    except Refused as refusal:
        found = by_token(found.restaurant.slug, token) or found
        search = TimesForm(request.POST, **_offered(found))
        return _page(request, found, token, search, wish=wish, refused=refusal.reason, status=409)
    return redirect(f"{own_address(found)}?done={'changed' if changed else 'same'}")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tell(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show what the guest has told, and by POST change it; until the start."""
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    if request.method != "POST":
        form = ToldForm(instance=found, country=found.restaurant.country, party=found.party_size)
        return _details_page(request, found, token, form)
    form = ToldForm(request.POST, country=found.restaurant.country, party=found.party_size)
    if not form.is_valid():
        version = form.cleaned_data.get("sequence", found.sequence)
        return _details_page(request, found, token, form, version=version, status=400)
    found.sequence = form.cleaned_data["sequence"]
    try:
        changed = changing.change(reservation=found, details=form.details())
    except Refused as refusal:
        found = by_token(slug, token) or found
        problem = diner_text(refusal.reason)
        if form.cleaned_data["needs_step_free"] and not found.needs_step_free and _is_of_tables(refusal.reason):
            form.add_error("needs_step_free", diner_text(Reason.NO_STEP_FREE_TABLE))
            problem = ""
        return _details_page(request, found, token, form, problem=problem, status=409)
    return redirect(f"{own_address(found)}?done={'told' if changed else 'same'}")


def _is_of_tables(reason: Reason) -> bool:
    return reason in (Reason.TABLES_TAKEN, Reason.NO_TABLE)


def _offered(found: Reservation) -> dict[str, Any]:
    return {"restaurant_areas": list(areas(found.restaurant_id)), "today": local_today(found.restaurant)}


def _present(found: Reservation) -> dict[str, Any]:
    """Return what the search form holds at first: what the reservation is for."""
    offered = {pk for pk, _name in areas(found.restaurant_id)}
    return {
        "date": found.service_date.isoformat(),
        "party": found.party_size,
        "area": str(found.area_id) if found.area_id in offered else "",
        **({"step_free": "on"} if found.needs_step_free else {}),
    }


def _page(
    request: HttpRequest,
    found: Reservation,
    token: str,
    form: TimesForm,
    *,
    wish: Wish | None = None,
    refused: Reason | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Show the reservation as it is now, and the times that it could have instead."""
    context: dict[str, Any] = {
        "reservation": found,
        "restaurant": found.restaurant,
        "token": token,
        "form": form,
        "has_areas": len(_offered(found)["restaurant_areas"]) > 1,
        "can_change": changing.can_change(found),
        "problem": problem or (diner_text(refused) if refused else ""),
        "stands": refused not in (None, Reason.CHANGED_MEANWHILE, Reason.NOT_CONFIRMED),
        "action": reverse("change", kwargs={"slug": found.restaurant.slug, "token": token}),
    }
    if context["can_change"] and form.is_valid():
        context |= _times(found, form, wish)
    return render(request, "reservations/change.html", context, status=status)


def _times(found: Reservation, form: TimesForm, wish: Wish | None) -> dict[str, Any]:
    """Return the day's times as if the reservation were not there, read fresh."""
    date, now = form.cleaned_data["date"], timezone.now()
    plan = day_plan(found.restaurant_id, date, except_reservation=found.pk)
    party = form.cleaned_data["party"]
    ask = Ask(
        party=party,
        area_id=form.area_id,
        step_free=form.cleaned_data["step_free"],
        kept_start=changing.kept_start(found, party),
    )
    reason = day_reason(plan, ask, now)
    day: tuple[Time, ...] = times(plan, ask, now)
    bookable = [time for time in day if time.bookable]
    near = nearest(bookable, wish.start if wish else None)
    return {
        "date": date,
        "party": ask.party,
        "area_id": ask.area_id,
        "step_free": ask.step_free,
        "groups": grouped(day, near, found.starts_at if date == found.service_date else None),
        "near": bool(near),
        "reason_text": "" if bookable else diner_day_text(reason or telling(day)),
        **other_ways(found.restaurant, Who.of(form), form.cleaned_data["date"], day),
    }


def _details_page(
    request: HttpRequest,
    found: Reservation,
    token: str,
    form: ToldForm,
    *,
    version: int | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    can_tell = found.status == Reservation.Status.CONFIRMED and timezone.now() < found.starts_at
    context = {
        "reservation": found,
        "restaurant": found.restaurant,
        "token": token,
        "form": form,
        "sequence": found.sequence if version is None else version,
        "can_tell": can_tell,
        "problem": problem,
    }
    return render(request, "reservations/change_details.html", context, status=status)
