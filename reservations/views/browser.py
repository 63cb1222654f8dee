"""A browser: the cookie by which it is known, and the reservations that are its own.

What it booked it is known for by its cookie, so that a booking writes no
session. The session holds what was accepted here and booked elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from reservations.links import browser_of, keep_browser, known_browser, mark_visitor, new_browser
from reservations.models import Reservation
from reservations.queries.private import reservations_of
from reservations.views.addresses import own_address

_SESSION_KEY = "reservations"
_KEPT = 30


def remember(request: HttpRequest, reservation: Reservation) -> None:
    """Let a confirmed reservation be this browser's; the session is written only where nothing else says so."""
    if reservation.browser and reservation.browser == browser_of(request):
        return
    mine = _in_session(request)
    entry = (reservation.restaurant_id, reservation.reference)
    if entry not in mine:
        request.session[_SESSION_KEY] = [entry, *mine][:_KEPT]


def to_own_page(request: HttpRequest, reservation: Reservation) -> HttpResponse:
    """Remember a reservation that was made here, and go to its page."""
    remember(request, reservation)
    response = redirect(own_address(reservation))
    mark_visitor(response)
    keep_browser(request, response)
    return response


def for_browser(request: HttpRequest, answer: Callable[[str], HttpResponse]) -> HttpResponse:
    """Answer a browser by its hash, and give it the cookie where it has none yet."""
    browser, cookie = known_browser(request)
    response = answer(browser)
    if cookie:
        new_browser(response, cookie)
    return response


def of_browser(request: HttpRequest) -> list[Reservation]:
    """Return the reservations that were made in this browser, the latest visit first, at most 30."""
    return reservations_of(browser_of(request), _in_session(request), _KEPT)


def _in_session(request: HttpRequest) -> list[tuple[int, str]]:
    return [(int(entry[0]), str(entry[1])) for entry in request.session.get(_SESSION_KEY, [])]


def beside(request: HttpRequest, reservation: Reservation) -> list[Reservation]:
    """Return this browser's other live reservations in the same service of the same date.

    By what the browser holds, never by the contact that was typed: that would
    tell strangers of each other.
    """
    live = (Reservation.Status.CONFIRMED, Reservation.Status.SEATED)
    if reservation.status not in live:
        return []
    same = (reservation.restaurant_id, reservation.service_id, reservation.service_date)
    return [
        row
        for row in of_browser(request)
        if row.pk != reservation.pk
        and row.status in live
        and (row.restaurant_id, row.service_id, row.service_date) == same
    ]
