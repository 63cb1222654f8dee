"""What rows take in PostgreSQL and pages in Redis, weighed before and after. Only to be imported on the ground."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils import timezone

from reservations.engine import booking
from reservations.engine.availability import times
from reservations.engine.errors import Refused
from reservations.engine.plan import Ask
from reservations.models import Restaurant
from reservations.queries.day import day_plan
from restaurant_site.demo import people
from restaurant_site.demo.building import build
from restaurant_site.demo.places import PLACES

_RETURNING = 0.4
"""Of bookings, those of somebody who booked at this restaurant before."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Of a table, or of what was added to it: bytes of the rows with what is kept apart, of the indexes, and rows."""

    rows_bytes: int
    index_bytes: int
    rows: int

    def since(self, before: Weight) -> Weight:
        """Return what came since."""
        return Weight(
            self.rows_bytes - before.rows_bytes, self.index_bytes - before.index_bytes, self.rows - before.rows
        )

    @property
    def total(self) -> int:
        """All bytes."""
        return self.rows_bytes + self.index_bytes


Weights = dict[str, Weight]
Guests = dict[int, list[dict[str, str]]]
"""Who booked at a restaurant before, by its number."""


def weigh() -> Weights:
    """Return the weight of each of the site's tables, by name."""
    rows = {model._meta.db_table: model._base_manager.count() for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {name: Weight(of_rows, of_indexes, rows.get(name, 0)) for name, of_rows, of_indexes in cursor.fetchall()}


def added(before: Weights, after: Weights) -> Weights:
    """Return what came, of each table to which something came."""
    found = {name: weight.since(before[name]) for name, weight in after.items()}
    return {name: weight for name, weight in found.items() if weight.rows or weight.total}


def build_demo(copies: int) -> list[Restaurant]:
    """Build the demo's restaurants so many times, without reservations."""
    found = []
    for number in range(copies):
        for place in PLACES:
            fields = {**place.fields, "slug": f"{place.slug}-{number}", "name": f"{place.fields['name']} {number}"}
            today = timezone.localdate()
            found.append(build(dataclasses.replace(place, fields=fields), position=number, today=today))
    return found


def book(restaurants: Sequence[Restaurant], wanted: int, days: int) -> int:
    """Book online, by the write rules, at times that are open, in turns; return how many bookings it became."""
    chance = random.Random(1)
    guests: Guests = {}
    done = 0
    for offset in range(1, days + 1):
        for restaurant in restaurants:
            date = timezone.now().astimezone(restaurant.zone).date() + dt.timedelta(days=offset)
            for _try in range(-(-wanted // (days * len(restaurants)))):
                done += _book_one(restaurant, date, done, chance, guests)
                if done == wanted:
                    return done
    return done


def _book_one(restaurant: Restaurant, date: dt.date, number: int, chance: random.Random, guests: Guests) -> bool:
    party = chance.choice((2, 2, 2, 3, 4))
    open_times = [
        one for one in times(day_plan(restaurant.pk, date), Ask(party=party), timezone.now()) if one.reason is None
    ]
    if not open_times:
        return False
    one = chance.choice(open_times)
    known = guests.setdefault(restaurant.pk, [])
    if not known or chance.random() > _RETURNING:
        name, email = people.pick_name(chance, {"any": 1})
        phone = people.pick_phone(chance, chance.choice(sorted(people.PHONE_RANGES)))
        guest = {"name": name, "email": f"{number}.{email}", "phone": phone}
        known.append(guest)
    else:
        guest = chance.choice(known)
    occasion = people.pick_occasion(chance, party)
    details = booking.Details(
        name=guest["name"],
        email=guest["email"],
        phone=guest["phone"],
        occasion=occasion,
        dietary_needs=people.pick_dietary_needs(chance, party) if chance.random() < 0.15 else "",
        note=people.pick_note(chance, party, occasion, 0) if chance.random() < 0.25 else "",
    )
    wish = booking.Wish(restaurant_id=restaurant.pk, date=date, start=one.start.astimezone(dt.UTC), party=party)
    try:
        held = booking.hold(wish=wish, browser=f"{number:064x}", key=f"weighed{number}", language="en")
        booking.confirm(reservation=held, details=details)
    except Refused:
        return False
    return True


def in_redis(server: Any) -> Mapping[str, list[int]]:
    """Return the bytes of each key by what it is: pages, data, fragments, tokens, others; by MEMORY USAGE."""
    kinds = {"p": "pages", "d": "data", "f": "fragments"}
    found: defaultdict[str, list[int]] = defaultdict(list)
    for key in server.scan_iter(count=1000):
        text = bytes(key).decode(errors="replace")
        parts = text.split(":")
        kind = "tokens" if parts[0] == "t" else kinds.get(parts[2] if len(parts) > 2 else "", "others")
        found[kind].append(int(server.memory_usage(key, samples=0) or 0))
    return found
