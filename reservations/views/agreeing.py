"""What a guest agrees to beyond the visit, asked for where the reservation is confirmed."""

from __future__ import annotations

from django.http import HttpRequest

from reservations.engine import consenting
from reservations.forms import ConsentForm
from reservations.models import Reservation, Restaurant


def consent_form(request: HttpRequest, restaurant: Restaurant) -> ConsentForm:
    """Return the boxes, ticked as they were sent, if they were; or as the address says, that `ticked` made."""
    sent = request.POST if request.method == "POST" else request.GET
    known = ConsentForm.base_fields.keys() & sent.keys()
    return ConsentForm(sent if known else None, sends_thanks=restaurant.sends_thanks)


def ticked(request: HttpRequest) -> dict[str, str]:
    """Return the boxes that were ticked, as forms and addresses send them: for the next page of the same booking.

    They are no columns of a hold: nothing is kept of them until the guest confirms.
    """
    return {name: "on" for name in ConsentForm.base_fields if request.POST.get(name)}


def keep_consent(request: HttpRequest, confirmed: Reservation) -> None:
    """Note what was ticked with the form that confirmed a reservation."""
    # Most tick nothing, and a box that is not ticked is not sent.
    if ConsentForm.base_fields.keys() & request.POST.keys():
        consenting.consent(reservation=confirmed, **consent_form(request, confirmed.restaurant).agreed())
