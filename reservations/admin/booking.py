"""Cancelling a reservation by staff: a view outside any transaction, which the write rule opens itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from reservations.admin import pages
from reservations.admin.formats import local_text
from reservations.admin.pages import link_to
from reservations.engine import booking
from reservations.engine.errors import Refused
from reservations.messages.outgoing import recipient
from reservations.models import Reservation
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.reservation import ReservationAdmin

CHANGE = "reservations.change_reservation"


def cancel(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, cancel by POST, with a word to the guest or without; cancelling again is harmless.

    A refusal is shown, with the reservation as it is now.
    """
    pages.need(request, CHANGE)
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    reservation = model_admin.get_queryset(request).filter(pk=pk).first()
    if reservation is None:
        raise Http404
    pages.enter(request, reservation)
    refused = ""
    tell = request.method != "POST" or "tell" in request.POST
    if request.method == "POST":
        try:
            pages.refuse_stale(request, reservation, Reservation.Status.CANCELLED)
            changed = booking.cancel(reservation=reservation, by_guest=False, by=pages.by(request), tell=tell)
        except Refused as refusal:
            refused = staff_text(refusal.reason)
        else:
            text = _("{reservation} was cancelled already.")
            if changed:
                model_admin.log_change(request, reservation, _("Cancelled."))
                text = _("{reservation} is cancelled, and its tables are free.")
            messages.success(request, format_html(text, reservation=link_to(request, reservation)))
            return redirect("admin:reservations_reservation_change", reservation.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Cancel reservation"),
        "opts": model_admin.opts,
        "reservation": reservation,
        "start": local_text(reservation.starts_at, reservation.restaurant.zone),
        "tables": model_admin.tables(reservation),
        "refused": refused,
        "tell": tell,
        "recipient": recipient(reservation),
        "seen": pages.seen_of(reservation),
        "is_cancelled": reservation.status == Reservation.Status.CANCELLED,
    }
    return TemplateResponse(request, "admin/reservations/reservation/cancel.html", context)
