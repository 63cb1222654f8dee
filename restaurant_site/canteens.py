"""Canteens become restaurants: with hours, services and tables where the file of canteens has them, else by name alone.

Here, and not in `menus`, which knows the restaurants' models alone.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from menus.importing.canteens import Canteen
from menus.importing.rows import DEFAULT_CURRENCY
from reservations.engine.locks import lock_days, retried
from reservations.importing import reimport
from reservations.importing.bulk import chunks
from reservations.importing.facts import Facts
from reservations.importing.meaning import Hours
from reservations.importing.store import store_hours
from reservations.importing.tables import TableRule, add_tables
from reservations.models import Restaurant, RestaurantCuisine, ServiceDay

SOURCE = "eat-api:"
KIND = "canteen"
CUISINES = ("canteen", "german")
COUNTRY, TIMEZONE = "DE", "Europe/Berlin"
POSITION = 150
"""After the restaurants that were made by hand, before those from OpenStreetMap."""

_PLACES = Decimal("0.00001")


class Outcome(enum.Enum):
    """What became of a canteen."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one import. today is a local date: special days are found from it for a year."""

    today: dt.date
    bookable: bool
    tables: TableRule


def restaurants_of(ids: Mapping[str, object]) -> dict[str, int]:
    """Return the primary keys of the canteens that are there, by id."""
    refs = [SOURCE + canteen_id for canteen_id in ids]
    return {
        (ref or "").removeprefix(SOURCE): pk
        for chunk in chunks(refs)
        for ref, pk in Restaurant.objects.filter(source_ref__in=chunk).values_list("source_ref", "pk")
    }


def make_by_name(*, canteen_id: str, name: str) -> int:
    """Make a published restaurant of which only the name is known, and return its primary key.

    Nobody can book there: it has neither hours nor tables.
    """
    with transaction.atomic():
        return Restaurant.objects.create(
            name=name,
            slug=_free_slug(canteen_id),
            source_ref=SOURCE + canteen_id,
            timezone=TIMEZONE,
            currency=DEFAULT_CURRENCY,
            position=POSITION,
            online_booking=Restaurant.Booking.HOURS_UNKNOWN,
        ).pk


def import_canteen(canteen: Canteen, rules: Rules) -> Outcome:
    """Create the canteen's restaurant, or change there what its file changed; what staff changed stays.

    One transaction, under the locks of the restaurant's days. So it must not be
    called inside one (RuntimeError).
    """
    return retried(lambda: _import(_facts(canteen), canteen.id, rules))


def _import(facts: Facts, slug: str, rules: Rules) -> Outcome:
    restaurant = Restaurant.objects.filter(source_ref=facts.source_ref).first()
    if restaurant is None:
        _create(facts, slug, rules)
        return Outcome.CREATED
    if not _plan(restaurant, facts, rules)[2].any:
        return Outcome.UNCHANGED
    dates = ServiceDay.objects.filter(restaurant=restaurant, date__gte=rules.today - dt.timedelta(days=1))
    if booked := list(dates.values_list("date", flat=True)):
        lock_days(restaurant.pk, booked)
        restaurant = Restaurant.objects.get(pk=restaurant.pk)
    stored, base, changes = _plan(restaurant, facts, rules)
    reimport.apply(stored, changes, base)
    if changes.wants_tables:
        add_tables({restaurant.pk: KIND}, rules.tables)
    return Outcome.UPDATED


def _create(facts: Facts, slug: str, rules: Rules) -> None:
    hours = reimport.hours_of(facts, rules.today)
    restaurant = reimport.new_restaurant(
        facts, hours, slug=_free_slug(slug), position=POSITION, bookable=rules.bookable
    )
    restaurant.save(force_insert=True)
    RestaurantCuisine.objects.bulk_create(
        RestaurantCuisine(restaurant=restaurant, cuisine=cuisine) for cuisine in facts.cuisines
    )
    store_hours({restaurant.pk: hours}, {restaurant.pk: rules.tables.pacing(KIND)})
    add_tables({restaurant.pk: KIND}, rules.tables)


def _plan(restaurant: Restaurant, facts: Facts, rules: Rules) -> tuple[reimport.Stored, Hours, reimport.Changes]:
    stored = reimport.load([restaurant], rules.today)[restaurant.pk]
    facts = reimport.kept(restaurant, facts)
    base = reimport.hours_of(restaurant, rules.today)
    new = reimport.hours_of(facts, rules.today)
    furnish = bool(rules.tables.of(KIND))
    changes = reimport.plan(stored, facts, base, new, bookable=rules.bookable, furnish=furnish)
    return stored, base, changes


def _facts(canteen: Canteen) -> Facts:
    return Facts(
        source_ref=SOURCE + canteen.id,
        name=canteen.name,
        street=canteen.street,
        postcode=canteen.postcode,
        city=canteen.city,
        country=COUNTRY,
        country_given=True,
        latitude=_degrees(canteen.latitude),
        longitude=_degrees(canteen.longitude),
        timezone=TIMEZONE,
        currency=DEFAULT_CURRENCY,
        kind=KIND,
        cuisines=CUISINES,
        hours_text=canteen.hours,
    )


def _degrees(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(_PLACES)


def _free_slug(wanted: str) -> str:
    """Return the slug, or with a number where another restaurant has it already."""
    taken = set(Restaurant.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    number = 1
    slug = wanted
    while slug in taken:
        number += 1
        slug = f"{wanted}-{number}"
    return slug
