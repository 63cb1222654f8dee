"""Signed addresses: whoever has one may see and change what it leads to."""

from __future__ import annotations

from django.urls import reverse

from reservations.links import entry_token, request_token, reservation_token
from reservations.models import BookingRequest, Reservation, WaitlistEntry


def own_address(reservation: Reservation) -> str:
    """Return the address of a reservation's page."""
    token = reservation_token(reservation.restaurant_id, reservation.reference)
    return reverse("reservation", kwargs={"slug": reservation.restaurant.slug, "token": token})


def entry_address(entry: WaitlistEntry) -> str:
    """Return the address of a waitlist entry's page."""
    token = entry_token(entry.restaurant_id, entry.reference)
    return reverse("waitlist_entry", kwargs={"slug": entry.restaurant.slug, "token": token})


def request_address(request: BookingRequest) -> str:
    """Return the address of a request's page."""
    token = request_token(request.restaurant_id, request.reference)
    return reverse("request", kwargs={"slug": request.restaurant.slug, "token": token})
