"""Every address under the admin, as the URL resolver has it, with the numbers of one restaurant's rows in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.http import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from menus.models import Menu, Section
from reservations.models import Reservation, Restaurant, User
from tests.reservations.roles.marked import row_of, tenant_models
from tests.reservations.roles.table import MODELS, NUMBERS, OTHERS, PAGES, UNNAMED, WAYS

_STANDARD = ("changelist", "add", "change", "delete", "history")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the admin: its name, and the names of the numbers in its address.

    way is the word of an address that stands for several pages; query is what a
    page is asked that answers nothing without.
    """

    name: str
    numbers: tuple[str, ...]
    way: str = ""
    query: str = ""

    @property
    def model(self) -> str:
        """The key in MODELS of a page that Django makes for each model, or ""."""
        base, _underscore, ending = self.name.rpartition("_")
        return base if base in MODELS and ending in _STANDARD and self.name not in PAGES else ""

    @property
    def least(self) -> str:
        """Who may open it, as the table says."""
        if self.way:
            return next(ways[self.way] for (name, _word), ways in WAYS.items() if name == self.name)
        if not self.model:
            return PAGES.get(self.name) or OTHERS[self.name]
        see, add, _change, delete = MODELS[self.model].split()
        return {"add": add, "delete": delete}.get(self.name.rpartition("_")[2], see)

    @property
    def least_to_post(self) -> str:
        """Who may save its form."""
        if self.model and self.name.endswith("_change"):
            return MODELS[self.model].split()[2]
        return self.least

    def address(self, restaurant: Restaurant) -> str:
        """Return its address for a row of the restaurant, or for any where rows belong to nobody."""
        numbers = {name: self._number(name, restaurant) for name in self.numbers}
        return _reverse(self.name, numbers)

    def asked(self, restaurant: Restaurant) -> str:
        """Return its address with its query."""
        return f"{self.address(restaurant)}?{self.query}" if self.query else self.address(restaurant)

    def _number(self, name: str, restaurant: Restaurant) -> Any:
        if (self.name, name) in WAYS:
            return self.way
        label = NUMBERS.get((self.name, name)) or ".".join(self.name.split("_")[:2])
        if label.startswith("="):
            return label[1:]
        model = apps.get_model(label)
        if name == "entry_pk":
            return restaurant.waitlist.filter(kind="door").latest("pk").pk
        if model in tenant_models():
            return row_of(model, restaurant).pk
        if model is User:
            return restaurant.memberships.latest("pk").user_id
        found = model._default_manager.first()
        return found.pk if found else 0


def _reverse(name: str, numbers: dict[str, Any]) -> str:
    try:
        return reverse(f"admin:{name}", kwargs=numbers)
    except NoReverseMatch:
        pass
    try:
        # Django's own are asked for by position alone.
        return reverse(f"admin:{name}", args=list(numbers.values()))
    except NoReverseMatch:
        return reverse(name, kwargs=numbers)


def patterns() -> list[tuple[str | None, str]]:
    """Return name and route of every address under the admin."""
    found = [(name, route) for name, route in every_pattern() if route.startswith("admin/")]
    assert len(found) > 150
    return found


def every_pattern() -> list[tuple[str | None, str]]:
    """Return name and route of every address of the site."""
    return list(walked(get_resolver().url_patterns, ""))


def walked(parts: list[Any], before: str) -> Iterator[tuple[str | None, str]]:
    """Yield name and route of every address below these patterns."""
    for part in parts:
        route = before + str(part.pattern)
        if isinstance(part, URLResolver):
            yield from walked(part.url_patterns, route)
        elif isinstance(part, URLPattern):
            yield part.name, route


def unknown() -> list[str]:
    """Return the addresses that the table does not have, and what the table has that is no address."""
    names = {name for name, _route in patterns() if name}
    expected = {f"{model}_{ending}" for model in MODELS for ending in _STANDARD} | named() | set(OTHERS)
    loose = [route for name, route in patterns() if name is None and not route.endswith(UNNAMED)]
    return [*sorted(names ^ expected), *loose]


def named() -> set[str]:
    """Return the names of the pages that the table has besides those of each model."""
    return {*PAGES, *(name for name, _word in WAYS)}


def pages() -> list[Page]:
    """Return the pages of models and of restaurants; one for each way and each question."""
    known = {f"{model}_{ending}" for model in MODELS for ending in _STANDARD} | named()
    ways = {name: tuple(words) for (name, _word), words in WAYS.items()}
    queries = {"menus_options": tuple(urlencode(question) for question in paths_asked())}
    found = []
    for name, route in patterns():
        if name and name in known:
            numbers = tuple(re.findall(r"<(?:\w+:)?(\w+)>", route))
            found += [
                Page(name, numbers, way, query) for way in ways.get(name, ("",)) for query in queries.get(name, ("",))
            ]
    return found


def paths_asked() -> list[dict[str, str]]:
    """Return the questions of the autocompletes that show menus and sections by their path."""
    found = []
    for question in autocompletes():
        model = apps.get_model(question["app_label"], question["model_name"])
        if model._meta.get_field(question["field_name"]).related_model in (Menu, Section):
            found.append(question)
    assert len(found) > 2
    return found


def autocompletes() -> list[dict[str, str]]:
    """Return the question of every autocomplete: each foreign key to a model that can be searched."""
    found = []
    for model in apps.get_models():
        for field in model._meta.get_fields():
            target = field.related_model
            if not field.concrete or not isinstance(target, type) or not issubclass(target, Model):
                continue
            if admin.site.is_registered(target) and admin.site.get_model_admin(target).search_fields:
                opts = model._meta
                found.append(
                    {"app_label": opts.app_label, "model_name": opts.model_name or "", "field_name": field.name}
                )
    assert len(found) > 20
    return found


def is_refused(response: HttpResponseBase) -> bool:
    """Return whether an answer lets nobody in: forbidden, not there, no such method, or sent to sign in or to begin."""
    if response.status_code in (403, 404, 405):
        return True
    where = response.headers.get("Location", "")
    return response.status_code == 302 and (where == reverse("admin:index") or where.startswith(reverse("admin:login")))


def ask(client: Client, address: str, restaurant: Restaurant) -> HttpResponseBase:
    """Return the answer to opening a page, or to its button where it is no more than that."""
    response: HttpResponseBase = client.get(address)
    if response.status_code != 405:
        return response
    return client.post(address, {"reservation": row_of(Reservation, restaurant).pk})


def signed_in(user: User | None) -> Client:
    """Return a browser in which the user is signed in; errors come back as pages."""
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    return client
