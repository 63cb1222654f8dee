"""A bar of the timeline is dropped on another table or time: the write rules decide, and their reason is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils.translation import gettext as _

from reservations.admin import pages, touching
from reservations.admin.formats import clock_text
from reservations.admin.moments import read_moment
from reservations.admin.moving import holder_text, rest
from reservations.admin.pages import names_text
from reservations.engine import changing, floor
from reservations.engine.errors import Reason, Refused
from reservations.messages.lines import isolated
from reservations.models import Reservation, Restaurant
from reservations.numbers import read_number
from reservations.queries.floor import table_names
from reservations.queries.holding import holders
from reservations.reasons import staff_text

if TYPE_CHECKING:
    from reservations.admin.reservation import ReservationAdmin

Status = Reservation.Status

_LONGEST_REASON = 200


def drop(model_admin: admin.ModelAdmin[Restaurant], request: HttpRequest, pk: int) -> HttpResponse:
    """Move a party from one table to another, and to another time of its service date; answers in JSON.

    ``done`` says whether it is there now, ``text`` is for staff, ``exceed``
    whether pacing alone refused, which may be exceeded with a reason. Of a
    combination the one table is exchanged, and a table that the party has
    already takes the place of both. 409 for a refusal.
    """
    pages.need(request, pages.CHANGE)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    restaurant = pages.restaurant_of(request, pk)
    reservations = cast("ReservationAdmin", admin.site.get_model_admin(Reservation))
    reservation = touching.found(reservations, request, read_number(request.POST.get("reservation", "")))
    if reservation.restaurant_id != restaurant.pk:
        raise Http404
    try:
        pages.refuse_stale(request, reservation)
        changed = _moved(request, reservation)
    except Refused as refusal:
        return JsonResponse(_refused(request, reservation, refusal.reason), status=409)
    if changed:
        reservations.log_change(request, reservation, _("Moved on the timeline."))
    return JsonResponse({"done": True, "exceed": False, "text": _state(reservation, changed)})


def _moved(request: HttpRequest, reservation: Reservation) -> bool:
    """Do it; return False where the party is there already. Raises `Refused`."""
    tables = _tables(request, reservation)
    start = read_moment(request.POST.get("start", ""))
    if start is None or start == reservation.starts_at:
        return floor.move(reservation=reservation, table_ids=tables, by=pages.by(request))
    if reservation.status == Status.SEATED:
        # Its time has begun; where it sits may change, when it came may not.
        raise Refused(Reason.ALREADY_STARTED)
    reason = " ".join(request.POST.get("pacing_reason", "").replace("\0", "").split())[:_LONGEST_REASON]
    return changing.change(
        reservation=reservation,
        wish=replace(changing.wish_of(reservation), start=start, table_ids=tables),
        by=pages.by(request),
        online=False,
        exceed_pacing=bool(reason),
        pacing_reason=reason,
        tell="tell" in request.POST,
    )


def _tables(request: HttpRequest, reservation: Reservation) -> tuple[int, ...]:
    """Return the party's tables with one exchanged for another. Raises `Refused` where it has the one no more."""
    old, new = (read_number(request.POST.get(name, "")) for name in ("table", "to"))
    if old not in reservation.table_ids:
        raise Refused(Reason.CHANGED_MEANWHILE)
    return tuple(sorted({*(table for table in reservation.table_ids if table != old), new}))


def _refused(request: HttpRequest, reservation: Reservation, reason: Reason) -> dict[str, Any]:
    """Return what is said of a refusal: the reason, who has the table, and how the reservation stands now."""
    taken = _taken_by(request, reservation) if reason == Reason.TABLES_TAKEN else ""
    reservation.refresh_from_db()
    state = pages.state_text(reservation, names_text(reservation.table_ids, table_names(reservation.restaurant_id)))
    text = f"{reservation}: {taken or staff_text(reason)} {state}"
    return {"done": False, "exceed": reason == Reason.PACING_FULL, "text": text}


def _taken_by(request: HttpRequest, reservation: Reservation) -> str:
    """Say who has the table for some of the time, or nothing where nobody has it any more."""
    start, end = rest(reservation)
    asked = read_moment(request.POST.get("start", ""))
    if asked is not None and asked != reservation.starts_at:
        start, end = asked, asked + (reservation.ends_at - reservation.starts_at)
    rows = holders(
        reservation.restaurant_id,
        start,
        end,
        table_ids=[read_number(request.POST.get("to", ""))],
        except_reservation=reservation.pk,
    )
    if not rows:
        return ""
    words = {"table": isolated(rows[0].table), "who": holder_text(rows[0], reservation.restaurant.zone)}
    return _("%(table)s is taken: %(who)s.") % words


def _state(reservation: Reservation, changed: bool) -> str:
    text = _("%(reservation)s is now at %(tables)s, %(start)s.") if changed else _("%(reservation)s stays where it is.")
    return text % {
        "reservation": reservation,
        "tables": names_text(reservation.table_ids, table_names(reservation.restaurant_id)),
        "start": clock_text(reservation.starts_at, reservation.restaurant.zone),
    }
