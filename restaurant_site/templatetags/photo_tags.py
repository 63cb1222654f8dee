"""A photo on a page."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from restaurant_site.photos.photo import Photo

register = template.Library()


@register.simple_tag
def photo(shown: Photo, sizes: str, *, name: str = "", first: bool = False) -> SafeString:
    """Return the photo's element: its place is kept free before it has loaded, and the browser chooses the copy.

    sizes says how wide it will be, as HTML has it; name is a class. The first
    on a page is fetched ahead of others, the rest once they are near.
    """
    when = SafeString('fetchpriority="high"' if first else 'loading="lazy"')
    return format_html(
        '<img class="{}" src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}" decoding="async" {}>',
        name,
        shown.src,
        shown.srcset,
        sizes,
        shown.width,
        shown.height,
        shown.alt,
        when,
    )
