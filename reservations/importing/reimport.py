"""A row whose restaurant is there already: what its file changed is changed, what staff changed is left.

Nothing in the database says where a row came from. What the stored text of the
opening hours gives once more is taken for the import's own; whatever differs
from that was changed by staff.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from django.utils import timezone

from reservations.history import trail
from reservations.history.trail import Event
from reservations.importing.bulk import create
from reservations.importing.facts import Facts
from reservations.importing.hours import understand
from reservations.importing.meaning import Hours, Period, Sitting, Special
from reservations.importing.store import Written, period_row, service_row, store_special_days
from reservations.models import OpeningPeriod, Restaurant, RestaurantCuisine, Service, SpecialDay, Table

_FACTS = (
    "name",
    "street",
    "postcode",
    "city",
    "country",
    "latitude",
    "longitude",
    "timezone",
    "currency",
    "hours_text",
)


@dataclass(slots=True)
class Stored:
    """A restaurant with those of its rows that an import may touch."""

    restaurant: Restaurant
    cuisines: list[str] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    special_days: dict[dt.date, tuple[int, Special]] = field(default_factory=dict)
    has_tables: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be written; None is nothing."""

    fields: Mapping[str, object]
    cuisines: tuple[str, ...] | None
    periods: tuple[Period, ...] | None
    services: tuple[Sitting, ...] | None
    added: tuple[Special, ...]
    removed: tuple[int, ...]
    wants_tables: bool
    dates: frozenset[dt.date]
    """Dates whose special day comes, goes or changes."""

    @property
    def any(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.names)

    @property
    def names(self) -> list[str]:
        """The names of the fields, and of the kinds of lines, that are written."""
        lines = {
            "cuisines": self.cuisines is not None,
            "opening_periods": self.periods is not None,
            "services": self.services is not None,
            "special_days": bool(self.added or self.removed),
            "tables": self.wants_tables,
        }
        return sorted([*self.fields, *(name for name, is_written in lines.items() if is_written)])

    @property
    def touches_booking(self) -> bool:
        """Whether a day or a service is opened or closed, which takes the service days' locks."""
        return bool(self.services is not None or self.added or self.removed)


def load(restaurants: Sequence[Restaurant], today: dt.date) -> dict[int, Stored]:
    """Return the restaurants' rows by primary key, in six statements whatever their number (at most 1,000)."""
    stored = {restaurant.pk: Stored(restaurant) for restaurant in restaurants}
    ids = list(stored)
    if not ids:
        return {}
    for cuisine in RestaurantCuisine.objects.filter(restaurant_id__in=ids).order_by("pk"):
        stored[cuisine.restaurant_id].cuisines.append(cuisine.cuisine)
    for period in OpeningPeriod.objects.filter(restaurant_id__in=ids).order_by():
        stored[period.restaurant_id].periods.append(Period(period.day, period.opens, period.closes))
    for service in Service.objects.filter(restaurant_id__in=ids, special_day=None).order_by("first_seating", "pk"):
        stored[service.restaurant_id].services.append(service)
    replacements: dict[int, list[Sitting]] = {}
    for service in Service.objects.filter(restaurant_id__in=ids, special_day__date__gte=today).order_by(
        "first_seating", "pk"
    ):
        replacements.setdefault(service.special_day_id or 0, []).append(_sitting(service))
    for day in SpecialDay.objects.filter(restaurant_id__in=ids, date__gte=today).order_by():
        special = Special(day.date, day.name, day.is_closed, day.hours, tuple(replacements.get(day.pk, ())))
        stored[day.restaurant_id].special_days[day.date] = (day.pk, special)
    for pk in Table.objects.filter(restaurant_id__in=ids).values_list("restaurant_id", flat=True).distinct():
        stored[pk].has_tables = True
    return stored


def plan(stored: Stored, facts: Facts, base: Hours, new: Hours, *, bookable: bool, furnish: bool) -> Changes:
    """Return what the row changes.

    base is what the stored text means, new what the row's does, both from today.
    """
    periods = None
    if new.periods != base.periods and _same(stored.periods, base.periods):
        periods = new.periods
    own = _same(map(_times, map(_sitting, stored.services)), map(_times, base.services))
    services = new.services if own and not _same(map(_times, new.services), map(_times, base.services)) else None
    added, removed = _special_days(stored, base, new, own=own)
    fields = _changed_facts(stored.restaurant, facts)
    if own and (booking := _booking(stored.restaurant, base, new, bookable=bookable)) is not None:
        fields["online_booking"] = booking
    gone = {date for date, (pk, _special) in stored.special_days.items() if pk in removed}
    return Changes(
        fields=fields,
        cuisines=facts.cuisines if facts.cuisines and set(facts.cuisines) != set(stored.cuisines) else None,
        periods=periods,
        services=services,
        added=added,
        removed=removed,
        wants_tables=furnish and not stored.has_tables,
        dates=frozenset({special.date for special in added} | gone),
    )


def apply(stored: Stored, changes: Changes, base: Hours) -> Written:
    """Write the changes in the caller's transaction, and into the history; return how many rows of hours were inserted.

    Tables that are wanted are the caller's to add.
    """
    restaurant = stored.restaurant
    if changes.any:
        event = Event("changed", "restaurant", restaurant.pk, None, {"told": changes.names})
        trail.note(restaurant.pk, [event], trail.COMMAND, timezone.now())
    if changes.fields:
        # Not save(): a field that staff are changing at this moment keeps their value.
        Restaurant.objects.filter(pk=restaurant.pk).update(**changes.fields, updated_at=timezone.now())
    if changes.cuisines is not None:
        RestaurantCuisine.objects.filter(restaurant=restaurant).delete()
        create(RestaurantCuisine, [RestaurantCuisine(restaurant=restaurant, cuisine=name) for name in changes.cuisines])
    written = Written()
    if changes.periods is not None:
        OpeningPeriod.objects.filter(restaurant=restaurant).delete()
        written.periods = create(OpeningPeriod, [period_row(restaurant.pk, period) for period in changes.periods])
    pacing = max((service.max_covers for service in stored.services if service.max_covers), default=None)
    if changes.services is not None:
        written.services = _replace_services(stored, changes.services, base, pacing)
    if changes.removed:
        SpecialDay.objects.filter(restaurant=restaurant, pk__in=changes.removed).delete()
    if changes.added:
        written.special_days = store_special_days({restaurant.pk: changes.added}, {restaurant.pk: pacing})
    return written


def kept(restaurant: Restaurant, facts: Facts) -> Facts:
    """Return the facts with what the row does not say taken from the restaurant: a blank erases nothing."""
    moved = facts.timezone != restaurant.timezone
    return replace(
        facts,
        street=facts.street or restaurant.street,
        postcode=facts.postcode or restaurant.postcode,
        city=facts.city or restaurant.city,
        # The zone's country is a guess, and what diners pay in is the
        # restaurant's to say: both hold until the row says otherwise.
        country=facts.country if facts.country_given or moved else restaurant.country,
        currency=facts.currency if moved else restaurant.currency,
        latitude=restaurant.latitude if facts.latitude is None else facts.latitude,
        longitude=restaurant.longitude if facts.longitude is None else facts.longitude,
        hours_text=facts.hours_text or restaurant.hours_text,
    )


def _changed_facts(restaurant: Restaurant, facts: Facts) -> dict[str, object]:
    return {name: getattr(facts, name) for name in _FACTS if getattr(facts, name) != getattr(restaurant, name)}


def _booking(restaurant: Restaurant, base: Hours, new: Hours, *, bookable: bool) -> str | None:
    """Return the new value of online booking, or None to leave it.

    It follows the text from not bookable to bookable and back; where staff
    switched it off, it stays off.
    """
    if first_booking(base, bookable=True) == first_booking(new, bookable=True):
        return None
    value = first_booking(new, bookable=bookable)
    if base.services:
        return value if restaurant.online_booking == Restaurant.Booking.ON else None
    return value if restaurant.online_booking == first_booking(base, bookable=False) else None


def hours_of(place: Facts | Restaurant, today: dt.date) -> Hours:
    """Return what the hours mean that a file gives, or that a restaurant has stored from one; see `understand`."""
    return understand(
        place.hours_text,
        timezone=place.timezone,
        latitude=None if place.latitude is None else float(place.latitude),
        longitude=None if place.longitude is None else float(place.longitude),
        country=place.country,
        today=today,
    )


def new_restaurant(facts: Facts, hours: Hours, *, slug: str, position: int, bookable: bool) -> Restaurant:
    """Return the unsaved row of a place that is not there yet, with every field that an import owns."""
    return Restaurant(
        name=facts.name,
        slug=slug,
        source_ref=facts.source_ref,
        street=facts.street,
        postcode=facts.postcode,
        city=facts.city,
        country=facts.country,
        latitude=facts.latitude,
        longitude=facts.longitude,
        timezone=facts.timezone,
        currency=facts.currency,
        position=position,
        online_booking=first_booking(hours, bookable=bookable),
        hours_text=facts.hours_text,
    )


def first_booking(hours: Hours, *, bookable: bool) -> str:
    """Return what online booking is set to when a restaurant comes in with these hours."""
    if not hours.understood:
        return Restaurant.Booking.HOURS_UNKNOWN.value
    return Restaurant.Booking.ON.value if bookable and hours.services else Restaurant.Booking.OFF.value


def _special_days(stored: Stored, base: Hours, new: Hours, *, own: bool) -> tuple[tuple[Special, ...], tuple[int, ...]]:
    """Return the special days to insert, and the primary keys of those to delete first.

    A stored day that is as base has it is the import's. Base's days that are
    missing were deleted by staff, up to the last of the import's own: how far
    ahead the last import looked can't be told better. Later ones are the year
    rolling on. Where staff set the services, only holidays are still closed.
    """
    base_days = {special.date: special for special in base.special_days}
    imported = {
        date: pk for date, (pk, special) in stored.special_days.items() if _means_same(base_days.get(date), special)
    }
    looked_until = max(imported, default=dt.date.min)
    added, removed = [], []
    wanted = {special.date: special for special in new.special_days}
    for date, special in wanted.items():
        there = stored.special_days.get(date)
        if there is None:
            deleted = date in base_days and date <= looked_until
            if not deleted and (own or (special.is_closed and special.name)):
                added.append(special)
        elif own and date in imported and not _means_same(there[1], special):
            removed.append(there[0])
            added.append(special)
    if own:
        removed += [pk for date, pk in imported.items() if date not in wanted]
    return tuple(added), tuple(removed)


def _means_same(one: Special | None, other: Special | None) -> bool:
    """Return whether two special days are the same but for their services' names and order."""
    if one is None or other is None:
        return one is other
    return (one.name, one.is_closed, one.hours) == (other.name, other.is_closed, other.hours) and _same(
        map(_times, one.services), map(_times, other.services)
    )


def _replace_services(stored: Stored, sittings: Sequence[Sitting], base: Hours, pacing: int | None) -> int:
    """Change services in place where there are as many, so that reservations keep theirs; return how many are new."""
    ours = {sitting.name for sitting in base.services}
    new = []
    for service, sitting in zip_longest(stored.services, sittings):
        if service is None and sitting is not None:
            new.append(service_row(stored.restaurant.pk, sitting, pacing))
        elif sitting is None and service is not None:
            service.delete()
        elif service is not None and sitting is not None:
            Service.objects.filter(pk=service.pk).update(
                name=sitting.name if service.name in ours else service.name,
                weekdays=sitting.weekdays,
                first_seating=sitting.first_seating,
                last_seating=sitting.last_seating,
                interval_minutes=sitting.interval_minutes,
            )
    return create(Service, new)


def _same(some: Iterable[Hashable], others: Iterable[Hashable]) -> bool:
    return Counter(some) == Counter(others)


def _sitting(service: Service) -> Sitting:
    return Sitting(
        service.name, service.weekdays, service.first_seating, service.last_seating, service.interval_minutes
    )


def _times(sitting: Sitting) -> tuple[int, dt.time, dt.time, int]:
    """Return when parties are seated; a name, pacing or lead time of their own leaves a service the import's."""
    return sitting.weekdays, sitting.first_seating, sitting.last_seating, sitting.interval_minutes
