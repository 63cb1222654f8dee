"""Which days have room for a party, and until when that holds. Pure: imports the standard library alone."""

from __future__ import annotations

import datetime as dt
import enum

from reservations.engine.availability import Ask, DayPlan, day_reason, day_times, holds_end, times
from reservations.engine.errors import Reason


class Room(enum.StrEnum):
    """What a service date has for a party that books online."""

    OPEN = "open"
    """A time that can be booked."""
    FULL = "full"
    """No such time, and one for which it helps to wait."""
    CLOSED = "closed"
    """Nothing is served."""
    NONE = "none"
    """Nothing that can be booked, for another reason: over, too far off, not for parties of that size."""


_CLOSED = (Reason.CLOSED, Reason.NO_SERVICE)
_FULL = (Reason.TABLES_TAKEN, Reason.PACING_FULL)
# So many moments of a day are looked at in advance; what lies behind them is looked at once they have come.
_LOOKS = 8
# Lead time ends behind its moment, everything else with it.
_INSTANT = dt.timedelta(microseconds=1)


def room(plan: DayPlan, ask: Ask, now: dt.datetime) -> Room:
    """Return what a day has for the party at an aware moment."""
    if reason := day_reason(plan, ask, now):
        return Room.CLOSED if reason in _CLOSED else Room.NONE
    reasons = {time.reason for time in times(plan, ask, now)}
    if None in reasons:
        return Room.OPEN
    return Room.FULL if any(reason in reasons for reason in _FULL) else Room.NONE


def lasting_room(plan: DayPlan, ask: Ask, now: dt.datetime, until: dt.datetime) -> tuple[Room, dt.datetime]:
    """Return what a day has for the party now, and the UTC moment until which the clock alone changes nothing of it.

    That is until at most, which is not behind the restaurant's next midnight: the
    booking window moves there; and not behind the end of a hold, so that nothing
    changes either where that is confirmed before.
    """
    found = room(plan, ask, now)
    until = min(holds_end(plan, now) or until, until)
    ahead = _moments(plan, now, until)
    for moment in ahead[:_LOOKS]:
        if room(plan, ask, moment + _INSTANT) != found:
            return found, moment
    return found, ahead[_LOOKS] if len(ahead) > _LOOKS else until


def next_change(plan: DayPlan, now: dt.datetime, until: dt.datetime) -> dt.datetime:
    """Return until which UTC moment at most the clock alone changes none of a day's times."""
    moments = (*_moments(plan, now, until), holds_end(plan, now) or until)
    return min(moments, default=until)


def _moments(plan: DayPlan, now: dt.datetime, until: dt.datetime) -> list[dt.datetime]:
    """Return when the clock may change what a day has: at starts and deadlines, where a brake ends."""
    ahead = {brake.ends_at for brake in plan.brakes}
    for start, _local, service in day_times(plan):
        ahead |= {start, service.lead.moment(start, plan.date, plan.zone)}
    return sorted(moment for moment in ahead if now < moment < until)
