"""Saves one restaurant's imported dishes. What staff decide stays: whether a dish or menu is shown, and the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Max

from menus.importing.rows import DishSpec
from menus.models import Dish, Menu, Section
from reservations.models import Restaurant

CURRENT_NAME, ARCHIVE_NAME = "Current dishes", "Archive"

# Azure SQL takes 2,100 parameters a statement: an insert has 14 a dish, an
# update 2 for each of its fields and 1 for its key.
_INSERT_BATCH, _UPDATE_BATCH = 140, 80
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

    All or nothing. A dish is found again by its reference wherever it stands;
    one that is not among the dishes is left alone. Saving the same dishes twice
    changes nothing; neither `is_available` nor the position of a dish that
    stays in its section is ever changed, and no menu's publication.
    """
    if not dishes:
        return Saved()
    with transaction.atomic():
        # Two imports at once must not both find a dish missing. An UPDATE locks
        # the row on every database without keeping bookings waiting for it.
        Restaurant.objects.filter(pk=restaurant_id).update(position=F("position"))
        return _save(restaurant_id, dishes)


def _save(restaurant_id: int, dishes: Sequence[DishSpec]) -> Saved:
    sections = _sections(restaurant_id, dishes)
    known = {dish.source_ref: dish for dish in Dish.objects.filter(restaurant_id=restaurant_id).exclude(source_ref="")}
    last: dict[int, int] = dict(
        Dish.objects.filter(restaurant_id=restaurant_id)
        .order_by()
        .values_list("section")
        .annotate(Max("position", default=0))
    )
    new, changed, saved = [], [], Saved()
    for spec in dishes:
        section_id = sections[spec.current, spec.section]
        dish = known.get(spec.ref)
        if dish is None:
            dish = Dish(restaurant_id=restaurant_id, source_ref=spec.ref)
            new.append(dish)
        elif _is_same(dish, section_id, spec):
            saved.unchanged += 1
            continue
        else:
            changed.append(dish)
        if dish.section_id != section_id:
            dish.position = last[section_id] = min(last.get(section_id, 0) + 1, _MAX_POSITION)
        _apply(dish, section_id, spec)
    Dish.objects.bulk_create(new, batch_size=_INSERT_BATCH)
    if changed:
        names = [name.removesuffix("_id") for name in _fields(0, dishes[0])]
        Dish.objects.bulk_update(changed, [*names, "position"], batch_size=_UPDATE_BATCH)
    saved.created, saved.changed = len(new), len(changed)
    return saved


def _fields(section_id: int, spec: DishSpec) -> dict[str, object]:
    return {
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


def _is_same(dish: Dish, section_id: int, spec: DishSpec) -> bool:
    return all(getattr(dish, name) == value for name, value in _fields(section_id, spec).items())


def _apply(dish: Dish, section_id: int, spec: DishSpec) -> None:
    for name, value in _fields(section_id, spec).items():
        setattr(dish, name, value)


def _sections(restaurant_id: int, dishes: Sequence[DishSpec]) -> dict[tuple[bool, str], int]:
    """Return the key of every section that the dishes need, by (current, name); those that are missing are made."""
    menus = {
        current: _menu(restaurant_id, current) for current in sorted({spec.current for spec in dishes}, reverse=True)
    }
    _date_note(menus.get(True), dishes)
    needed = dict.fromkeys((spec.current, spec.section) for spec in dishes)
    found = _find_sections(restaurant_id, menus)
    missing = [key for key in needed if key not in found]
    if not missing:
        return found
    count = {current: sum(key[0] == current for key in found) for current in menus}
    rows = []
    for current, name in missing:
        count[current] += 1
        # Dishes without a section come last.
        position = count[current] if name else _MAX_POSITION
        rows.append(Section(restaurant_id=restaurant_id, menu=menus[current], name=name, position=position))
    Section.objects.bulk_create(rows, batch_size=_INSERT_BATCH)
    # Azure SQL returns no keys from the insert.
    return _find_sections(restaurant_id, menus)


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


def _date_note(menu: Menu | None, dishes: Sequence[DishSpec]) -> None:
    """Say on the menu when its dishes were served, unless staff have written something else there."""
    if menu is None or menu.note.strip("0123456789 –-"):
        return
    dates = [spec.last_served for spec in dishes if spec.current]
    note = f"{min(dates)} – {max(dates)}"
    if menu.note != note:
        menu.note = note
        menu.save(update_fields=["note"])
