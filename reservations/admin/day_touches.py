"""The buttons of a day sheet's row. They share one form: each says by itself where it posts and what it has seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from reservations.admin.event_words import kind_text
from reservations.admin.pages import seen_of
from reservations.admin.touching import ACTS
from reservations.models import Reservation
from reservations.queries.sheet import Sheet
from reservations.queries.touches import UNDOABLE
from reservations.scoping import Link
from reservations.sheet_rows import Row

Status = Reservation.Status

_SEATED = ("finish",)
_ASKED = ("confirm",)
_NEVER: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Press:
    """A button: its place in the page, where it posts, its words, and the name and value that it sends."""

    key: str
    address: str
    label: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Touches:
    """What can be done with a row: buttons, pages that ask for more, and what takes the last touch back."""

    page: str
    presses: tuple[Press, ...] = ()
    links: tuple[Link, ...] = ()
    undo: Press | None = None


def touches_of(found: Sheet, now: dt.datetime, may: bool) -> Callable[[Row], Touches]:
    """Return what gives a row its touches; none where the user may only look."""
    # One address is asked for, not five a row.
    base = reverse("admin:reservations_reservation_changelist")
    labels = {verb: str(step.label) for verb, step in ACTS.items()}
    undo_labels = {kind: _("Undo: %(what)s") % {"what": kind_text(kind)} for kind in UNDOABLE}
    move, note = _("Move"), _("Note")

    def touches(row: Row) -> Touches:
        own = f"{base}{row.pk}/"
        page = f"{own}change/"
        if not may:
            return Touches(page)
        party = row.party
        seen = seen_of(party)
        links = [(f"{own}move/", move)] if party.status in (Status.CONFIRMED, Status.SEATED) else []
        last = found.touches.get(row.pk)
        return Touches(
            page,
            tuple(
                Press(f"b{row.pk}{verb}", f"{own}{verb}/", labels[verb], "seen", seen) for verb in _verbs(party, now)
            ),
            (*links, (f"{own}note/", note)),
            Press(f"b{row.pk}undo", f"{own}undo/", undo_labels[last.kind], "event", str(last.event)) if last else None,
        )

    return touches


def _verbs(party: Reservation, now: dt.datetime) -> tuple[str, ...]:
    if party.status == Status.SEATED:
        return _SEATED
    if party.is_asked:
        return _ASKED
    if party.status != Status.CONFIRMED:
        return _NEVER
    if party.service_date > now.astimezone(party.restaurant.zone).date():
        return ("cancel-now",)
    arrive = () if party.arrived_at else ("arrive",)
    no_show = ("no-show",) if party.starts_at <= now else ()
    return (*arrive, "seat", *no_show, "cancel-now")
