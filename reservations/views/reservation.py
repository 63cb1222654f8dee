"""A reservation's own page, by its signed link: what it is, what can be done with it, and cancelling."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reservations.engine import booking, changing
from reservations.engine.errors import Refused
from reservations.forms import FewerForm, LateForm
from reservations.links import has_ended, reference_of
from reservations.models import Reservation
from reservations.queries.private import HOLD_STATUSES, by_reference, restaurant_of
from reservations.queries.rules import cutoff
from reservations.reasons import diner_text
from reservations.views.addresses import own_address
from reservations.views.browser import beside
from reservations.views.methods import post_only
from reservations.views.times import found_place

_AHEAD = 24

Status = Reservation.Status

_DONE = {
    "changed": _("Your reservation is changed. This is how it stands now."),
    "told": _("The restaurant now knows what you changed."),
    "withdrawn": _("Whatever you had agreed to is taken back, and what was kept for it is gone."),
    "same": _("Nothing was changed: it is as you wanted it already."),
}


def by_token(slug: str, token: str) -> Reservation | None:
    """Return the reservation whose signature holds, until its links end; holds have no link."""
    restaurant = restaurant_of(slug)
    reference = reference_of(restaurant.pk, token) if restaurant else None
    found = by_reference(slug, reference) if reference else None
    if found is None or found.status in HOLD_STATUSES or has_ended(found.ends_at):
        return None
    return found


def unknown(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer 404 with what to do about a link that leads nowhere."""
    return render(request, "reservations/unknown_link.html", {"place": found_place(slug)}, status=404)


@never_cache
@require_safe
def show(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show a reservation to whoever has its link. Changes nothing, so that a mail scanner may open it."""
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    return reservation_page(request, found, token)


@never_cache
@post_only
def cancel(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Cancel the reservation and show it; doing it again changes nothing more."""
    found = by_token(slug, token)
    if found is None:
        return unknown(request, slug)
    try:
        booking.cancel(reservation=found, by_guest=True)
    except Refused as refusal:
        return reservation_page(request, found, token, problem=diner_text(refusal.reason), status=409)
    return redirect("reservation", slug=slug, token=token)


def reservation_page(
    request: HttpRequest,
    found: Reservation,
    token: str,
    *,
    problem: str = "",
    late_form: LateForm | None = None,
    fewer_form: FewerForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the page, with a problem or with forms that say what is wrong with what was sent."""
    now = timezone.now()
    limit = cutoff(found.restaurant, found.service).moment(
        found.starts_at, found.service_date, found.restaurant.timezone
    )
    to_come = found.status == Status.CONFIRMED and now < found.starts_at
    context: dict[str, Any] = {
        "reservation": found,
        "restaurant": found.restaurant,
        "token": token,
        "link": request.build_absolute_uri(
            reverse("reservation", kwargs={"slug": found.restaurant.slug, "token": token})
        ),
        "problem": problem,
        "done": _DONE.get(request.GET.get("done", ""), ""),
        "start": found.local_start,
        # Python's, since Django's filter forgets which of a doubled hour it is.
        "start_clock": found.local_start.strftime("%H:%M %Z"),
        "end": found.ends_at.astimezone(found.restaurant.zone),
        "is_cancelled": found.status == Status.CANCELLED,
        "can_cancel": to_come,
        "can_tell": to_come,
        "can_change": changing.can_change(found),
        "is_late": now > limit,
        "cancel_until": limit.astimezone(found.restaurant.zone),
        "beside": [(row, own_address(row)) for row in beside(request, found)],
        **_on_the_way(found, now, late_form, fewer_form),
    }
    return render(request, "reservations/reservation.html", context, status=status)


def hours_ahead(reservation: Reservation) -> int:
    """Return from how many hours before the start a party can say that it is on its way: from its reminder on."""
    return max(_AHEAD, reservation.restaurant.reminder_hours)


def is_near(reservation: Reservation, now: dt.datetime) -> bool:
    """Return whether a party may say that it is on its way: confirmed, from `hours_ahead` until the end."""
    since = reservation.starts_at - dt.timedelta(hours=hours_ahead(reservation))
    return reservation.status == Status.CONFIRMED and since <= now < reservation.ends_at


def _on_the_way(
    found: Reservation, now: dt.datetime, late_form: LateForm | None, fewer_form: FewerForm | None
) -> dict[str, Any]:
    if not is_near(found, now):
        return {"is_near": False}
    before = now < found.starts_at
    lateness = {"minutes": found.late_minutes} if found.late_minutes else None
    return {
        "is_near": True,
        "can_come": before,
        "said_coming": found.coming_at.astimezone(found.restaurant.zone) if found.coming_at else None,
        "late_form": late_form or LateForm(initial=lateness),
        "fewer_form": fewer_form or (FewerForm(booked=found.party_size) if before and found.party_size > 1 else None),
    }
