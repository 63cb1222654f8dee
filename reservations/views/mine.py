"""A diner's reservations: by signed link, and those of this browser."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reservations.engine import booking
from reservations.engine.errors import Refused
from reservations.links import VISITOR, reference_of, reservation_token
from reservations.models import Reservation
from reservations.queries.day import cutoff
from reservations.queries.private import HOLD_STATUSES, by_reference, of_session, restaurant_of
from reservations.reasons import diner_text
from reservations.views.methods import post_only
from reservations.views.times import found_place

_SESSION_KEY = "reservations"
_KEPT = 30


def remember(request: HttpRequest, reservation: Reservation) -> None:
    """Put a confirmed reservation into the browser's session; written only where it is not there yet."""
    mine = [tuple(entry) for entry in request.session.get(_SESSION_KEY, [])]
    entry = (reservation.restaurant_id, reservation.reference)
    if entry not in mine:
        request.session[_SESSION_KEY] = [entry, *mine][:_KEPT]


@never_cache
@require_safe
def show(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show a reservation to whoever has its link. Changes nothing, so that a mail scanner may open it."""
    found = _by_token(slug, token)
    if found is None:
        return _unknown(request, slug)
    return _page(request, found, token)


@never_cache
@post_only
def cancel(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Cancel the reservation and show it; doing it again changes nothing more."""
    found = _by_token(slug, token)
    if found is None:
        return _unknown(request, slug)
    try:
        booking.cancel(reservation=found, by_guest=True)
    except Refused as refusal:
        return _page(request, found, token, problem=diner_text(refusal.reason), status=409)
    return redirect("reservation", slug=slug, token=token)


@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the reservations that were made in this browser."""
    rows = [(row, reservation_token(row.restaurant_id, row.reference)) for row in _of_browser(request)]
    now = timezone.now()
    context = {
        "coming": [pair for pair in reversed(rows) if _is_coming(pair[0], now)],
        "past": [pair for pair in rows if not _is_coming(pair[0], now)],
    }
    return render(request, "reservations/mine.html", context)


@never_cache
@require_safe
def next_visit(request: HttpRequest) -> HttpResponse:
    """Answer with the fragment of this browser's next visit, or 204; public pages fetch it and hold nothing of it."""
    now = timezone.now()
    coming = [row for row in _of_browser(request) if _is_coming(row, now)]
    if not coming:
        response = HttpResponse(status=204)
        # Nothing to fetch until the next reservation.
        response.delete_cookie(VISITOR, samesite="Lax")
        return response
    row = coming[-1]
    context = {"reservation": row, "token": reservation_token(row.restaurant_id, row.reference)}
    return render(request, "reservations/_next_visit.html", context)


def _of_browser(request: HttpRequest) -> list[Reservation]:
    """Return the reservations that were made in this browser, the latest visit first."""
    return of_session([(int(entry[0]), str(entry[1])) for entry in request.session.get(_SESSION_KEY, [])])


def _is_coming(reservation: Reservation, now: dt.datetime) -> bool:
    return reservation.status == Reservation.Status.CONFIRMED and reservation.ends_at > now


def _by_token(slug: str, token: str) -> Reservation | None:
    """Return the reservation whose signature holds; holds have no link."""
    restaurant = restaurant_of(slug)
    reference = reference_of(restaurant.pk, token) if restaurant else None
    found = by_reference(slug, reference) if reference else None
    return found if found is not None and found.status not in HOLD_STATUSES else None


def _unknown(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "reservations/unknown_link.html", {"place": found_place(slug)}, status=404)


def _page(
    request: HttpRequest, found: Reservation, token: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    limit = cutoff(found.restaurant, found.service).moment(
        found.starts_at, found.service_date, found.restaurant.timezone
    )
    context = {
        "reservation": found,
        "restaurant": found.restaurant,
        "token": token,
        "link": request.build_absolute_uri(
            reverse("reservation", kwargs={"slug": found.restaurant.slug, "token": token})
        ),
        "problem": problem,
        "start": found.local_start,
        # Python's, since Django's filter forgets which of a doubled hour it is.
        "start_clock": found.local_start.strftime("%H:%M %Z"),
        "end": found.ends_at.astimezone(found.restaurant.zone),
        "is_cancelled": found.status == Reservation.Status.CANCELLED,
        "can_cancel": found.status == Reservation.Status.CONFIRMED and timezone.now() < found.starts_at,
        "is_late": timezone.now() > limit,
        "cancel_until": limit.astimezone(found.restaurant.zone),
    }
    return render(request, "reservations/reservation.html", context, status=status)
