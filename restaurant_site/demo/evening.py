"""Which parties come on one day. Pure: every table and time is granted by the engine, the rest is drawn by seed."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from reservations.engine.availability import Ask, DayPlan, Seating, ServiceRules, Time, starts, times
from restaurant_site.demo.spec import Crowd, clock

MOST_PARTIES = 200
"""A day never gets more, so that a key's number is known to be below this."""

# How full a day becomes, of what its tables could take, from Monday to Sunday.
_FILL = (0.50, 0.52, 0.57, 0.65, 0.80, 0.84, 0.62)
_LEAST_FILL, _MOST_FILL = 0.45, 0.85
_DAYTIME_SHARE = 0.88
_EVENING = dt.time(17)

# The spread of demand around a peak, and what is left of it far away.
_SPREAD_MINUTES = 70
_BASE_DEMAND = 0.14

_KEPT_TIMES = 3
_CANCELLED_SHARE = 0.07
_AREA_SHARE = 0.16
_STEP_FREE_SHARE = 0.03
_MEAN_DAYS_AHEAD = 5.0
_WAKES = 8


@dataclass(frozen=True, slots=True)
class Arrival:
    """A party, what it asked for and what it was given. A cancelled one has no tables."""

    time: Time
    ask: Ask
    booked_at: dt.datetime
    cancelled_at: dt.datetime | None = None

    @property
    def ends_at(self) -> dt.datetime:
        """When the table is free again, in UTC."""
        return self.time.start_utc + dt.timedelta(minutes=self.time.minutes)


def arrivals(plan: DayPlan, crowd: Crowd, seed: str, now: dt.datetime) -> list[Arrival]:
    """Return the day's parties in the order in which they booked, at most 200; none where nothing is served.

    No table and no covers are used twice, and what is seated already is
    respected, lapsed holds included. One popular time is full for two; a few
    others stay bookable, on a day that is not over at now (aware). The same
    arguments give the same answer.
    """
    rng = random.Random(seed)  # noqa: S311 - an invented evening, not a secret
    # A lapsed hold keeps its claims until somebody expires it under the lock.
    plan = replace(plan, seatings=tuple(replace(seating, held_until=None) for seating in plan.seatings))
    if plan.closed or not starts(plan):
        return []
    evening = _Evening(plan, crowd, rng, now)
    popular = evening.popular()
    kept = evening.keep_some(popular)
    evening.fill_time(popular)
    for service in plan.services:
        evening.fill_service(service)
    evening.forget(kept)
    found = evening.found[:MOST_PARTIES] + evening.cancelled()
    return sorted(found[:MOST_PARTIES], key=lambda arrival: (arrival.booked_at, arrival.time.start_utc))


class _Evening:
    """A day as it fills."""

    def __init__(self, plan: DayPlan, crowd: Crowd, rng: random.Random, now: dt.datetime) -> None:
        self.plan, self.crowd, self.rng, self.now = plan, crowd, rng, now
        self.day = starts(plan)
        self.found: list[Arrival] = []
        self.wanted = {utc: self._demand(utc) for utc, _service in self.day}
        self.areas = sorted({table.area_id for table in plan.tables if table.online})

    def _demand(self, utc: dt.datetime) -> float:
        """Return how much a start is wanted, between the base and 1 above it."""
        zone = ZoneInfo(self.plan.zone)
        local = utc.astimezone(zone)
        nearest = min(
            abs((local - dt.datetime.combine(self.plan.date, clock(peak), tzinfo=zone)).total_seconds()) / 60
            for peak in self.crowd.peaks
        )
        return _BASE_DEMAND + math.exp(-((nearest / _SPREAD_MINUTES) ** 2))

    def popular(self) -> dt.datetime:
        """Return one of the most wanted starts."""
        most = max(self.wanted.values())
        return self.rng.choice([utc for utc, demand in self.wanted.items() if demand > most - 0.02])

    def keep_some(self, popular: dt.datetime) -> tuple[Seating, ...]:
        """Keep tables for two at a few times that can still be booked, spread over the day, apart from one."""
        kept: list[Seating] = []
        ask = Ask(party=self._for_two())
        still = [time.start_utc for time in times(self.plan, ask, self.now) if time.bookable]
        still = [utc for utc in still if utc != popular]
        for part in range(min(_KEPT_TIMES, len(still))):
            share = still[part * len(still) // _KEPT_TIMES : (part + 1) * len(still) // _KEPT_TIMES] or still
            wanted = self.rng.choice(share)
            time = next(time for time in times(self.plan, ask, self.now) if time.start_utc == wanted)
            if time.bookable:
                kept.append(self._seat(time, ask))
        return tuple(kept)

    def forget(self, kept: Sequence[Seating]) -> None:
        """Give back what `keep_some` kept."""
        left = list(self.plan.seatings)
        for seating in kept:
            left.remove(seating)
        self.plan = replace(self.plan, seatings=tuple(left))

    def fill_time(self, utc: dt.datetime) -> None:
        """Seat parties at one start until none of two can be seated there online."""
        service = next(service for moment, service in self.day if moment == utc)
        for _attempt in range(4 * len(self.plan.tables)):
            asked_at = self._booked_at(service)
            if not self._time_at(utc, Ask(party=self._for_two()), asked_at):
                return
            ask = self._ask(service, online=True)
            time = self._time_at(utc, ask, asked_at)
            if time is None:
                ask = Ask(party=self._for_two())
                time = self._time_at(utc, ask, asked_at)
            if time is not None:
                self._come(time, ask, asked_at)

    def fill_service(self, service: ServiceRules) -> None:
        """Seat parties in a service until it is as full as the weekday has it, or most of them find nothing."""
        of_service = [utc for utc, other in self.day if other.id == service.id]
        if not of_service:
            return
        span = (of_service[-1] - of_service[0]).total_seconds() / 60
        capacity = len(self.plan.tables) * (1 + int(span // service.turn(2)))
        seated = sum(arrival.time.service_id == service.id for arrival in self.found)
        missing = round(capacity * self._fill(service)) - seated
        failures = 0
        while missing > 0 and failures < 6 and len(self.found) < MOST_PARTIES:
            ask, asked_at = self._ask(service), self._booked_at(service)
            free = [time for time in times(self.plan, ask, asked_at) if time.bookable and time.service_id == service.id]
            if not free:
                failures += 1
                continue
            time = self.rng.choices(free, [self.wanted[time.start_utc] for time in free])[0]
            self._come(time, ask, asked_at)
            missing -= 1

    def cancelled(self) -> list[Arrival]:
        """Return parties that had booked and cancelled."""
        gone = []
        for arrival in self.found:
            if self.rng.random() >= _CANCELLED_SHARE:
                continue
            # The ways to this party's place are many; it came after someone who let it go.
            ask = replace(arrival.ask, party=max(arrival.ask.party, self._for_two()), online=True)
            latest = min(self.now, arrival.time.start_utc)
            booked_at = arrival.booked_at - dt.timedelta(hours=self.rng.uniform(2, 30))
            gone.append(
                Arrival(
                    time=replace(arrival.time, table_ids=()),
                    ask=ask,
                    booked_at=booked_at,
                    cancelled_at=booked_at + (latest - booked_at) * self.rng.uniform(0.1, 0.9),
                )
            )
        return gone

    def _fill(self, service: ServiceRules) -> float:
        share = _FILL[self.plan.date.weekday()] + self.rng.uniform(-0.04, 0.04)
        if service.first < _EVENING:
            share *= _DAYTIME_SHARE
        return min(max(share, _LEAST_FILL), _MOST_FILL)

    def _for_two(self) -> int:
        return max(2, *(service.min_party for service in self.plan.services))

    def _ask(self, service: ServiceRules, *, online: bool | None = None) -> Ask:
        """Return what a party wants; those that book online keep to the service's party limits."""
        if online is None:
            online = self.rng.random() < self.crowd.online
        sizes = {
            size: weight
            for size, weight in self.crowd.sizes.items()
            if not online or service.min_party <= size <= service.max_party
        } or {service.min_party: 1}
        area = self.rng.choice(self.areas) if self.areas and self.rng.random() < _AREA_SHARE else None
        return Ask(
            party=self.rng.choices(list(sizes), list(sizes.values()))[0],
            area_id=area,
            step_free=self.rng.random() < _STEP_FREE_SHARE,
            online=online,
        )

    def _booked_at(self, service: ServiceRules) -> dt.datetime:
        """Return a moment of booking within the window and before the lead time of the service's first start."""
        first = next(utc for utc, other in self.day if other.id == service.id)
        latest = min(self.now.astimezone(dt.UTC), service.lead.moment(first, self.plan.date, self.plan.zone))
        earliest = first - dt.timedelta(days=max(self.plan.window_days - 2, 0))
        ahead = dt.timedelta(days=self.rng.expovariate(1 / _MEAN_DAYS_AHEAD), minutes=self.rng.randint(5, 50))
        moment = min(max(latest - ahead, earliest), latest).replace(microsecond=0)
        # At night people sleep; they booked the evening before.
        asleep = moment.astimezone(ZoneInfo(self.plan.zone)).hour < _WAKES
        return moment - dt.timedelta(hours=_WAKES) if asleep else moment

    def _time_at(self, utc: dt.datetime, ask: Ask, asked_at: dt.datetime) -> Time | None:
        return next((time for time in times(self.plan, ask, asked_at) if time.bookable and time.start_utc == utc), None)

    def _come(self, time: Time, ask: Ask, booked_at: dt.datetime) -> None:
        self._seat(time, ask)
        self.found.append(Arrival(time, ask, booked_at))

    def _seat(self, time: Time, ask: Ask) -> Seating:
        seating = Seating(
            start=time.start_utc,
            end=time.start_utc + dt.timedelta(minutes=time.minutes),
            service_date=self.plan.date,
            party=ask.party,
            online=ask.online,
            table_ids=time.table_ids,
        )
        self.plan = replace(self.plan, seatings=(*self.plan.seatings, seating))
        return seating
