"""The cells of the timeline: a row a table, cut into bars, gaps and what is over, each so many slots wide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.dateformat import format as write
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reservations.admin import pages
from reservations.admin.flags import flags_text
from reservations.engine.availability import starts
from reservations.engine.slots import SLOT
from reservations.messages.lines import isolated
from reservations.models import Reservation, Table
from reservations.queries.evening import is_late
from reservations.queries.timeline import Stay, Timeline, overstays

Status = Reservation.Status
Clock = Callable[[dt.datetime], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A bar, a gap that can be pointed at (both with an address), or nothing, span slots wide from slot at on."""

    at: int
    span: int
    css: str
    address: str = ""
    label: str = ""
    title: str = ""
    detail: str = ""
    reservation: int = 0
    seen: str = ""
    moves: str = ""
    """Whether it can be moved: to other tables and times ("all"), to other tables alone, or not ("")."""


@dataclass(frozen=True, slots=True)
class Line:
    """A table's row."""

    table: Table
    seats: str
    cells: list[Cell]


def clock_of(day: Timeline) -> Clock:
    """Return how the day's moments are written: with the zone's short name where the clocks change within it."""
    zone = day.restaurant.zone
    changes = day.first.astimezone(zone).utcoffset() != day.last.astimezone(zone).utcoffset()
    style = pgettext("time format", "H:i")

    def clock(moment: dt.datetime) -> str:
        local = moment.astimezone(zone)
        # Not by Django's own T, which is empty in the very hour that comes twice.
        return write(local, style) + (f" {local.tzname()}" if changes else "")

    return clock


def hours(day: Timeline) -> list[tuple[str, int]]:
    """Return the local hours that the day's slots lie in, each with how many; a doubled one is there twice."""
    zone, clock = day.restaurant.zone, clock_of(day)
    found: list[tuple[str, int]] = []
    last: tuple[int, dt.timedelta | None] | None = None
    for slot in range(day.slots):
        local = (day.first + slot * SLOT).astimezone(zone)
        if last == (local.hour, local.utcoffset()):
            found[-1] = found[-1][0], found[-1][1] + 1
        else:
            found.append((clock(local), 1))
        last = local.hour, local.utcoffset()
    return found


def line(day: Timeline, table: Table, may: bool) -> Line:
    """Return the row of a table; may says whether the user may move parties."""
    clock = clock_of(day)
    stays = [stay for stay in day.stays.get(table.pk, ()) if stay.until > day.first and stay.first < day.last]
    cells: list[Cell] = []
    position = 0
    for number, stay in enumerate(stays):
        begin = max(position, day.slot(stay.first))
        end = min(day.slots, day.slot(stay.until))
        cells += _gap(day, table, position, begin, clock)
        cells.append(_bar(day, table, stay, begin, end, may, clock))
        following = day.slot(stays[number + 1].first) if number + 1 < len(stays) else day.slots
        over = min(following, day.slot(day.now) + 1) if overstays(stay, day.now) else end
        if over > end:
            cells.append(Cell(end, over - end, "over", title=_("over its time")))
        position = max(end, over)
    cells += _gap(day, table, position, day.slots, clock)
    seats = f"{table.min_seats}–{table.max_seats}" if table.min_seats < table.max_seats else str(table.max_seats)
    return Line(table, seats, cells)


def _gap(day: Timeline, table: Table, begin: int, end: int, clock: Clock) -> Iterator[Cell]:
    """Yield what is free: what has passed is nothing, the rest can be pointed at."""
    if begin < end and not table.is_active:
        yield Cell(begin, end - begin, "past")
        return
    present = min(max(begin, day.slot(day.now)), end)
    if present > begin:
        yield Cell(begin, present - begin, "past")
    if end > present:
        first = day.first + present * SLOT
        words = {"table": table, "start": clock(first), "end": clock(day.first + end * SLOT)}
        address = table_address(day, table.pk, first)
        label = _("%(table)s is free from %(start)s until %(end)s") % words
        yield Cell(present, end - present, "gap", address, label)


def table_address(day: Timeline, table_id: int, start: dt.datetime | None = None) -> str:
    """Return the address of what can be done with a table, from a moment on or now."""
    page = reverse("admin:reservations_restaurant_table", args=(day.restaurant.pk, table_id))
    asked = f"?date={day.date.isoformat()}" + (f"&start={int(start.timestamp())}" if start else "")
    return f"{page}{asked}"


def _bar(day: Timeline, table: Table, stay: Stay, begin: int, end: int, may: bool, clock: Clock) -> Cell:
    span = f"{clock(stay.first)}–{clock(stay.until)}"
    if stay.reservation is None:
        block = stay.block
        reason = isolated(block.reason) if block else ""
        label = ", ".join(filter(None, [_("blocked"), reason, span, str(table)]))
        address = table_address(day, table.pk, stay.first)
        return Cell(begin, end - begin, "bar blocked", address, label, reason or _("blocked"), _("blocked"))
    row = stay.reservation
    state, css = state_of(row)
    heeds = [flags_text(row), _("over its time") if overstays(stay, day.now) else ""]
    heeds = [text for text in heeds if text]
    told = [*heeds, *needs(row)]
    name = isolated(row.name) or ("" if row.status == Status.HELD else row.get_source_display())
    label = ", ".join([name or state, pages.covers_text(row.party_size), span, str(table), state, *told])
    moves = {Status.CONFIRMED.value: "all", Status.SEATED.value: "tables"}.get(row.status, "")
    whole = row.service_date == day.date and row.ends_at <= day.last
    return Cell(
        at=begin,
        span=end - begin,
        css=" ".join(["bar", css, *_heed(row, stay, day.now), *([] if row.service_date == day.date else ["other"])]),
        address=pages.reservation_address(row),
        label=label,
        title=name or state,
        detail=" · ".join([str(row.party_size), *(heeds or ([state] if name else [])), *needs(row)]),
        reservation=row.pk,
        seen=pages.seen_of(row),
        moves=moves if may and whole else "",
    )


def state_of(row: Reservation) -> tuple[str, str]:
    """Return what a party or hold is on the floor, in a word and as a class: an offer is a hold for who waits."""
    if row.status == Status.HELD:
        offered = row.source == Reservation.Source.WAITLIST
        return (_("offered"), "offered") if offered else (_("held"), "held")
    return str(row.get_status_display()), str(row.status)


def _heed(row: Reservation, stay: Stay, now: dt.datetime) -> list[str]:
    late = row.status == Status.CONFIRMED and is_late_now(row, now)
    return [*(["late"] if late else []), *(["overstays"] if overstays(stay, now) else [])]


def is_late_now(row: Reservation, now: dt.datetime) -> bool:
    """Return whether a confirmed party should have come by now, its time less than a day ago."""
    return is_late(row, now) and row.starts_at > now - dt.timedelta(days=1)


def needs(row: Reservation) -> list[str]:
    """Return in few words what a party needs."""
    found = []
    if row.needs_step_free:
        found.append(_("step-free"))
    if row.high_chairs:
        found.append(_("high chair"))
    if row.dietary_needs:
        found.append(_("diet"))
    if row.occasion:
        found.append(str(row.get_occasion_display()))
    if row.note:
        found.append(_("note"))
    return found


@dataclass(frozen=True, slots=True)
class Pace:
    """The covers that arrive in one slot, against how many may; heights of a bar of 20. No limit: 0."""

    covers: int
    limit: int
    height: int
    mark: int
    text: str

    @property
    def top(self) -> int:
        """Where the bar begins, from above."""
        return 20 - self.height


def paces(day: Timeline) -> list[Pace | None]:
    """Return a pace for each slot in which a service seats guests or somebody comes, and None for the rest."""
    limits = {start: service.max_covers or 0 for start, service in starts(day.plan)}
    most = max([*limits.values(), *day.covers.values(), 1])
    found: list[Pace | None] = []
    for slot in range(day.slots):
        moment = day.first + slot * SLOT
        covers, limit = day.covers.get(moment, 0), limits.get(moment, 0)
        if moment not in limits and not covers:
            found.append(None)
            continue
        text = _("%(covers)d of %(limit)d") % {"covers": covers, "limit": limit} if limit else str(covers)
        found.append(Pace(covers, limit, round(20 * covers / most), 20 - round(20 * limit / most), text))
    return found
