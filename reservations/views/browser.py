"""What this browser's session knows: the reservations that were made in it."""

from __future__ import annotations

from django.http import HttpRequest

from reservations.models import Reservation
from reservations.queries.private import of_session

_SESSION_KEY = "reservations"
_KEPT = 30


def remember(request: HttpRequest, reservation: Reservation) -> None:
    """Put a confirmed reservation into the browser's session; written only where it is not there yet."""
    mine = [tuple(entry) for entry in request.session.get(_SESSION_KEY, [])]
    entry = (reservation.restaurant_id, reservation.reference)
    if entry not in mine:
        request.session[_SESSION_KEY] = [entry, *mine][:_KEPT]


def of_browser(request: HttpRequest) -> list[Reservation]:
    """Return the reservations that were made in this browser, the latest visit first."""
    return of_session([(int(entry[0]), str(entry[1])) for entry in request.session.get(_SESSION_KEY, [])])


def beside(request: HttpRequest, reservation: Reservation) -> list[Reservation]:
    """Return this browser's other live reservations in the same service of the same date.

    By what the session holds, never by the contact that was typed: that would
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
