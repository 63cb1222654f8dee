"""The look of one restaurant: its accent, and its invented cover where it has no photo."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from reservations.models.venue import slug_of
from restaurant_site import accents
from restaurant_site import art as drawing

register = template.Library()

_WIDTHS = {"card": drawing.CARD, "wide": drawing.WIDE}


@register.simple_tag
def accent_sheet(slug: str, accent: str) -> SafeString:
    """Return the link to the style sheet with a restaurant's accent; without one of its own, that of its cover."""
    colour = drawing.palette_of(slug_of(slug), accent).accent
    return format_html('<link rel="stylesheet" href="{}">', accents.address(colour))


@register.simple_tag
def art(slug: str, accent: str, size: str) -> SafeString:
    """Return a restaurant's cover as an SVG element that says nothing to who can't see it; size is card or wide."""
    return _drawn(slug_of(slug), accent, _WIDTHS[size])


@lru_cache(maxsize=512)
def _drawn(seed: str, accent: str, width: int) -> SafeString:
    # Numbers and colours of our own; nothing that anybody wrote stands in it.
    return SafeString(drawing.svg(drawing.art(seed, accent, width)))
