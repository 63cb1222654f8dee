"""Cached reads of what every visitor is shown of restaurants, with the tags that their writes renew.

The models' ``cache_tags`` are the other half. A write rule never reads from here.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.utils import timezone

from reservations.engine.availability import Ask, DayPlan, holds_end
from reservations.engine.house import House
from reservations.engine.room import Room, lasting_room
from reservations.models.venue import ADDRESS_LENGTH, slug_of
from reservations.queries import house as houses
from reservations.queries import keeping as queries_keeping
from reservations.queries import venue
from reservations.queries.keeping import Keeping
from reservations.queries.venue import Listing, Place
from restaurant_site.caching.reads import at_once, cached
from restaurant_site.caching.stamps import do_not_store, valid_until

_DAY = dt.timedelta(days=1)

NEAR = 5
"""How many days from a date `near` looks."""

ENOUGH = 4
"""How many days with room it returns at most."""


def _near(restaurant_id: int, first: dt.date, last: dt.date) -> tuple[str, ...]:
    """Return the tags of service dates; those on either side reach in over midnight."""
    dates = (first + _DAY * number for number in range(-1, (last - first).days + 2))
    return (f"restaurant:{restaurant_id}", *(f"day:{restaurant_id}:{date}" for date in dates))


@cached(tags=lambda address: (f"slug:{slug_of(address)}",), seconds=3600)
def _id_of(address: str) -> int | None:
    found = venue.id_of(address)
    if found is None:
        # Addresses that lead nowhere are endlessly many.
        do_not_store("no such restaurant")
    return found


@cached(tags=lambda pk: (f"restaurant:{pk}",))
def _place(pk: int) -> Place | None:
    now = timezone.now()
    found = venue.place(pk)
    if found is not None:
        # Its special days and closures are those from the local date on.
        valid_until(next_midnight(now, found.timezone))
    return found


_numbers: dict[str, int] = {}
"""The restaurants that addresses led to lately: a guess of what to read with them."""
_MOST_NUMBERS = 2_000


def place(address: str) -> Place | None:
    """Return the restaurant that a slug, or of a private one slug and key, leads to, as its page shows it, or None.

    Good until its local midnight.
    """
    pk = _id_of(address) if len(address) <= ADDRESS_LENGTH else None
    if pk is None:
        return None
    if _numbers.get(address) != pk:
        if len(_numbers) >= _MOST_NUMBERS:
            _numbers.clear()
        _numbers[address] = pk
    return _place(pk)


@contextlib.contextmanager
def day_of(address: str, date: str | None, *, with_house: bool = False) -> Iterator[None]:
    """Let the block ask for a place and the plan of a date in one round trip, where the place was asked for before.

    date is as it was sent. with_house, its house is asked for too. For who answers
    by what was so when they were asked, as `at_once` says.
    """
    pk = _numbers.get(address)
    if pk is None:
        yield
        return
    asked = [_id_of.asked(address), _place.asked(pk)]
    with contextlib.suppress(ValueError, OverflowError):
        asked.append(day_plan.asked(pk, dt.date.fromisoformat(date or "")))
    if with_house:
        asked.append(house.asked(pk))
    with at_once(*asked):
        yield


@cached(tags=lambda pk: (f"restaurant:{pk}",))
def keeping(pk: int) -> Keeping | None:
    """Return how a restaurant keeps its guests' data, by number, or None where it is gone."""
    return queries_keeping.keeping(pk)


@cached(tags=lambda: ("restaurants",))
def only_slug() -> str | None:
    """Return the slug of the one published restaurant, or None where there are more or none."""
    return venue.only_slug()


@cached(tags=lambda text, city, cuisine, page: ("restaurants",))
def listing(text: str, city: str, cuisine: str, page: int) -> Listing:
    """Return a page of the published restaurants that match; see `queries.venue.listing`."""
    found = venue.listing(text=text, city=city, cuisine=cuisine, page=page)
    # A city is found in any case; as the restaurants spell it, it is one of few.
    odd = bool(city) and all(card.city != city for card in found.cards)
    if text or odd or not found.total or found.page != page:
        do_not_store("one of endlessly many")
    return found


@cached(tags=lambda limit: ("restaurants",))
def cities(limit: int) -> list[str]:
    """Return the cities with most restaurants, by name."""
    return venue.cities(limit)


@cached(tags=lambda limit: ("restaurants",))
def cuisines(limit: int) -> list[str]:
    """Return the most common cuisines, by name."""
    return venue.cuisines(limit)


@cached(tags=lambda part: ("restaurants",), seconds=3600)
def slugs(part: int) -> list[str]:
    """Return the slugs of one part of all published restaurants, for the sitemap; part counts from 1."""
    found = venue.slugs(part)
    if not found:
        do_not_store("beyond the last part")
    return found


@cached(tags=lambda: ("restaurants",), seconds=3600)
def parts() -> int:
    """Return how many parts `slugs` has, at least one."""
    return venue.parts()


@cached(tags=lambda restaurant_id: (f"restaurant:{restaurant_id}",))
def house(restaurant_id: int) -> House:
    """Return the restaurant's rules and tables for every service date from the month of yesterday on.

    No booking ends it. Raises `Restaurant.DoesNotExist`.
    """
    return houses.house(restaurant_id, (timezone.now().date() - 2 * _DAY).replace(day=1))


def house_on(restaurant_id: int, first: dt.date) -> House:
    """Return `house`, or where the date lies before it what is known of that one on, uncached."""
    found = house(restaurant_id)
    return found if first >= found.since else houses.house(restaurant_id, first)


@cached(tags=lambda restaurant_id, date: _near(restaurant_id, date, date), seconds=120)
def day_plan(restaurant_id: int, date: dt.date) -> DayPlan:
    """Return the plan of a local service date, which the caller asks with the present time.

    For showing times alone: a booking reads `queries.day` under the day's lock.
    Good until one of its holds ends. Raises `Restaurant.DoesNotExist`.
    """
    (plan,) = houses.day_plans(house_on(restaurant_id, date), restaurant_id, date, date)
    if end := holds_end(plan, timezone.now()):
        valid_until(end)
    return plan


@cached(
    tags=lambda restaurant_id, first, party, area_id, step_free: _near(restaurant_id, first, month_end(first)),
)
def month(restaurant_id: int, first: dt.date, party: int, area_id: int | None, step_free: bool) -> tuple[Room, ...]:
    """Return what each day of the month that begins with first has for a party that books online.

    Good until the clock alone changes one of them: a deadline, the end of a hold or
    of a brake, the restaurant's midnight. For showing alone, as `day_plan`. Raises
    `Restaurant.DoesNotExist`.
    """
    now = timezone.now()
    plans = houses.day_plans(house_on(restaurant_id, first), restaurant_id, first, month_end(first))
    midnight = next_midnight(now, plans[0].zone)
    ask = Ask(party=party, area_id=area_id, step_free=step_free)
    lasting = [lasting_room(plan, ask, now, midnight) for plan in plans]
    valid_until(min(until for _room, until in lasting))
    return tuple(room for room, _until in lasting)


@cached(
    tags=lambda restaurant_id, date, party, area_id, step_free: _near(
        restaurant_id, date - NEAR * _DAY, date + NEAR * _DAY
    ),
)
def near(restaurant_id: int, date: dt.date, party: int, area_id: int | None, step_free: bool) -> tuple[dt.date, ...]:
    """Return the `ENOUGH` service dates nearest to a date, and at most `NEAR` days from it, that have room; in order.

    It asks outwards, and no more days than it needs. The date itself is not among
    them. Good as long as `month` is, and for showing alone. Raises `Restaurant.DoesNotExist`.
    """
    now = timezone.now()
    first, last = date - NEAR * _DAY, date + NEAR * _DAY
    house = house_on(restaurant_id, first)
    who = houses.crowd(house, restaurant_id, first, last)
    midnight = next_midnight(now, house.zone)
    ask = Ask(party=party, area_id=area_id, step_free=step_free)
    found: list[dt.date] = []
    for distance in range(1, NEAR + 1):
        for one in (date - distance * _DAY, date + distance * _DAY):
            if len(found) < ENOUGH:
                has, until = lasting_room(who.plan(house, one), ask, now, midnight)
                valid_until(until)
                found += [one] if has is Room.OPEN else []
    return tuple(sorted(found))


def month_end(first: dt.date) -> dt.date:
    """Return the last date of the month that begins with first."""
    return (first + _DAY * 31).replace(day=1) - _DAY


def next_midnight(now: dt.datetime, zone: str) -> dt.datetime:
    """Return when the local date changes next in a zone, in UTC."""
    local = now.astimezone(ZoneInfo(zone))
    return dt.datetime.combine(local.date() + _DAY, dt.time(), tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
