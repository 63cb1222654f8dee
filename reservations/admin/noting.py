"""A line added to a reservation's notes, and the last touch taken back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages, touching
from reservations.admin.event_words import kind_text
from reservations.admin.pages import reservation_address
from reservations.engine import arriving
from reservations.engine.errors import Refused
from reservations.engine.undoing import undo
from reservations.messages.lines import isolated
from reservations.models import Reservation
from reservations.numbers import read_number
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.reservation import ReservationAdmin


class NoteForm(forms.Form):
    """One line."""

    text = forms.CharField(label=gettext_lazy("Note"), max_length=300)


def urls(model_admin: ReservationAdmin) -> list[URLPattern]:
    """Return the addresses of both."""
    wrap = model_admin.admin_site.admin_view
    return [
        path(f"<int:pk>/{name}/", wrap(partial(view, model_admin)), name=f"reservations_reservation_{name}")
        for name, view in (("note", note), ("undo", take_back))
    ]


def note(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a line by GET, add it by POST."""
    reservation = touching.found(model_admin, request, pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    back = pages.back_of(request, reservation_address(reservation))
    form = NoteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            text = form.cleaned_data["text"]
            changed = arriving.add_note(reservation=reservation, text=text, by=pages.by(request))
        except Refused as refusal:
            touching.forget_names(reservation)
            form.add_error(None, staff_text(refusal.reason))
        else:
            if changed:
                model_admin.log_change(request, reservation, _("Note added."))
            touching.said(request, reservation, _("{reservation} has another note."))
            return touching.to_row(request, back, reservation)
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Add a note"),
        submit=_("Add note"),
        back=back,
        crumbs=pages.reservation_crumbs(reservation),
        facts=[*touching.facts(model_admin, reservation), *map(isolated, reservation.note.splitlines())],
        carried=touching.carried(reservation, back),
    )


def take_back(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Take back by POST what the event did that the button names; a refusal says what has happened since."""
    reservation = touching.found(model_admin, request, pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    back = pages.back_of(request, reservation_address(reservation))
    if request.method != "POST":
        return redirect(back)
    try:
        changed = undo(reservation=reservation, event=_event(request), by=pages.by(request))
    except Refused as refusal:
        touching.refused(model_admin, request, reservation, refusal)
        return touching.to_row(request, back, reservation)
    touching.forget_names(reservation)
    if changed:
        model_admin.log_change(request, reservation, _("Undone."))
    tables = model_admin.tables(reservation)
    text = _("Undone: {reservation}. {state}") if changed else _("It was undone already: {reservation}. {state}")
    touching.said(request, reservation, text, state=pages.state_text(reservation, tables))
    return touching.to_row(request, back, reservation)


def _event(request: HttpRequest) -> int:
    """Return the number that the button carries, or one that no event has."""
    return read_number(request.POST.get("event", ""))


def undo_button(reservation: Reservation, event: int, kind: str, back: str) -> pages.Button:
    """Return the button that takes back the last touch."""
    fields = (("event", str(event)), *([("back", back)] if back else []))
    label = _("Undo: %(what)s") % {"what": kind_text(kind)}
    return pages.Button(reservation_address(reservation, "undo"), label, fields)
