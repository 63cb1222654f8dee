"""Saves one restaurant's imported dishes. What staff change stays, until the file says something else of that dish."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from menus.importing.rows import KEY_LENGTH, DishSpec
from menus.locking import lock
from menus.models import Dish, Menu, Section
from restaurant_site.database.batches import MOST_PARAMETERS, rows_a_statement

CURRENT_NAME, ARCHIVE_NAME = "Current dishes", "Archive"

# An update has 2 parameters for each of its 11 fields and 1 for its key.
_UPDATE_BATCH = MOST_PARAMETERS // 25
_MAX_POSITION = 32_767


@dataclass(slots=True)
class Saved:
    """How many dishes were new, changed and as they were."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def __iadd__(self, other: Saved) -> Saved:
        self.created += other.created
        self.changed += other.changed
        self.unchanged += other.unchanged
        return self


def save_dishes(*, restaurant_id: int, dishes: Sequence[DishSpec]) -> Saved:
    """Save the dishes: the current ones in a published menu, the others in an unpublished archive.

    All or nothing. A dish is found again by its reference wherever it stands.
    It is written if it is new or the file says something else of it than at the
    last import, and otherwise left alone, as is a dish that the file does not
    name: saving the same dishes twice changes nothing. Never changed are
    `is_available`, the position of a dish that stays in its section, and
    whether a menu is published.
    """
    if not dishes:
        return Saved()
    with transaction.atomic():
        # Two imports at once would both find a dish missing.
        lock(restaurant_id)
        return _save(restaurant_id, dishes)


def _save(restaurant_id: int, dishes: Sequence[DishSpec]) -> Saved:
    imported = Dish.objects.filter(restaurant_id=restaurant_id).exclude(source_ref="")
    known = {dish.source_ref[:KEY_LENGTH]: dish for dish in imported}
    differing = [spec for spec in dishes if spec.key not in known or known[spec.key].source_ref != spec.source_ref]
    if differing:
        # Not for dishes that are as they were: staff may have renamed or
        # deleted the section that they came in.
        sections = _sections(restaurant_id, differing)
        last = _last_positions(restaurant_id)
    new, changed = [], []
    for spec in differing:
        section_id = sections[spec.current, spec.section]
        dish = known.get(spec.key)
        if dish is None:
            dish = Dish(restaurant_id=restaurant_id)
            new.append(dish)
        else:
            changed.append(dish)
        if dish.section_id != section_id:
            dish.position = last[section_id] = min(last.get(section_id, 0) + 1, _MAX_POSITION)
        for name, value in _fields(section_id, spec).items():
            setattr(dish, name, value)
    Dish.objects.bulk_create(new, batch_size=rows_a_statement(Dish))
    if changed:
        names = [name.removesuffix("_id") for name in _fields(0, differing[0])]
        Dish.objects.bulk_update(changed, [*names, "position"], batch_size=_UPDATE_BATCH)
    _date_note(restaurant_id, dishes)
    return Saved(created=len(new), changed=len(changed), unchanged=len(dishes) - len(differing))


def _last_positions(restaurant_id: int) -> dict[int, int]:
    rows = Dish.objects.filter(restaurant_id=restaurant_id).order_by().values_list("section")
    return dict(rows.annotate(Max("position", default=0)))


def _fields(section_id: int, spec: DishSpec) -> dict[str, object]:
    return {
        "source_ref": spec.source_ref,
        "section_id": section_id,
        "name": spec.name,
        "description": spec.description,
        "price": spec.price.amount,
        "price_note": spec.price.note,
        "price_source": spec.price.source,
        "allergens": list(spec.labels.allergens),
        "diets": list(spec.labels.diets),
        "other_labels": list(spec.labels.other),
    }


def _sections(restaurant_id: int, dishes: Sequence[DishSpec]) -> dict[tuple[bool, str], int]:
    """Return the key of every section that the dishes need, by (current, name); those that are missing are made."""
    menus = {
        current: _menu(restaurant_id, current) for current in sorted({spec.current for spec in dishes}, reverse=True)
    }
    needed = dict.fromkeys((spec.current, spec.section) for spec in dishes)
    found = _find_sections(restaurant_id, menus)
    missing = sorted((key for key in needed if key not in found), key=lambda key: _natural(key[1]))
    if not missing:
        return found
    count = {current: sum(key[0] == current for key in found) for current in menus}
    rows = []
    for current, name in missing:
        count[current] += 1
        # Dishes without a section come last.
        position = count[current] if name else _MAX_POSITION
        rows.append(Section(restaurant_id=restaurant_id, menu=menus[current], name=name, position=position))
    Section.objects.bulk_create(rows, batch_size=rows_a_statement(Section))
    # Azure SQL returns no keys from the insert.
    return _find_sections(restaurant_id, menus)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Return a key that sorts "Gericht 9" before "Gericht 10"."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]


def _find_sections(restaurant_id: int, menus: dict[bool, Menu]) -> dict[tuple[bool, str], int]:
    by_menu = {menu.pk: current for current, menu in menus.items()}
    rows = Section.objects.filter(restaurant_id=restaurant_id, menu__in=by_menu).order_by("-pk")
    # Of two with one name, the one that was there first.
    return {(by_menu[row.menu_id], row.name): row.pk for row in rows}


def _menu(restaurant_id: int, current: bool) -> Menu:
    return Menu.objects.get_or_create(
        restaurant_id=restaurant_id,
        name=CURRENT_NAME if current else ARCHIVE_NAME,
        defaults={"position": 10 if current else 90, "is_published": current},
    )[0]


def _date_note(restaurant_id: int, dishes: Sequence[DishSpec]) -> None:
    """Say on the menu when its dishes were served, unless staff have written something else there."""
    dates = [spec.last_served for spec in dishes if spec.current]
    menu = Menu.objects.filter(restaurant_id=restaurant_id, name=CURRENT_NAME).first()
    if menu is None or menu.note.strip("0123456789 –-"):
        return
    note = f"{min(dates)} – {max(dates)}"
    if menu.note != note:
        menu.note = note
        menu.save(update_fields=["note"])
