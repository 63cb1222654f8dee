"""Merging, exporting and erasing guests: views outside any transaction, which the write rules open themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.admin.acting import act_page, subject, to_page_of
from reservations.admin.formats import date_text, local_text
from reservations.admin.pages import by, link_to, page_of
from reservations.admin.waiting import window_text
from reservations.engine import guests
from reservations.engine.errors import Reason, Refused
from reservations.models import Guest
from reservations.numbers import read_number
from reservations.queries.guests import counts_of, export_of
from reservations.queries.traces import coming, traces_of
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.guest import GuestAdmin

MERGE, EXPORT, ERASE = "merge_guest", "export_guest", "delete_guest"

_MOST = 20
_LONGEST = 120


def coming_texts(guest: Guest) -> list[tuple[str, str]]:
    """Return what is to come of a guest, as addresses and what they lead to, in local time."""
    zone = guest.restaurant.zone
    found = coming(traces_of(guest.restaurant_id, [guest.pk]), timezone.now())
    rows: list[tuple[str, str]] = []
    for visit in found.reservations:
        text = f"{local_text(visit.starts_at, zone)}, {visit.get_status_display()} ({visit})"
        rows.append((page_of(visit), text))
    for entry in found.entries:
        entry.restaurant = guest.restaurant
        text = _("%(window)s, on the waitlist (%(entry)s)") % {"window": window_text(entry), "entry": entry}
        rows.append((page_of(entry), text))
    for row in found.requests:
        text = _("%(start)s, asked for (%(request)s)") % {"start": local_text(row.starts_at, zone), "request": row}
        rows.append((page_of(row), text))
    return rows


def merge(model_admin: GuestAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Search the other guest and show both by GET, merge it into this one by POST."""
    guest = subject(model_admin, request, pk, MERGE)
    given = request.POST if request.method == "POST" else request.GET
    number, typed = given.get("other", ""), given.get("q", "").replace("\x00", "")[:_LONGEST].strip()
    known = model_admin.get_queryset(request).filter(restaurant=guest.restaurant_id, merged_into=None, erased_at=None)
    other = known.filter(pk=pk).first() if (pk := read_number(number)) else None
    refused = staff_text(Reason.OTHER_GUEST) if number and other is None else ""
    if request.method == "POST" and other is not None:
        try:
            guests.merge(keep=guest, other=other, by=by(request))
        except Refused as refusal:
            refused = staff_text(refusal.reason)
        else:
            model_admin.log_change(request, guest, _("Merged with #%(number)d.") % {"number": other.pk})
            model_admin.log_change(request, other, _("Merged into #%(number)d.") % {"number": guest.pk})
            messages.success(request, format_html(_("{guest} and #{other} are one now."), guest=guest, other=other.pk))
            return to_page_of(guest)
    others = known.exclude(pk=guest.pk)
    if typed:
        found, _duplicates = model_admin.get_search_results(request, others, typed)
        if by_number := read_number(typed.removeprefix("#")):
            found = found | others.filter(pk=by_number)
    else:
        alike = Q(pk__in=[])
        for name in ("name__iexact", "phone"):
            value = getattr(guest, name.removesuffix("__iexact"))
            alike |= Q(**{name: value}) if value else Q(pk__in=[])
        found = others.filter(alike)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Merge"),
        "opts": model_admin.opts,
        "original": guest,
        "typed": typed,
        "found": list(found.order_by("name", "pk")[:_MOST]),
        "other": other,
        "rows": _compared(guest, other) if other is not None and other.pk != guest.pk else [],
        "refused": refused,
        "media": model_admin.media,
    }
    return TemplateResponse(request, "admin/reservations/guest/merge.html", context)


def _compared(guest: Guest, other: Guest) -> list[tuple[str, str, str]]:
    """Return what is known of both, line by line."""
    one, two = _known(guest), _known(other)
    return [(label, text, two[label]) for label, text in one.items()]


def _known(guest: Guest) -> dict[str, str]:
    counts = counts_of(guest.pk)
    return {
        _("Number"): f"#{guest.pk}",
        _("Name"): guest.name,
        _("E-mail"): guest.email,
        _("Phone"): guest.phone,
        _("Language"): guest.language,
        _("Tags"): ", ".join(guest.tags),
        _("Dietary needs"): guest.dietary_needs,
        _("Notes"): guest.notes,
        _("First known"): local_text(guest.created_at, guest.restaurant.zone),
        _("Visits"): str(counts.visits),
        _("No-shows"): str(counts.no_shows),
        _("Last visit"): date_text(counts.last_visit) if counts.last_visit else "",
    }


def export(model_admin: GuestAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with everything that is kept of the guest, as a file of JSON (docs/guests.md)."""
    guest = subject(model_admin, request, pk, EXPORT)
    response = JsonResponse(export_of(guest), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="guest-{guest.pk}.json"'
    return response


def erase(model_admin: GuestAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Say by GET what will be gone, erase the guest by POST; a refusal names the visits that are to come."""
    guest = subject(model_admin, request, pk, ERASE)
    refused = ""
    if request.method == "POST":
        try:
            erased = guests.erase(guest=guest, by=by(request))
        except Refused as refusal:
            refused = staff_text(refusal.reason)
        else:
            if erased:
                model_admin.log_change(request, guest, _("Erased."))
            messages.success(request, format_html(_("{guest} is erased."), guest=link_to(request, guest)))
            return to_page_of(guest)
    rows = coming_texts(guest)
    lines: list[str | SafeString] = [*_doomed(guest)]
    if rows:
        refused = refused or staff_text(Reason.UPCOMING_VISIT)
        lines = [format_html('<a href="{}">{}</a>', address, text) for address, text in rows]
    over = guest.erased_at is not None or guest.merged_into_id is not None
    return act_page(
        model_admin,
        request,
        guest,
        title=_("Erase"),
        lines=lines,
        refused=refused,
        warning=""
        if rows or over
        else _(
            "Name, contacts, notes and needs are erased everywhere, also from messages and the admin's log. "
            "The visits stay as numbers. It can't be undone."
        ),
        button="" if rows or over else _("Erase"),
    )


def _doomed(guest: Guest) -> list[str]:
    """Say in how many rows the guest is named."""
    traces = traces_of(guest.restaurant_id, [guest.pk])
    reservations, entries = traces.reservations().count(), traces.entries().count()
    requests, mails = traces.requests().count(), traces.messages().count()
    lines = [
        str(guest),
        ngettext("%(count)d reservation", "%(count)d reservations", reservations) % {"count": reservations},
        ngettext("%(count)d waitlist entry", "%(count)d waitlist entries", entries) % {"count": entries},
        ngettext("%(count)d request", "%(count)d requests", requests) % {"count": requests},
        ngettext("%(count)d message", "%(count)d messages", mails) % {"count": mails},
    ]
    if others := len(traces.guests) - 1:
        lines.append(
            ngettext("%(count)d guest merged into this one", "%(count)d guests merged into this one", others)
            % {"count": others}
        )
    return lines
