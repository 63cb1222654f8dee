"""Cached reads of what every visitor is shown of restaurants, with the tags that their writes renew.

The models' ``cache_tags`` are the other half. A write rule never reads from here.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from reservations.engine.availability import DayPlan
from reservations.models.venue import ADDRESS_LENGTH, slug_of
from reservations.queries import day, venue
from reservations.queries import keeping as queries_keeping
from reservations.queries.keeping import Keeping
from reservations.queries.venue import Listing, Place
from restaurant_site.caching.reads import cached
from restaurant_site.caching.stamps import do_not_store, valid_until

_DAY = dt.timedelta(days=1)


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


def place(address: str) -> Place | None:
    """Return the restaurant that a slug, or of a private one slug and key, leads to, as its page shows it, or None.

    Good until its local midnight.
    """
    pk = _id_of(address) if len(address) <= ADDRESS_LENGTH else None
    return None if pk is None else _place(pk)


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


@cached(
    # The plan counts reservations of the service dates on either side, which reach into this one over midnight.
    tags=lambda restaurant_id, date: (
        f"restaurant:{restaurant_id}",
        *(f"day:{restaurant_id}:{near}" for near in (date - _DAY, date, date + _DAY)),
    ),
    seconds=120,
)
def day_plan(restaurant_id: int, date: dt.date) -> DayPlan:
    """Return the plan of a local service date, which the caller asks with the present time.

    For showing times alone: a booking reads `queries.day.day_plan` under the
    day's lock. Raises `Restaurant.DoesNotExist`.
    """
    return day.day_plan(restaurant_id, date)


def next_midnight(now: dt.datetime, zone: str) -> dt.datetime:
    """Return when the local date changes next in a zone, in UTC."""
    local = now.astimezone(ZoneInfo(zone))
    return dt.datetime.combine(local.date() + _DAY, dt.time(), tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
