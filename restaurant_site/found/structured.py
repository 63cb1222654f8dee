"""What search engines are told of the site and a restaurant, in schema.org's words. Pure: of what diners are shown."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from menus.money import format_money
from menus.queries import MenuCard
from reservations.queries.venue import Place
from restaurant_site.found.hours import opening_hours
from restaurant_site.found.menus import prices
from restaurant_site.schema_org import Thing, postal_address, thing


def website(*, name: str, address: str) -> Thing:
    """Return the site itself, by which its name stands in results; address is absolute."""
    return thing("WebSite", name=name, url=address)


def identity(address: str) -> str:
    """Return by which name a restaurant's own documents speak of it; address is that of its page, absolute."""
    return f"{address}#restaurant"


def restaurant(place: Place, *, address: str, menu_address: str, picture: str, menus: Iterable[MenuCard]) -> Thing:
    """Return a restaurant with its hours and how to book; addresses are absolute.

    What is not known is left out, never guessed: no price range without priced
    dishes, no word on reservations where none are taken online, since they may
    be by telephone.
    """
    menus = tuple(menus)
    return thing(
        "Restaurant",
        **{"@id": identity(address)},
        name=place.name,
        url=address,
        description=place.tagline or place.description,
        image=picture,
        address=postal_address(street=place.street, postcode=place.postcode, city=place.city, country=place.country),
        geo=_geo(place.latitude, place.longitude),
        telephone=place.phone,
        email=place.email,
        sameAs=place.website,
        servesCuisine=list(place.cuisines),
        currenciesAccepted=place.currency,
        priceRange=_price_range(menus, place.currency),
        hasMenu=menu_address if menus else None,
        openingHoursSpecification=opening_hours(place.hours, place.notices),
        acceptsReservations=address if place.bookable else None,
        potentialAction=_reserve_action(address) if place.bookable else None,
    )


def _geo(latitude: Decimal | None, longitude: Decimal | None) -> Thing | None:
    if latitude is None or longitude is None:
        return None
    return thing("GeoCoordinates", latitude=float(latitude), longitude=float(longitude))


def _price_range(menus: Iterable[MenuCard], currency: str) -> str:
    found = sorted({price for menu in menus for price in prices(menu) if price > 0})
    if not found:
        return ""
    low, high = (format_money(price, currency) for price in (found[0], found[-1]))
    return low if low == high else f"{low} – {high}"


def _reserve_action(address: str) -> Thing:
    platforms = ["http://schema.org/DesktopWebPlatform", "http://schema.org/MobileWebPlatform"]
    target = thing("EntryPoint", urlTemplate=address, actionPlatform=platforms)
    return thing("ReserveAction", target=target, result=thing("FoodEstablishmentReservation", name=_("Book a table")))
