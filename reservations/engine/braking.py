"""What a brake stops: online booking of some times, or of an area at them. Pure: the standard library alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from reservations.engine.plan import Ask, BrakeSpec, DayPlan


def paused_until(plan: DayPlan, service_id: int, start: dt.datetime, now: dt.datetime) -> dt.datetime | None:
    """Return until when online booking of a start (UTC) of a service is stopped as a whole, in UTC; None: it is not.

    now is aware. A brake on an area stops that area's tables alone: see `within_brakes`.
    """
    ends = [brake.ends_at for brake in _over(plan, service_id, start, now) if brake.area_id is None]
    return max(ends, default=None)


def is_stopped(plan: DayPlan, service_id: int, ask: Ask, start: dt.datetime, now: dt.datetime) -> bool:
    """Return whether a brake refuses a start (UTC) to who asks, wherever they want to sit."""
    return ask.online and ask.kept_start != start and paused_until(plan, service_id, start, now) is not None


def within_brakes(plan: DayPlan, service_id: int, ask: Ask, start: dt.datetime, now: dt.datetime) -> Ask:
    """Return the ask with the areas in which that start (UTC) is stopped; as it is for staff, whom no brake binds."""
    if not ask.online or not plan.brakes or ask.kept_start == start:
        return ask
    areas = frozenset(brake.area_id for brake in _over(plan, service_id, start, now) if brake.area_id is not None)
    return replace(ask, paused_areas=areas)


def _over(plan: DayPlan, service_id: int, start: dt.datetime, now: dt.datetime) -> Iterator[BrakeSpec]:
    for brake in plan.brakes:
        if brake.ends_at > now and brake.service_id in (None, service_id) and brake.start in (None, start):
            yield brake
