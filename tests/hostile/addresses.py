"""Every address that the URL resolver knows, with the numbers, references and tokens of a house in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from urllib.parse import urlencode

from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils import translation

from reservations.models import Restaurant
from tests.hostile.house import House
from tests.reservations.roles.walking import every_pattern, pages

# What stands in an address of the diners, by the end of the route up to it.
_LINKS = {
    "/holds/<str:reference>": "holds",
    "/confirm/<str:token>": "presses",
    "/reservations/<str:token>": "reservations",
    "/waitlist/<str:token>": "entries",
    "/requests/<str:token>": "requests",
}

_PLACES = {
    "digest": ("0" * 12,),
    "app_label": ("reservations", "menus", "auth", "nonsense"),
    "content_type_id": ("1", "7"),
    "name": ("0" * 32,),
    "object_id": ("1",),
    "part": ("1", "2"),
    "sheet": ("1f5a48-00000000",),
    "width": ("480",),
}

_OPTIONS = ("menus dish section", "menus menu restaurant", "menus menu sections", "reservations closure service")

ASKED = {
    "menus_options": _OPTIONS,
    "autocomplete": ("reservations reservation guest", *_OPTIONS, "reservations restaurant tables", "auth group user"),
}
"""App, model and field of questions without which a page has no answer: one that is asked by a form, then others."""


@dataclass(frozen=True, slots=True)
class Address:
    """A name of the resolver with its route, and the paths under which it is asked for."""

    name: str
    route: str
    paths: tuple[str, ...]


def addresses(house: House, restaurant: Restaurant) -> list[Address]:
    """Return every named address, about rows of the restaurant; the guest's links are those of the house."""
    of_admin: dict[str, dict[str, None]] = {}
    for page in pages():
        of_admin.setdefault(page.name, {})[page.address(restaurant)] = None
    found = []
    for name, route in every_pattern():
        if not name:
            continue
        paths = tuple(of_admin[name]) if name in of_admin else _paths(name, route, house, restaurant)
        asked = [_question(words) for words in ASKED[name]] if name in ASKED else [""]
        found.append(Address(name, route, tuple(path + question for path in paths for question in asked)))
    return found


def _question(words: str) -> str:
    names = zip(("app_label", "model_name", "field_name"), words.split(), strict=True)
    return f"?{urlencode(dict(names))}&term="


def name_of(path: str) -> str:
    """Return the name of the resolver's that a path leads to, "" for none."""
    language = translation.get_language_from_path(path) or "en"
    try:
        with translation.override(language):
            return resolve(path).url_name or ""
    except Resolver404:
        return ""


def _paths(name: str, route: str, house: House, restaurant: Restaurant) -> tuple[str, ...]:
    places = re.findall(r"<(?:\w+:)?(\w+)>", route)
    if name == "password_reset_confirm":
        return (reverse(name, args=house.reset),)
    choices = [_choices(place, route, house, restaurant) for place in places]
    found = []
    for values in product(*choices):
        arguments = dict(zip(places, values, strict=True))
        for full in (name, f"admin:{name}"):
            try:
                found.append(reverse(full, kwargs=arguments))
            except NoReverseMatch:
                continue
            break
    assert found, f"{name}: no address of {route!r} with {choices}"
    return tuple(found)


def _choices(place: str, route: str, house: House, restaurant: Restaurant) -> tuple[str, ...]:
    if place == "slug":
        return (restaurant.address,)
    if place in _PLACES:
        return _PLACES[place]
    for end, kind in _LINKS.items():
        if end in route:
            found: tuple[str, ...] = getattr(house.links, kind)
            return found
    raise AssertionError(f"say in tests/hostile/addresses.py what stands for <{place}> in {route}")
