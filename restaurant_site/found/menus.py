"""A restaurant's menus in schema.org's words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal

from menus.labels import Diet
from menus.money import decimals
from menus.queries import DishCard, MenuCard, SectionCard
from restaurant_site.found.addresses import absolute
from restaurant_site.schema_org import Thing, term, thing

# The diets that schema.org has a word for.
_DIETS: dict[str, str] = {
    Diet.VEGAN: "VeganDiet",
    Diet.VEGETARIAN: "VegetarianDiet",
    Diet.HALAL: "HalalDiet",
    Diet.KOSHER: "KosherDiet",
}


def document(menus: Iterable[MenuCard], *, of: str, address: str, currency: str, language: str) -> Thing:
    """Return the menus of a restaurant, in which every dish stands; of is the restaurant's ``@id``.

    address is the menu page's, absolute; prices are amounts in the currency, language that of the dishes.
    """
    return {"@id": of, "@type": "Restaurant"} | {
        "hasMenu": [_menu(menu, address=address, currency=currency, language=language) for menu in menus]
    }


def prices(menu: MenuCard) -> Iterator[Decimal]:
    """Yield the price of each dish that has one."""
    return (dish.price for section in menu.sections for dish in section.dishes if dish.price is not None)


def _menu(menu: MenuCard, *, address: str, currency: str, language: str) -> Thing:
    return thing(
        "Menu",
        name=menu.name,
        description=menu.note,
        url=f"{address}#menu-{menu.id}",
        inLanguage=language,
        hasMenuSection=[_section(section, currency) for section in menu.sections],
    )


def _section(section: SectionCard, currency: str) -> Thing:
    return thing(
        "MenuSection",
        name=section.name,
        description=section.note,
        hasMenuItem=[_dish(dish, currency) for dish in section.dishes],
    )


def _dish(dish: DishCard, currency: str) -> Thing:
    return thing(
        "MenuItem",
        name=dish.name,
        description=dish.description,
        image=absolute(dish.photo.src) if dish.photo else None,
        suitableForDiet=[term(_DIETS[diet]) for diet in dish.diets if diet in _DIETS],
        offers=_offer(dish, currency),
    )


def _offer(dish: DishCard, currency: str) -> Thing | None:
    if dish.price is None:
        return None
    return thing(
        "Offer",
        # As the page rounds it.
        price=str(dish.price.quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)),
        priceCurrency=currency,
        description=dish.price_note,
        availability=term("InStock" if dish.is_available else "SoldOut"),
    )
