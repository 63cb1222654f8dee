"""Fresh reads of what a restaurant serves, for the public. Frozen, so that they can be cached."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from menus.labels import Allergen, Diet
from menus.models import Dish, Menu, Section

_ALLERGEN_ORDER = {code: position for position, code in enumerate(Allergen.values)}
_DIET_ORDER = {code: position for position, code in enumerate(Diet.values)}


@dataclass(frozen=True, slots=True)
class DishCard:
    """A dish as guests see it. The price is in the restaurant's currency; without one the note alone is shown.

    allergens and diets are codes in the order of their lists, other_labels words.
    """

    name: str
    description: str
    price: Decimal | None
    price_note: str
    allergens: tuple[str, ...]
    diets: tuple[str, ...]
    other_labels: tuple[str, ...]
    is_available: bool


@dataclass(frozen=True, slots=True)
class SectionCard:
    """A section with its dishes, of which there is at least one; the name may be empty."""

    name: str
    note: str
    dishes: tuple[DishCard, ...]


@dataclass(frozen=True, slots=True)
class MenuCard:
    """A published menu with its sections, of which there is at least one."""

    id: int
    name: str
    note: str
    sections: tuple[SectionCard, ...]


def menus_of(restaurant_id: int) -> tuple[MenuCard, ...]:
    """Return the restaurant's published menus in their order, in three statements whatever their length.

    Sections and menus in which nothing stands are left out; dishes that are not
    available are in. Whether the restaurant itself is published is not asked.
    """
    menus = list(Menu.objects.filter(restaurant_id=restaurant_id, is_published=True).order_by("position", "pk"))
    sections = list(
        Section.objects.filter(restaurant_id=restaurant_id, menu__is_published=True).order_by("position", "pk")
    )
    dishes: dict[int, list[DishCard]] = {}
    for dish in Dish.objects.filter(restaurant_id=restaurant_id, section__menu__is_published=True).order_by(
        "position", "pk"
    ):
        dishes.setdefault(dish.section_id, []).append(_dish_card(dish))
    cards: dict[int, list[SectionCard]] = {}
    for section in sections:
        if section.pk in dishes:
            card = SectionCard(name=section.name, note=section.note, dishes=tuple(dishes[section.pk]))
            cards.setdefault(section.menu_id, []).append(card)
    return tuple(
        MenuCard(id=menu.pk, name=menu.name, note=menu.note, sections=tuple(cards[menu.pk]))
        for menu in menus
        if menu.pk in cards
    )


def has_menu(restaurant_id: int) -> bool:
    """Return whether `menus_of` would return anything, in one statement."""
    return Dish.objects.filter(restaurant_id=restaurant_id, section__menu__is_published=True).exists()


def _dish_card(dish: Dish) -> DishCard:
    return DishCard(
        name=dish.name,
        description=dish.description,
        price=dish.price,
        price_note=dish.price_note,
        allergens=_ordered(dish.allergens, _ALLERGEN_ORDER),
        diets=_ordered(dish.diets, _DIET_ORDER),
        other_labels=tuple(dish.other_labels),
        is_available=dish.is_available,
    )


def _ordered(codes: list[str], order: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=lambda code: (order.get(code, len(order)), code)))
