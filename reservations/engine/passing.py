"""Which rules of online booking a booking of staff passes over. Pure: imports the standard library alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace

from reservations.engine.availability import last_date, pacing_full, party_reason
from reservations.engine.braking import is_stopped, within_brakes
from reservations.engine.errors import Reason
from reservations.engine.plan import Ask, DayPlan, ServiceRules


def passed_over(
    plan: DayPlan,
    service: ServiceRules,
    ask: Ask,
    start: dt.datetime,
    now: dt.datetime,
    covers: tuple[int, int],
    table_ids: Collection[int],
) -> tuple[Reason, ...]:
    """Return the reasons for which a diner would be refused what staff are given, in their order; none for a diner.

    start is in UTC, now aware; covers are those arriving then already, (all, online).
    """
    if ask.online:
        return ()
    diner = replace(ask, online=True, ignore_pacing=False)
    stopped_areas = within_brakes(plan, service.id, diner, start, now).paused_areas
    is_in_stopped = any(table.area_id in stopped_areas for table in plan.tables if table.id in table_ids)
    rules = (
        (plan.online_reason, plan.online_reason is not None),
        (Reason.PAUSED, is_stopped(plan, service.id, diner, start, now) or is_in_stopped),
        (Reason.TOO_LATE, now > service.lead.moment(start, plan.date, plan.zone)),
        (Reason.TOO_FAR, plan.date > last_date(plan, now)),
        (party_reason(service, diner), True),
        (Reason.PACING_FULL, pacing_full(service, diner, covers)),
    )
    return tuple(reason for reason, holds in rules if reason is not None and holds)
