"""What is asked of a guest before the hold is confirmed: the page that waits for it, and the button in the mail."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from reservations.engine import asking
from reservations.engine.errors import Reason, Refused
from reservations.forms import AddressForm
from reservations.links import browser_of, is_address_of, pressed_by
from reservations.messages.outgoing import booked_by_guest, recipient
from reservations.models import Reservation
from reservations.queries.private import HOLD_STATUSES, by_reference, restaurant_of
from reservations.reasons import diner_text
from reservations.views.addresses import own_address
from reservations.views.agreeing import consent_form, keep_consent
from reservations.views.browser import to_own_page
from reservations.views.methods import post_only
from reservations.views.reservation import unknown
from reservations.views.times import found_place

Status = Reservation.Status


def own_hold(request: HttpRequest, slug: str, reference: str) -> Reservation | None:
    """Return the hold if it is this browser's: another's is as good as none."""
    held = by_reference(slug, reference)
    browser = browser_of(request)
    if held is None or not browser or not secrets.compare_digest(held.browser, browser):
        return None
    return held


def not_yours(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer 404 with what a hold's page says to other browsers than its own."""
    return render(request, "reservations/not_yours.html", {"place": found_place(slug)}, status=404)


def is_waiting(held: Reservation) -> bool:
    """Return whether a hold lasts, and its guest does now what was asked."""
    return held.is_asked and held.held_until is not None and held.held_until > timezone.now()


def waiting_page(
    request: HttpRequest, held: Reservation, *, form: AddressForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    """Show what is asked, to the browser that held the table, and until when there is time for it."""
    to = recipient(held)
    context = {
        **_held_context(held),
        "address": to,
        "left_url": reverse("hold_left", kwargs={"slug": held.restaurant.address, "reference": held.reference}),
        "form": form or AddressForm(initial={"email": to}),
        "is_sent": request.GET.get("sent") == "1",
        "problem": problem,
    }
    return render(request, "reservations/asked.html", context, status=status)


@never_cache
@require_safe
def hold_left(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Answer for how many seconds this browser's hold still lasts, as JSON: for a page that has slept.

    state is ``held``, ``lapsed``, or ``done`` where it is confirmed or given back.
    """
    held = own_hold(request, slug, reference)
    if held is None:
        return JsonResponse({"state": "lapsed", "seconds": 0}, status=404)
    if held.status not in HOLD_STATUSES:
        return JsonResponse({"state": "done", "seconds": 0})
    seconds = 0
    if held.status == Status.HELD and held.held_until is not None:
        seconds = max(0, int((held.held_until - timezone.now()).total_seconds()))
    return JsonResponse({"state": "held" if seconds else "lapsed", "seconds": seconds})


@never_cache
@post_only
def write_again(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Write the mail once more, to the address that is given: the same, or the right one."""
    held = own_hold(request, slug, reference)
    if held is None:
        return not_yours(request, slug)
    if not is_waiting(held):
        return redirect("details", slug=slug, reference=reference)
    form = AddressForm(request.POST)
    if not form.is_valid():
        return waiting_page(request, held, form=form, status=400)
    try:
        asking.write_again(reservation=held, email=form.cleaned_data["email"])
    except Refused as refusal:
        if refusal.reason == Reason.TOO_MANY_MAILS:
            return waiting_page(request, held, problem=diner_text(refusal.reason), status=409)
        return redirect("details", slug=slug, reference=reference)
    return redirect(f"{reverse('details', kwargs={'slug': slug, 'reference': reference})}?sent=1")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def press(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Show the button that a mail leads to, so that a mail scanner may open it; by POST confirm the hold.

    Pressed twice it leads to the same reservation. The link ends with the hold,
    and with the address that it was written to.
    """
    held = _by_token(slug, token)
    if held is None:
        return unknown(request, slug)
    if held.status in (Status.EXPIRED, Status.RELEASED):
        return _over(request, held)
    if held.status not in HOLD_STATUSES:
        return to_own_page(request, held) if request.method == "POST" else redirect(own_address(held))
    if not is_waiting(held):
        return _over(request, held)
    if request.method != "POST" or held.asked != Reservation.Asked.MAIL:
        return _press_page(request, held, token)
    try:
        pressed = asking.press(reservation=held)
    except Refused as refusal:
        if refusal.reason == Reason.HOLD_LAPSED:
            return _over(request, held)
        if refusal.reason == Reason.CHANGED_MEANWHILE:
            return redirect("press", slug=slug, token=token)
        return _press_page(request, held, token, problem=diner_text(refusal.reason), status=409)
    if pressed.status in HOLD_STATUSES:
        return _press_page(request, pressed, token)
    keep_consent(request, pressed)
    return to_own_page(request, pressed)


def _by_token(slug: str, token: str) -> Reservation | None:
    """Return what a mail's link leads to, if it was written to the address that counts now, or is over."""
    restaurant = restaurant_of(slug)
    told = pressed_by(restaurant.pk, token) if restaurant else None
    found = by_reference(slug, told[0]) if told else None
    if found is None or told is None or not found.asked:
        return None
    if found.status in (Status.EXPIRED, Status.RELEASED):
        # Its address is forgotten.
        return found
    return found if is_address_of(told[1], recipient(found)) else None


def _press_page(
    request: HttpRequest, held: Reservation, token: str, *, problem: str = "", status: int = 200
) -> HttpResponse:
    # The link went to whoever booked, who can't agree in a guest's name.
    consent = consent_form(request, held.restaurant) if booked_by_guest(held) else None
    context = {**_held_context(held), "consent": consent, "token": token, "problem": problem}
    return render(request, "reservations/press.html", context, status=status)


def _over(request: HttpRequest, held: Reservation) -> HttpResponse:
    query = urlencode({"date": held.service_date.isoformat(), "party": held.party_size})
    times_url = f"{reverse('times', kwargs={'slug': held.restaurant.address})}?{query}"
    context = {"restaurant": held.restaurant, "is_over": True, "times_url": times_url}
    return render(request, "reservations/press.html", context, status=410)


def _held_context(held: Reservation) -> dict[str, Any]:
    left = max(0, int((held.held_until - timezone.now()).total_seconds())) if held.held_until else 0
    return {
        "reservation": held,
        "restaurant": held.restaurant,
        "by_mail": held.asked == Reservation.Asked.MAIL,
        "held_until": held.held_until.astimezone(held.restaurant.zone) if held.held_until else None,
        "seconds_left": left,
    }
