"""The restaurant that is measured: 40 dishes on a page of some 10 kB, 20 tables, a day with 30 parties.

Imports models, so only to be imported on the ground.
"""

from __future__ import annotations

import datetime as dt
import random

from menus.models import Menu, Section
from reservations.models import Restaurant
from tests import factories

SLUG = "the-measured-table"
MENU = f"/restaurants/{SLUG}/menu/"
DAYS_AHEAD = 7

_SECTIONS = ("Starters", "Mains", "Sides", "Desserts")
_FIRST = ("Roasted", "Smoked", "Pickled", "Braised", "Charred", "Chilled", "Glazed", "Poached", "Baked", "Warm")
_SECOND = ("beetroot", "trout", "celeriac", "cauliflower")
# Half of the dishes are described: with all of them the page would be half as long again.
_WORDS = ("barley", "butter", "capers", "chervil", "dill", "fennel", "hazelnuts", "lemon", "mustard", "rye", "thyme")


def make() -> Restaurant:
    """Write the restaurant with its menu and its parties; the same every time."""
    restaurant = factories.make_venue(
        name="The Measured Table",
        slug=SLUG,
        tagline="Forty dishes, the same every time",
        tables=(2, 2, 4, 4, 6) * 4,
    )
    factories.make_service(
        restaurant, name="Lunch", first_seating=dt.time(12), last_seating=dt.time(14), interval_minutes=15
    )
    chance = random.Random(1)
    menu = Menu.objects.create(restaurant=restaurant, name="Dinner")
    for position, name in enumerate(_SECTIONS):
        section = Section.objects.create(restaurant=restaurant, menu=menu, name=name, position=position)
        for number, first in enumerate(_FIRST):
            factories.make_dish(
                section,
                name=f"{first} {_SECOND[position]}",
                description=f"With {', '.join(chance.sample(_WORDS, 3))}." if number % 2 else "",
                price=f"{6 + number}.50",
                position=number,
            )
    _seat(restaurant)
    return restaurant


def times_path(restaurant: Restaurant) -> str:
    """Return the address of the times of the day on which the parties sit."""
    return f"/restaurants/{SLUG}/times/?date={factories.days_ahead(restaurant, DAYS_AHEAD)}&party=2"


def _seat(restaurant: Restaurant) -> None:
    chance = random.Random(1)
    date = factories.days_ahead(restaurant, DAYS_AHEAD)
    tables = list(restaurant.tables.order_by("pk"))
    for hour, some in ((12, tables[:10]), (18, tables[:10]), (20, tables[10:])):
        for table in some:
            wish = factories.make_wish(restaurant, date=date, at=dt.time(hour), party=chance.randint(1, 2))
            factories.make_seated(restaurant, [table], wish, minutes=90)
