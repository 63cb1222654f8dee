"""What is this browser's: its reservations, what it waits for, and the next visit."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reservations.links import VISITOR, browser_of, has_ended, reservation_token
from reservations.models import Reservation
from reservations.queries.private import requests_of, waits_of
from reservations.views.addresses import entry_address, request_address
from reservations.views.browser import of_browser
from reservations.views.entry import state_of_entry
from reservations.views.requests import state_of_request


@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the reservations that were made in this browser, and what it waits for."""
    shown = [row for row in of_browser(request) if not has_ended(row.ends_at)]
    rows = [(row, reservation_token(row.restaurant_id, row.reference)) for row in shown]
    now = timezone.now()
    browser = browser_of(request)
    context = {
        "coming": [pair for pair in reversed(rows) if _is_coming(pair[0], now)],
        "past": [pair for pair in rows if not _is_coming(pair[0], now)],
        "entries": [(row, entry_address(row), state_of_entry(row, now)) for row in waits_of(browser, now)],
        "requests": [(row, request_address(row), state_of_request(row, now)) for row in requests_of(browser)],
    }
    return render(request, "reservations/mine.html", context)


@never_cache
@require_safe
def next_visit(request: HttpRequest) -> HttpResponse:
    """Answer with the fragment of this browser's next visit, or 204; public pages fetch it and hold nothing of it."""
    now = timezone.now()
    coming = [row for row in of_browser(request) if _is_coming(row, now)]
    if not coming:
        response = HttpResponse(status=204)
        # Nothing to fetch until the next reservation.
        response.delete_cookie(VISITOR, samesite="Lax")
        return response
    row = coming[-1]
    context = {"reservation": row, "token": reservation_token(row.restaurant_id, row.reference)}
    return render(request, "reservations/_next_visit.html", context)


def _is_coming(reservation: Reservation, now: dt.datetime) -> bool:
    return reservation.status == Reservation.Status.CONFIRMED and reservation.ends_at > now
