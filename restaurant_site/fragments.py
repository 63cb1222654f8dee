"""Cached pieces of the site's own pages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import pgettext

from menus.cached import menus_of
from reservations import cached
from restaurant_site.caching.fragments import fragment
from restaurant_site.found import menus, structured
from restaurant_site.found.addresses import absolute
from restaurant_site.found.sharing import picture_of
from restaurant_site.schema_org import script


@fragment("_cards.html")
def cards(text: str, city: str, cuisine: str, page: int) -> dict[str, Any]:
    """Show the cards of one page of the listing."""
    return {"listing": cached.listing(text, city, cuisine, page)}


@fragment("_footer.html", optional=True)
def footer() -> dict[str, Any]:
    """Show the foot of every page. It reads nothing: what it read, every page would depend on."""
    return {}


@fragment("found/_data.html")
def website() -> dict[str, Any]:
    """Tell search engines the name of the site."""
    name = pgettext("name of the site", "Tafel")
    return {"data": script(structured.website(name=name, address=absolute(reverse("home"))))}


@fragment("found/_data.html")
def restaurant_data(slug: str) -> dict[str, Any]:
    """Tell search engines of a restaurant: where it is, when it is open, how to book, and where its menu stands."""
    place = cached.place(slug)
    if place is None:
        return {}
    document = structured.restaurant(
        place,
        address=absolute(reverse("restaurant", kwargs={"slug": slug})),
        menu_address=absolute(reverse("menu", kwargs={"slug": slug})),
        picture=picture_of(place)["url"],
        menus=menus_of(place.id),
    )
    return {"data": script(document)}


@fragment("found/_data.html")
def menu_data(slug: str) -> dict[str, Any]:
    """Tell search engines of every dish that stands in a restaurant's menus."""
    place = cached.place(slug)
    shown = menus_of(place.id) if place else ()
    if place is None or not shown:
        return {}
    document = menus.document(
        shown,
        of=structured.identity(absolute(reverse("restaurant", kwargs={"slug": slug}))),
        address=absolute(reverse("menu", kwargs={"slug": slug})),
        currency=place.currency,
        language=place.text_language,
    )
    return {"data": script(document | {"name": place.name})}
