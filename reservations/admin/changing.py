"""Changing a reservation by staff: another date, time, party or area, and what is known of who comes."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages, touching
from reservations.admin.book_form import BookForm
from reservations.admin.formats import local_text
from reservations.admin.pages import reservation_address
from reservations.engine import changing
from reservations.engine.availability import DayPlan
from reservations.engine.booking import Details, Wish
from reservations.engine.errors import Reason, Refused
from reservations.models import Reservation
from reservations.queries.day import day_plan
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.reservation import ReservationAdmin

_CHANGEABLE = (Reservation.Status.CONFIRMED, Reservation.Status.SEATED)


class ChangeForm(BookForm):
    """The form of booking, filled with what is booked. It knows the version that it has shown."""

    tell = forms.BooleanField(label=gettext_lazy("Tell the guest by mail"), required=False, initial=True)
    sequence = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, reservation: Reservation, **kwargs: Any) -> None:
        super().__init__(*args, restaurant=reservation.restaurant, initial=_initial(reservation), **kwargs)
        self.reservation = reservation
        del self.fields["key"]
        # A walk-in has perhaps told no name.
        self.fields["name"].required = bool(reservation.name)
        self.asks_fold = self.asks_fold or _comes_twice(reservation.local_start)

    def clean_date(self) -> dt.date:
        """Let the reservation's own date stand, though it has passed: a party of last night may still sit."""
        date: dt.date = self.cleaned_data["date"]
        return date if date == self.reservation.local_start.date() else super().clean_date()

    def _find_start(self, wall: dt.datetime) -> None:
        """Let the reservation's own start stand, though no service offers it (any more)."""
        own = self.reservation.local_start
        if wall == own.replace(tzinfo=None, fold=0) and self.cleaned_data.get("fold") in ("", str(own.fold)):
            self.service_date, self.start = self.reservation.service_date, self.reservation.starts_at
            return
        super()._find_start(wall)

    def _taken(self, wish: Wish) -> DayPlan:
        """Return the day as if the reservation's own tables were free."""
        return day_plan(wish.restaurant_id, wish.date, except_reservation=self.reservation.pk)

    def told(self) -> Details:
        """Return what is known of who comes now; what the form does not ask for stays."""
        values = {name: self.cleaned_data[name] for name in self.Meta.fields}
        return replace(changing.details_of(self.reservation), **values)

    def show_again(self, reservation: Reservation) -> None:
        """Take the version that is shown beside the refused form, so that trying again is done knowingly."""
        self.data = {**{name: self.data[name] for name in self.data}, "sequence": str(reservation.sequence)}


def _initial(reservation: Reservation) -> dict[str, Any]:
    start = reservation.local_start
    return {
        **{name: getattr(reservation, name) for name in ChangeForm.Meta.fields},
        "date": start.date(),
        "time": start.time(),
        "fold": str(start.fold) if _comes_twice(start) else "",
        "party_size": reservation.party_size,
        "area": reservation.area_id,
        "sequence": reservation.sequence,
    }


def _comes_twice(local: dt.datetime) -> bool:
    """Return whether the clock shows this local time twice."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def urls(model_admin: ReservationAdmin) -> list[URLPattern]:
    """Return the address of the page; “change” is Django's own form."""
    view = model_admin.admin_site.admin_view(partial(alter, model_admin))
    return [path("<int:pk>/alter/", view, name="reservations_reservation_alter")]


def alter(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form, or change what it says; a refusal comes back on the form with everything that was typed."""
    reservation = touching.found(model_admin, request, pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    back = pages.back_of(request, reservation_address(reservation))
    form = ChangeForm(request.POST, reservation=reservation) if request.method == "POST" else None
    if form is not None and form.is_valid() and _changed(model_admin, request, reservation, form):
        return redirect(back)
    form = form or ChangeForm(reservation=reservation)
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Change reservation"),
        fieldsets=_fieldsets(form),
        submit=_("Save") if reservation.status in _CHANGEABLE else "",
        refused="" if reservation.status in _CHANGEABLE or form.errors else staff_text(Reason.NOT_CONFIRMED),
        back=back,
        crumbs=pages.reservation_crumbs(reservation),
        facts=touching.facts(model_admin, reservation),
        carried=(("back", back),),
    )


def _changed(model_admin: ReservationAdmin, request: HttpRequest, reservation: Reservation, form: ChangeForm) -> bool:
    """Do what the form says, and say so; or put the refusal on it."""
    # The version that was shown, not the one just read: the rule compares it.
    reservation.sequence = form.cleaned_data["sequence"]
    try:
        changed = changing.change(
            reservation=reservation,
            wish=form.wish(),
            details=form.told(),
            by=pages.by(request),
            online=False,
            exceed_pacing=form.cleaned_data["exceed_pacing"],
            pacing_reason=form.cleaned_data["pacing_reason"],
            tell=form.cleaned_data["tell"],
        )
    except Refused as refusal:
        reservation.refresh_from_db()
        form.refuse(refusal.reason)
        form.show_again(reservation)
        return False
    finally:
        touching.forget_names(reservation)
    if changed:
        model_admin.log_change(request, reservation, _("Changed."))
    text = _("{reservation} is changed: {start}, {covers}, {tables}.")
    touching.said(
        request,
        reservation,
        text if changed else _("{reservation} is as it was: {start}, {covers}, {tables}."),
        start=local_text(reservation.starts_at, reservation.restaurant.zone),
        covers=pages.covers_text(reservation.party_size),
        tables=model_admin.tables(reservation),
    )
    return True


def _fieldsets(form: ChangeForm) -> list[tuple[Any, Any]]:
    """Return the form's parts; what few changes need is there only when it is needed."""
    when = ["date", "time", *(["fold"] if form.asks_fold else []), "party_size", "area", "needs_step_free"]
    fieldsets: list[tuple[Any, Any]] = [(None, {"fields": [*when, "tell", "sequence"]})]
    if form.offers_exceeding:
        fieldsets.insert(0, (_("Pacing"), {"fields": ["exceed_pacing", "pacing_reason"]}))
    return [
        *fieldsets,
        (_("Guest"), {"fields": ["name", "email", "phone"]}),
        # What a page doesn't show it would send back empty.
        (_("Somebody books for the guest"), {"fields": ["booker_name", "booker_email"]}),
        (_("Wishes"), {"fields": ["occasion", ("children", "high_chairs"), "dietary_needs", "note"]}),
    ]
