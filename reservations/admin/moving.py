"""Moving a party to other tables, and letting it stay longer: with what is free, and who comes next."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reservations.admin import pages, touching
from reservations.admin.formats import clock_text, local_text
from reservations.admin.pages import Button, reservation_address
from reservations.engine import floor
from reservations.engine.availability import Ask, candidates
from reservations.engine.errors import Reason, Refused
from reservations.engine.slots import SLOT
from reservations.engine.tables import slot_of
from reservations.messages.lines import isolated
from reservations.models import Reservation, Table
from reservations.queries.day import day_plan
from reservations.queries.floor import free_instead, table_names
from reservations.queries.holding import Holder, holders
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.reservation import ReservationAdmin

LONGER = (15, 30, 45, 60)
_SUGGESTIONS = 3


class MoveForm(forms.Form):
    """Tables of the restaurant, each with whether it is free for the rest of the party's time."""

    tables = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Tables"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Tick at least one table."),
            "invalid_choice": gettext_lazy("This table is not there, or out of use."),
        },
    )

    def __init__(self, *args: Any, choices: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tables"]
        assert isinstance(field, forms.TypedMultipleChoiceField)  # noqa: S101 - for the type checker
        field.choices = choices


def urls(model_admin: ReservationAdmin) -> list[URLPattern]:
    """Return the addresses of both pages."""
    wrap = model_admin.admin_site.admin_view
    return [
        path(f"<int:pk>/{name}/", wrap(partial(view, model_admin)), name=f"reservations_reservation_{name}")
        for name, view in (("move", move), ("stay", stay))
    ]


def move(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show the tables, and move the party to those that are ticked for the rest of its time."""
    reservation = touching.found(model_admin, request, pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    held = _held_by_others(reservation)
    choices = _choices(reservation, held)
    back = pages.back_of(request, reservation_address(reservation))
    form = MoveForm(
        request.POST if request.method == "POST" else None,
        choices=choices,
        initial={"tables": reservation.table_ids},
    )
    if form.is_valid():
        try:
            pages.refuse_stale(request, reservation)
            tables = tuple(form.cleaned_data["tables"])
            changed = floor.move(reservation=reservation, table_ids=tables, by=pages.by(request))
        except Refused as refusal:
            touching.forget_names(reservation)
            form.add_error(None, staff_text(refusal.reason))
        else:
            touching.forget_names(reservation)
            if changed:
                model_admin.log_change(request, reservation, _("Moved to other tables."))
            text = _("{reservation} is now at {tables}.") if changed else _("{reservation} is at {tables} already.")
            touching.said(request, reservation, text, tables=model_admin.tables(reservation))
            return redirect(back)
    return pages.form_page(
        model_admin,
        request,
        form,
        _("Move to other tables"),
        submit=_("Move"),
        back=back,
        crumbs=pages.reservation_crumbs(reservation),
        facts=touching.facts(model_admin, reservation),
        carried=touching.carried(reservation, back),
        buttons_title=_("Free, best first"),
        buttons=_suggestions(reservation, held, back),
    )


def rest(reservation: Reservation) -> tuple[dt.datetime, dt.datetime]:
    """Return what is left of a party's time, as the write rule counts it: a slot where it is over.

    Of one that sits before its time it begins now.
    """
    now = slot_of(timezone.now())
    start = now if reservation.status == Reservation.Status.SEATED else max(reservation.starts_at, now)
    return start, max(reservation.ends_at, start + SLOT)


def _held_by_others(reservation: Reservation) -> dict[int, Holder]:
    start, end = rest(reservation)
    rows = holders(reservation.restaurant_id, start, end, except_reservation=reservation.pk)
    return {row.table_id: row for row in reversed(rows)}


def _choices(reservation: Reservation, held: dict[int, Holder]) -> list[tuple[int, str]]:
    zone = reservation.restaurant.zone
    found = []
    rows = Table.objects.filter(restaurant=reservation.restaurant_id, is_active=True).select_related("area")
    for table in rows.order_by("area__position", "position", "pk"):
        holder = held.get(table.pk)
        words = {"table": table, "area": table.area, "seats": table.max_seats}
        text = _("%(table)s, %(area)s, for %(seats)d") % words
        if holder:
            text += " · " + _("taken: %(who)s") % {"who": holder_text(holder, zone)}
        else:
            text += " · " + (_("here now") if table.pk in reservation.table_ids else _("free"))
        found.append((table.pk, text))
    return found


def holder_text(holder: Holder, zone: Any) -> str:
    """Return who has a table, and from when."""
    when = clock_text(holder.first, zone)
    if holder.block_id:
        return _("%(time)s, blocked %(reason)s") % {"time": when, "reason": isolated(holder.reason)}
    if holder.is_hold:
        return _("%(time)s, held for somebody who is booking") % {"time": when}
    return f"{when}, {holder.reference} {isolated(holder.name)}".strip()


def _suggestions(reservation: Reservation, held: dict[int, Holder], back: str) -> list[Button]:
    plan = day_plan(reservation.restaurant_id, reservation.service_date, seatings=False)
    ask = Ask(
        party=reservation.party_size,
        area_id=reservation.area_id,
        step_free=reservation.needs_step_free,
        online=False,
    )
    free = [
        tables
        for tables in candidates(plan, ask)
        if not set(tables) & set(held) and set(tables) != set(reservation.table_ids)
    ]
    names = {table.id: table.name for table in plan.tables}
    return [move_button(reservation, tables, pages.names_text(tables, names), back) for tables in free[:_SUGGESTIONS]]


def move_button(reservation: Reservation, table_ids: tuple[int, ...], label: str, back: str) -> Button:
    """Return the button that moves a party to these tables."""
    tables = tuple(("tables", str(pk)) for pk in table_ids)
    return Button(reservation_address(reservation, "move"), label, (*tables, *touching.carried(reservation, back)))


def stay(model_admin: ReservationAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Show who comes next, and let the party stay for the minutes whose button is pressed."""
    reservation = touching.found(model_admin, request, pk)
    if request.method not in pages.METHODS:
        return HttpResponseNotAllowed(pages.METHODS)
    back = pages.back_of(request, reservation_address(reservation))
    refused = ""
    if request.method == "POST":
        try:
            until = request.POST.get("until")
            if until and until != reservation.ends_at.isoformat():
                raise Refused(Reason.CHANGED_MEANWHILE)
            pages.refuse_stale(request, reservation)
            minutes = {str(choice): choice for choice in LONGER}.get(request.POST.get("minutes", ""))
            if minutes is not None:
                floor.stay_longer(reservation=reservation, minutes=minutes, by=pages.by(request))
                model_admin.log_change(request, reservation, _("Stays longer."))
                end = local_text(reservation.ends_at, reservation.restaurant.zone)
                touching.said(request, reservation, _("{reservation} stays until {end}."), end=end)
                return redirect(back)
            refused = _("Choose how many minutes.")
        except Refused as refusal:
            refused = staff_text(refusal.reason)
    return _stay_page(model_admin, request, reservation, refused, back)


def _stay_page(
    model_admin: ReservationAdmin, request: HttpRequest, reservation: Reservation, refused: str, back: str
) -> HttpResponse:
    """Render the page: which stays the tables are free for, who comes next, and what they could have instead."""
    zone = reservation.restaurant.zone
    end = since = reservation.ends_at
    if reservation.status == Reservation.Status.SEATED:
        # As the write rule counts: who sits beyond its time stays from now on.
        since = max(end, slot_of(timezone.now()))
    latest = since + dt.timedelta(minutes=LONGER[-1])
    coming = holders(
        reservation.restaurant_id,
        end,
        latest,
        table_ids=reservation.table_ids,
        except_reservation=reservation.pk,
    )
    until = min((holder.first for holder in coming), default=latest)
    fields = (*touching.carried(reservation, back), ("until", end.isoformat()))
    choices = []
    for minutes in LONGER:
        moment = since + dt.timedelta(minutes=minutes)
        label = _("%(minutes)d minutes, until %(end)s") % {"minutes": minutes, "end": clock_text(moment, zone)}
        button = Button(reservation_address(reservation, "stay"), label, (*fields, ("minutes", str(minutes))))
        choices.append((button, moment <= until))
    return pages.page(
        model_admin,
        request,
        "reservation/stay.html",
        _("Stay longer"),
        crumbs=pages.reservation_crumbs(reservation),
        facts=touching.facts(model_admin, reservation),
        refused=refused,
        end=local_text(end, zone),
        choices=choices,
        coming=_coming(request, reservation, coming, back),
        back=back,
    )


def _coming(
    request: HttpRequest, reservation: Reservation, rows: list[Holder], back: str
) -> list[tuple[str, str, Button | None]]:
    """Return who has the tables next, from when, with an address, and a button for other tables instead."""
    numbers = sorted({row.reservation_id for row in rows if row.reservation_id and not row.is_hold})
    parties = {row.pk: row for row in Reservation.objects.select_related("restaurant").filter(pk__in=numbers)}
    instead = free_instead(reservation.restaurant_id, list(parties.values()), set(reservation.table_ids))
    names = table_names(reservation.restaurant_id)
    here = f"{request.path}?{urlencode({'back': back})}"
    found, seen = [], set()
    for holder in rows:
        owner = holder.reservation_id, holder.block_id
        if owner in seen:
            continue
        seen.add(owner)
        party = parties.get(holder.reservation_id or 0)
        text = f"{isolated(holder.table)}: {holder_text(holder, reservation.restaurant.zone)}"
        tables = instead.get(party.pk, ()) if party else ()
        label = _("Give them %(tables)s instead") % {"tables": pages.names_text(tables, names)}
        button = move_button(party, tables, label, here) if party and tables else None
        found.append((text, reservation_address(party) if party else "", button))
    return found
