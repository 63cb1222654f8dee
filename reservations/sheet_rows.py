"""The lines of a day sheet in words: what its page, its print, its CSV file and its mail have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reservations.engine.availability import DayPlan
from reservations.models import Reservation
from reservations.models.reservation import COUNTED
from reservations.queries.evening import is_late
from reservations.queries.sheet import Sheet

if TYPE_CHECKING:
    from reservations.queries.sheet import Party

Status = Reservation.Status


@dataclass(frozen=True, slots=True)
class Row:
    """A party, in words. Empty texts say nothing."""

    pk: int
    time: str
    name: str
    reference: str
    party_size: int
    more: str
    """Children, high chairs, step-free access."""
    tables: str
    tags: str
    needs: str
    """Dietary needs: the guest's and the reservation's."""
    occasion: str
    notes: tuple[str, ...]
    known: str
    """Visits and no-shows before this day."""
    status: str
    status_text: str
    flags: str
    is_late: bool
    is_flagged: bool
    """Whether the guest has had many no-shows."""
    service: str
    area: int
    phone: str
    party: Reservation

    @property
    def text(self) -> str:
        """What a search looks in, in lower case."""
        parts = (self.name, self.reference, self.phone, self.tables, self.tags, self.needs, self.occasion, *self.notes)
        return " ".join(parts).lower()


@dataclass(frozen=True, slots=True)
class Group:
    """A service's parties; key is what the filter says for it."""

    key: str
    name: str
    rows: tuple[Row, ...]
    parties: int
    covers: int

    @property
    def needs(self) -> list[Row]:
        """The rows that the kitchen must know of."""
        return [row for row in self.rows if row.needs and row.status in COUNTED]


def rows_of(found: Sheet, now: dt.datetime) -> list[Row]:
    """Return every party of a sheet in words, in the active language; times are the restaurant's."""
    statuses = {str(value): str(label) for value, label in Status.choices}
    occasions = {str(value): str(label) for value, label in Reservation.Occasion.choices if value}
    clock = _Clock(found.plan)
    return [_row(party, found, now, clock, statuses, occasions) for party in found.parties]


def groups_of(plan: DayPlan, rows: Iterable[Row]) -> list[Group]:
    """Return rows by service, in the order of the day; a service that is no longer there stands where its rows do."""
    found: dict[str, list[Row]] = {}
    names = {str(service.id): service.name for service in plan.services}
    for row in rows:
        found.setdefault(row.service, []).append(row)
    order = [*names, *(key for key in found if key not in names)]
    return [_group(key, names.get(key), found[key]) for key in order if key in found]


def keys_of(plan: DayPlan, rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Return the services of a day, as a filter offers them."""
    return [(group.key, group.name) for group in groups_of(plan, rows)]


def _group(key: str, name: str | None, rows: Sequence[Row]) -> Group:
    counted = [row for row in rows if row.status in COUNTED]
    return Group(
        key=key,
        name=name or rows[0].party.service_name or _("Without a service"),
        rows=tuple(rows),
        parties=len(counted),
        covers=sum(row.party_size for row in counted),
    )


class _Clock:
    """Local times as the sheet shows them: without the zone's name, but where an hour comes twice."""

    def __init__(self, plan: DayPlan) -> None:
        self.plan = plan
        self.known: dict[dt.datetime, str] = {}

    def text(self, party: Party) -> str:
        """Return the start in the restaurant's zone."""
        moment = party.starts_at
        if moment not in self.known:
            local = moment.astimezone(party.restaurant.zone)
            is_twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
            self.known[moment] = local.strftime("%H:%M %Z" if is_twice else "%H:%M")
        return self.known[moment]


def _row(
    party: Party,
    found: Sheet,
    now: dt.datetime,
    clock: _Clock,
    statuses: dict[str, str],
    occasions: dict[str, str],
) -> Row:
    guest = party.guest
    spots = [found.tables[pk] for pk in party.table_ids if pk in found.tables]
    late = party.status == Status.CONFIRMED and is_late(party, now) and party.starts_at > now - dt.timedelta(days=1)
    no_shows = found.flagged.get(party.guest_id or 0, 0)
    needs = [party.dietary_needs, guest.dietary_needs if guest else ""]
    notes = [*party.note.splitlines(), *(guest.notes.splitlines() if guest else ())]
    return Row(
        pk=party.pk,
        time=clock.text(party),
        name=party.name or (guest.name if guest else "") or _("No name"),
        reference=party.reference,
        party_size=party.party_size,
        more=_more(party),
        tables=" + ".join(spot.name for spot in spots) or "–",
        tags=", ".join(guest.tags) if guest else "",
        needs="; ".join(dict.fromkeys(filter(None, needs))),
        occasion=occasions.get(party.occasion, ""),
        notes=tuple(filter(None, (note.strip() for note in notes))),
        known=_known(party.visits, party.no_shows),
        status=party.status,
        status_text=asked_text(party) or statuses[party.status],
        flags=", ".join([*([flagged_text(no_shows)] if no_shows else []), *_flags(party, late, now)]),
        is_late=late,
        is_flagged=bool(no_shows),
        service=str(party.service_id or party.service_name or "-"),
        area=spots[0].area_id if spots else party.area_id or 0,
        phone=party.phone,
        party=party,
    )


def _more(party: Reservation) -> str:
    parts = []
    if party.children:
        parts.append(ngettext("%(count)d child", "%(count)d children", party.children) % {"count": party.children})
    if party.high_chairs:
        text = ngettext("%(count)d high chair", "%(count)d high chairs", party.high_chairs)
        parts.append(text % {"count": party.high_chairs})
    if party.needs_step_free:
        parts.append(_("step-free"))
    return ", ".join(parts)


def _known(visits: int, no_shows: int) -> str:
    parts = []
    if visits:
        parts.append(ngettext("%(count)d visit", "%(count)d visits", visits) % {"count": visits})
    if no_shows:
        parts.append(ngettext("%(count)d no-show", "%(count)d no-shows", no_shows) % {"count": no_shows})
    return ", ".join(parts)


def asked_text(party: Reservation) -> str:
    """Return what the guest of a hold is asked for, in few words; "" of what is no such hold."""
    if not party.is_asked:
        return ""
    return _("asked to call") if party.asked == Reservation.Asked.CALL else _("awaits confirmation by mail")


def flagged_text(no_shows: int) -> str:
    """Return what stands beside a guest who has had so many no-shows lately."""
    text = ngettext("%(count)d no-show in 12 months", "%(count)d no-shows in 12 months", no_shows)
    return text % {"count": no_shows}


def _flags(party: Party, late: bool, now: dt.datetime) -> Iterable[str]:
    if late:
        minutes = int((now - party.starts_at).total_seconds() // 60)
        yield _("late by %(minutes)d min") % {"minutes": minutes} if minutes > 0 else _("late")
    if party.status == Status.CONFIRMED:
        if party.arrived_at:
            yield _("arrived")
        if party.late_minutes:
            yield _("says %(minutes)d min late") % {"minutes": party.late_minutes}
        if party.coming_at and not party.arrived_at:
            yield _("coming")
    if party.is_twice and party.status in (Status.CONFIRMED, Status.SEATED):
        yield _("twice")
    if party.status == Status.SEATED and party.ends_at <= now:
        yield _("over its time")
    if party.cancelled_late:
        yield _("cancelled late")
