"""What staff do with a reservation by one touch: seat, finish, no-show, coming; and lateness and fewer covers.

Views outside any transaction, which the write rules open themselves. A refusal
is a message on the page that shows the reservation as it is now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from reservations.admin import pages
from reservations.admin.formats import local_text
from reservations.admin.pages import Button, reservation_address, seen_of
from reservations.engine import arriving, asking, booking, coming, floor
from reservations.engine.errors import Refused
from reservations.history.trail import By
from reservations.models import Reservation
from reservations.models.venue import MAX_PARTY
from reservations.reasons import staff_text
from reservations.scoping import Link

if TYPE_CHECKING:
    from reservations.admin.reservation import ReservationAdmin

Status = Reservation.Status

MOST_LATE = 180
"""Announced lateness beyond so many minutes is another time: then the reservation is changed."""


@dataclass(frozen=True, slots=True)
class Act:
    """One touch: its rule, its button, what is said once it is done or was done already, and how it stands after."""

    rule: Callable[..., bool]
    label: str | Promise
    done: str | Promise
    already: str | Promise
    logged: str | Promise
    after: str | None = None


def _coming(*, reservation: Reservation, by: By) -> bool:
    was = reservation.coming_at
    coming.say_coming(reservation=reservation, by=by)
    return was is None


GRACE = dt.timedelta(minutes=2)
"""So long the mail of a cancellation by one touch waits: who takes it back by then has told nobody."""


def _cancel(*, reservation: Reservation, by: By) -> bool:
    return booking.cancel(reservation=reservation, by_guest=False, by=by, tell_after=GRACE)


ACTS = {
    "confirm": Act(
        asking.confirm_by_call,
        pgettext_lazy("button", "Confirm"),
        gettext_lazy("{reservation} is confirmed, and the guest is told."),
        gettext_lazy("{reservation} is confirmed already."),
        gettext_lazy("Confirmed."),
        Status.CONFIRMED,
    ),
    "arrive": Act(
        arriving.arrive,
        gettext_lazy("Arrived"),
        gettext_lazy("{reservation} has arrived."),
        gettext_lazy("{reservation} has arrived already."),
        gettext_lazy("Arrived."),
        pages.ARRIVED,
    ),
    "seat": Act(
        floor.seat,
        gettext_lazy("Seat"),
        gettext_lazy("{reservation} is seated."),
        gettext_lazy("{reservation} is seated already."),
        gettext_lazy("Seated."),
        Status.SEATED,
    ),
    "finish": Act(
        floor.finish,
        gettext_lazy("Finish"),
        gettext_lazy("{reservation} has left, and its tables are free."),
        gettext_lazy("{reservation} has left already."),
        gettext_lazy("Finished."),
        Status.FINISHED,
    ),
    "no-show": Act(
        floor.mark_no_show,
        gettext_lazy("No-show"),
        gettext_lazy("{reservation} is a no-show, and its tables are free."),
        gettext_lazy("{reservation} is noted as a no-show already."),
        gettext_lazy("Noted as a no-show."),
        Status.NO_SHOW,
    ),
    "cancel-now": Act(
        _cancel,
        pgettext_lazy("button", "Cancel"),
        gettext_lazy("{reservation} is cancelled, and its tables are free."),
        gettext_lazy("{reservation} was cancelled already."),
        gettext_lazy("Cancelled."),
        Status.CANCELLED,
    ),
    "coming": Act(
        _coming,
        gettext_lazy("They are coming"),
        gettext_lazy("It is noted that {reservation} is coming."),
        gettext_lazy("{reservation} has said so already."),
        gettext_lazy("Said to be coming."),
    ),
}


class LateForm(forms.Form):
    """How late a party will be."""

    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes late"),
        min_value=0,
        max_value=MOST_LATE,
        help_text=gettext_lazy("After the reservation's own time. 0 takes the announcement back."),
    )


class FewerForm(forms.Form):
    """How many come instead."""

    party_size = forms.IntegerField(label=gettext_lazy("Covers now"), min_value=1, max_value=MAX_PARTY)


def urls(model_admin: ReservationAdmin) -> list[URLPattern]:
    """Return the addresses of the actions."""
    wrap = model_admin.admin_site.admin_view
    found = [
        path(
            f"<int:pk>/{verb}/",
            wrap(partial(act, model_admin)),
            {"verb": verb},
            name=f"reservations_reservation_{verb.replace('-', '_')}",
        )
        for verb in ACTS
    ]
    for name, view in (("late", late), ("fewer", fewer)):
        found.append(
            path(f"<int:pk>/{name}/", wrap(partial(view, model_admin)), name=f"reservations_reservation_{name}")
        )
    return found


def buttons(reservation: Reservation, back: str = "") -> list[Button]:
    """Return the touches that make sense for a reservation as it stands."""
    now = timezone.now()
    started = reservation.starts_at <= now
    verbs = []
    if reservation.status == Status.CONFIRMED:
        is_today = reservation.service_date <= now.astimezone(reservation.restaurant.zone).date()
        verbs = ["seat", *(["finish", "no-show"] if started else [])]
        verbs = [*(["arrive"] if is_today and not reservation.arrived_at else []), *verbs]
        verbs += [] if reservation.coming_at or reservation.arrived_at else ["coming"]
    elif reservation.status == Status.SEATED:
        verbs = ["finish"]
    elif reservation.is_asked:
        verbs = ["confirm"]
    fields = carried(reservation, back)
    return [button(reservation, verb, fields) for verb in verbs]


def button(reservation: Reservation, verb: str, fields: tuple[tuple[str, str], ...]) -> Button:
    """Return the button of one touch."""
    return Button(reservation_address(reservation, verb.replace("-", "_")), str(ACTS[verb].label), fields)


def carried(reservation: Reservation, back: str = "") -> tuple[tuple[str, str], ...]:
    """Return what a button of a reservation carries along: what its page has shown, and where to go back to."""
    return (("seen", seen_of(reservation)), *([("back", back)] if back else []))


def links(reservation: Reservation) -> list[Link]:
    """Return the pages that do something with a reservation as it stands, and ask for something first."""
    found = []
    if reservation.status in (Status.CONFIRMED, Status.SEATED):
        found = [("alter", _("Change")), ("move", _("Move to other tables")), ("stay", _("Stay longer"))]
    if reservation.status == Status.CONFIRMED:
        found += [("late", _("Will be late")), *([("fewer", _("Fewer covers"))] if reservation.party_size > 1 else [])]
    return [(reservation_address(reservation, page), label) for page, label in found]


def found(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> Reservation:
    """Return the reservation that is to be acted on; raises PermissionDenied or Http404."""
    pages.need(request, pages.CHANGE)
    reservation = model_admin.get_queryset(request).filter(pk=pk).first()
    if reservation is None:
        raise Http404
    pages.enter(request, reservation)
    return reservation


def facts(model_admin: ReservationAdmin, reservation: Reservation) -> list[str]:
    """Return how a reservation stands, in lines."""
    return [
        str(reservation.restaurant),
        local_text(reservation.starts_at, reservation.restaurant.zone),
        f"{pages.covers_text(reservation.party_size)}, {model_admin.tables(reservation)}",
        f"{reservation}",
        str(reservation.get_status_display()),
    ]


def said(request: HttpRequest, reservation: Reservation, text: str | Promise, **more: Any) -> None:
    """Tell staff that something is done with a reservation, whose link stands for ``{reservation}``."""
    link = pages.link_to(request, reservation)
    messages.success(request, format_html(str(text), reservation=link, **more))


def refused(model_admin: ReservationAdmin, request: HttpRequest, reservation: Reservation, refusal: Refused) -> None:
    """Tell staff why nothing was done, and how the reservation stands now."""
    reservation.refresh_from_db()
    forget_names(reservation)
    state = pages.state_text(reservation, model_admin.tables(reservation))
    link = pages.link_to(request, reservation)
    messages.error(request, format_html("{}: {} {}", link, staff_text(refusal.reason), state))


def to_row(request: HttpRequest, back: str, reservation: Reservation) -> HttpResponseRedirect:
    """Send the browser back to the page that it came from: to the reservation's row, where that has rows by number."""
    return redirect(f"{back}#r{reservation.pk}" if "at_row" in request.POST else back)


def forget_names(reservation: Reservation) -> None:
    """Let the names of its tables be read anew: they may be others now."""
    if hasattr(reservation, "table_names"):
        del reservation.table_names


def act(model_admin: ReservationAdmin, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Ask by GET, do by POST, and go back to the page that the button was on."""
    reservation = found(model_admin, request, pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    step = ACTS[verb]
    back = pages.back_of(request, reservation_address(reservation))
    if request.method != "POST":
        return pages.page(
            model_admin,
            request,
            "reservation/act.html",
            str(step.label),
            crumbs=pages.reservation_crumbs(reservation),
            facts=facts(model_admin, reservation),
            button=button(reservation, verb, carried(reservation, back)),
            back=back,
        )
    try:
        pages.refuse_stale(request, reservation, step.after)
        changed = step.rule(reservation=reservation, by=pages.by(request))
    except Refused as refusal:
        refused(model_admin, request, reservation, refusal)
        return to_row(request, back, reservation)
    if changed:
        model_admin.log_change(request, reservation, str(step.logged))
    said(request, reservation, step.done if changed else step.already)
    return to_row(request, back, reservation)


def late(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Note how late a party will be, for a guest who phones."""
    reservation = found(model_admin, request, pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    form = LateForm(request.POST if request.method == "POST" else None, initial={"minutes": 15})
    if form.is_valid():
        minutes = form.cleaned_data["minutes"]
        rule = partial(coming.say_late, minutes=minutes)
        text = ngettext(
            "It is noted that {reservation} will be {minutes} minute late.",
            "It is noted that {reservation} will be {minutes} minutes late.",
            minutes,
        )
        if _done(model_admin, request, reservation, form, rule, _("Announced lateness.")):
            said(request, reservation, text, minutes=minutes)
            return redirect(pages.back_of(request, reservation_address(reservation)))
    return _form_page(model_admin, request, reservation, form, _("Will be late"), _("Note lateness"))


def fewer(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Let fewer come than were booked, at the same tables and time."""
    reservation = found(model_admin, request, pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    initial = {"party_size": max(1, reservation.party_size - 1)}
    form = FewerForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        party = form.cleaned_data["party_size"]
        rule = partial(coming.reduce_party, party=party)
        if _done(model_admin, request, reservation, form, rule, _("Fewer covers.")):
            said(request, reservation, _("{reservation} is now for {covers}."), covers=pages.covers_text(party))
            return redirect(pages.back_of(request, reservation_address(reservation)))
    return _form_page(model_admin, request, reservation, form, _("Fewer covers"), _("Save"))


def _done(
    model_admin: ReservationAdmin,
    request: HttpRequest,
    reservation: Reservation,
    form: forms.Form,
    rule: Callable[..., None],
    logged: str,
) -> bool:
    """Do what a valid form says, or put the refusal on it."""
    try:
        pages.refuse_stale(request, reservation)
        rule(reservation=reservation, by=pages.by(request))
    except Refused as refusal:
        reservation.refresh_from_db()
        forget_names(reservation)
        form.add_error(None, staff_text(refusal.reason))
        return False
    model_admin.log_change(request, reservation, logged)
    return True


def _form_page(
    model_admin: ReservationAdmin,
    request: HttpRequest,
    reservation: Reservation,
    form: forms.Form,
    title: str,
    submit: str,
) -> HttpResponse:
    back = pages.back_of(request, reservation_address(reservation))
    return pages.form_page(
        model_admin,
        request,
        form,
        title,
        submit=submit,
        back=back,
        crumbs=pages.reservation_crumbs(reservation),
        facts=facts(model_admin, reservation),
        carried=carried(reservation, back),
    )
