"""Putting guests on the waitlist, promoting them and taking them off: views outside any transaction."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as write
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.admin.acting import act_page, add_page, place_text, subject, to_page_of
from reservations.admin.chooser import FILTER
from reservations.admin.formats import local_text
from reservations.admin.pages import by, link_to, staff_of
from reservations.admin.wait_form import WaitForm
from reservations.engine import waitlist
from reservations.engine.errors import Refused
from reservations.models import Restaurant, WaitlistEntry
from reservations.queries.waiting import places
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.waitlist import WaitlistEntryAdmin

CHANGE = "change_waitlistentry"

Status = WaitlistEntry.Status


def window_text(entry: WaitlistEntry) -> str:
    """Return the local times that a party waits for, such as “Sat 27 Mar 2027, 19:00 CET – 20:30”."""
    zone = entry.restaurant.zone
    return f"{local_text(entry.earliest, zone)} – {write(entry.latest.astimezone(zone), 'H:i')}"


def add(model_admin: WaitlistEntryAdmin, request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Show the form, or put on the list whom it names; a refusal comes back with everything that was typed."""
    if request.method != "POST":
        today = timezone.now().astimezone(restaurant.zone).date()
        initial = {"date": today, "party_size": 2, "key": secrets.token_urlsafe(16)}
        return _form_page(model_admin, request, WaitForm(restaurant=restaurant, initial=initial))
    form = WaitForm(request.POST, restaurant=restaurant)
    if not form.is_valid():
        return _form_page(model_admin, request, form)
    try:
        entry = waitlist.join(
            wish=form.wish(),
            latest=form.latest(),
            details=form.details(),
            browser=f"staff:{staff_of(request).pk}",
            # A double click sends the form twice; both get the one entry.
            key=form.cleaned_data["key"] or secrets.token_urlsafe(16),
            language=form.cleaned_data["language"],
            by=by(request),
        )
    except Refused as refusal:
        form.refuse(refusal.reason)
        return _form_page(model_admin, request, form)
    entry.restaurant = restaurant
    model_admin.log_addition(request, entry, [{"added": {}}])
    text = _("{entry} waits for {window}, in place {place}.")
    link = link_to(request, entry)
    place = places([entry]).get(entry.pk, "–")
    messages.success(request, format_html(text, entry=link, window=window_text(entry), place=place))
    if "_addanother" in request.POST:
        return redirect(f"{request.path}?{urlencode({'restaurant': restaurant.pk})}")
    if not model_admin.has_view_permission(request):
        return redirect("admin:index")
    if "_continue" in request.POST:
        return to_page_of(entry)
    return redirect(f"{reverse('admin:reservations_waitlistentry_changelist')}?{urlencode({FILTER: restaurant.pk})}")


def _form_page(model_admin: WaitlistEntryAdmin, request: HttpRequest, form: WaitForm) -> HttpResponse:
    place = place_text(form.restaurant, reverse("admin:reservations_waitlistentry_add"))
    (_name, first), *rest = form.fieldsets
    fieldsets = [(None, {"fields": first, "description": place}), *((name, {"fields": names}) for name, names in rest)]
    return add_page(model_admin, request, form, fieldsets, _("Add to the waitlist"), str(form.restaurant))


def promote(model_admin: WaitlistEntryAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, put the party at the head of its queue by POST."""
    entry = subject(model_admin, request, pk, CHANGE)
    refused = ""
    if request.method == "POST":
        try:
            waitlist.promote(entry=entry, by=by(request))
        except Refused as refusal:
            refused = staff_text(refusal.reason)
            entry.refresh_from_db()
        else:
            model_admin.log_change(request, entry, _("Promoted."))
            messages.success(request, format_html(_("{entry} is next in the queue."), entry=link_to(request, entry)))
            return to_page_of(entry)
    return act_page(
        model_admin,
        request,
        entry,
        title=_("Promote"),
        lines=_lines(request, entry),
        refused=refused,
        warning=_("The party goes to the head of the queue of its date. The history says that you did it."),
        button=_("Promote") if entry.status == Status.WAITING else "",
    )


def accept(model_admin: WaitlistEntryAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, accept the offered table for a guest who has said so by phone by POST."""
    entry = subject(model_admin, request, pk, CHANGE)
    refused = ""
    if request.method == "POST":
        try:
            reservation = waitlist.accept(entry=entry, by=by(request))
        except Refused as refusal:
            refused = staff_text(refusal.reason)
            entry.refresh_from_db()
        else:
            model_admin.log_change(request, entry, _("Accepted for the guest."))
            text = _("{reservation} is booked: {start}.")
            start = local_text(reservation.starts_at, entry.restaurant.zone)
            messages.success(request, format_html(text, reservation=link_to(request, reservation), start=start))
            return to_page_of(entry)
    return act_page(
        model_admin,
        request,
        entry,
        title=_("Accept for the guest"),
        lines=_lines(request, entry),
        refused=refused,
        warning=_("The offered table becomes a reservation, and the guest gets the confirmation."),
        button=_("Accept for the guest") if entry.status == Status.OFFERED else "",
    )


def leave(model_admin: WaitlistEntryAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, take the party off the list by POST; doing it again is harmless."""
    entry = subject(model_admin, request, pk, CHANGE)
    if request.method == "POST":
        text = _("{entry} was not waiting any more.")
        if waitlist.leave(entry=entry, by=by(request)):
            model_admin.log_change(request, entry, _("Taken off the list."))
            text = _("{entry} is taken off the list.")
        messages.success(request, format_html(text, entry=link_to(request, entry)))
        return to_page_of(entry)
    return act_page(
        model_admin,
        request,
        entry,
        title=_("Take off the list"),
        lines=_lines(request, entry),
        warning=_("A table that is offered to the party goes to the next in the queue. It can't be undone."),
        button=_("Take off the list") if entry.status in (Status.WAITING, Status.OFFERED) else "",
    )


def _lines(request: HttpRequest, entry: WaitlistEntry) -> list[str | SafeString]:
    covers = ngettext("%(covers)d cover", "%(covers)d covers", entry.party_size) % {"covers": entry.party_size}
    lines: list[str | SafeString] = [
        str(entry.restaurant),
        window_text(entry),
        covers,
        str(entry),
        entry.get_status_display(),
    ]
    if place := places([entry]).get(entry.pk):
        lines.append(_("Place in the queue: %(place)d") % {"place": place})
    if entry.offer is not None:
        start = local_text(entry.offer.starts_at, entry.restaurant.zone)
        lines.append(format_html(_("Offer: {offer}, {start}"), offer=link_to(request, entry.offer), start=start))
    return lines
