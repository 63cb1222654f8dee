"""The write rule of an import: what was previewed is what is written, or nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from menus import trail
from menus.exchange.reading import Table
from menus.exchange.resource import DishResource, Line, place_of
from menus.locking import StaleError, lock
from menus.models import Dish, Menu, Section
from reservations.models import Restaurant, User

_ROWS = 1000
"""Rows of one statement: as many as an IN list takes on every database."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a file does to a restaurant's dishes. errors are (row, sentence), row 0 for the whole file."""

    new: tuple[Line, ...]
    changed: tuple[Line, ...]
    unchanged: int
    removed: tuple[Dish, ...]
    new_menus: tuple[Menu, ...]
    new_sections: tuple[Section, ...]
    errors: tuple[tuple[int, str], ...]

    @property
    def digest(self) -> str:
        """What tells one plan from another; the names of what is new count, not its numbers."""
        parts = [
            *((line.row, line.where, line.changes) for line in self.new),
            *((line.dish.pk, line.changes) for line in self.changed),
            *((dish.pk,) for dish in self.removed),
            *((menu.name,) for menu in self.new_menus),
            *((section.menu.name, section.name) for section in self.new_sections),
        ]
        return hashlib.sha256(repr(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        return not (self.new or self.changed or self.removed or self.new_menus or self.new_sections)


def preview(*, restaurant: Restaurant, table: Table, remove: bool) -> Plan:
    """Return what an import would do, decided by the same code; the menus and sections that it makes are taken back.

    remove says that dishes go which stand in a menu of the file and in no row.
    """
    with transaction.atomic():
        lock(restaurant.pk)
        plan = _done(restaurant, table, remove=remove, write=False)
        transaction.set_rollback(True)
    return plan


def import_dishes(*, restaurant: Restaurant, table: Table, remove: bool, seen: str, user: User) -> Plan:
    """Import the dishes, all or none, and return what that did. seen is the digest of the plan that was previewed.

    Raises `StaleError` where it would do something else now, or nothing for an error.
    """
    with transaction.atomic():
        lock(restaurant.pk)
        # A form, or a touch in service, takes no lock: until this is done it waits for its dish.
        Dish.objects.filter(restaurant=restaurant).renewing().update(position=F("position"))
        plan = _done(restaurant, table, remove=remove, write=True)
        if plan.errors or plan.digest != seen:
            raise StaleError
        _record(plan, user)
        _tell(plan, restaurant, user)
    return plan


def _done(restaurant: Restaurant, table: Table, *, remove: bool, write: bool) -> Plan:
    resource = DishResource(restaurant)
    dataset = tablib.Dataset(*table.rows, headers=list(table.columns))
    result = resource.import_data(dataset, dry_run=not write, use_transactions=False)
    errors = [*((row.number, _sentence(row.error)) for row in result.invalid_rows)]
    errors += [(number, _("This row can't be read.")) for number, _errors in result.row_errors()]
    if result.base_errors:
        errors.append((0, _("The file can't be imported.")))
    removed: tuple[Dish, ...] = ()
    # After an error the transaction is rolled back, and may take no statement more.
    if remove and not errors:
        menus = {line.dish.section.menu_id for line in resource.lines}
        removed = tuple(
            dish
            for dish in resource.dishes.values()
            if dish.section.menu_id in menus and dish.pk not in resource.claimed
        )
        for start in range(0, len(removed) if write else 0, _ROWS):
            Dish.objects.filter(pk__in=[dish.pk for dish in removed[start : start + _ROWS]]).delete()
    return Plan(
        new=tuple(line for line in resource.lines if line.is_new),
        changed=tuple(line for line in resource.lines if line.changes and not line.is_new),
        unchanged=sum(not line.changes for line in resource.lines),
        removed=removed,
        new_menus=tuple(resource.new_menus),
        new_sections=tuple(resource.new_sections),
        errors=tuple(sorted(errors)),
    )


def _sentence(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    names = {"is_available": "available"}
    found: dict[str, list[str]] = error.message_dict
    return " ".join(f"{names.get(name, name)}: {' '.join(texts)}" for name, texts in found.items())


def _record(plan: Plan, user: User) -> None:
    """Write into Django's log each dish that was changed or removed, and how many are new in each menu."""
    trail.record(user, ((line.dish, _words(line.changes)) for line in plan.changed))
    trail.record(
        user,
        ((dish, _("Removed by an import: %(place)s.") % {"place": place_of(dish)}) for dish in plan.removed),
        trail.DELETION,
    )
    # Azure SQL tells no numbers of the dishes that are new.
    counts: dict[int, tuple[Menu, int]] = {menu.pk: (menu, 0) for menu in plan.new_menus}
    for line in plan.new:
        menu = line.dish.section.menu
        counts[menu.pk] = menu, counts.get(menu.pk, (menu, 0))[1] + 1
    trail.record(
        user, ((menu, _("New by an import: %(count)d dishes.") % {"count": count}) for menu, count in counts.values())
    )


def _tell(plan: Plan, restaurant: Restaurant, user: User) -> None:
    """Write into the restaurant's history each menu, with how many of its dishes are what, and each dish that went."""
    dishes = [
        *(("new", line.dish) for line in plan.new),
        *(("changed", line.dish) for line in plan.changed),
        *(("removed", dish) for dish in plan.removed),
    ]
    menus = {menu.pk: menu for menu in (*plan.new_menus, *(dish.section.menu for _kind, dish in dishes))}
    counts: dict[int, Counter[str]] = {pk: Counter() for pk in menus}
    for kind, dish in dishes:
        counts[dish.section.menu.pk][kind] += 1
    deeds: list[trail.Deed] = [("imported_csv", menu, dict(counts[pk])) for pk, menu in menus.items()]
    deeds += [("deleted", dish, {}) for dish in plan.removed]
    trail.tell(user, restaurant.pk, deeds)


def _words(changes: Iterable[tuple[str, Any, Any]]) -> str:
    return " ".join(f"{name}: {old or '–'} → {new or '–'}." for name, old, new in changes)
