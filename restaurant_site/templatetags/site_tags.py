"""Template filters of the site's own pages."""

from __future__ import annotations

import zlib

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.urls import translate_url
from django.utils import translation

register = template.Library()

COVERS = 8
"""How many colourings of a cover the stylesheet has."""


@register.filter
def cover(slug: str) -> int:
    """Return which of the covers a restaurant without a photo gets; the same one each time."""
    return zlib.crc32(slug.encode()) % COVERS


@register.simple_tag
def language_links(request: HttpRequest | None) -> list[tuple[str, str, str]]:
    """Return (code, name in itself, address of this page) of every other language; decided by the path alone."""
    if request is None:
        return []
    here = request.path
    return [
        (code, translation.get_language_info(code)["name_local"], translate_url(here, code))
        for code, _name in settings.LANGUAGES
        if code != translation.get_language()
    ]
