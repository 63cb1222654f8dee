"""Template filters of the site's own pages."""

from __future__ import annotations

import zlib

from django import template

register = template.Library()

COVERS = 8
"""How many colourings of a cover the stylesheet has."""


@register.filter
def cover(slug: str) -> int:
    """Return which of the covers a restaurant without a photo gets; the same one each time."""
    return zlib.crc32(slug.encode()) % COVERS
