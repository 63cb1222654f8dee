"""Answering the request of a large party: views outside any transaction, which the write rules open themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reservations.admin.acting import Fieldsets, act_page, subject, to_page_of
from reservations.admin.answer_form import AcceptForm, AnswerForm, ProposeForm
from reservations.admin.formats import local_text
from reservations.admin.pages import by, link_to, staff_of
from reservations.engine import requests
from reservations.engine.availability import Ask, Time, day_reason, times
from reservations.engine.errors import Reason, Refused
from reservations.models import BookingRequest, Reservation
from reservations.queries.day import day_plan
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.requests import BookingRequestAdmin

CHANGE = "change_bookingrequest"

Status = BookingRequest.Status
ACCEPTABLE = (Status.OPEN,)
ANSWERABLE = (Status.OPEN, Status.PROPOSED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules for staff say about a request at this moment: why not, or None, and the same in words."""

    reason: Reason | None
    text: str


def verdict(row: BookingRequest) -> Verdict:
    """Ask the rules about the time that a request is for; the write rule asks them again under the day's lock.

    What is held as a proposal to the same party takes nothing from it.
    """
    now = timezone.now()
    plan = day_plan(row.restaurant_id, row.service_date, except_reservation=row.reservation_id or 0)
    names = {table.id: table.name for table in plan.tables}

    def answer(*, ignore_pacing: bool) -> Time | Reason:
        ask = Ask(party=row.party_size, step_free=row.needs_step_free, online=False, ignore_pacing=ignore_pacing)
        if reason := day_reason(plan, ask, now):
            return reason
        found = next((time for time in times(plan, ask, now) if time.start_utc == row.starts_at), None)
        return found or Reason.NOT_A_TIME

    def tables(time: Time) -> str:
        return " + ".join(names[pk] for pk in time.table_ids)

    said = answer(ignore_pacing=False)
    if isinstance(said, Reason):
        return Verdict(said, staff_text(said))
    if said.reason is None:
        return Verdict(None, _("Free: %(tables)s.") % {"tables": tables(said)})
    text = staff_text(said.reason)
    if said.reason == Reason.PACING_FULL:
        beyond = answer(ignore_pacing=True)
        if isinstance(beyond, Time) and beyond.bookable:
            text += " " + _("Above pacing there is room: %(tables)s.") % {"tables": tables(beyond)}
        elif isinstance(beyond, Time) and beyond.reason is not None:
            text += " " + staff_text(beyond.reason)
    return Verdict(said.reason, text)


def reserved_text(reservation: Reservation) -> str:
    """Return the local time of a reservation; of a proposal, also until when it is held."""
    zone = reservation.restaurant.zone
    text = local_text(reservation.starts_at, zone)
    if reservation.status == Reservation.Status.HELD:
        text += ", " + _("held until %(until)s") % {"until": local_text(reservation.held_until, zone)}
    return text


def accept(model_admin: BookingRequestAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, book what was asked for by POST; a refusal comes back with everything that was typed."""
    row = subject(model_admin, request, pk, CHANGE)
    said = verdict(row)
    form = AcceptForm(_typed(request), reason=said.reason)
    refused = ""
    if form.is_valid():
        try:
            reservation = requests.accept(
                request=row,
                user=staff_of(request),
                by=by(request),
                exceed_pacing=form.cleaned_data["exceed_pacing"],
                pacing_reason=form.cleaned_data["pacing_reason"],
                answer=form.text(),
            )
        except Refused as refusal:
            refused = _refuse(row, refusal.reason)
            form.offers_exceeding = form.offers_exceeding or refusal.reason == Reason.PACING_FULL
        else:
            model_admin.log_change(request, row, _("Accepted."))
            return _answered(request, row, _("{request} is accepted: {reservation}, {start}."), reservation)
    fieldsets: Fieldsets = [(None, {"fields": ["answer"]})]
    if form.offers_exceeding:
        fieldsets.insert(0, (gettext_lazy("Pacing"), {"fields": ["exceed_pacing", "pacing_reason"]}))
    return act_page(
        model_admin,
        request,
        row,
        title=_("Accept"),
        lines=[*_lines(request, row), said.text],
        refused=refused,
        form=form,
        fieldsets=fieldsets,
        button=_("Accept") if row.status in ACCEPTABLE else "",
    )


def propose(model_admin: BookingRequestAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for another time by GET, hold and propose it by POST; a refusal comes back with what was typed."""
    row = subject(model_admin, request, pk, CHANGE)
    wanted = row.starts_at.astimezone(row.restaurant.zone)
    form = ProposeForm(_typed(request), row=row, initial={"date": wanted.date(), "time": wanted.time()})
    refused = ""
    if form.is_valid():
        try:
            reservation = requests.propose(
                request=row,
                wish=form.wish(),
                user=staff_of(request),
                by=by(request),
                exceed_pacing=form.cleaned_data["exceed_pacing"],
                pacing_reason=form.cleaned_data["pacing_reason"],
                answer=form.text(),
            )
        except Refused as refusal:
            if refusal.reason == Reason.ALREADY_ANSWERED:
                refused = _refuse(row, refusal.reason)
            else:
                form.refuse(refusal.reason)
        else:
            model_admin.log_change(request, row, _("Proposed another time."))
            return _answered(request, row, _("{request}: {reservation} is proposed, {start}."), reservation)
    when = ["date", "time", *(["fold"] if form.asks_fold else []), "area", "answer"]
    fieldsets: Fieldsets = [(None, {"fields": when})]
    if form.offers_exceeding:
        fieldsets.insert(0, (gettext_lazy("Pacing"), {"fields": ["exceed_pacing", "pacing_reason"]}))
    return act_page(
        model_admin,
        request,
        row,
        title=_("Propose another time"),
        lines=[*_lines(request, row), verdict(row).text],
        refused=refused,
        form=form,
        fieldsets=fieldsets,
        warning=_("The table is held until the guest has answered, %(hours)d hours at most.")
        % {"hours": row.restaurant.request_hours},
        button=_("Propose") if row.status in ANSWERABLE else "",
    )


def decline(model_admin: BookingRequestAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by GET, decline by POST."""
    row = subject(model_admin, request, pk, CHANGE)
    form = AnswerForm(_typed(request))
    refused = ""
    if form.is_valid():
        try:
            requests.decline(request=row, user=staff_of(request), by=by(request), answer=form.text())
        except Refused as refusal:
            refused = _refuse(row, refusal.reason)
        else:
            model_admin.log_change(request, row, _("Declined."))
            return _answered(request, row, _("{request} is declined."), None)
    return act_page(
        model_admin,
        request,
        row,
        title=_("Decline"),
        lines=_lines(request, row),
        refused=refused,
        form=form,
        fieldsets=[(None, {"fields": ["answer"]})],
        warning=_("The guest is told by mail. A table that was proposed is free again."),
        button=_("Decline") if row.status in ANSWERABLE else "",
    )


def _typed(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def _refuse(row: BookingRequest, reason: Reason) -> str:
    """Return the refusal in words; where somebody was first, the row is as it is now, for the page to show."""
    row.refresh_from_db()
    return staff_text(reason)


def _answered(request: HttpRequest, row: BookingRequest, text: str, reservation: Reservation | None) -> HttpResponse:
    words: dict[str, str] = {"request": link_to(request, row)}
    if reservation is not None:
        start = local_text(reservation.starts_at, row.restaurant.zone)
        words |= {"reservation": link_to(request, reservation), "start": start}
    messages.success(request, format_html(text, **words))
    return to_page_of(row)


def _lines(request: HttpRequest, row: BookingRequest) -> list[str | SafeString]:
    """Return what is asked, and the state, which may have changed since the page before."""
    covers = ngettext("%(covers)d cover", "%(covers)d covers", row.party_size) % {"covers": row.party_size}
    lines: list[str | SafeString] = [
        str(row.restaurant),
        local_text(row.starts_at, row.restaurant.zone),
        covers,
        str(row),
    ]
    if row.note:
        lines.append(row.note)
    state = str(row.get_status_display())
    if row.answered_by is not None:
        state += f" ({row.answered_by}, {local_text(row.answered_at, row.restaurant.zone)})"
    lines.append(_("Status: %(status)s") % {"status": state})
    if row.reservation is not None:
        lines.append(format_html("{} {}", link_to(request, row.reservation), reserved_text(row.reservation)))
    return lines
