"""The six invented restaurants, in the order in which the home page lists them."""

from __future__ import annotations

from restaurant_site.demo.places import adelaide, berlin, london, mexico_city, new_york, tokyo
from restaurant_site.demo.spec import DemoPlace

PLACES: tuple[DemoPlace, ...] = (
    berlin.PLACE,
    tokyo.PLACE,
    new_york.PLACE,
    mexico_city.PLACE,
    london.PLACE,
    adelaide.PLACE,
)
