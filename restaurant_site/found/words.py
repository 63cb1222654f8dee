"""Titles and descriptions of the pages that search engines may show, in the active language."""

from __future__ import annotations

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from reservations.messages.lines import isolated
from reservations.queries.venue import Place

LONGEST = 160
"""Letters of a description: what is longer, search engines cut off."""


def named(place: Place) -> str:
    """Return a restaurant's name with its city."""
    name = isolated(place.name)
    return f"{name}, {place.city}" if place.city else name


def title(page: str, place: Place | None = None) -> str:
    """Return the title of a page by its name in the URLs; with a place it is a page of that restaurant's."""
    about = {
        "restaurant": _("book a table"),
        "menu": _("Menu"),
        "privacy": _("Privacy"),
        "restaurant_privacy": _("Privacy"),
    }.get(page, _("Book a table"))
    site = pgettext("name of the site", "Tafel")
    return f"{named(place)} – {about}" if place else f"{about} – {site}"


def description(page: str, place: Place | None = None) -> str:
    """Return what a result says of a page, in at most 160 letters; of a restaurant first what it says of itself."""
    if place is None:
        said = _("What is kept of you here, for how long, and who answers for it.")
        return said if page == "privacy" else _("Find a restaurant, see which tables are free, and book one.")
    name = {"name": named(place)}
    if page == "menu":
        return _cut(_("The menu of %(name)s, with prices, allergens and diets.") % name)
    if page == "restaurant_privacy":
        return _cut(_("What %(name)s keeps of its guests, and for how long.") % name)
    own = " ".join((place.tagline or place.description).split())
    if own and own[-1] not in ".!?…。！？":
        own += "."
    said = (
        _("See free times at %(name)s and book a table online.") % name
        if place.bookable
        else _("Hours, address and menu of %(name)s.") % name
    )
    both = f"{own} {said}".strip()
    return both if len(both) <= LONGEST else _cut(own or said)


def _cut(text: str) -> str:
    return Truncator(text).chars(LONGEST)
