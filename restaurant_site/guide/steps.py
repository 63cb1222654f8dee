"""The pages of the guide, in their order, and which of them have what they need."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from menus.models import Dish
from reservations.models import Restaurant, Service, Table


class Step(enum.StrEnum):
    """A page of the guide; the value stands in its address."""

    PLACE = "place"
    TABLES = "tables"
    SERVICES = "services"
    MENU = "menu"
    STAFF = "staff"
    TEST = "test"
    OPEN = "open"


LABELS: dict[Step, Promise] = {
    Step.PLACE: _("Restaurant"),
    Step.TABLES: _("Tables"),
    Step.SERVICES: _("Services"),
    Step.MENU: _("Menu"),
    Step.STAFF: _("Staff"),
    Step.TEST: _("Test search"),
    Step.OPEN: _("Open"),
}


FOR_OWNERS = frozenset({Step.PLACE, Step.SERVICES, Step.OPEN})
"""Pages that change how diners book, and how the restaurant is called; the others are of who sets it up."""


@dataclass(frozen=True, slots=True)
class Link:
    """A page of the guide as the progress shows it; without an address it can't be opened yet."""

    label: str
    address: str
    is_current: bool
    is_done: bool


def address(step: Step, restaurant: Restaurant | None) -> str:
    """Return the address of a page; without a restaurant only the first has one."""
    if restaurant is None:
        return reverse("set_up") if step == Step.PLACE else ""
    return reverse("set_up_step", args=(restaurant.pk, step.value))


def beside(step: Step, distance: int) -> Step | None:
    """Return the page so many after this one (before, where negative), or None beyond the ends."""
    order = list(Step)
    at = order.index(step) + distance
    return order[at] if 0 <= at < len(order) else None


def progress(current: Step | None, restaurant: Restaurant | None, *, is_owner: bool = True) -> list[Link]:
    """Return all pages, with the one that is shown and those that have what they need."""
    done = _done(restaurant) if restaurant is not None else set()
    return [
        Link(
            str(LABELS[step]),
            address(step, restaurant) if is_owner or step not in FOR_OWNERS else "",
            step == current,
            step in done,
        )
        for step in Step
    ]


def _done(restaurant: Restaurant) -> set[Step]:
    has = {
        Step.TABLES: Table.objects.filter(restaurant=restaurant, is_active=True).exists(),
        Step.SERVICES: Service.objects.filter(restaurant=restaurant, special_day=None).exists(),
        Step.MENU: Dish.objects.filter(restaurant=restaurant).exists(),
        Step.OPEN: restaurant.visibility != Restaurant.Visibility.DRAFT,
    }
    return {Step.PLACE, *(step for step, there in has.items() if there)}
