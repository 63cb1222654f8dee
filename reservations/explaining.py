"""The words of an explanation, for staff and operators: each rule with its figures, each table. Times are local."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as write
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from reservations.engine.explain import Choice, Figure, Rule, Step, TimeExplained
from reservations.engine.fitting import Misfit
from reservations.engine.plan import Kind
from reservations.reasons import staff_text

LABELS: dict[Rule, str | Promise] = {
    Rule.ONLINE: gettext_lazy("Online booking"),
    Rule.CLOSURE: gettext_lazy("Closure"),
    Rule.SERVICE: gettext_lazy("Service"),
    Rule.WINDOW: gettext_lazy("Booking window"),
    Rule.BRAKE: gettext_lazy("Brake"),
    Rule.LEAD_TIME: gettext_lazy("Lead time"),
    Rule.PARTY_SIZE: gettext_lazy("Party size"),
    Rule.PACING: gettext_lazy("Pacing"),
    Rule.TABLES: gettext_lazy("Tables"),
}

MISFITS: dict[Misfit, str | Promise] = {
    Misfit.TOO_SMALL: gettext_lazy("too small"),
    Misfit.TOO_LARGE: gettext_lazy("too large"),
    Misfit.NOT_ONLINE: gettext_lazy("not online"),
    Misfit.WRONG_AREA: gettext_lazy("in another area"),
    Misfit.NOT_STEP_FREE: gettext_lazy("not step-free"),
    Misfit.OUT_OF_USE: gettext_lazy("not in use"),
    Misfit.PAUSED: gettext_lazy("online booking of the area is paused"),
}

_TAKEN: dict[Kind, str | Promise] = {
    Kind.RESERVATION: gettext_lazy("taken until %(time)s by a reservation"),
    Kind.HOLD: gettext_lazy("taken until %(time)s by a hold"),
    Kind.BLOCK: gettext_lazy("taken until %(time)s by a block"),
}


class State(enum.StrEnum):
    """How a rule answered: it grants, it refuses, or it does not bind who asks."""

    GRANTS = "grants"
    REFUSES = "refuses"
    UNBOUND = "unbound"


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule of a time, in words."""

    label: str
    text: str
    state: State


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """One table or combination of a time, in words."""

    name: str
    text: str
    chosen: bool


def verdict(time: TimeExplained, zone: ZoneInfo) -> str:
    """Return in one line which tables the party would get, or why the time is not offered, with the figures."""
    if time.refusal is None or time.refusal.reason is None:
        return _("offered: %(tables)s") % {"tables": _name(time.chosen)}
    reason = staff_text(time.refusal.reason)
    figures = _text(time.refusal, time, zone)
    return reason if figures == reason else f"{reason} ({figures})"


def rule_lines(time: TimeExplained, zone: ZoneInfo) -> list[RuleLine]:
    """Return every rule in the order in which it is asked."""
    return [RuleLine(str(LABELS[step.rule]), _text(step, time, zone), _state(step)) for step in time.steps]


def choice_lines(time: TimeExplained, zone: ZoneInfo) -> list[ChoiceLine]:
    """Return every table, then every combination, in the order in which they are asked."""
    chosen = time.chosen
    return [
        ChoiceLine(
            f"{_name(one)} ({one.smallest}–{one.largest})", _choice_text(one, one is chosen, zone), one is chosen
        )
        for one in (*time.tables, *time.combinations)
    ]


def clock(moment: dt.datetime, zone: ZoneInfo) -> str:
    """Return the time that the restaurant's clocks show, such as 19:30; with the zone's name where it comes twice."""
    local = moment.astimezone(zone)
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return f"{local:%H:%M} {local.tzname()}" if twice else f"{local:%H:%M}"


def date_and_clock(moment: dt.datetime, zone: ZoneInfo) -> str:
    """Return a moment such as “Sat 27 Mar 2027, 19:30 CET”."""
    local = moment.astimezone(zone)
    # Django's own format leaves the zone out where it is needed most: where a time comes twice.
    return f"{date_text(local.date())}, {local:%H:%M} {local.tzname()}"


def date_text(date: dt.date) -> str:
    """Return a date such as “Sat 27 Mar 2027”."""
    return write(date, pgettext("date format", "D j M Y"))


def _state(step: Step) -> State:
    if step.reason is not None:
        return State.REFUSES
    return State.GRANTS if step.binds else State.UNBOUND


def _text(step: Step, time: TimeExplained, zone: ZoneInfo) -> str:
    match step.rule:
        case Rule.ONLINE | Rule.CLOSURE if step.reason:
            return staff_text(step.reason)
        case Rule.ONLINE:
            return _("open") if step.binds else _("does not bind staff")
        case Rule.CLOSURE:
            return _("open on this day")
        case Rule.SERVICE:
            return _("%(name)s, %(first)s–%(last)s; the table is held for %(minutes)d minutes") % {
                "name": time.service.name,
                "first": write(time.service.first, "H:i"),
                "last": write(time.service.last, "H:i"),
                "minutes": time.minutes,
            }
        case Rule.WINDOW:
            return _bound(step, _("until %(date)s") % {"date": date_text(step.last_date)} if step.last_date else "")
        case Rule.BRAKE:
            if step.until is None:
                return _("not on")
            return _bound(step, _("online booking is paused until %(time)s") % {"time": clock(step.until, zone)})
        case Rule.LEAD_TIME:
            until = _("until %(moment)s") % {"moment": date_and_clock(step.until or time.start, zone)}
            return (
                until
                if step.binds
                else _("%(until)s, when it begins; lead time does not bind staff") % {"until": until}
            )
        case Rule.PARTY_SIZE:
            return _bound(step, _party(step.figures[0]))
        case Rule.PACING:
            return _pacing(step)
        case Rule.TABLES:
            return _tables(step, time)


def _bound(step: Step, text: str) -> str:
    return text if step.binds else _("%(text)s; does not bind staff") % {"text": text}


def _party(figure: Figure) -> str:
    return _("%(party)d, online from %(least)s to %(most)s") % {
        "party": figure.number,
        "least": figure.least,
        "most": figure.most,
    }


def _pacing(step: Step) -> str:
    total, online = step.figures
    party = [
        _("%(number)d of %(most)d covers") % {"number": total.number, "most": total.most}
        if total.most is not None
        else ngettext("%(number)d cover, no limit", "%(number)d covers, no limit", total.number)
        % {"number": total.number},
        _("online %(number)d of %(most)d") % {"number": online.number, "most": online.most}
        if online.most is not None
        else _("online %(number)d, no limit") % {"number": online.number},
    ]
    text = _("arriving then: %(figures)s") % {"figures": ", ".join(party)}
    return text if step.binds else _("%(text)s; exceeded knowingly") % {"text": text}


def _tables(step: Step, time: TimeExplained) -> str:
    both = (*time.tables, *time.combinations)
    counted = {
        "free": sum(choice.free for choice in both),
        "taken": sum(choice.misfit is None and not choice.free for choice in both),
        "others": sum(choice.misfit is not None for choice in both),
    }
    figures = _("%(free)d free, %(taken)d taken, %(others)d not for this party") % counted
    return f"{_name(time.chosen)}; {figures}" if time.chosen else figures


def _name(choice: Choice | None) -> str:
    return " + ".join(choice.names) if choice and choice.names else "–"


def _choice_text(choice: Choice, chosen: bool, zone: ZoneInfo) -> str:
    if choice.misfit is not None:
        return str(MISFITS[choice.misfit])
    if choice.taken_by is not None and choice.taken_until is not None:
        return str(_TAKEN[choice.taken_by]) % {"time": clock(choice.taken_until, zone)}
    return _("free, chosen") if chosen else _("free")
