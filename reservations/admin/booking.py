"""Adding and cancelling reservations by staff: views outside any transaction, which the write rules open themselves."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin import pages
from reservations.admin.acting import Fieldsets, add_page, place_text
from reservations.admin.book_form import BookForm
from reservations.admin.chooser import FILTER
from reservations.admin.formats import local_text
from reservations.admin.moments import pointed_at
from reservations.admin.pages import link_to, staff_of
from reservations.engine import booking
from reservations.engine.errors import Refused
from reservations.messages.outgoing import recipient
from reservations.models import Reservation, Restaurant
from reservations.queries.guests import counts_of
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.reservation import ReservationAdmin

ADD = "reservations.add_reservation"
CHANGE = "reservations.change_reservation"


def add(model_admin: ReservationAdmin, request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show the form, or book what it says; a refusal comes back on the form with everything that was typed."""
    if request.method != "POST":
        today = timezone.now().astimezone(restaurant.zone).date()
        initial = {"date": today, "party_size": 2, "children": 0, "high_chairs": 0, "key": secrets.token_urlsafe(16)}
        form = BookForm(restaurant=restaurant, initial=initial | pointed_at(request, restaurant))
        form.asks_fold = "fold" in form.initial
        return _form_page(model_admin, request, form)
    form = BookForm(request.POST, restaurant=restaurant)
    if not form.is_valid():
        return _form_page(model_admin, request, form)
    try:
        reservation = booking.book(
            wish=form.wish(),
            details=form.details(),
            user=staff_of(request),
            # A double click sends the form twice; both get the one reservation.
            key=form.cleaned_data["key"] or secrets.token_urlsafe(16),
            exceed_pacing=form.cleaned_data["exceed_pacing"],
            pacing_reason=form.cleaned_data["pacing_reason"],
            language=form.cleaned_data["language"],
            tell=form.cleaned_data["tell"],
        )
    except Refused as refusal:
        form.refuse(refusal.reason)
        return _form_page(model_admin, request, form)
    model_admin.log_addition(request, reservation, [{"added": {}}])
    text = ngettext(
        "{reservation} is booked: {start}, {count} cover, {tables}.",
        "{reservation} is booked: {start}, {count} covers, {tables}.",
        reservation.party_size,
    )
    messages.success(
        request,
        format_html(
            text + "{known}",
            reservation=link_to(request, reservation),
            start=local_text(reservation.starts_at, restaurant.zone),
            count=reservation.party_size,
            tables=model_admin.tables(reservation),
            known=_known(request, reservation),
        ),
    )
    if "_addanother" in request.POST:
        return redirect(f"{request.path}?{urlencode({'restaurant': restaurant.pk})}")
    if not model_admin.has_view_permission(request):
        return redirect("admin:index")
    if "_continue" in request.POST:
        return redirect("admin:reservations_reservation_change", reservation.pk)
    return redirect(f"{reverse('admin:reservations_reservation_changelist')}?{urlencode({FILTER: restaurant.pk})}")


def _form_page(model_admin: ReservationAdmin, request: HttpRequest, form: BookForm) -> HttpResponse:
    return add_page(model_admin, request, form, _fieldsets(form), _("Add reservation"), str(form.restaurant))


def _fieldsets(form: BookForm) -> Fieldsets:
    """Return the form's parts; what few bookings need is there only when it is needed."""
    when = ["date", "time", "party_size", "table", "area", "needs_step_free"]
    if form.asks_fold:
        when.insert(2, "fold")
    place = place_text(form.restaurant, reverse("admin:reservations_reservation_add"))
    fieldsets: Fieldsets = [(None, {"fields": [*when, "key"], "description": place})]
    if form.offers_exceeding:
        fieldsets.insert(0, (gettext_lazy("Pacing"), {"fields": ["exceed_pacing", "pacing_reason"]}))
    return [
        *fieldsets,
        (gettext_lazy("Guest"), {"fields": ["name", "email", "phone", "language", "tell"]}),
        (
            gettext_lazy("Wishes"),
            {"fields": ["occasion", ("children", "high_chairs"), "dietary_needs", "note"]},
        ),
    ]


def _known(request: HttpRequest, reservation: Reservation) -> SafeString:
    """Return what is known of a guest who comes again, for those who may see guests; empty of a new one."""
    guest = reservation.guest
    if guest is None or not any(request.user.has_perm(f"reservations.{verb}_guest") for verb in ("view", "change")):
        return SafeString()
    counts = counts_of(guest.pk)
    if not counts.known:
        return SafeString()
    visits = ngettext("%(count)d visit", "%(count)d visits", counts.visits) % {"count": counts.visits}
    no_shows = ngettext("%(count)d no-show", "%(count)d no-shows", counts.no_shows) % {"count": counts.no_shows}
    text = _("{guest} is a known guest: {visits}, {no_shows}.")
    return format_html(" " + text, guest=link_to(request, guest), visits=visits, no_shows=no_shows)


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
