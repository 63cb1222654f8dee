"""Fresh reads of what a restaurant serves, for the public. Frozen, so that they can be cached."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from menus.labels import Allergen, Diet
from menus.models import Dish, Menu, MenuService, Section
from restaurant_site.photos.photo import Photo

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
    photo: Photo | None = None


@dataclass(frozen=True, slots=True)
class SectionCard:
    """A section with its dishes, of which there is at least one; the name may be empty."""

    name: str
    note: str
    dishes: tuple[DishCard, ...]


@dataclass(frozen=True, slots=True)
class MenuCard:
    """A live menu with its sections, of which there is at least one, and when it applies, for the reader.

    services are names; none: at any time of day. weekdays is a mask, Monday bit 0.
    """

    id: int
    name: str
    note: str
    sections: tuple[SectionCard, ...]
    services: tuple[str, ...]
    weekdays: int
    valid_from: dt.date | None
    valid_until: dt.date | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What diners see at a moment, and until when by the clock; None: until somebody changes it."""

    menus: tuple[MenuCard, ...]
    until: dt.datetime | None


def menus_of(restaurant_id: int) -> tuple[MenuCard, ...]:
    """Return what `menus_at` sees now."""
    return menus_at(restaurant_id, timezone.now()).menus


def menus_at(restaurant_id: int, now: dt.datetime) -> Seen:
    """Return the restaurant's live menus in their order, in four statements whatever their length.

    Sections and menus in which nothing stands are left out; dishes that are not
    available are in. A menu is left out once one that replaces it is live.
    Whether the restaurant itself is published is not asked.
    """
    published = list(Menu.objects.filter(restaurant_id=restaurant_id, is_published=True).order_by("position", "pk"))
    live = _not_replaced([menu for menu in published if menu.is_live(now)], restaurant_id)
    dishes = list(
        Dish.objects.filter(restaurant_id=restaurant_id, section__menu__is_published=True).order_by("position", "pk")
    )
    coming = [menu.goes_live_at for menu in published] + [dish.off_until for dish in dishes]
    return Seen(
        menus=_cards(live, restaurant_id, dishes, now),
        until=min((moment for moment in coming if moment is not None and moment > now), default=None),
    )


def card_of(menu: Menu, now: dt.datetime) -> MenuCard | None:
    """Return a menu as diners would see it at a moment, live or not; None where nothing stands in it."""
    dishes = list(Dish.objects.filter(section__menu=menu).order_by("position", "pk"))
    cards = _cards([menu], menu.restaurant_id, dishes, now)
    return cards[0] if cards else None


def has_menu(restaurant_id: int) -> bool:
    """Return whether any dish of the restaurant stands in a published menu, in one statement."""
    return Dish.objects.filter(restaurant_id=restaurant_id, section__menu__is_published=True).exists()


def _not_replaced(live: list[Menu], restaurant_id: int) -> list[Menu]:
    """Return the menus that no live one replaces, directly or by way of others, live or not."""
    if not any(menu.replaces_id for menu in live):
        return live
    replaces = dict(Menu.objects.filter(restaurant_id=restaurant_id).values_list("pk", "replaces"))
    gone: set[int] = set()
    for menu in live:
        older, replaced = menu.replaces_id, {menu.pk}
        while older is not None and older not in replaced:
            replaced.add(older)
            older = replaces.get(older)
        gone |= replaced - {menu.pk}
    return [menu for menu in live if menu.pk not in gone]


def _cards(menus: list[Menu], restaurant_id: int, dishes: list[Dish], now: dt.datetime) -> tuple[MenuCard, ...]:
    of_section: dict[int, list[DishCard]] = {}
    for dish in dishes:
        of_section.setdefault(dish.section_id, []).append(_dish_card(dish, now))
    sections: dict[int, list[SectionCard]] = {}
    for section in Section.objects.filter(restaurant_id=restaurant_id).order_by("position", "pk"):
        if section.pk in of_section:
            card = SectionCard(name=section.name, note=section.note, dishes=tuple(of_section[section.pk]))
            sections.setdefault(section.menu_id, []).append(card)
    services: dict[int, list[str]] = {}
    for row in MenuService.objects.filter(restaurant_id=restaurant_id).order_by("pk").select_related("service"):
        services.setdefault(row.menu_id, []).append(row.service.name if row.service else row.name)
    return tuple(
        MenuCard(
            id=menu.pk,
            name=menu.shown_name,
            note=menu.note,
            sections=tuple(sections[menu.pk]),
            services=tuple(services.get(menu.pk, ())),
            weekdays=menu.weekdays,
            valid_from=menu.valid_from,
            valid_until=menu.valid_until,
        )
        for menu in menus
        if menu.pk in sections
    )


def _dish_card(dish: Dish, now: dt.datetime) -> DishCard:
    return DishCard(
        name=dish.name,
        description=dish.description,
        price=dish.price,
        price_note=dish.price_note,
        allergens=_ordered(dish.allergens, _ALLERGEN_ORDER),
        diets=_ordered(dish.diets, _DIET_ORDER),
        other_labels=tuple(dish.other_labels),
        is_available=dish.is_on(now),
        photo=dish.photo,
    )


def _ordered(codes: list[str], order: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(codes, key=lambda code: (order.get(code, len(order)), code)))
