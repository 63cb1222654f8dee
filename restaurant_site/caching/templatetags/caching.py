"""The template tag of cached fragments."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from restaurant_site.caching import fragments

register = template.Library()


@register.simple_tag
def fragment(name: str, *args: object) -> SafeString:
    """Put a fragment here: ``{% fragment "facts" place.slug %}``. It sees its arguments and nothing else."""
    return fragments.rendered(name, *args)
