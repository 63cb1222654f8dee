"""The rows of an import that could not be placed: as a file, and by hand."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages
from reservations.admin.book_form import BookForm
from reservations.admin.bringing_pages import IMPORT, address, found
from reservations.admin.formats import local_text
from reservations.engine.errors import Refused
from reservations.importing.bookings import running
from reservations.importing.bookings.columns import is_of_bookings
from reservations.importing.bookings.problems import problem_text
from reservations.importing.bookings.rows import TOLD
from reservations.models import ImportRow
from restaurant_site.spreadsheets import csv_response

if TYPE_CHECKING:
    from reservations.admin.bringing import BookingImportAdmin


def download(model_admin: BookingImportAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Return the rows that could not be placed as CSV, safe for spreadsheets; it can be brought again."""
    pages.need(request, IMPORT)
    batch = found(model_admin, request, pk)
    rows = (
        [row.line, problem_text(row.reason), *(row.told.get(name, "") for name in TOLD)]
        for row in running.unplaced(batch)
    )
    response = csv_response(f"unplaced-{batch.pk}.csv", ["line", "reason", *TOLD], rows)
    response["Cache-Control"] = "private, no-store"
    return response


def place(model_admin: BookingImportAdmin, request: HttpRequest, pk: int, row: int) -> HttpResponse:
    """Place a row by hand: the form in which staff book, with what the row tells; the same rules hold."""
    pages.need(request, IMPORT)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    batch = found(model_admin, request, pk)
    one = batch.rows.filter(pk=row).first()
    if one is None:
        raise Http404
    if one.status != ImportRow.Status.REFUSED or not is_of_bookings(batch.columns):
        messages.warning(request, _("Line %(line)d is settled already.") % {"line": one.line})
        return redirect(address(batch))
    restaurant = batch.restaurant
    posted = request.POST if request.method == "POST" else None
    form = BookForm(posted, restaurant=restaurant, initial=_initial(one.told, batch.restaurant.language))
    if form.is_valid():
        try:
            reservation = running.place_by_hand(
                one,
                wish=form.wish(),
                details=form.details(),
                by=pages.by(request),
                user=pages.staff_of(request),
                exceed_pacing=form.cleaned_data["exceed_pacing"],
                pacing_reason=form.cleaned_data["pacing_reason"],
                language=form.cleaned_data["language"],
                tell=form.cleaned_data["tell"],
            )
        except Refused as refusal:
            form.refuse(refusal.reason)
        else:
            model_admin.log_change(request, batch, _("Line %(line)d placed by hand.") % {"line": one.line})
            text = _("{reservation} is booked: {start}.")
            start = local_text(reservation.starts_at, restaurant.zone)
            messages.success(request, format_html(text, reservation=pages.link_to(request, reservation), start=start))
            return redirect(address(batch))
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Place line %(line)d") % {"line": one.line},
        subtitle=str(restaurant),
        fieldsets=_fieldsets(form, one),
        submit=_("Book"),
        back=address(batch),
        crumbs=[(address(batch), batch.file_name)],
    )


def _initial(told: dict[str, str], language: str) -> dict[str, Any]:
    values: dict[str, Any] = {name: told.get(name, "") for name in ("name", "email", "phone", "note", "occasion")}
    values |= {
        "party_size": told.get("party", ""),
        "dietary_needs": told.get("dietary", ""),
        "children": told.get("children") or 0,
        "high_chairs": 0,
        "language": told.get("language") or language,
        # Nobody hears of an import unless it is asked for.
        "tell": False,
    }
    for name, read in (("date", dt.date.fromisoformat), ("time", dt.time.fromisoformat)):
        try:
            values[name] = read(told.get(name, ""))
        except ValueError:
            values[name] = ""
    return values


def _fieldsets(form: BookForm, row: ImportRow) -> list[tuple[Any, dict[str, Any]]]:
    when = ["date", "time", *(["fold"] if form.asks_fold else []), "party_size", "area", "needs_step_free"]
    told = ", ".join(text for text in (row.told.get(name, "") for name in ("date", "time", "party")) if text)
    said = _("It said: %(told)s. %(reason)s") % {"told": told, "reason": problem_text(row.reason)}
    pacing = [(gettext_lazy("Pacing"), {"fields": ["exceed_pacing", "pacing_reason"]})] if form.offers_exceeding else []
    return [
        *pacing,
        (None, {"fields": when, "description": said}),
        (gettext_lazy("Guest"), {"fields": ["name", "email", "phone", "language", "tell"]}),
        (gettext_lazy("Wishes"), {"fields": ["occasion", ("children", "high_chairs"), "dietary_needs", "note"]}),
    ]
