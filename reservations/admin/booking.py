"""Adding and cancelling reservations by staff: views outside any transaction, which the write rules open themselves."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin.book_form import BookForm
from reservations.admin.chooser import FILTER
from reservations.admin.formats import local_text
from reservations.engine import booking
from reservations.engine.errors import Refused
from reservations.models import Reservation, Restaurant, User
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
        form = BookForm(restaurant=restaurant, initial=initial)
        return _form_page(model_admin, request, form)
    form = BookForm(request.POST, restaurant=restaurant)
    if not form.is_valid():
        return _form_page(model_admin, request, form)
    try:
        reservation = booking.book(
            wish=form.wish(),
            details=form.details(),
            user=cast("User", request.user),
            # A double click sends the form twice; both get the one reservation.
            key=form.cleaned_data["key"] or secrets.token_urlsafe(16),
            exceed_pacing=form.cleaned_data["exceed_pacing"],
            pacing_reason=form.cleaned_data["pacing_reason"],
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
            text,
            reservation=_link(request, reservation),
            start=local_text(reservation.starts_at, restaurant.zone),
            count=reservation.party_size,
            tables=model_admin.tables(reservation),
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
    """Render the form as the admin renders its own."""
    admin_form = helpers.AdminForm(form, _fieldsets(form), {}, model_admin=model_admin)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Add reservation"),
        "subtitle": str(form.restaurant),
        "adminform": admin_form,
        "object_id": None,
        "original": None,
        "is_popup": False,
        "to_field": None,
        "media": model_admin.media + admin_form.media,
        "inline_admin_formsets": [],
        "errors": helpers.AdminErrorList(form, []),
        "preserved_filters": "",
    }
    return model_admin.render_change_form(request, context, add=True)


def _fieldsets(form: BookForm) -> list[tuple[Any, Any]]:
    """Return the form's parts; what few bookings need is there only when it is needed."""
    when = ["date", "time", "party_size", "area", "needs_step_free"]
    if form.asks_fold:
        when.insert(2, "fold")
    fieldsets: list[tuple[Any, Any]] = [(None, {"fields": [*when, "key"], "description": _place(form.restaurant)})]
    if form.offers_exceeding:
        fieldsets.insert(0, (gettext_lazy("Pacing"), {"fields": ["exceed_pacing", "pacing_reason"]}))
    return [
        *fieldsets,
        (gettext_lazy("Guest"), {"fields": ["name", "email", "phone"]}),
        (
            gettext_lazy("Wishes"),
            {"fields": ["occasion", ("children", "high_chairs"), "dietary_needs", "note"]},
        ),
    ]


def _place(restaurant: Restaurant) -> SafeString:
    """Say where and in which time, with a way to another restaurant."""
    return format_html(
        '{} <a href="{}">{}</a>',
        _("%(restaurant)s: dates and times are local, in the zone %(zone)s.")
        % {"restaurant": restaurant, "zone": restaurant.timezone},
        reverse("admin:reservations_reservation_add"),
        _("Another restaurant"),
    )


def _link(request: HttpRequest, reservation: Reservation) -> SafeString:
    if not request.user.has_perm("reservations.view_reservation") and not request.user.has_perm(CHANGE):
        return format_html("{}", reservation)
    address = reverse("admin:reservations_reservation_change", args=(reservation.pk,))
    return format_html('<a href="{}">{}</a>', address, reservation)


def cancel(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, cancel by POST; cancelling again is harmless, and a refusal is shown."""
    if not request.user.has_perm(CHANGE):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    reservation = model_admin.get_queryset(request).filter(pk=pk).first()
    if reservation is None:
        raise Http404
    refused = ""
    if request.method == "POST":
        try:
            changed = booking.cancel(reservation=reservation, by_guest=False)
        except Refused as refusal:
            refused = staff_text(refusal.reason)
        else:
            text = _("{reservation} was cancelled already.")
            if changed:
                model_admin.log_change(request, reservation, _("Cancelled."))
                text = _("{reservation} is cancelled, and its tables are free.")
            messages.success(request, format_html(text, reservation=_link(request, reservation)))
            return redirect("admin:reservations_reservation_change", reservation.pk)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Cancel reservation"),
        "opts": model_admin.opts,
        "reservation": reservation,
        "start": local_text(reservation.starts_at, reservation.restaurant.zone),
        "tables": model_admin.tables(reservation),
        "refused": refused,
        "is_cancelled": reservation.status == Reservation.Status.CANCELLED,
    }
    return TemplateResponse(request, "admin/reservations/reservation/cancel.html", context)
