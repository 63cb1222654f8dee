"""What the head of a page tells search engines and whoever shows its link."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import get_language

from reservations.queries.venue import Place
from restaurant_site.found import words
from restaurant_site.found.addresses import THEME, absolute, alternates
from restaurant_site.found.sharing import picture_of

register = template.Library()


@register.simple_tag
def page_title(name: str, place: Place | None = None) -> str:
    """Return the title of a page by its name in the URLs; with a place it is a page of that restaurant's."""
    return words.title(name, place)


@register.simple_tag
def page_description(name: str, place: Place | None = None) -> str:
    """Return what a result of a search says of a page."""
    return words.description(name, place)


@register.inclusion_tag("found/_links.html")
def found(name: str, place: Place | None = None, *, query: str = "") -> dict[str, Any]:
    """Show the one address of a page, the same page in the other languages, and what its link shows where it is shared.

    query is what of the query makes it another page. Of a restaurant that is
    not listed nothing is shown but that nobody may list it.
    """
    if place is not None and not place.listed:
        return {"hidden": True}
    kwargs = {"slug": place.slug} if place else {}
    mark = f"?{query}" if query else ""
    pages = [(page.code, absolute(page.path) + mark) for page in alternates(name, **kwargs)]
    return {
        "address": dict(pages)[str(get_language())],
        "pages": pages,
        "title": words.title(name, place),
        "text": words.description(name, place),
        "picture": picture_of(place),
        "picture_text": words.named(place) if place else words.title(name),
    }


@register.simple_tag
def theme_colours() -> dict[str, str]:
    """Return the colours of the browser's own parts, for light and dark."""
    return THEME
